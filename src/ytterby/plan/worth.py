"""What one more unit is worth: a tonne of plant, a class of 40, a million of budget, a year sooner, a point of target.

The worth of a tonne of existing plant of a material, there in every year, is the sum of its duals; so is that of a
million of budget a year. A class of 40 and a year sooner are no small steps: the plan is solved again with them and the
difference of the objective is their worth. All in discounted USD.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from ytterby.chain.chain import Chain
from ytterby.plan.funding import pay, set_gates
from ytterby.plan.setup import Setup, set_up
from ytterby.solve import Session, Solution

CLASS = 40.0
SCHEMA = {"unit": pl.String, "what": pl.String, "place": pl.String, "worth_usd": pl.Float64, "how": pl.String}


def worth_of(setup: Setup, solution: Solution, session: Session, chain: Chain, world: Chain) -> pl.DataFrame:
    """Return what one more unit of each thing that may bind is worth, largest first (columns of SCHEMA)."""
    rows = [*_duals(setup, solution), *_classes(setup, session), *_sooner(setup, solution, chain, world)]
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    return frame.sort("worth_usd", descending=True, maintain_order=True)


Row = tuple[str, str, str, float, str]


def _duals(setup: Setup, solution: Solution) -> list[Row]:
    own = set(setup.network.places.blocs)
    found: list[Row] = []
    blocks = {
        "capacity": ("1 t/a of plant, every year", "material"),
        "build_rate": ("1 t/a more decided, every period", "material"),
        "budget": ("1 million USD a year", "region"),
        "ore": ("1 t in the ground", "region"),
    }
    for name, (unit, what) in blocks.items():
        block = setup.programme.rows.get(name)
        if block is None or block.labels is None or not block.count:
            continue
        frame = block.table.with_columns(pl.Series("usd", -solution.dual(block)))
        later = frame.filter((pl.col("period") > 0) & pl.col("region").is_in(list(own)))
        sums = (
            later.group_by(what, "region", maintain_order=True).agg(pl.col("usd").sum())
            if what != "region"
            else (
                later.group_by("region", maintain_order=True)
                .agg(pl.col("usd").sum())
                .with_columns(pl.lit("").alias("what"))
            )
        )
        label = what if what != "region" else "what"
        for thing, region, usd in sums.select(label, "region", "usd").iter_rows():
            if usd > 1e-6:
                found.append((unit, thing, region, usd, "duals"))
    return found


def _classes(setup: Setup, session: Session) -> list[Row]:
    """Solve again with a class of 40 of each occupation that binds, ready in the first year of the plan."""
    rows = setup.programme.rows.get("cohort")
    crew = setup.programme.rows.get("crew")
    base = session.base
    if rows is None or crew is None or rows.labels is None or base is None:
        return []
    frame = rows.table.with_columns(pl.Series("row", rows.index), pl.Series("dual", base.dual(crew)))
    binding = (
        frame.filter(pl.col("dual").abs() > 1e-6).select("occupation", "region").unique().sort("occupation", "region")
    )
    found: list[Row] = []
    for occupation, region in binding.iter_rows():
        at = frame.filter(
            (pl.col("occupation") == occupation) & (pl.col("region") == region) & (pl.col("period") == 1)
        )["row"].to_numpy()
        low, _ = session.row_bounds(at)
        session.change_row_bounds(at, low + CLASS, low + CLASS)
        better = session.solve(warm="base")
        if better.is_optimal:
            found.append(
                (f"a class of {CLASS:g}", occupation, region, base.objective - better.objective, "solved again")
            )
        session.reset()
    return found


def _sooner(setup: Setup, solution: Solution, chain: Chain, world: Chain) -> list[Row]:
    options = setup.programme.options
    if options.fixed_builds is not None or options.years_sooner or not setup.programme.columns["build"].count:
        return []
    quicker = set_up(chain, world, replace(options, years_sooner=1.0, calibrate=False), like=setup)
    session = quicker.open()
    set_gates(quicker, session, setup.research, setup.delivered)
    pay(quicker, session, setup.research, [year is not None for year in setup.delivered])
    again = session.solve()
    if not again.is_optimal:
        return []
    worth = float(solution.objective) - float(again.objective)
    return [("a year sooner", "every plant", options.blocs[0], worth, "solved again")]


def zero(value: float, whole: float) -> float:
    """Return 0 for a difference that is only rounding of the whole."""
    return 0.0 if abs(value) <= 1e-9 * abs(whole) else float(np.round(value, 6))
