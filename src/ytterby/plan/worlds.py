"""Two worlds in one account: what planning together is worth, and to what it is due.

The integrated world is the plan without targets: one planner, full foresight, one cost of capital, research for all.
The fragmented world's builds (`ytterby.plan.fragmented`) are replayed in the same programme, so that both are judged
by the same real resource cost and unmet use at one social rate; margins and hurdle spreads are transfers, shown, not
counted. A replay is feasible in the integrated programme, so that the integrated world is never dearer. The
difference is split over foresight, cost of capital, margin and research access by switching each on, averaged over
all orders (Shapley 1953); what is left when all four are on is coordination: one decision for all stages at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ytterby.chain.chain import Chain, load_world
from ytterby.errors import YtterbyError
from ytterby.plan.fragmented import DEFAULT_MARGIN, Fragmented, Projects, Switches, fragment
from ytterby.plan.funding import pay
from ytterby.plan.market import Market
from ytterby.plan.options import Options
from ytterby.plan.plan import plan_setup, result_of
from ytterby.plan.result import PlanResult
from ytterby.plan.setup import Setup, set_up
from ytterby.solve import Session, Solution

Array = npt.NDArray[np.float64]
Progress = Callable[[float, str], None]
PARTS = ("foresight", "capital", "margin", "research")
Builds = Mapping[tuple[str, str, int], float]


@dataclass(frozen=True)
class WorldsResult:
    """Both worlds and what is between them.

    worth: total_usd (fragmented less integrated cost), unmet_t, years_sooner, split (USD by cause)
    transfers: margins and hurdle spreads of the fragmented world, USD, in no account
    umbrella: where blocs plan together: value of each coalition and each member's Shapley share
    """

    integrated: PlanResult
    fragmented: PlanResult
    total_usd: float
    unmet_t: float
    years_sooner: float | None
    split: Mapping[str, float]
    transfers: Mapping[str, float]
    umbrella: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return the fixed shape as plain values."""
        return {
            "integrated": self.integrated.to_dict(),
            "fragmented": self.fragmented.to_dict(),
            "worth": {
                "total_usd": self.total_usd,
                "unmet_t": self.unmet_t,
                "years_sooner": self.years_sooner,
                "split": dict(self.split),
            },
            "transfers": dict(self.transfers),
            "umbrella": dict(self.umbrella),
        }

    def summary(self) -> list[str]:
        """Return the comparison in plain sentences."""
        from ytterby.plan.words import usd

        sooner = "" if self.years_sooner is None else f", and its plant stands {self.years_sooner:.1f} years sooner"
        said = [
            f"Planning together is worth {usd(self.total_usd)} to {self.integrated.until}, discounted; it serves "
            f"{self.unmet_t:,.0f} t more use{sooner}."
        ]
        parts = [f"{name} {usd(value)}" for name, value in self.split.items()]
        said.append(f"Of this is due to: {', '.join(parts)}.")
        shown = ", ".join(f"{name} {usd(value)}" for name, value in self.transfers.items())
        said.append(f"Transfers of the fragmented world, in no account: {shown}.")
        for name, share in self.umbrella.get("shares", {}).items():
            said.append(f"Share of {name} in the gain of planning together: {usd(share)}.")
        return said


class Account:
    """One programme in which builds of any world are replayed and judged."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.session: Session = setup.open()
        self.build = setup.programme.columns["build"]
        self.keys = list(self.build.table.select("process_id", "region", "year_decided").iter_rows())

    def judge(
        self, builds: Builds, free: frozenset[str] = frozenset()
    ) -> tuple[Solution, dict[tuple[str, str, int], float]]:
        """Return the solution with builds held, less those for which no crew can be had; free regions decide."""
        wanted = np.array([builds.get(key, 0.0) for key in self.keys])
        is_free = np.array([key[1] in free for key in self.keys])
        gates = self._gates()
        session = self.session
        session.change_bounds(self.build, np.where(is_free, 0.0, wanted), np.where(is_free, gates, wanted))
        solution = session.solve(warm="last")
        if not solution.is_optimal:
            wanted = self._with_crew(wanted, is_free, gates)
            session.change_bounds(self.build, np.where(is_free, 0.0, wanted), np.where(is_free, gates, wanted))
            solution = session.solve(warm="last")
        if not solution.is_optimal:
            raise YtterbyError("the fragmented world's builds cannot be replayed: no operation of them is possible")
        return solution, {k: float(t) for k, t in zip(self.keys, wanted, strict=True) if t > 1e-9}

    def _gates(self) -> Array:
        from ytterby.plan.research import open_builds

        setup = self.setup
        allowed = open_builds(self.build.table, setup.research, setup.delivered, setup.network.places)
        return np.where(allowed, np.inf, 0.0)

    def _with_crew(self, wanted: Array, is_free: npt.NDArray[np.bool_], gates: Array) -> Array:
        """Return the largest part of the builds, by capital, that crews and ore allow."""
        session = self.session
        count = self.setup.programme.model.column_count
        capex = self.setup.costs.vector(count)[self.build.index]
        session.change_bounds(self.build, np.zeros(wanted.size), np.where(is_free, gates, wanted))
        session.change_costs(np.arange(count), np.zeros(count))
        session.change_costs(self.build, np.where(is_free, 0.0, -np.maximum(capex, 1.0)))
        solution = session.solve(warm="last")
        kept = solution.value(self.build) * (1 - 1e-9)
        session.change_costs(np.arange(count), self.setup.costs.vector(count))
        return np.where(is_free, wanted, np.minimum(kept, wanted))


def two_worlds(
    chain: Chain,
    options: Options,
    *,
    world: Chain | None = None,
    margin: float = DEFAULT_MARGIN,
    umbrella: Sequence[str] = (),
    progress: Progress | None = None,
) -> WorldsResult:
    """Return the integrated and the fragmented world of a chain, and what planning together is worth.

    Args:
        chain: the chain.
        options: as for `plan`; targets are off in both worlds, since owners know none.
        world: the world tables; default those that ship.
        margin: share of the clearing price that upstream adds when it hands over (assumed).
        umbrella: blocs that may plan together while the rest stays fragmented.
        progress: called with the part done and a word.

    Raises:
        YtterbyError: as for `plan`; an umbrella over a bloc that does not plan.
    """
    world = world if world is not None else load_world()
    asked = replace(options, target=None, cover_days=None, controller_cap=None, draws=0, whole_plants=False)
    lost = [bloc for bloc in umbrella if bloc not in asked.blocs]
    if lost:
        raise YtterbyError(f"{lost[0]} does not plan here; name it with --for or --with")
    setup = set_up(chain, world, asked)
    integrated, solution = plan_setup(setup, chain, world)
    account = Account(setup)
    pay(setup, account.session, setup.research, [year is not None for year in setup.delivered])
    market, projects, foresight = Market(setup), Projects(setup), _prices(setup, solution)

    def simulate(chosen: frozenset[str]) -> Fragmented:
        switches = Switches(**{name: name in chosen for name in PARTS})
        return fragment(setup, market, projects, foresight, switches, margin=margin)

    base = simulate(frozenset())
    judged, kept = account.judge(base.builds)
    fragmented, apart, best = result_of(setup, judged), float(judged.objective), float(solution.objective)
    return WorldsResult(
        integrated=integrated,
        fragmented=fragmented,
        total_usd=apart - best,
        unmet_t=_unmet(fragmented) - _unmet(integrated),
        years_sooner=_sooner(integrated, fragmented),
        split=_split(account, simulate, apart, best, progress),
        transfers={"margins": base.margins_usd, "hurdle spreads": base.hurdle_spread_usd},
        umbrella=_umbrella(account, kept, umbrella, best),
    )


def _split(
    account: Account,
    simulate: Callable[[frozenset[str]], Fragmented],
    apart: float,
    best: float,
    progress: Progress | None,
) -> dict[str, float]:
    """Return the difference between the worlds by cause: each advantage's share, and what is left when all are on."""
    gain = {frozenset[str](): 0.0}
    choices = [frozenset(c) for size in range(1, len(PARTS) + 1) for c in combinations(PARTS, size)]
    for number, chosen in enumerate(choices):
        gain[chosen] = apart - float(account.judge(simulate(chosen).builds)[0].objective)
        if progress is not None:
            progress((number + 1) / len(choices), "worlds")
    split = shapley(PARTS, gain)
    split["coordination"] = apart - gain[frozenset(PARTS)] - best
    return split


def _prices(setup: Setup, solution: Solution) -> Array:
    """Return the plan's prices by period and node, USD per t."""
    dual = solution.dual(setup.programme.rows["balance"]).reshape(setup.horizon.count, -1)
    result: Array = dual / setup.horizon.weights[:, None]
    return result


def shapley(players: Sequence[str], value: Mapping[frozenset[str], float]) -> dict[str, float]:
    """Return each player's mean contribution over all orders (Shapley 1953); `value` holds every coalition."""
    count = len(players)
    result = {}
    for player in players:
        others = [p for p in players if p != player]
        total = 0.0
        for size in range(count):
            weight = factorial(size) * factorial(count - size - 1) / factorial(count)
            for group in combinations(others, size):
                before = frozenset(group)
                total += weight * (value[before | {player}] - value.get(before, 0.0))
        result[player] = total
    return result


def _umbrella(account: Account, kept: Builds, members: Sequence[str], best: float) -> dict[str, Any]:
    """Return the value of each coalition of blocs that plan together, and each member's share."""
    if not members:
        return {}
    apart = float(account.judge(kept)[0].objective)
    value = {frozenset[str](): 0.0}
    for size in range(1, len(members) + 1):
        for group in combinations(members, size):
            value[frozenset(group)] = apart - float(account.judge(kept, frozenset(group))[0].objective)
    shares = shapley(members, value)
    named = {"+".join(sorted(group)): gain for group, gain in value.items() if group}
    return {"coalitions": named, "shares": shares, "apart_usd": apart, "together_usd": best}


def _unmet(result: PlanResult) -> float:
    frame = result.tables["unmet"]
    return float(frame["t"].sum()) if frame.height else 0.0


def _sooner(integrated: PlanResult, fragmented: PlanResult) -> float | None:
    """Return by how many years the integrated world's plant stands sooner, weighted by capacity of what both build."""
    means = []
    for result in (integrated, fragmented):
        frame = result.tables["builds"]
        if frame.is_empty():
            return None
        means.append(
            {
                key: (year, t)
                for *key_parts, year, t in frame.group_by("process", "place", maintain_order=True)
                .agg(
                    (pl.col("year_ready") * pl.col("capacity_t_per_a")).sum() / pl.col("capacity_t_per_a").sum(),
                    pl.col("capacity_t_per_a").sum(),
                )
                .iter_rows()
                if (key := tuple(key_parts))
            }
        )
    both = set(means[0]) & set(means[1])
    weight = sum(min(means[0][k][1], means[1][k][1]) for k in both)
    if not weight:
        return None
    gap = sum((means[1][k][0] - means[0][k][0]) * min(means[0][k][1], means[1][k][1]) for k in both)
    return float(gap / weight)


__all__ = ["Account", "WorldsResult", "shapley", "two_worlds"]
