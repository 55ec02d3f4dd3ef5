"""Which programmes to fund: every choice at its expected cost, over every outcome at its odds.

    expected cost of funding F  =  budgets of F + sum over S within F of P(S | F) cost(S)
    P(S | F) = product over S of odds x product over F without S of (1 - odds)

cost(S) is the plan's cost where exactly the variants of S can be built, each from the year its programme delivers. The
2^n costs are
solved warm. What a programme is worth is the rise of expected cost without it; its break-even odds are the
odds at which that is 0, all others held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ytterby.plan.research import ResearchProgramme, cost_of, open_builds, subsets
from ytterby.plan.setup import Setup
from ytterby.solve import Session

Array = npt.NDArray[np.float64]
Choice = tuple[bool, ...]
SCHEMA = {
    "research_id": pl.String,
    "name": pl.String,
    "base": pl.String,
    "variant": pl.String,
    "is_funded": pl.Boolean,
    "odds": pl.Float64,
    "duration_a": pl.Float64,
    "budget_usd": pl.Float64,
    "worth_usd": pl.Float64,
    "break_even_odds": pl.Float64,
    "adoption": pl.String,
    "places": pl.String,
    "confidence": pl.String,
    "source_id": pl.String,
}


@dataclass(frozen=True)
class Funding:
    """The choice of programmes, costs by outcome, and what each programme is worth (columns of SCHEMA)."""

    programmes: tuple[ResearchProgramme, ...]
    chosen: Choice
    cost: dict[Choice, float]
    budget: Array
    plain_budget: Array
    expected: float
    table: pl.DataFrame


def delivered_years(programmes: Sequence[ResearchProgramme], outcome: Choice, start: int) -> list[float | None]:
    """Return the year in which each programme delivers, None where it does not."""
    return [start + p.duration_a if success else None for p, success in zip(programmes, outcome, strict=True)]


def set_gates(
    setup: Setup,
    session: Session,
    programmes: Sequence[ResearchProgramme],
    delivered: Sequence[float | None],
    *,
    everyone: bool = False,
) -> None:
    """Open the builds of variants from the year in which their programme delivers; shut those of all others."""
    years = {p.research_id: year for p, year in zip(programmes, delivered, strict=True)}
    setup.delivered = [years.get(p.research_id) for p in setup.research]
    if setup.programme.options.fixed_builds is not None:
        return
    build = setup.programme.columns["build"]
    allowed = open_builds(build.table, setup.research, setup.delivered, setup.network.places, everyone=everyone)
    session.change_bounds(build, None, np.where(allowed, np.inf, 0.0))


def pay(setup: Setup, session: Session, programmes: Sequence[ResearchProgramme], funded: Sequence[bool]) -> None:
    """Hold the columns of funded programmes at 1 and of all others at 0."""
    names = {p.research_id for p, is_funded in zip(programmes, funded, strict=True) if is_funded}
    level = np.array([1.0 if p.research_id in names else 0.0 for p in setup.research])
    session.change_bounds(setup.programme.columns["fund"], level, level)


def expected_cost(funded: Choice, odds: Array, cost: dict[Choice, float], budget: Array) -> float:
    """Return the expected cost of funding a set of programmes, budgets included."""
    total = float(budget[np.array(funded, dtype=bool)].sum())
    for outcome, value in cost.items():
        if all(f or not s for f, s in zip(funded, outcome, strict=True)):
            chance = 1.0
            for f, s, p in zip(funded, outcome, odds, strict=True):
                chance *= (p if s else 1 - p) if f else 1.0
            if chance > 0:
                total += chance * value
    return total


def choose_programmes(
    setup: Setup, session: Session, programmes: Sequence[ResearchProgramme], *, everyone: bool = False
) -> Funding:
    """Return which programmes to fund, and leave the session with the gates of the chosen ones open."""
    horizon = setup.horizon
    start = int(horizon.years[1])
    costs = [cost_of(p, start, horizon.rate, horizon.base) for p in programmes]
    budget, plain = (np.array([c[k] for c in costs]) for k in range(2))
    odds = np.array([p.odds for p in programmes])
    cost: dict[Choice, float] = {}
    for outcome in subsets(len(programmes)):
        set_gates(setup, session, programmes, delivered_years(programmes, outcome, start), everyone=everyone)
        solution = session.solve(warm="last")
        cost[outcome] = float(solution.objective) if solution.is_optimal else np.inf
    value = {funded: expected_cost(funded, odds, cost, budget) for funded in cost}
    chosen = min(value, key=lambda f: (round(value[f], 3), sum(f)))
    set_gates(setup, session, programmes, delivered_years(programmes, chosen, start), everyone=everyone)
    rows = [_row(setup, n, p, chosen, odds, cost, budget, value) for n, p in enumerate(programmes)]
    pay(setup, session, programmes, chosen)
    table = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    return Funding(tuple(programmes), chosen, cost, budget, plain, value[chosen], table)


def _row(
    setup: Setup,
    number: int,
    programme: ResearchProgramme,
    chosen: Choice,
    odds: Array,
    cost: dict[Choice, float],
    budget: Array,
    value: dict[Choice, float],
) -> tuple[object, ...]:
    with_it = tuple(True if n == number else f for n, f in enumerate(chosen))
    without = tuple(False if n == number else f for n, f in enumerate(chosen))
    worth = value[without] - value[with_it]
    sure = odds.copy()
    sure[number] = 1.0
    gain = value[without] - (expected_cost(with_it, sure, cost, budget) - budget[number])
    even = float(budget[number] / gain) if gain > 1e-6 else None
    places = [r for r in setup.network.places.blocs if programme.serves(r, setup.network.places.members(r))]
    return (
        programme.research_id,
        programme.name,
        programme.base,
        programme.variant,
        chosen[number],
        programme.odds,
        programme.duration_a,
        float(budget[number]),
        float(worth) if np.isfinite(worth) else None,
        even if even is not None and even <= 1 else None,
        programme.adoption,
        ";".join(places),
        programme.confidence,
        programme.source_id,
    )
