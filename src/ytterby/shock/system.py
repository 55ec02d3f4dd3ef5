"""A chain as the kernels see it: nodes that make or use something, their input stocks, their goods, and arcs between.

A node takes `slot_need` t of each input and gives `good_per_t` t of each good per t of its run. An arc leads from a
good to a slot; its share is the part of the slot's orders that goes to it before anything stops. Nodes stand in
order of their level, suppliers first; an arc without delay that would lead back takes one month. Rates are t a
month, cover and delay months, gross t. Refused: a base in which some slot gets other than it uses, a good is sold
beyond what is made or a node runs beyond its capacity, since without a stop nothing may move.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from ytterby.errors import YtterbyError

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
CLOSE = 1e-6


@dataclass(frozen=True)
class Parts:
    """A system before it is put in order, one entry a node, slot, good or arc.

    level, base, capacity, is_use    of nodes: order, t a month before the stop, most t a month, final use or not
    slot_node, slot_need, slot_cover, slot_kind, slot_reserve    of input stocks: whose, t per t of run, months of use
        held, which draw of cover holds for it, t that a policy may release
    good_node, good_per_t, good_drives    of outputs: whose, t per t of run, whether orders for it make the node run
        (default all; scrap does not)
    arc_good, arc_slot, arc_flow, arc_delay, arc_factor, arc_priority, arc_limit    of arcs: ends, t a month, months,
        t for one unit of the slot, part of an order that is served first, most t a month
    """

    level: Ints
    base: Array
    capacity: Array
    is_use: npt.NDArray[np.bool_]
    slot_node: Ints
    slot_need: Array
    slot_cover: Array
    slot_kind: Ints
    good_node: Ints
    good_per_t: Array
    arc_good: Ints
    arc_slot: Ints
    arc_flow: Array
    arc_delay: Ints
    arc_factor: Array
    arc_priority: Array
    arc_limit: Array
    slot_reserve: Array = field(default_factory=lambda: np.zeros(0))
    good_drives: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))


@dataclass(frozen=True, eq=False)
class System:
    """A system in order: slots and goods of a node, and arcs of a good, stand together (`*_start`).

    order: number of each node among the parts; slot_order, arc_order likewise
    slot_arcs: arcs by slot, from `in_start[slot]` on
    drive: run of its node that one t of orders for a good asks for
    nodes: labels, if any, in order
    """

    base: Array
    capacity: Array
    is_use: npt.NDArray[np.bool_]
    level: Ints
    slot_start: Ints
    slot_node: Ints
    slot_need: Array
    slot_cover: Array
    slot_kind: Ints
    slot_reserve: Array
    good_start: Ints
    good_node: Ints
    good_per_t: Array
    drive: Array
    arc_start: Ints
    arc_good: Ints
    arc_slot: Ints
    arc_share: Array
    arc_flow: Array
    arc_delay: Ints
    arc_factor: Array
    arc_priority: Array
    arc_limit: Array
    in_start: Ints
    slot_arcs: Ints
    order: Ints
    slot_order: Ints
    arc_order: Ints
    nodes: pl.DataFrame = field(default_factory=pl.DataFrame)

    @property
    def uses(self) -> Ints:
        """Nodes of final use."""
        return np.flatnonzero(self.is_use)

    @property
    def depth(self) -> int:
        """Months that a ring of arrivals must hold."""
        return int(self.arc_delay.max(initial=0)) + 1


def assemble(parts: Parts, nodes: pl.DataFrame | None = None) -> System:
    """Put parts in order and check that the base is steady.

    Raises:
        YtterbyError: it is not, or a number is missing or negative.
    """
    _refuse_numbers(parts)
    order = np.argsort(parts.level, kind="stable")
    place = _inverse(order)
    slot_order = np.argsort(place[parts.slot_node], kind="stable")
    good_order = np.argsort(place[parts.good_node], kind="stable")
    slot_place, good_place = _inverse(slot_order), _inverse(good_order)
    arc_order = np.argsort(good_place[parts.arc_good], kind="stable")
    good, slot = good_place[parts.arc_good][arc_order], slot_place[parts.arc_slot][arc_order]
    slot_node, good_node = place[parts.slot_node][slot_order], place[parts.good_node][good_order]
    level = parts.level[order]
    leads_back = level[good_node[good]] >= level[slot_node[slot]]
    delay = np.where(leads_back, np.maximum(parts.arc_delay[arc_order], 1), parts.arc_delay[arc_order])
    need, base, per_t = parts.slot_need[slot_order], parts.base[order], parts.good_per_t[good_order]
    flow, factor = parts.arc_flow[arc_order], parts.arc_factor[arc_order]
    sold: Array = np.bincount(good, weights=flow, minlength=good_node.size).astype(np.float64)
    _refuse_unsteady(base, parts.capacity[order], need, slot_node, slot, flow / factor, sold, per_t, good_node)
    drives = parts.good_drives[good_order] if parts.good_drives.size else np.ones(good_node.size, dtype=bool)
    reserve = parts.slot_reserve if parts.slot_reserve.size else np.zeros(parts.slot_node.size)
    slot_arcs = np.argsort(slot, kind="stable")
    return System(
        base=base,
        capacity=np.maximum(parts.capacity[order], base),
        is_use=parts.is_use[order],
        level=level,
        slot_start=_starts(slot_node, base.size),
        slot_node=slot_node,
        slot_need=need,
        slot_cover=parts.slot_cover[slot_order],
        slot_kind=parts.slot_kind[slot_order],
        slot_reserve=reserve[slot_order],
        good_start=_starts(good_node, base.size),
        good_node=good_node,
        good_per_t=per_t,
        drive=_drive(base, sold, per_t, good_node, drives),
        arc_start=_starts(good, good_node.size),
        arc_good=good,
        arc_slot=slot,
        arc_share=_shares(slot, flow / factor, parts.capacity[order][good_node[good]], need.size),
        arc_flow=flow,
        arc_delay=delay,
        arc_factor=factor,
        arc_priority=parts.arc_priority[arc_order],
        arc_limit=np.maximum(parts.arc_limit[arc_order], flow),
        in_start=_starts(slot[slot_arcs], need.size),
        slot_arcs=slot_arcs,
        order=order,
        slot_order=slot_order,
        arc_order=arc_order,
        nodes=pl.DataFrame() if nodes is None else nodes[order.tolist()],
    )


def _inverse(order: Ints) -> Ints:
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    return place


def _starts(owner: Ints, count: int) -> Ints:
    """Return where the entries of each owner start among sorted ones, and the end."""
    return np.searchsorted(owner, np.arange(count + 1)).astype(np.int64)


def _shares(slot: Ints, units: Array, capacity: Array, count: int) -> Array:
    """Return the part of each arc in its slot's orders; idle slots would order by capacity, or evenly."""
    total = np.bincount(slot, weights=units, minlength=count)
    weight = np.where(total[slot] > 0, units, np.minimum(capacity, 1e12))
    whole = np.bincount(slot, weights=weight, minlength=count)
    weight = np.where(whole[slot] > 0, weight, 1.0)
    whole = np.bincount(slot, weights=weight, minlength=count)
    result: Array = weight / whole[slot]
    return result


def _drive(base: Array, sold: Array, per_t: Array, good_node: Ints, drives: npt.NDArray[np.bool_]) -> Array:
    """Return the run that one t of orders asks for: a node runs for the good that is sold out; what is over is let go.

    A node that sells nothing that drives it runs for all that it sells.
    """
    asked = np.zeros(base.size)
    np.maximum.at(asked, good_node, np.where(drives, sold / per_t, 0.0))
    idle = (asked == 0)[good_node]
    drives = drives | idle
    np.maximum.at(asked, good_node, np.where(idle, sold / per_t, 0.0))
    scale = np.where((asked > 0) & (base > 0), base / np.where(asked > 0, asked, 1.0), 1.0)
    result: Array = np.where(drives, scale[good_node] / per_t, 0.0)
    return result


def _refuse_numbers(parts: Parts) -> None:
    for name in ("base", "capacity", "slot_need", "slot_cover", "good_per_t", "arc_flow", "arc_factor", "arc_limit"):
        values = getattr(parts, name)
        if np.isnan(values).any() or (values < 0).any():
            raise YtterbyError(f"shock: {name} has a missing or negative number; a stock or rate is 0 or more")
    if not parts.is_use.any() or not (parts.base[parts.is_use] > 0).any():
        raise YtterbyError("shock: nothing is used, so that nothing can run short; state demand above 0")


def _refuse_unsteady(
    base: Array,
    capacity: Array,
    need: Array,
    slot_node: Ints,
    slot: Ints,
    units: Array,
    sold: Array,
    per_t: Array,
    good_node: Ints,
) -> None:
    scale = CLOSE * max(1.0, float(base.max(initial=0.0)))
    got = np.bincount(slot, weights=units, minlength=need.size)
    used = need * base[slot_node]
    if (np.abs(got - used) > CLOSE * np.maximum(used, 1.0) + scale * CLOSE).any():
        raise YtterbyError("shock: the base year is not steady: some input gets other than it uses")
    if (sold > per_t * base[good_node] * (1 + CLOSE) + scale * CLOSE).any():
        raise YtterbyError("shock: the base year is not steady: some good is sold beyond what is made of it")
    if (base > capacity * (1 + CLOSE) + scale * CLOSE).any():
        raise YtterbyError("shock: the base year is not steady: some node runs beyond its capacity")
