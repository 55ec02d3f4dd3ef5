"""What people and money cost a plan, and where each begins to bind: size of crews, places in schools, yearly budget.

The plan is solved again without the rows of a family; the difference of cost is what the family costs, zero when zero.
A family begins to bind where the plan is dearer than without it.

    crews times f     f with staff / f people for the same crews, by bisection; at first the slack of every row:
                      min over years of staff that is there at no cost / crews of the plan without people
    places            graduates a year + max over years of (crews - staff) / what a place a year brings until then
    budget            by bisection below the largest spending of a year of the plan without a budget

Costs are discounted USD, budgets million USD a year. Bisection ends at a few parts in a hundred, or with its time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ytterby.plan.setup import Setup
from ytterby.plan.words import usd
from ytterby.plan.worth import zero
from ytterby.solve import Session, Solution

Array = npt.NDArray[np.float64]
SCHEMA = {
    "family": pl.String,
    "what": pl.String,
    "place": pl.String,
    "value": pl.Float64,
    "unit": pl.String,
    "words": pl.String,
}
SAME = 1e-7  # relative difference of cost up to which two plans cost the same
NEAR = 1.02
MOST = 64.0
LONGEST_S = 0.8
SHOWN = 3
Row = tuple[str, str, str, float | None, str, str]


def break_even(setup: Setup, session: Session, *, longest_s: float = LONGEST_S) -> pl.DataFrame:
    """Return what each family costs and where it begins to bind (columns of SCHEMA); empty where neither has rows.

    Args:
        setup: the programme.
        session: an open session with a base; it is left as its base.
        longest_s: seconds that each family's bisection may take.
    """
    found: list[Row] = []
    if session.base is not None and session.base.duals is not None:
        found += _people(setup, session, longest_s)
        found += _money(setup, session, longest_s)
        session.reset()
    return pl.DataFrame(found, schema=SCHEMA, orient="row")


def _difference(setup: Setup, session: Session, family: str, free: Solution) -> Row:
    base = session.base
    assert base is not None
    value = zero(float(base.objective) - float(free.objective), float(base.objective))
    value = 0.0 if abs(value) <= SAME * abs(float(base.objective)) else value
    said = (
        f"{family.capitalize()} cost the plan {usd(value)}."
        if family == "people"
        else f"Money costs the plan {usd(value)}."
    )
    if value == 0:
        said = f"Without the rows of {family} the plan costs the same."
    return (family, "difference", setup.programme.options.blocs[0], value, "USD", said)


def _people(setup: Setup, session: Session, longest_s: float) -> list[Row]:
    crew, cohorts = setup.programme.rows.get("crew"), setup.programme.extra.get("cohorts")
    if crew is None or cohorts is None or not crew.count:
        return []
    session.change_row_bounds(crew, None, np.full(crew.count, np.inf))
    free = session.solve(warm="base")
    session.reset()
    if not free.is_optimal:
        return []
    shape = (setup.horizon.count, cohorts.height)
    need = (free.activity(crew) + free.value(setup.programme.columns["staff"])).reshape(shape)
    there, per_place = _staff_at_no_cost(setup, cohorts)
    rows = [_difference(setup, session, "people", free)]
    later = need[1:] > 1e-9
    if not later.any():
        return rows
    ratio = np.where(later, there[1:] / np.maximum(need[1:], 1e-12), np.inf)
    start = float(ratio.min())
    crews = _Crews(setup, session, cohorts)
    at = _bisect(lambda f: crews.costs_more(f, float(free.objective)), start, longest_s)
    bloc = setup.programme.options.blocs[0]
    rows.append(("people", "crew size", bloc, at, "1", _crew_words(at)))
    return [*rows, *_places(cohorts, need, there, per_place)]


def _crew_words(at: float | None) -> str:
    if at is None:
        return f"People would not bind with crews {MOST:g} times as large."
    if at < 1:
        return f"People bind: with crews of {at:.2f} times their size they would begin to."
    return f"People begin to bind with crews {at:.2f} times as large."


def _staff_at_no_cost(setup: Setup, cohorts: pl.DataFrame) -> tuple[Array, Array]:
    """Return people there without training or hiring, and what a place a year brings, shape (periods, cohorts)."""
    lengths = setup.horizon.lengths.astype(np.float64)
    there, brought = np.zeros((2, setup.horizon.count, cohorts.height))
    stay, graduates = cohorts["stay"].to_numpy(), cohorts["graduates"].to_numpy()
    there[0] = cohorts["staff"].to_numpy() + cohorts["manned"].to_numpy()
    for t in range(1, setup.horizon.count):
        kept = np.power(stay, lengths[t])
        there[t] = kept * there[t - 1] + lengths[t] * graduates
        brought[t] = kept * brought[t - 1] + lengths[t]
    return there, brought


def _places(cohorts: pl.DataFrame, need: Array, there: Array, per_place: Array) -> list[Row]:
    """Return the places a year at which each occupation begins to bind, those nearest to it first."""
    short = ((need[1:] - there[1:]) / per_place[1:]).max(axis=0)
    rows = []
    for number, (occupation, region, graduates) in enumerate(
        cohorts.select("occupation", "region", "graduates").iter_rows()
    ):
        if need[1:, number].max() <= 1e-9:
            continue
        value = max(0.0, graduates + float(short[number]))
        what = f"{occupation}s in {region}"
        if value > graduates:
            said = f"{what}: {value:,.1f} places a year would man the plan without people, {graduates:,.1f} are there."
        elif value > 0:
            said = f"{what}: they begin to bind below {value:,.1f} places a year; {graduates:,.1f} are there."
        else:
            said = f"{what}: they do not bind even without a place in a school."
        rows.append((value - graduates, ("people", "places", region, value, f"{occupation}/a", said)))
    return [row for _, row in sorted(rows, key=lambda entry: (-entry[0], entry[1]))[:SHOWN]]


@dataclass
class _Crews:
    """The plan with crews of another size: staff, graduates and hiring limits are divided by it instead."""

    setup: Setup
    session: Session
    cohorts: pl.DataFrame

    def costs_more(self, factor: float, free: float) -> bool:
        """Say whether the plan costs more than without people."""
        session, programme = self.session, self.setup.programme
        cohort, hire, train = programme.rows["cohort"], programme.columns["hire"], programme.columns["train"]
        manned, session_low = programme.columns["manned"], session.row_bounds(cohort.index)[0]
        session.change_row_bounds(cohort, session_low / factor, session_low / factor)
        session.change_bounds(hire, None, self._hiring() / factor)
        need = self.cohorts["staff"].to_numpy() + self.cohorts["manned"].to_numpy()
        held = np.maximum(0.0, need - self.cohorts["staff"].to_numpy() / factor)
        session.change_bounds(manned, None, np.where(self.cohorts["manned"].to_numpy() > 0, held, 0.0))
        costs = self.setup.costs.vector(programme.model.column_count)
        for block in (hire, train):
            session.change_costs(block, costs[block.index] * factor)
        solution = session.solve(warm="base")
        session.reset()
        return not solution.is_optimal or float(solution.objective) > free + SAME * abs(free)

    def _hiring(self) -> Array:
        limits = self.cohorts["hiring_per_a"].to_numpy()
        lengths = self.setup.horizon.lengths[1:].astype(np.float64)
        result: Array = (limits[None, :] * lengths[:, None]).ravel()
        return result


def _money(setup: Setup, session: Session, longest_s: float) -> list[Row]:
    budget = setup.programme.rows.get("budget")
    if budget is None or not budget.count:
        return []
    count, lengths = budget.count, setup.horizon.lengths.astype(np.float64)
    session.change_row_bounds(budget, None, np.full(count, np.inf))
    free = session.solve(warm="base")
    session.reset()
    if not free.is_optimal:
        return []
    rows = [_difference(setup, session, "money", free)]
    bloc = setup.programme.options.blocs[0]
    most = float((free.activity(budget) / lengths).max())
    if most <= 1e-9:
        return [*rows, ("money", "budget", bloc, 0.0, "MUSD/a", "The plan commits no money, so that no budget binds.")]

    def costs_more(inverse: float) -> bool:
        session.change_row_bounds(budget, None, most / inverse * lengths)
        solution = session.solve(warm="base")
        session.reset()
        return not solution.is_optimal or float(solution.objective) > float(free.objective) * (1 + SAME)

    at = _bisect(costs_more, 1.0, longest_s)
    if at is None:
        said = f"A budget of {most / MOST:,.2f} million USD a year would still not bind."
        return [*rows, ("money", "budget", bloc, most / MOST, "MUSD/a", said)]
    value = most / at
    said = f"Money begins to bind below a budget of {value:,.2f} million USD a year."
    return [*rows, ("money", "budget", bloc, value, "MUSD/a", said)]


def _bisect(costs_more: Callable[[float], bool], start: float, longest_s: float) -> float | None:
    """Return the size at which cost begins to rise, at least `start`; None where it does not up to MOST times that."""
    if start <= 0:
        return 0.0
    end, low, high = time.perf_counter() + longest_s, start, start * NEAR
    while not costs_more(high):
        low, high = high, start * max((high / start) ** 2, NEAR)
        if high > MOST * start or time.perf_counter() > end:
            if not costs_more(MOST * start):
                return None
            high = MOST * start
            break
    while high / low > NEAR and time.perf_counter() < end:
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if costs_more(middle) else (middle, high)
    return low
