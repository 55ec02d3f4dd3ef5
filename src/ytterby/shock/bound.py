"""The least loss that any rule could reach on the same shock: a linear programme with perfect foresight.

    min  sum over months and uses of (use - x) in t of metal
    s.t. stock(t) = stock(t-1) + arrivals(t) - a x(t) >= 0;   sum of what a good's arcs carry <= b x(t)
         x(t) <= (1 + overtime) (1 - D(t)) capacity;          arcs <= limit (1 - D(t))

Same capacities, stocks, transit and limits as the kernel, but orders are whatever is best, with the whole future known.
So no rule can lose less, and the gap is what the rules lose by not knowing. Gap: part of use lost beyond the bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ytterby.shock.model import Model
from ytterby.shock.rules import Array, Draws, Exposure, Rules
from ytterby.solve import Model as Programme
from ytterby.solve import Session

RANDOM = 20


@dataclass(frozen=True)
class Gap:
    """Part of use lost by the rules and at best, of one run."""

    run: int
    lost: float
    bound: float

    @property
    def gap(self) -> float:
        """Lost beyond the bound."""
        return self.lost - self.bound


class Bound:
    """The programme of one system, whose bounds are changed for each run."""

    def __init__(self, model: Model, months: int, rules: Rules) -> None:
        self.model, self.months, self.rules = model, months, rules
        system, T = model.system, months
        self.programme = Programme()
        metal = np.where(system.is_use, model.contained, 0.0)
        self.run = self.programme.columns("run", T * system.base.size, cost=np.tile(-metal, T))
        self.carry = self.programme.columns("carry", T * system.arc_good.size)
        self.stock = self.programme.columns("stock", T * system.slot_need.size)
        self.release = self.programme.columns("release", T * system.slot_need.size, upper=0.0)
        self.balance = self.programme.rows("balance", T * system.slot_need.size, lower=0.0, upper=0.0)
        self.goods = self.programme.rows("goods", T * system.good_node.size, lower=0.0)
        self.reserve = self.programme.rows("reserve", system.slot_need.size, upper=system.slot_reserve)
        for t in range(T):
            self._month(t)
        self.session: Session = self.programme.open()
        self._solved = False

    def _month(self, t: int) -> None:
        system, enter = self.model.system, self.programme.entries
        N, A, S, K = system.base.size, system.arc_good.size, system.slot_need.size, system.good_node.size
        slots, arcs, goods = np.arange(S), np.arange(A), np.arange(K)
        here = self.balance.index[t * S + slots]
        enter(here, self.stock.index[t * S + slots], -np.ones(S))
        if t:
            enter(here, self.stock.index[(t - 1) * S + slots], np.ones(S))
        enter(here, self.release.index[t * S + slots], np.ones(S))
        enter(self.reserve.index, self.release.index[t * S + slots], np.ones(S))
        enter(here, self.run.index[t * N + system.slot_node], -system.slot_need)
        in_time = t + system.arc_delay < self.months
        at = (t + system.arc_delay[in_time]) * S + system.arc_slot[in_time]
        enter(self.balance.index[at], self.carry.index[t * A + arcs[in_time]], 1.0 / system.arc_factor[in_time])
        enter(self.goods.index[t * K + goods], self.run.index[t * N + system.good_node], system.good_per_t)
        enter(self.goods.index[t * K + system.arc_good], self.carry.index[t * A + arcs], -np.ones(A))

    def least(self, draws: Draws, exposure: Exposure, run: int) -> float:
        """Return the least part of use, in t of metal, that a run must lose."""
        system, T, session = self.model.system, self.months, self.session
        course = draws.severity[:, run][:, None]
        size = np.maximum(system.capacity * draws.slack[run], system.base)
        open_nodes = 1.0 - course * exposure.nodes[draws.target[run]]
        most = np.where(system.is_use, system.base, size * (1 + self.rules.overtime) * open_nodes)
        session.change_bounds(self.run, None, most.ravel())
        limit = system.arc_limit * np.ones((T, 1))
        shut = exposure.arcs[draws.target[run]]
        limit[:, shut > 0] = np.minimum(limit, 1e12)[:, shut > 0] * (1.0 - (course * shut)[:, shut > 0])
        limit[limit < 1e-9] = 0.0
        session.change_bounds(self.carry, None, limit.ravel())
        given = self.rules.release * system.slot_reserve
        session.change_bounds(self.release, None, np.tile(given, T))
        came = self._coming(draws.cover[system.slot_kind, run])
        session.change_row_bounds(self.balance, came, came)
        solution = session.solve(warm="last" if self._solved else None)
        self._solved = True
        metal = self.model.contained[system.uses]
        whole = T * float((system.base[system.uses] * metal).sum())
        return 1.0 + solution.objective / whole

    def _coming(self, cover: Array) -> Array:
        """Return, negative, what stands in stock and is under way when it starts, by month and slot."""
        system = self.model.system
        units = system.arc_flow / system.arc_factor
        coming = np.zeros((self.months, system.slot_need.size))
        coming[0] = system.slot_cover * cover * system.slot_need * system.base[system.slot_node]
        for d in range(min(system.depth, self.months)):
            coming[d] += np.bincount(system.arc_slot, units * (system.arc_delay > d), system.slot_need.size)
        result: Array = -coming.ravel()
        return result


def gaps(
    model: Model, draws: Draws, exposure: Exposure, rules: Rules, lost: Array, *, seed: int, runs: int = RANDOM
) -> tuple[list[Gap], list[Gap]]:
    """Return the gap of the runs at 5, 50 and 95 % of loss, and of random ones.

    Args:
        model: the model.
        draws: the scenarios.
        exposure: what they stop.
        rules: the rules.
        lost: part of use that each lost.
        seed: of the choice of runs.
        runs: how many random ones.
    """
    bound = Bound(model, draws.months, rules)
    order = np.argsort(lost, kind="stable")
    marked = [int(order[round(q * (order.size - 1))]) for q in (0.05, 0.5, 0.95)]
    chosen = np.random.default_rng(seed).choice(lost.size, size=min(runs, lost.size), replace=False)
    known = {run: Gap(run, float(lost[run]), bound.least(draws, exposure, run)) for run in {*marked, *chosen.tolist()}}
    return [known[run] for run in marked], [known[run] for run in sorted(chosen.tolist())]
