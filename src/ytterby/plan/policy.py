"""Policy by date: bans, quotas and tariffs on lanes and output.

An act holds in a year if its last status at mid-year is `in_force` or `amended`. A ban stops the share of trade that
it states (value, unit 1); an act that states no share is named and not applied, since a missing scope is not a whole
one. A quota without `against` caps the output of its materials at the place that imposes it; with `against` its
exports. A tariff of unit `ad valorem` is charged on the observed price of the material, a subsidy in USD/t is taken
off the cost of running. Price floors move money between parties and no tonne of a least-cost plan: they are named.
Licences delay and may refuse, which a plan by years does not carry: they are named.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from ytterby.chain.chain import Chain
from ytterby.chain.ownership import first_day
from ytterby.chain.places import WORLD
from ytterby.errors import UnitError
from ytterby.network.regions import REST
from ytterby.plan.costs import Category
from ytterby.plan.programme import Programme
from ytterby.tonnage import gross_of

ACTIVE = ("in_force", "amended")
SHARE_UNITS = ("1", "share of exports", "share of trade")
AD_VALOREM = "ad valorem"
PER_TONNE = "USD/t"
Ints = npt.NDArray[np.int64]


def active_years(chain: Chain, years: Ints) -> Mapping[str, Ints]:
    """Return the years of `years` in which each act holds."""
    dated = chain.policy_status.with_columns(first_day("date").alias("day")).sort("policy_id", "day")
    result: dict[str, Ints] = {}
    for (policy,), rows in dated.group_by("policy_id", maintain_order=True):
        days = [(day, status) for day, status in rows.select("day", "status").iter_rows() if day is not None]
        held = []
        for year in years:
            past = [status for day, status in days if day <= dt.date(int(year), 7, 1)]
            held.append(bool(past) and past[-1] in ACTIVE)
        result[str(policy)] = years[np.array(held, dtype=bool)]
    return result


def add_policies(programme: Programme, prices: Mapping[str, float]) -> None:
    """Add what acts do to lanes and output.

    Args:
        programme: the programme, with lanes and runs.
        prices: observed price by material, for ad valorem tariffs.
    """
    if not programme.options.controls:
        return
    chain = programme.network.chain
    active = active_years(chain, programme.horizon.years)
    materials: dict[str, list[str]] = {}
    for policy, material in chain.policy_materials.select("policy_id", "material_id").iter_rows():
        materials.setdefault(policy, []).append(material)
    named: dict[str, list[str]] = {}
    for row in chain.policies.sort("policy_id").iter_rows(named=True):
        years = active.get(row["policy_id"], np.array([], dtype=np.int64))
        covered = materials.get(row["policy_id"], [])
        if not years.size or not covered:
            continue
        periods = np.searchsorted(programme.horizon.years, years)
        what = row["instrument"]
        if not _is_region(programme, row["imposed_by"]):
            named.setdefault(f"{what} of a place that is no region by itself", []).append(row["name"])
        elif what == "ban" and row["value"] is not None and row["unit"] in SHARE_UNITS:
            _cap_lanes(programme, row, covered, periods)
        elif what == "tariff" and row["value"] is not None and row["unit"] == AD_VALOREM:
            _charge(programme, row, covered, periods, prices)
        elif what == "quota" and row["value"] is not None and _is_readable(chain, covered, row["unit"]):
            _quota(programme, row, covered, periods)
        elif what == "subsidy" and row["value"] is not None and row["unit"] == PER_TONNE:
            _subsidise(programme, row, covered, periods)
        elif what in ("ban", "licence", "quota", "subsidy", "price_floor"):
            named.setdefault(what, []).append(row["name"])
    for what, names in named.items():
        shown = "; ".join(names[:3]) + (f"; and {len(names) - 3} more" if len(names) > 3 else "")
        programme.notes.append(f"Named, not applied, since no share or tonnage is stated ({what}): {shown}.")


def _is_region(programme: Programme, place: str) -> bool:
    """True where a region of the model is just the place that acts, so that the act holds for all of the region."""
    places = programme.network.places
    region = places.of(place)
    return region != REST and (place == region or places.members(place) == places.members(region))


def _is_readable(chain: Chain, covered: list[str], unit: str | None) -> bool:
    try:
        return all(gross_of(chain, material, unit or "") > 0 for material in covered)
    except UnitError:
        return False


def _lanes_of(programme: Programme, row: Mapping[str, object], covered: list[str]) -> Ints:
    """Return the lanes that an act concerns: exports of who imposes it, or for a tariff imports too."""
    places = programme.network.places
    who = places.of(str(row["imposed_by"]))
    against = {places.of(p) for p in str(row["against"] or WORLD).split(";")} - {REST}
    lanes = programme.network.lanes
    is_all = WORLD in str(row["against"] or WORLD).split(";")
    others = pl.lit(value=True) if is_all else pl.col("importer").is_in(list(against))
    origins = pl.lit(value=True) if is_all else pl.col("exporter").is_in(list(against))
    abroad = pl.col("exporter") != pl.col("importer")
    exports = (pl.col("exporter") == who) & others
    imports = (pl.col("importer") == who) & origins
    is_import = row["instrument"] == "tariff" and not is_all
    chosen = lanes.filter(pl.col("material").is_in(covered) & abroad & (imports if is_import else exports))
    return chosen["lane"].to_numpy().astype(np.int64)


def _columns_of(programme: Programme, lanes: Ints, periods: Ints) -> Ints:
    ship, count = programme.columns["ship"], programme.network.lanes.height
    result: Ints = (ship.start + periods[:, None] * count + lanes[None, :]).ravel().astype(np.int64)
    return result


def _cap_lanes(programme: Programme, row: Mapping[str, object], covered: list[str], periods: Ints) -> None:
    """Cap the lanes that a ban concerns at the part of what they carried, or may carry, that it leaves."""
    lanes = _lanes_of(programme, row, covered)
    if not lanes.size:
        return
    left = 1.0 - float(str(row["value"]))
    table = programme.network.lanes
    seen = table.filter(pl.col("basis") == "observed")["material"].unique()
    carried = pl.coalesce("observed_t", "capacity_t_per_a", pl.when(pl.col("material").is_in(seen.implode())).then(0.0))
    observed = table.select(carried)["observed_t"].to_numpy()[lanes]
    if left and np.isnan(observed).any():
        programme.note_once(
            f"{row['name']}: lanes of which no trade is held are not capped, since the act leaves a part of what they "
            "carried."
        )
        lanes, observed = lanes[~np.isnan(observed)], observed[~np.isnan(observed)]
    observed = np.nan_to_num(observed)
    labels = pl.DataFrame(
        {
            "policy": str(row["policy_id"]),
            "lane": np.tile(lanes, periods.size).astype(np.int32),
            "period": np.repeat(periods, lanes.size).astype(np.int32),
            "year": np.repeat(programme.horizon.years[periods], lanes.size).astype(np.int32),
        }
    )
    rows = programme.add_rows(f"ban {row['policy_id']}", labels, -np.inf, np.tile(left * observed, periods.size))
    programme.model.entries(rows.index, _columns_of(programme, lanes, periods), np.ones(rows.count))


def _charge(
    programme: Programme, row: Mapping[str, object], covered: list[str], periods: Ints, prices: Mapping[str, float]
) -> None:
    lanes = _lanes_of(programme, row, [m for m in covered if m in prices])
    materials = programme.network.lanes["material"].to_numpy()[lanes]
    usd = np.array([prices[m] for m in materials]) * float(str(row["value"]))
    columns = _columns_of(programme, lanes, periods)
    weights = np.repeat(programme.horizon.weights[periods], lanes.size)
    plain = np.repeat(programme.horizon.undiscounted[periods], lanes.size)
    programme.ledger.add(
        Category.TARIFF, columns, np.tile(usd, periods.size) * weights, np.tile(usd, periods.size) * plain
    )


def _subsidise(programme: Programme, row: Mapping[str, object], covered: list[str], periods: Ints) -> None:
    """Take a subsidy for each tonne made off the cost of running, at the place that pays it."""
    who = programme.network.places.of(str(row["imposed_by"]))
    made = programme.network.activities.filter(
        pl.col("material").is_in(covered) & (pl.col("region") == who) & (pl.col("kind") == "run")
    ).select("activity")
    for name in ("run", "new_run"):
        block = programme.columns[name]
        held = (
            block.table.with_row_index("at")
            .join(made, on="activity", how="semi")
            .filter(pl.col("period").is_in(periods.tolist()))
        )
        programme.charge(
            Category.SUBSIDY, block, -float(str(row["value"])), which=held["at"].to_numpy().astype(np.int64)
        )


def _quota(programme: Programme, row: Mapping[str, object], covered: list[str], periods: Ints) -> None:
    chain, network = programme.network.chain, programme.network
    who = network.places.of(str(row["imposed_by"]))
    amount = float(str(row["value"]))
    labels = pl.DataFrame(
        {
            "policy": [str(row["policy_id"])] * periods.size,
            "period": periods.astype(np.int32),
            "year": programme.horizon.years[periods].astype(np.int32),
        }
    )
    rows = programme.add_rows(f"quota {row['policy_id']}", labels, -np.inf, np.full(periods.size, amount))
    for material in covered:
        per_t = 1.0 / gross_of(chain, material, str(row["unit"]))
        if row["against"]:
            lanes = _lanes_of(programme, row, [material])
            columns = _columns_of(programme, lanes, periods)
            at = np.repeat(np.arange(periods.size), lanes.size)
            programme.model.entries(rows.index[at], columns, np.full(columns.size, per_t))
            continue
        for name in ("run", "new_run"):
            block = programme.columns[name]
            frame = block.table.with_columns(pl.Series("column", block.index)).join(
                network.activities.filter(
                    (pl.col("material") == material) & (pl.col("region") == who) & (pl.col("kind") == "run")
                ).select("activity"),
                on="activity",
                how="semi",
            )
            held = frame.filter(pl.col("period").is_in(periods.tolist()))
            at = np.searchsorted(periods, held["period"].to_numpy())
            programme.model.entries(rows.index[at], held["column"].to_numpy(), np.full(held.height, per_t))
