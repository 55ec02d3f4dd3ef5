"""Capacity by site, of a package taken at its word: what each process, and each output, can give where it stands.

    sum over runs of the process of t_per_t x run <= sum of its sites' stated capacity + that of sites that name none

Plant of one material at one place is one group, which any of its processes may fill. Where sites name their processes,
each stays within its own sites besides; a site that states a co-product holds that back too. Steps by year count from
their year on. t a year.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

from ytterby.chain.conflicts import default_rows
from ytterby.network.plant import operating
from ytterby.plan.programme import Programme
from ytterby.tonnage import gross_of

Array = npt.NDArray[np.float64]
Key = tuple[str | None, str, str]
LABELS = {"process": pl.String, "material": pl.String, "region": pl.String}


def add_site_limits(programme: Programme) -> None:
    """Add rows where stated sites hold back one of several processes, or a co-product."""
    network, horizon = programme.network, programme.horizon
    if not network.is_stated:
        return
    stated = _stated(programme)
    mains = dict(network.activities.filter(pl.col("kind") == "run").select("process_id", "material").iter_rows())
    makers: dict[tuple[str, str], set[str]] = {}
    for process, material, region in (
        network.activities.filter((pl.col("kind") == "run") & pl.col("is_existing"))
        .select("process_id", "material", "region")
        .iter_rows()
    ):
        makers.setdefault((material, region), set()).add(process)
    kept: list[tuple[Key, Array]] = []
    for (process, material, region), t in sorted(stated.items(), key=lambda item: tuple(map(str, item[0]))):
        is_main = (process is None and material in set(mains.values())) or mains.get(str(process)) == material
        if process is not None and is_main:
            if len(makers.get((material, region), ())) > 1:
                kept.append(((process, material, region), t + stated.get((None, material, region), 0.0)))
        elif not is_main:
            kept.append(((process, material, region), t))
    if not kept:
        return
    frame = pl.DataFrame([key for key, _ in kept], schema=LABELS, orient="row")
    labels = pl.DataFrame({"period": np.arange(horizon.count, dtype=np.int32), "year": horizon.years}).join(
        frame.with_row_index("limit"), how="cross"
    )
    rows = programme.add_rows("site_capacity", labels, -np.inf, np.stack([t for _, t in kept], axis=1).ravel())
    per_run = _per_run(programme, frame)
    run = programme.columns["run"]
    found = run.table.with_columns(pl.Series("column", run.index)).join(per_run, on="activity")
    at = found["period"].to_numpy().astype(np.int64) * frame.height + found["limit"].to_numpy()
    programme.model.entries(rows.index[at], found["column"].to_numpy(), found["value"].to_numpy())


def _stated(programme: Programme) -> Mapping[Key, Array]:
    """Return stated capacity by process (or None), material and region, in each period."""
    network, horizon = programme.network, programme.horizon
    chain = network.chain
    rows = operating(chain, chain.facility_output.filter(pl.col("measure") == "capacity"), network.year)
    held = default_rows(chain, rows.drop_nulls("quantity"), ["facility_id", "material_id", "year"]).sort("year")
    places = dict(chain.facilities.select("facility_id", "place_id").iter_rows())
    factor = cache(lambda material, unit: gross_of(chain, material, unit))
    of_site: dict[tuple[str, str], Array] = {}
    process_of: dict[tuple[str, str], str | None] = {}
    columns = ("facility_id", "material_id", "process_id", "year", "quantity", "unit")
    for site, material, process, year, quantity, unit in held.select(columns).iter_rows():
        t = of_site.setdefault((site, material), np.zeros(horizon.count))
        t[horizon.years >= year] = quantity * factor(material, unit)
        process_of[site, material] = process or process_of.get((site, material))
    result: dict[Key, Array] = {}
    for (site, material), t in of_site.items():
        key = (process_of[site, material], material, network.places.of(places[site]))
        result[key] = result.get(key, np.zeros(horizon.count)) + t
    return result


def _per_run(programme: Programme, limits: pl.DataFrame) -> pl.DataFrame:
    """Return limit, activity and tonnes of the limited material that one tonne of the activity gives."""
    network = programme.network
    made = (
        network.flows.filter(pl.col("t_per_t") > 0)
        .join(network.nodes.filter(pl.col("side") == "made").select("node", "material", "region"), on="node")
        .join(network.activities.select("activity", "process_id"), on="activity")
    )
    joined = limits.with_row_index("limit").join(made, on=["material", "region"])
    own = joined.filter(pl.col("process").is_null() | (pl.col("process") == pl.col("process_id")))
    return own.group_by("limit", "activity", maintain_order=True).agg(pl.col("t_per_t").sum().alias("value"))
