"""Ore in the ground: what a region mines over the plan stays within what it holds.

Tonnes of the tracked components taken from the ground, run by run, are held within what a region's countries state: the
larger of a country's published reserves and the sum of its deposits (reserves and resources). A region without a figure
does not bind and is named.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from ytterby.chain.conflicts import default_rows
from ytterby.plan.programme import Programme
from ytterby.tonnage import gross_of


def add_ore(programme: Programme) -> None:
    """Add one row a region that may build and states what it holds."""
    network, chain = programme.network, programme.network.chain
    deposits = chain.materials.filter(pl.col("kind") == "deposit")["material_id"]
    takes = chain.recipes.filter((pl.col("role") == "feed") & pl.col("material_id").is_in(deposits.implode()))
    if takes.is_empty() or not chain.is_tracked:
        return
    held = _held(programme)
    own = [r for r in network.places.blocs if r in held]
    lost = [network.places.name(r) for r in network.places.blocs if r not in held]
    if lost:
        programme.notes.append(f"Ore does not bind in {', '.join(lost)}: no reserves or resources are stated there.")
    if not own:
        return
    labels = pl.DataFrame({"region": own, "period": [programme.horizon.count - 1] * len(own)})
    rows = programme.add_rows("ore", labels, -np.inf, np.array([held[r] for r in own]))
    weight = takes.join(
        chain.compositions.filter(pl.col("component").is_in(list(chain.components)))
        .group_by("material_id")
        .agg(pl.col("mass_fraction").sum()),
        on="material_id",
    ).select("process_id", (pl.col("t_per_t") * pl.col("mass_fraction")).alias("value"))
    number = {region: n for n, region in enumerate(own)}
    for name in ("run", "new_run"):
        block = programme.columns[name]
        frame = (
            block.table.with_columns(pl.Series("column", block.index))
            .join(weight, on="process_id")
            .filter(pl.col("region").is_in(own))
        )
        at = rows.index[np.array([number[r] for r in frame["region"]], dtype=np.int64)]
        years = programme.horizon.undiscounted[frame["period"].to_numpy()]
        programme.model.entries(at, frame["column"].to_numpy(), frame["value"].to_numpy() * years)


def _held(programme: Programme) -> dict[str, float]:
    """Return tonnes of the tracked components in the ground by region."""
    network, chain = programme.network, programme.network.chain
    content = dict(
        chain.compositions.filter(pl.col("component").is_in(list(chain.components)))
        .group_by("material_id")
        .agg(pl.col("mass_fraction").sum())
        .iter_rows()
    )
    rows = default_rows(
        chain, chain.deposits.filter(pl.col("quantity").is_not_null() & pl.col("unit").is_not_null()), ["deposit_id"]
    )
    national: dict[str, float] = {}
    local: dict[str, float] = {}
    columns = ("place_id", "material_id", "category", "quantity", "unit")
    for place, material, category, quantity, unit in rows.select(columns).iter_rows():
        t = quantity * gross_of(chain, material, unit) * content.get(material, 0.0)
        sums = national if category == "national_reserve" else local
        sums[place] = sums.get(place, 0.0) + t
    result: dict[str, float] = {}
    for place in sorted({*national, *local}):
        t = max(national.get(place, 0.0), local.get(place, 0.0))
        region = network.places.of(place)
        result[region] = result.get(region, 0.0) + t
    return {region: t for region, t in result.items() if t > 0}
