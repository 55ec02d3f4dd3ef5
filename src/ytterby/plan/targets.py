"""Targets as rows over the use of the year: output, old scrap, one country, one controller, days of cover.

    output       sum over listed materials of contained output >= share x contained use of the bloc
    recycled     contained feed of recyclers - new scrap that arises at home - scrap bought >= share x contained use
    one country  what comes from one third country <= share x all that the bloc takes of the material
    controller   sum over origins of control share x what comes from there <= cap x all that the bloc takes
    cover        stock >= days / 365 x use of the material

Use is the bloc's baseline use of end products in the tracked component, which no decision changes. New scrap counts to
no target. Origin is where a lane starts, so that a hub is none. Output and capacity are both reported; the row is on
output, which capacity follows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ytterby.errors import UnknownNameError, YtterbyError
from ytterby.network.regions import REST
from ytterby.plan.controllers import add_controller_rows
from ytterby.plan.programme import Programme, demand_by_period
from ytterby.solve import Rows

Array = npt.NDArray[np.float64]
MINIMA = ("output_share", "recycled_share", "days_of_cover")


@dataclass(frozen=True)
class Target:
    """One target of a group: what it asks of a bloc, of which materials, at which stage, from which year."""

    target_id: str
    group: str
    name: str
    bloc: str
    measure: str
    stage: str | None
    value: float
    year: int
    materials: tuple[str, ...]
    is_listed: bool


def targets_of(programme: Programme, group: str) -> list[Target]:
    """Return the targets of a group for the bloc that is planned for; they hold for other blocs as voluntary ones.

    Raises:
        UnknownNameError: no such group.
        YtterbyError: the package names no material for it.
    """
    chain, bloc = programme.network.chain, programme.options.blocs[0]
    rows = chain.targets.filter(pl.col("group") == group)
    if rows.is_empty():
        raise UnknownNameError("target", group, sorted(set(chain.targets["group"])))
    named = chain.target_materials.filter(pl.col("group") == group)
    if named.is_empty():
        raise YtterbyError(
            f"{chain.name}: table target_materials names no material for '{group}'; add which material counts at which "
            "stage"
        )
    listed = dict(
        named.select("material_id", "is_listed").with_columns(pl.col("is_listed").fill_null(value=True)).iter_rows()
    )
    held = set(programme.network.nodes["material"])
    result = []
    for row in rows.sort("target_id").iter_rows(named=True):
        stage = row["stage"]
        own = named.filter(pl.col("stage") == stage) if stage else named
        materials = tuple(m for m in own["material_id"].unique(maintain_order=True) if m in held)
        if row["measure"] == "recycled_share":
            materials = materials or tuple(sorted(held))
        if row["measure"] == "output_share":
            materials = _made(programme, materials, stage)
        if not materials:
            missing = f"stage {stage}" if stage else "any stage"
            raise YtterbyError(f"{chain.name}: target {row['target_id']} counts at {missing}, which the package lacks")
        is_listed = all(listed.get(m, True) for m in materials) and row["bloc_id"] == bloc
        result.append(
            Target(
                row["target_id"],
                group,
                row["name"],
                bloc,
                row["measure"],
                stage,
                row["value"],
                row["year"],
                materials,
                is_listed,
            )
        )
    return result


def _made(programme: Programme, named: tuple[str, ...], stage: str | None) -> tuple[str, ...]:
    """Return the named materials that some process makes; where none is, what the stage hands on to later ones.

    A package may name a sum over ores that no single process makes.
    """
    network = programme.network
    mains = network.activities.select("process_id", "material", "stage").unique()
    made = tuple(m for m in named if m in set(mains["material"]))
    if made or stage is None or not named:
        return made
    own = mains.filter(pl.col("stage") == stage)
    within = network.chain.recipes.filter(pl.col("role") == "feed").join(own, on="process_id", how="semi")[
        "material_id"
    ]
    return tuple(sorted(set(own["material"]) - set(within)))


@dataclass(frozen=True)
class TargetRows:
    """A target's rows: the block, and per row the coefficients by which it is measured at a solution."""

    target: Target
    rows: Rows
    denominator: Array


def add_targets(programme: Programme, targets: Sequence[Target]) -> list[TargetRows]:
    """Add the rows of targets, from the year of each on, and return them."""
    added = []
    for target in targets:
        if target.measure == "output_share":
            added += _output(programme, target)
        elif target.measure == "recycled_share":
            added += _recycled(programme, target)
        elif target.measure == "country_share":
            added += _country(programme, target)
        elif target.measure == "controller_share":
            added += _controller(programme, target)
        elif target.measure == "days_of_cover":
            added += _cover(programme, target)
    for entry in added:
        _give_way(programme, entry)
    return added


def _give_way(programme: Programme, entry: TargetRows) -> None:
    """Add columns by which a target may give way; they are shut at 0, and opened where draws are solved."""
    rows = entry.rows
    block = programme.add_columns(f"give way {rows.name}", rows.table, upper=0.0)
    sign = 1.0 if entry.target.measure in MINIMA else -1.0
    programme.model.entries(rows.index, block.index, np.full(rows.count, sign))


def components_of(programme: Programme) -> dict[str, dict[str, float]]:
    """Return the mass fraction of each tracked component by material; one pseudo component where none is tracked."""
    chain = programme.network.chain
    if not chain.is_tracked or not chain.components:
        return {"t": dict.fromkeys(programme.network.nodes["material"].unique(), 1.0)}
    rows = chain.compositions.filter(pl.col("component").is_in(list(chain.components)))
    result: dict[str, dict[str, float]] = {name: {} for name in chain.components}
    for material, component, fraction in rows.select("material_id", "component", "mass_fraction").iter_rows():
        result[component].setdefault(material, fraction)
    return result


def contained_use(programme: Programme, fractions: Mapping[str, float], bloc: str) -> Array:
    """Return the bloc's baseline use of end products in one component, t a year by period."""
    demand = programme.network.demand
    weight = np.array([fractions.get(m, 0.0) for m in demand["material"]]) * (demand["region"] == bloc).to_numpy()
    result: Array = demand_by_period(programme.network, programme.horizon) @ weight
    return result


def _periods(programme: Programme, year: int) -> npt.NDArray[np.int64]:
    first = programme.horizon.period_of(year)
    return np.arange(first, programme.horizon.count)


def _labels(programme: Programme, target: Target, component: str, periods: npt.NDArray[np.int64]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "target": [target.target_id] * periods.size,
            "component": [component] * periods.size,
            "place": [target.bloc] * periods.size,
            "period": periods.astype(np.int32),
            "year": programme.horizon.years[periods].astype(np.int32),
        }
    )


def _output(programme: Programme, target: Target) -> list[TargetRows]:
    result = []
    for component, fractions in components_of(programme).items():
        weights = {m: fractions.get(m, 0.0) for m in target.materials}
        use = contained_use(programme, fractions, target.bloc)
        if not any(weights.values()) or use.max(initial=0.0) <= 0:
            continue
        block = _share_rows(programme, target, component, use)
        _enter_runs(programme, block, target.bloc, weights, sign=1.0)
        result.append(TargetRows(target, block, use))
    return result


def _share_rows(programme: Programme, target: Target, component: str, use: Array) -> Rows:
    """Add one row a period; the rows before the target's year are free, so that the share can be read there too."""
    periods = np.arange(programme.horizon.count)
    lower = np.where(periods >= programme.horizon.period_of(target.year), target.value * use, -np.inf)
    return programme.add_rows(
        f"target {target.target_id} {component}", _labels(programme, target, component, periods), lower, np.inf
    )


def _enter_runs(programme: Programme, rows: Rows, bloc: str, weights: Mapping[str, float], *, sign: float) -> None:
    """Enter contained output of every process, co-products included, at a bloc."""
    network = programme.network
    nodes = network.nodes.filter((pl.col("region") == bloc) & (pl.col("side") == "made"))
    made = (
        network.flows.filter(pl.col("t_per_t") > 0)
        .join(nodes.select("node", "material"), on="node")
        .with_columns(pl.col("material").replace_strict(weights, default=0.0, return_dtype=pl.Float64).alias("w"))
        .filter(pl.col("w") > 0)
        .group_by("activity")
        .agg((pl.col("t_per_t") * pl.col("w")).sum().alias("value"))
    )
    _enter(programme, rows, made, sign)


def _enter(programme: Programme, rows: Rows, per_activity: pl.DataFrame, sign: float) -> None:
    for name in ("run", "new_run"):
        block = programme.columns[name]
        frame = block.table.with_columns(pl.Series("column", block.index)).join(per_activity, on="activity")
        at = rows.index[frame["period"].to_numpy()]
        programme.model.entries(at, frame["column"].to_numpy(), sign * frame["value"].to_numpy())


def _recycled(programme: Programme, target: Target) -> list[TargetRows]:
    network = programme.network
    scrap = set(network.materials.filter((pl.col("kind") == "scrap") & (pl.col("form") != "used part"))["material_id"])
    result = []
    for component, fractions in components_of(programme).items():
        use = contained_use(programme, fractions, target.bloc)
        weights = {m: fractions.get(m, 0.0) for m in scrap}
        if not any(weights.values()) or use.max(initial=0.0) <= 0:
            continue
        rows = _share_rows(programme, target, component, use)
        _recycler_feed(programme, rows, target.bloc, weights)
        _new_scrap(programme, rows, target.bloc, weights)
        _bought_scrap(programme, rows, target.bloc, weights)
        result.append(TargetRows(target, rows, use))
    return result


def _recycler_feed(programme: Programme, rows: Rows, bloc: str, weights: Mapping[str, float]) -> None:
    network = programme.network
    nodes = network.nodes.filter((pl.col("region") == bloc) & (pl.col("side") == "held"))
    taken = (
        network.flows.filter(pl.col("t_per_t") < 0)
        .join(nodes.select("node", "material"), on="node")
        .with_columns(pl.col("material").replace_strict(weights, default=0.0, return_dtype=pl.Float64).alias("w"))
        .filter(pl.col("w") > 0)
        .group_by("activity")
        .agg((-pl.col("t_per_t") * pl.col("w")).sum().alias("value"))
    )
    _enter(programme, rows, taken, 1.0)


def _new_scrap(programme: Programme, rows: Rows, bloc: str, weights: Mapping[str, float]) -> None:
    """Take off what makers of products leave as scrap at home: it is new, and counts to no target."""
    network = programme.network
    nodes = network.nodes.filter((pl.col("region") == bloc) & (pl.col("side") == "made"))
    side = network.chain.recipes.filter(pl.col("role") == "co_product").select("process_id", "material_id")
    left = (
        network.flows.filter(pl.col("t_per_t") > 0)
        .join(nodes.select("node", "material"), on="node")
        .join(network.activities.select("activity", "process_id"), on="activity")
        .join(side, left_on=["process_id", "material"], right_on=["process_id", "material_id"], how="semi")
        .with_columns(pl.col("material").replace_strict(weights, default=0.0, return_dtype=pl.Float64).alias("w"))
        .filter(pl.col("w") > 0)
        .group_by("activity")
        .agg((pl.col("t_per_t") * pl.col("w")).sum().alias("value"))
    )
    _enter(programme, rows, left, -1.0)


def _bought_scrap(programme: Programme, rows: Rows, bloc: str, weights: Mapping[str, float]) -> None:
    ship = programme.columns["ship"]
    bought = ship.table.with_columns(pl.Series("column", ship.index)).filter(
        (pl.col("importer") == bloc) & (pl.col("exporter") != bloc) & pl.col("material").is_in(list(weights))
    )
    value = np.array([weights[m] for m in bought["material"]])
    programme.model.entries(rows.index[bought["period"].to_numpy()], bought["column"].to_numpy(), -value)


def _country(programme: Programme, target: Target) -> list[TargetRows]:
    """Add a row for each material, third country and period: what comes from there <= share x all that is taken."""
    ship, network = programme.columns["ship"], programme.network
    into = ship.table.with_columns(pl.Series("column", ship.index)).filter(
        (pl.col("importer") == target.bloc) & pl.col("material").is_in(list(target.materials))
    )
    start = programme.horizon.period_of(target.year)
    result = []
    for material in target.materials:
        own = into.filter(pl.col("material") == material)
        third = [c for c in own["exporter"].unique().sort() if c not in (target.bloc, REST)]
        if not third:
            continue
        T = programme.horizon.count
        labels = pl.DataFrame(
            {
                "target": [target.target_id] * (T * len(third)),
                "component": [material] * (T * len(third)),
                "place": third * T,
                "period": np.repeat(np.arange(T, dtype=np.int32), len(third)),
                "year": np.repeat(programme.horizon.years, len(third)).astype(np.int32),
            }
        )
        upper = np.where(labels["period"].to_numpy() >= start, 0.0, np.inf)
        rows = programme.add_rows(f"target {target.target_id} {material}", labels, -np.inf, upper)
        for number, country in enumerate(third):
            at = rows.index[own["period"].to_numpy().astype(np.int64) * len(third) + number]
            value = np.where((own["exporter"] == country).to_numpy(), 1.0, 0.0) - target.value
            programme.model.entries(at, own["column"].to_numpy(), value)
        result.append(TargetRows(target, rows, np.ones(T)))
    _ = network
    return result


def _controller(programme: Programme, target: Target) -> list[TargetRows]:
    start, whole = programme.horizon.period_of(target.year), np.ones(programme.horizon.count)
    rows = add_controller_rows(programme, target.target_id, target.bloc, target.materials, target.value, start)
    return [TargetRows(target, block, whole) for _, block in rows]


def _cover(programme: Programme, target: Target) -> list[TargetRows]:
    stock = programme.columns.get("stock")
    if stock is None or stock.labels is None:
        return []
    result = []
    for material in target.materials:
        own = stock.table.with_columns(pl.Series("column", stock.index)).filter(
            (pl.col("region") == target.bloc) & (pl.col("material") == material)
        )
        fractions = dict.fromkeys([material], 1.0)
        use = contained_use(programme, fractions, target.bloc)
        if own.is_empty() or use.max(initial=0.0) <= 0:
            continue
        periods = np.arange(programme.horizon.count)
        lower = np.where(periods >= programme.horizon.period_of(target.year), target.value / 365 * use, -np.inf)
        rows = programme.add_rows(
            f"target {target.target_id} {material}", _labels(programme, target, material, periods), lower, np.inf
        )
        programme.model.entries(rows.index[own["period"].to_numpy()], own["column"].to_numpy(), np.ones(own.height))
        result.append(TargetRows(target, rows, use))
    return result
