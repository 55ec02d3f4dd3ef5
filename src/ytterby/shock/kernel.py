"""The monthly step in NumPy, float64: the reference with which the compiled kernel is compared.

Month t, nodes level by level, suppliers first; n node, s input, k good, e arc, D part that stands still:

    stock     w_s  += what arrives
    orders    o_e   = min(share_e q_s, limit_e) (1 - D_e)                 q_s asked for at the end of the month before
    demand    d_n   = max_k drive_k sum_e o_e                             of a final use: its use
    capacity  c_n   = alpha_n (1 - D_n) capacity_n
    output    x_n   = min(d_n, c_n, min_s w_s / (a_s max(1, psi cover_s)))
    delivered g_e   = o_e (p_e r1 + (1 - p_e) r2)      r1 what first-served orders get of b_k x_n, r2 what the rest gets
    stock     w_s  -= a_s x_n;  g_e arrives after its delay
    suppliers share_e += shift (what failing ones give up, up to spare capacity) + back (share0_e - share_e)
    orders    q_s   = max(0, a_s d'_n + (cover_s a_s d'_n + lead a_s d'_n - w_s - under way_s) / restore)
              with d' = min(d, c)

From ARIO (Hallegatte 2014): capacity, overtime alpha, psi, rationing by orders. From Inoue and Todo (2019): orders
for what is asked for, not for what could be made. From Acclimate (Otto et al. 2017): what arrives in a step may be
used in it. What is under way counts as stock on order. Unmet use is lost; goods that nobody orders are let go.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from ytterby.shock.rules import Array, Draws, Exposure, Ints, Paths, Rules
from ytterby.shock.system import System

SHORT = 1e-3  # a use that goes without less than this part of it is not short
TINY = 1e-12


def propagate(system: System, draws: Draws, exposure: Exposure, rules: Rules) -> Paths:
    """Return what each use is served in every scenario."""
    return _Reference(system, draws, exposure, rules).run()


def _gather(ufunc: np.ufunc, values: Array, starts: Ints, fill: float) -> Array:
    """Return values reduced over runs that start at `starts`, the last entry being the end; empty runs give `fill`."""
    result = np.full((starts.size - 1, values.shape[1]), fill)
    held = starts[:-1] < starts[1:]
    if held.any():
        result[held] = ufunc.reduceat(values, starts[:-1][held] - starts[0], axis=0)
    return result


class _Reference:
    """State of all scenarios at once."""

    def __init__(self, system: System, draws: Draws, exposure: Exposure, rules: Rules) -> None:
        self.system, self.draws, self.rules = system, draws, rules
        count = draws.count
        self.cover = system.slot_cover[:, None] * draws.cover[system.slot_kind]
        self.q = np.repeat((system.slot_need * system.base[system.slot_node])[:, None], count, axis=1)
        self.stock = self.cover * self.q
        self.reserve = np.repeat(system.slot_reserve[:, None], count, axis=1)
        self.share = np.repeat(system.arc_share[:, None], count, axis=1)
        self.ring = np.zeros((system.depth, system.slot_need.size, count))
        units = system.arc_flow / system.arc_factor
        for d in range(system.depth):
            self.ring[d] += np.bincount(system.arc_slot, units * (system.arc_delay > d), system.slot_need.size)[:, None]
        self.transit = self.ring.sum(axis=0)
        self.alpha = np.ones((system.base.size, count))
        self.able, self.spare, self.wanted = (np.zeros((system.base.size, count)) for _ in range(3))
        self.closed = exposure.nodes[draws.target].T, exposure.arcs[draws.target].T
        size = np.maximum(system.capacity[:, None] * draws.slack, system.base[:, None])
        self.capacity = np.where(system.is_use[:, None], np.inf, size)
        self.levels = [self._level(int(v)) for v in np.unique(system.level)]
        self.served = np.zeros((draws.months, system.uses.size, count))
        self.first = np.full((system.uses.size, count), np.inf)
        self.residual = np.zeros(count)

    def _level(self, level: int) -> dict[str, Any]:
        system = self.system
        nodes = np.searchsorted(system.level, [level, level + 1])
        slots = system.slot_start[nodes]
        goods = system.good_start[nodes]
        arcs = system.arc_start[goods]
        at = np.arange(arcs[0], arcs[1])
        shape = (system.slot_need.size, at.size)
        into = [
            (d, sp.csr_array((np.ones(mine.size), (system.arc_slot[at[mine]], mine)), shape=shape))
            for d in range(system.depth)
            if (mine := np.flatnonzero(system.arc_delay[at] == d)).size
        ]
        return {
            "nodes": slice(*nodes),
            "slots": slice(*slots),
            "goods": slice(*goods),
            "arcs": slice(*arcs),
            "slot_start": system.slot_start[nodes[0] : nodes[1] + 1],
            "good_start": system.good_start[nodes[0] : nodes[1] + 1],
            "arc_start": system.arc_start[goods[0] : goods[1] + 1],
            "into": into,
        }

    def run(self) -> Paths:
        """Step through all months."""
        for month in range(self.draws.months):
            before = self.stock.sum(axis=0) + self.ring.sum(axis=(0, 1)) + self.reserve.sum(axis=0)
            shipped, used = np.zeros((2, self.draws.count))
            for level in self.levels:
                sent, taken = self._step(month, level)
                shipped, used = shipped + sent, used + taken
            after = self.stock.sum(axis=0) + self.ring.sum(axis=(0, 1)) + self.reserve.sum(axis=0)
            error = np.abs(after - before - shipped + used) / np.maximum(shipped + used, TINY)
            self.residual = np.maximum(self.residual, error)
            self._reorder(month)
        return Paths(self.served, self.first, self.residual)

    def _step(self, month: int, level: dict[str, Any]) -> tuple[Array, Array]:
        """Run the nodes of a level; return units shipped and taken from stock."""
        system, rules, draws = self.system, self.rules, self.draws
        nodes, slots, goods, arcs = (level[key] for key in ("nodes", "slots", "goods", "arcs"))
        now = month % system.depth
        arrived, opening = self.ring[now, slots].copy(), self.stock[slots].copy()
        self.stock[slots] += arrived
        self.transit[slots] -= arrived
        self.ring[now, slots] = 0.0
        orders = self._orders(month, arcs)
        priority = system.arc_priority[arcs][:, None] * orders
        total = _gather(np.add, orders, level["arc_start"], 0.0)
        demand = _gather(np.maximum, total * system.drive[goods][:, None], level["good_start"], 0.0)
        is_use, base = system.is_use[nodes][:, None], system.base[nodes][:, None]
        demand = np.where(is_use, base, demand)
        still = self.closed[0][nodes] * draws.severity[month]
        cap = self.capacity[nodes] * np.where(is_use, 1.0, self.alpha[nodes] * (1.0 - still))
        wanted = np.minimum(demand, cap)
        need = system.slot_need[slots][:, None]
        if rules.release:
            self._release(level, need, wanted)
        hold = need * np.maximum(1.0, rules.psi * self.cover[slots])
        limit = _gather(np.minimum, self.stock[slots] / hold, level["slot_start"], np.inf)
        able = np.minimum(cap, limit)
        x = np.maximum(np.minimum(demand, able), 0.0)
        taken = need * np.repeat(x, np.diff(level["slot_start"]), axis=0)
        self.stock[slots] -= taken
        self._note(nodes, demand, cap, limit, able, x, wanted)
        self._serve(month, level, demand, x, arrived, opening)
        made = system.good_per_t[goods][:, None] * np.repeat(x, np.diff(level["good_start"]), axis=0)
        sent = self._ship(month, level, orders, priority, total, made)
        return sent, taken.sum(axis=0)

    def _orders(self, month: int, arcs: slice) -> Array:
        system = self.system
        asked = self.share[arcs] * self.q[system.arc_slot[arcs]] * system.arc_factor[arcs][:, None]
        open_ = 1.0 - self.closed[1][arcs] * self.draws.severity[month]
        result: Array = np.minimum(asked, system.arc_limit[arcs][:, None]) * open_
        return result

    def _release(self, level: dict[str, Any], need: Array, wanted: Array) -> None:
        """Release what input is short of from a stockpile, as fast as the policy lets."""
        slots = level["slots"]
        per_node = np.repeat(wanted, np.diff(level["slot_start"]), axis=0)
        gap = np.maximum(need * per_node - self.stock[slots], 0.0)
        most = self.rules.release * self.system.slot_reserve[slots][:, None]
        given = np.minimum(np.minimum(gap, self.reserve[slots]), most)
        self.stock[slots] += given
        self.reserve[slots] -= given

    def _note(
        self, nodes: slice, demand: Array, cap: Array, limit: Array, able: Array, x: Array, wanted: Array
    ) -> None:
        """Keep what suppliers can deliver, what they have to spare, and overtime."""
        rules, base = self.rules, self.system.base[nodes][:, None]
        most = np.maximum(demand, base)
        self.able[nodes] = np.where(most > 0, np.minimum(able / np.where(most > 0, most, 1.0), 1.0), 1.0)
        fed = np.where(wanted > 0, np.minimum(limit / np.where(wanted > 0, wanted, 1.0), 1.0), 1.0)
        room = np.where(np.isfinite(cap), cap, x) - x
        self.spare[nodes] = np.maximum(room, 0.0) * np.maximum(fed, 0.0)
        self.wanted[nodes] = wanted
        short = np.where(demand > 0, (demand - x) / np.where(demand > 0, demand, 1.0), 0.0)
        alpha = self.alpha[nodes]
        rise = rules.overtime * short - np.where(short > 0, (alpha - 1.0) * short, alpha - 1.0)
        self.alpha[nodes] = alpha + rise / rules.overtime_months

    def _serve(
        self, month: int, level: dict[str, Any], demand: Array, x: Array, arrived: Array, opening: Array
    ) -> None:
        """Note what uses are served, and when they first run short within the month."""
        system, nodes = self.system, level["nodes"]
        mine = np.flatnonzero(system.is_use[nodes])
        if not mine.size:
            return
        rows = np.searchsorted(system.uses, mine + nodes.start)
        self.served[month, rows] = x[mine]
        rate = system.slot_need[level["slots"]][:, None] * np.repeat(demand, np.diff(level["slot_start"]), axis=0)
        missing = rate - arrived
        within = np.where(missing > 0, opening / np.where(missing > 0, missing, 1.0), 1.0)
        within = np.clip(_gather(np.minimum, within, level["slot_start"], 1.0), 0.0, 1.0)[mine]
        is_short = (x < demand * (1.0 - SHORT))[mine] & np.isinf(self.first[rows])
        self.first[rows] = np.where(is_short, month + within, self.first[rows])

    def _ship(
        self, month: int, level: dict[str, Any], orders: Array, priority: Array, total: Array, made: Array
    ) -> Array:
        system, arcs = self.system, level["arcs"]
        if arcs.start == arcs.stop:
            return np.zeros(self.draws.count)
        first = _gather(np.add, priority, level["arc_start"], 0.0)
        rest = total - first
        r1 = np.minimum(made / np.where(first > 0, first, 1.0), 1.0)
        left = np.maximum(made - first, 0.0)
        r2 = np.minimum(left / np.where(rest > 0, rest, 1.0), 1.0)
        lengths = np.diff(level["arc_start"])
        given = priority * np.repeat(r1, lengths, axis=0) + (orders - priority) * np.repeat(r2, lengths, axis=0)
        units = given / system.arc_factor[arcs][:, None]
        for delay, into in level["into"]:
            coming = into @ units
            self.ring[(month + delay) % system.depth] += coming
            self.transit += coming
        result: Array = units.sum(axis=0)
        return result

    def _reorder(self, month: int) -> None:
        """Shift orders from suppliers that fail to those with capacity to spare, and ask for next month's input."""
        system, rules = self.system, self.rules
        arcs = system.slot_arcs
        supplier = system.good_node[system.arc_good[arcs]]
        slot = system.arc_slot[arcs]
        share, usual = self.share[arcs], system.arc_share[arcs][:, None]
        open_ = 1.0 - self.closed[1][arcs] * self.draws.severity[month]
        asked = share * self.q[slot] * system.arc_factor[arcs][:, None]
        room = np.minimum(system.arc_limit[arcs][:, None] / np.where(asked > 0, asked, 1.0), 1.0)
        room = np.where(asked > 0, room, 1.0)
        able, spare = self.able[supplier] * open_ * room, self.spare[supplier] * open_ * room
        failing = share * (1.0 - able) * self.draws.shift
        start = system.in_start
        lost, whole = _gather(np.add, failing, start, 0.0), _gather(np.add, spare, start, 0.0)
        tonnes = lost * self.q
        part = np.where(tonnes > 0, np.minimum(whole / np.where(tonnes > 0, tonnes, 1.0), 1.0), whole > 0)
        per_spare = np.where(whole > 0, part * lost / np.where(whole > 0, whole, 1.0), 0.0)
        usual_able = _gather(np.add, usual * able, start, 0.0)
        back = rules.back * np.clip(10.0 * usual_able - 9.0, 0.0, 1.0)
        lead = _gather(np.add, share * system.arc_delay[arcs][:, None], start, 0.0)
        moved = share - part[slot] * failing + per_spare[slot] * spare
        self.share[arcs] = moved + back[slot] * (usual - share)
        want = system.slot_need[:, None] * self.wanted[system.slot_node]
        gap = (self.cover + lead) * want - self.stock - self.transit
        self.q = np.maximum(want + gap / rules.restore_months, 0.0)


def relative_difference(one: npt.NDArray[np.floating], other: npt.NDArray[np.floating]) -> float:
    """Return the largest difference of two arrays, as a part of the largest entry."""
    scale = float(np.abs(other).max(initial=0.0)) or 1.0
    return float(np.abs(one - other).max(initial=0.0)) / scale
