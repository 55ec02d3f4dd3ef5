"""From a solved programme to tables: builds, flows, prices, what binds, targets, people, the bill of the bloc."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from ytterby.plan.costs import Category
from ytterby.plan.setup import Setup
from ytterby.plan.targets import MINIMA, TargetRows
from ytterby.solve import Columns, Rows, Solution

Array = npt.NDArray[np.float64]
SMALL_T = 1e-6
SMALL_USD = 1e-6
PRICES = {"material": pl.String, "place": pl.String, "year": pl.Int64, "usd_per_t": pl.Float64}
UNITS = {
    "capacity": "t/a of existing plant",
    "built_capacity": "t/a of new plant",
    "build_rate": "t/a that may be decided a period",
    "budget": "million USD",
    "crew": "person",
    "cohort": "person",
    "ore": "t in the ground",
}


def _with_year(setup: Setup, frame: pl.DataFrame) -> pl.DataFrame:
    years = dict(enumerate(setup.horizon.years.tolist()))
    return frame.with_columns(pl.col("period").replace_strict(years, return_dtype=pl.Int64).alias("year"))


def frame_of(setup: Setup, solution: Solution, name: str) -> pl.DataFrame:
    """Return a block of columns with its values and years; empty where the plan has no such block."""
    block = setup.programme.columns.get(name)
    if block is None or block.labels is None:
        return pl.DataFrame()
    labels = block.table if "year" not in block.table.columns else block.table.drop("year")
    return _with_year(setup, labels.with_columns(pl.Series("value", solution.value(block))))


def builds(setup: Setup, solution: Solution, share: Array | None) -> pl.DataFrame:
    """Return what is built, with the share of draws in which the same process is built at the same place."""
    frame = frame_of(setup, solution, "build").with_columns((pl.col("value") * pl.col("unit_t")).alias("t"))
    shares = np.full(frame.height, np.nan) if share is None else share
    return (
        frame.with_columns(pl.Series("share_of_draws", shares, nan_to_null=True))
        .filter(pl.col("t") > SMALL_T)
        .select(
            pl.col("process_id").alias("process"),
            pl.col("region").alias("place"),
            "material",
            "stage",
            "year_decided",
            "year_ready",
            pl.col("build_a").alias("build_a"),
            pl.col("t").alias("capacity_t_per_a"),
            "share_of_draws",
        )
        .sort("year_decided", "process", "place")
    )


def unmet(setup: Setup, solution: Solution) -> pl.DataFrame:
    """Return use that is not met."""
    frame = frame_of(setup, solution, "unmet").filter(pl.col("value") > SMALL_T)
    return frame.select("material", "end_use", pl.col("region").alias("place"), "year", pl.col("value").alias("t"))


def flows(setup: Setup, solution: Solution) -> pl.DataFrame:
    """Return what goes from place to place, home use included."""
    frame = frame_of(setup, solution, "ship").filter(pl.col("value") > SMALL_T)
    named = frame.select(
        "material",
        pl.col("exporter").alias("from"),
        pl.col("importer").alias("to"),
        "year",
        pl.col("value").alias("t"),
    )
    return named.sort("material", "year", "from", "to")


def output(setup: Setup, solution: Solution) -> pl.DataFrame:
    """Return tonnes made by process, place and year, in existing and in new plant."""
    runs = []
    for name, is_new in (("run", False), ("new_run", True)):
        frame = frame_of(setup, solution, name)
        if frame.height:
            runs.append(frame.select("activity", "year", "value").with_columns(pl.lit(is_new).alias("is_new")))
    activities = setup.network.activities.filter(pl.col("kind") == "run")
    joined = pl.concat(runs).join(
        activities.select("activity", "process_id", "stage", "region", "material"), on="activity"
    )
    return (
        joined.filter(pl.col("value") > SMALL_T)
        .select(
            pl.col("process_id").alias("process"),
            pl.col("region").alias("place"),
            "stage",
            "material",
            "year",
            "is_new",
            pl.col("value").alias("t"),
        )
        .sort("year", "place", "process", "is_new")
    )


def prices(setup: Setup, solution: Solution) -> pl.DataFrame:
    """Return the price of each material where it is used: the dual of its balance over the weight of its period."""
    if solution.duals is None:  # a limit was reached: what was found has no prices
        return pl.DataFrame(schema=PRICES)
    rows = setup.programme.rows["balance"]
    weight = setup.horizon.weights[rows.table["period"].to_numpy()]
    frame = rows.table.with_columns(pl.Series("usd_per_t", solution.dual(rows) / weight))
    held = frame.filter((pl.col("side") == "held") & (pl.col("usd_per_t").abs() > SMALL_USD))
    return held.select("material", pl.col("region").alias("place"), "year", "usd_per_t").sort(
        "material", "place", "year"
    )


def binding(setup: Setup, solution: Solution) -> pl.DataFrame:
    """Return the constraints that bind, and what one more unit of each is worth, discounted USD.

    Columns: constraint, what (material, occupation, target), place, year, shadow_price_usd, unit.
    """
    parts = []
    for name, rows in setup.programme.rows.items() if solution.duals is not None else ():
        if name in ("balance", "built_capacity", "cohort") or rows.labels is None or not rows.count:
            continue
        dual = solution.dual(rows)
        at = np.flatnonzero(np.abs(dual) > SMALL_USD)
        if at.size:
            parts.append(_binding(setup, name, rows, at, dual))
    schema = {
        "constraint": pl.String,
        "what": pl.String,
        "place": pl.String,
        "year": pl.Int64,
        "shadow_price_usd": pl.Float64,
        "unit": pl.String,
    }
    if not parts:
        return pl.DataFrame(schema=schema)
    return pl.concat(parts).sort(
        "shadow_price_usd", "constraint", "what", "year", descending=[True, False, False, False]
    )


def _binding(setup: Setup, name: str, rows: Rows, at: npt.NDArray[np.int64], dual: Array) -> pl.DataFrame:
    labels = rows.table[at]
    kind = name.split(" ")[0]
    first = next((c for c in ("material", "occupation", "component", "policy") if c in labels.columns), None)
    place = next((c for c in ("region", "place") if c in labels.columns), None)
    unit = UNITS.get(kind, "t of target" if kind == "target" else "t/a")
    return labels.select(
        pl.lit(name if kind == "target" else kind).alias("constraint"),
        (pl.col(first) if first else pl.lit("")).cast(pl.String).alias("what"),
        (pl.col(place) if place else pl.lit("")).cast(pl.String).alias("place"),
        pl.Series("year", setup.horizon.years[labels["period"].to_numpy()]).cast(pl.Int64),
        pl.Series("shadow_price_usd", np.abs(dual[at])),
        pl.lit(unit).alias("unit"),
    )


def targets(setup: Setup, solution: Solution) -> pl.DataFrame:
    """Return each target with what is required and reached in its year, when it is first met, and its slack."""
    found = []
    for entry in setup.targets:
        target, rows = entry.target, entry.rows
        for component in rows.table["component"].unique(maintain_order=True):
            found.append(_target(setup, solution, entry, str(component), target.measure in MINIMA))
    schema = {
        "target": pl.String,
        "name": pl.String,
        "measure": pl.String,
        "component": pl.String,
        "required": pl.Float64,
        "reached": pl.Float64,
        "in_base_year": pl.Float64,
        "met_in": pl.Int64,
        "slack": pl.Float64,
        "is_listed": pl.Boolean,
    }
    return pl.DataFrame(found, schema=schema, orient="row")


def _target(
    setup: Setup, solution: Solution, entry: TargetRows, component: str, is_minimum: bool
) -> tuple[object, ...]:
    target = entry.target
    series = _series(setup, solution, entry, component)
    when = min(setup.horizon.period_of(target.year), setup.horizon.count - 1)
    required = target.value
    good = series >= required * (1 - 1e-7) if is_minimum else series <= required * (1 + 1e-7) + 1e-12
    lasting = np.flatnonzero(np.logical_and.accumulate(good[::-1])[::-1])
    met = int(setup.horizon.years[lasting[0]]) if lasting.size else None
    reached = float(series[when])
    slack = reached - required if is_minimum else required - reached
    return (
        target.target_id,
        target.name,
        target.measure,
        component,
        required,
        reached,
        float(series[0]),
        met,
        slack,
        target.is_listed,
    )


def _series(setup: Setup, solution: Solution, entry: TargetRows, component: str) -> Array:
    """Return the measure of a target by period."""
    target, rows = entry.target, entry.rows
    activity = solution.activity(rows)
    if target.measure in ("country_share", "controller_share"):
        return _largest_share(setup, solution, entry, component)
    if target.measure == "days_of_cover":
        result: Array = activity * 365 / np.maximum(entry.denominator, 1e-12)
        return result
    shares: Array = activity / np.maximum(entry.denominator, 1e-12)
    return shares


def _largest_share(setup: Setup, solution: Solution, entry: TargetRows, material: str) -> Array:
    """Return the largest part of what a bloc takes that one third country, or one controller, holds, by period.

    A row of such a target is part x whole - cap x whole, so that the part follows from it and the whole.
    """
    frame = frame_of(setup, solution, "ship").filter(
        (pl.col("importer") == entry.target.bloc) & (pl.col("material") == material)
    )
    whole = np.zeros(setup.horizon.count)
    np.add.at(whole, frame["period"].to_numpy(), frame["value"].to_numpy())
    labels = entry.rows.table
    assert labels is not None
    period = labels["period"].to_numpy()
    activity = solution.activity(entry.rows)
    share = np.where(whole[period] > SMALL_T, activity / np.maximum(whole[period], SMALL_T) + entry.target.value, 0.0)
    result = np.zeros(setup.horizon.count)
    np.maximum.at(result, period, share)
    return result


def people(setup: Setup, solution: Solution) -> pl.DataFrame:
    """Return staff, need, training and hiring by occupation, place and year."""
    staff = frame_of(setup, solution, "staff")
    if staff.is_empty():
        return pl.DataFrame()
    rows = setup.programme.rows["crew"]
    keys = ["occupation", "region", "period", "year"]
    joined = staff.select(*keys, pl.col("value").alias("staff")).with_columns(
        pl.Series("needed", solution.activity(rows) + staff["value"].to_numpy())
    )
    for name, column in (("train", "trained"), ("hire", "hired")):
        more = frame_of(setup, solution, name).select("occupation", "region", "period", pl.col("value").alias(column))
        joined = joined.join(more, on=["occupation", "region", "period"], how="left")
    return joined.with_columns(pl.col("trained", "hired").fill_null(0.0)).rename({"region": "place"}).drop("period")


def stock(setup: Setup, solution: Solution) -> pl.DataFrame:
    """Return stockpiles by material, place and year."""
    frame = frame_of(setup, solution, "stock")
    if frame.is_empty():
        return frame
    return frame.select("material", pl.col("region").alias("place"), "year", pl.col("value").alias("t"))


def bloc_bill(setup: Setup, solution: Solution) -> float:
    """Return what the bloc pays: its plant, people, stock, and what lands there at the price of the mark-up."""
    bloc, programme = setup.programme.options.blocs[0], setup.programme
    chosen = np.zeros(programme.model.column_count, dtype=bool)
    for name, block in programme.columns.items():
        if block.labels is None or not block.count:
            continue
        labels = block.table
        column = "importer" if "importer" in labels.columns else "region" if "region" in labels.columns else None
        if column is not None and name != "unmet":
            chosen[block.index[(labels[column] == bloc).to_numpy()]] = True
    assert solution.columns is not None
    return setup.costs.of_columns(solution.columns, chosen, but=(Category.UNMET,))


def rests_on(setup: Setup, solution: Solution) -> tuple[pl.DataFrame, float]:
    """Return discounted USD by figure, largest first, and the share of the objective that rests on assumed figures."""
    figures = setup.register.frame()
    assert solution.columns is not None
    usd = setup.costs.by_figure(solution.columns, figures.height)
    frame = figures.with_columns(pl.Series("usd", usd[:-1])).filter(pl.col("usd").abs() > SMALL_USD)
    whole = float(np.abs(usd).sum())
    assumed = float(frame.filter(pl.col("confidence") == "assumed")["usd"].abs().sum())
    columns = ["what", "subject", "value", "low", "high", "unit", "confidence", "source_id", "usd"]
    return frame.sort("usd", descending=True).select(columns), assumed / whole if whole else 0.0


__all__ = [
    "Columns",
    "binding",
    "bloc_bill",
    "builds",
    "flows",
    "frame_of",
    "output",
    "people",
    "prices",
    "rests_on",
    "stock",
    "targets",
    "unmet",
]
