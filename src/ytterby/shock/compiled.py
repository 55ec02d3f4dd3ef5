"""The same monthly step compiled, float32: 128 scenarios at a time as lanes of the innermost loops.

Node by node, suppliers first, so that what a node sends is in its buyers' stocks when they run; then input by input,
for orders. Everything that a lane touches lies side by side. No fast mathematics: a scenario gives the same digits
in any block and on any number of threads. Equations: `ytterby.shock.kernel`. Needs numba (extra `shock`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ytterby.shock.rules import Draws, Exposure, Paths, Rules
from ytterby.shock.steps import LANES, step_months
from ytterby.shock.system import System

F = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]


class Wiring(NamedTuple):
    """A system as flat arrays."""

    base: F
    capacity: F
    use: Ints
    slot_start: Ints
    slot_need: F
    slot_cover: F
    slot_kind: Ints
    slot_reserve: F
    good_start: Ints
    good_per_t: F
    drive: F
    good_node: Ints
    arc_start: Ints
    arc_good: Ints
    arc_slot: Ints
    arc_share: F
    arc_flow: F
    arc_delay: Ints
    arc_factor: F
    arc_priority: F
    arc_limit: F
    in_start: Ints
    slot_arcs: Ints
    is_plain: npt.NDArray[np.bool_]  # arcs without limit, priority or another unit


class Constants(NamedTuple):
    """Rules as numbers of the kernel's own type."""

    one: Any
    psi: Any
    back: Any
    overtime: Any
    per_overtime: Any
    per_restore: Any
    release: Any
    short: Any
    huge: Any
    ten: Any
    nine: Any


class State(NamedTuple):
    """What moves from month to month, one row a node, input or arc, one column a lane."""

    stock: F
    reserve: F
    ring: F
    q: F
    share: F
    alpha: F
    able: F
    spare: F
    wanted: F


def wiring(system: System, dtype: type = np.float32) -> Wiring:
    """Return a system as flat arrays of the kernel's types."""
    use = np.full(system.base.size, -1)
    use[system.uses] = np.arange(system.uses.size)
    plain = (system.arc_limit >= 1e30) & (system.arc_priority == 0) & (system.arc_factor == 1)
    held = [name for name in Wiring._fields if name not in ("use", "is_plain")]
    values = {name: getattr(system, name) for name in held} | {"use": use}
    limit = np.minimum(system.arc_limit, 1e30)
    values |= {"arc_limit": limit, "capacity": np.where(system.is_use, 1e30, system.capacity)}
    whole: dict[str, npt.NDArray[Any]] = {
        name: np.ascontiguousarray(value, dtype=np.int32 if np.issubdtype(value.dtype, np.integer) else dtype)
        for name, value in values.items()
    }
    return Wiring(**whole, is_plain=plain)


def propagate(
    system: System, draws: Draws, exposure: Exposure, rules: Rules, *, dtype: type = np.float32, check: bool = False
) -> Paths:
    """Return what each use is served in every scenario, block by block of 128; `check` balances matter each month."""
    wires, count, uses = wiring(system, dtype), draws.count, system.uses.size
    served: F = np.empty((draws.months, uses, count), dtype=dtype)
    first: F = np.empty((uses, count), dtype=dtype)
    residual = np.empty(count)
    fixed = _constants(rules, dtype)
    for start in range(0, count, LANES):
        lanes = min(LANES, count - start)
        part = draws.at(np.minimum(np.arange(start, start + LANES), count - 1))  # a full block: the last lane repeats
        state, still, shut = _state(system, part, exposure, dtype)
        sent: F = np.empty((part.months, uses, LANES), dtype=dtype)
        when: F = np.full((uses, LANES), np.inf, dtype=dtype)
        error = np.zeros(LANES)
        step_months(
            wires,
            fixed,
            state,
            np.ascontiguousarray(part.severity, dtype=dtype),
            still,
            shut,
            np.ascontiguousarray(part.cover, dtype=dtype),
            part.slack.astype(dtype),
            part.shift.astype(dtype),
            sent,
            when,
            error,
            check,
        )
        where = slice(start, start + lanes)
        served[:, :, where], first[:, where], residual[where] = sent[:, :, :lanes], when[:, :lanes], error[:lanes]
    return Paths(served, first, residual)


def _constants(rules: Rules, dtype: type) -> Constants:
    values = (
        1.0,
        rules.psi,
        rules.back,
        rules.overtime,
        1.0 / rules.overtime_months,
        1.0 / rules.restore_months,
        rules.release,
        1e-3,
        1e30,
        10.0,
        9.0,
    )
    return Constants(*(dtype(value) for value in values))


def _state(system: System, draws: Draws, exposure: Exposure, dtype: type) -> tuple[State, F, F]:
    lanes, count = draws.count, system.slot_need.size

    def spread(column: npt.NDArray[np.floating]) -> F:
        return np.ascontiguousarray(np.repeat(column.astype(dtype)[:, None], lanes, axis=1))

    use = system.slot_need * system.base[system.slot_node]
    cover = system.slot_cover[:, None] * draws.cover[system.slot_kind]
    units = system.arc_flow / system.arc_factor
    ring = np.stack(
        [
            spread(np.bincount(system.arc_slot, units * (system.arc_delay > d), count).astype(float))
            for d in range(system.depth)
        ]
    )
    nodes = (system.base.size, lanes)
    state = State(
        stock=(cover * use[:, None]).astype(dtype),
        reserve=spread(system.slot_reserve),
        ring=ring,
        q=spread(use),
        share=spread(system.arc_share),
        alpha=np.ones(nodes, dtype=dtype),
        able=np.zeros(nodes, dtype=dtype),
        spare=np.zeros(nodes, dtype=dtype),
        wanted=np.zeros(nodes, dtype=dtype),
    )
    still: F = np.ascontiguousarray(exposure.nodes[draws.target].T, dtype=dtype)
    shut = exposure.arcs[draws.target].T if exposure.stops_arcs else np.zeros((0, lanes))
    return state, still, np.ascontiguousarray(shut, dtype=dtype)
