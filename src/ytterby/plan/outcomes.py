"""Programmes whose success and duration nobody knows until they end: the value of hedging and of knowing.

Up to 50 draws of success (at the odds) and duration (lognormal about the stated one, sd of the logarithm 0.2, ours).
Until the first programme ends every draw has the same builds (non-anticipativity): those of one hedging plan; from then
on each draw decides anew. Hedging plans tried are those for each outcome of the funded programmes that the draws hold.

    RP   least expected cost of a hedging plan             (recourse problem; Birge and Louveaux 2011, ch. 4)
    WS   expected cost where each draw is known at once    (wait and see)
    EEV  expected cost of the plan for the likeliest outcome
    value of the stochastic solution = EEV - RP;  value of perfect information = RP - WS
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ytterby.chain.uncertainty import Sampler
from ytterby.plan.funding import Funding, set_gates
from ytterby.plan.research import ResearchProgramme
from ytterby.plan.setup import Setup
from ytterby.solve import Session

Array = npt.NDArray[np.float64]
MOST_DRAWS = 50
DURATION_LOG_SD = 0.2
Years = tuple[float | None, ...]
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Outcomes:
    """Expected costs over the draws, USD, and the two values."""

    draws: int
    recourse_usd: float
    wait_and_see_usd: float
    expected_of_likeliest_usd: float

    @property
    def stochastic_value_usd(self) -> float:
        """Value of the stochastic solution."""
        return self.expected_of_likeliest_usd - self.recourse_usd

    @property
    def information_value_usd(self) -> float:
        """Value of perfect information."""
        return self.recourse_usd - self.wait_and_see_usd


def drawn_years(
    programmes: Sequence[ResearchProgramme], funded: Sequence[bool], start: int, draws: int, seed: int
) -> list[Years]:
    """Return for each draw the year in which each funded programme delivers, whole years; None where it fails."""
    sampler = Sampler(min(draws, MOST_DRAWS), seed)
    columns = []
    for programme, is_funded in zip(programmes, funded, strict=True):
        success = sampler.uniform(f"success of {programme.research_id}") < programme.odds
        factor = np.exp(DURATION_LOG_SD * sampler.normal(f"duration of {programme.research_id}"))
        years = np.ceil(start + programme.duration_a * factor)
        columns.append([float(y) if is_funded and s else None for y, s in zip(years, success, strict=True)])
    return [tuple(row) for row in zip(*columns, strict=True)] if columns else [()] * sampler.draws


def value_outcomes(
    setup: Setup, session: Session, funding: Funding, draws: int, seed: int, progress: Progress | None = None
) -> Outcomes:
    """Return the values of hedging and of knowing for the funded programmes; the session is left with their gates."""
    programmes, start = funding.programmes, int(setup.horizon.years[1])
    years = drawn_years(programmes, funding.chosen, start, draws, seed)
    kinds = sorted(set(years), key=str)
    ends = [start + p.duration_a for p, f in zip(programmes, funding.chosen, strict=True) if f]
    first_end = min(ends, default=float(start))
    build = setup.programme.columns["build"]
    before = build.table["year_decided"].to_numpy() < first_end
    cost, plans = {}, {}
    for kind in kinds:
        set_gates(setup, session, programmes, kind)
        solution = session.solve(warm="last")
        cost[kind], plans[kind] = float(solution.objective), solution.value(build)
    share = {kind: years.count(kind) / len(years) for kind in kinds}
    known = sum(share[k] * cost[k] for k in kinds)
    hedges: dict[Years, float] = {}
    for number, hedge in enumerate(kinds):
        total = 0.0
        for kind in kinds:
            total += share[kind] * (
                _held(setup, session, programmes, kind, plans[hedge], before) if kind != hedge else cost[kind]
            )
            if total > min(hedges.values(), default=np.inf):
                break
        else:
            hedges[hedge] = total
        if progress is not None:
            progress((number + 1) / len(kinds), "outcomes")
    likeliest = max(kinds, key=lambda k: (share[k], str(k)))
    eev = hedges.get(likeliest)
    if eev is None:
        eev = sum(share[k] * _held(setup, session, programmes, k, plans[likeliest], before) for k in kinds)
    session.change_bounds(build, np.zeros(build.count), None)
    set_gates(
        setup,
        session,
        programmes,
        [start + p.duration_a if f else None for p, f in zip(programmes, funding.chosen, strict=True)],
    )
    budget = float(funding.budget[np.array(funding.chosen, dtype=bool)].sum())
    return Outcomes(len(years), min(hedges.values()) + budget, known + budget, eev + budget)


def _held(
    setup: Setup,
    session: Session,
    programmes: Sequence[ResearchProgramme],
    kind: Years,
    plan: Array,
    before: npt.NDArray[np.bool_],
) -> float:
    """Return the cost of an outcome where the builds before the first programme ends are those of a hedging plan."""
    build = setup.programme.columns["build"]
    set_gates(setup, session, programmes, kind)
    at = build.index[before]
    session.change_bounds(at, plan[before], plan[before])
    solution = session.solve(warm="last")
    session.change_bounds(build, np.zeros(build.count), None)
    set_gates(setup, session, programmes, kind)
    return float(solution.objective) if solution.is_optimal else np.inf
