"""Bounded least squares with linear equations: one convex quadratic programme.

    min  1/2 sum over measured i of (y_i - m_i)^2     s.t.  A y = b,  l <= y <= u          (y in standard deviations)
Solved by the primal-dual active set method (Hintermueller, Ito and Kunisch 2003): guess which bounds hold, solve the
equations of Karush, Kuhn and Tucker (one dense factor of the size of the balances), correct the guess until it stands.
Directions that no measurement settles are held by a proximal term that vanishes at the solution (Rockafellar 1976). A
guess that repeats is corrected one variable at a time (Murty 1974). With hundreds of free flows this takes a fiftieth
of the time of an active set method that moves one bound at a time. Refuses equations that cannot hold in the bounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ytterby.errors import YtterbyError

Array = npt.NDArray[np.float64]
Signs = npt.NDArray[np.int8]

PROXIMAL = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
DUAL_PROXIMAL = 1e-8
POLISH = 1e-2
SETTLED = 1e-5
OUTER = 80
GUESSES = 60
POLISHES = 30
WARM_POLISHES = 6
WARM_TURNS = 8
TIGHT = 1e-10


@dataclass(frozen=True)
class Minimum:
    """Where the least squares lie: values, which bounds hold (-1 lower, 1 upper, 0 none), multipliers of the rows."""

    values: Array
    at_bound: Signs
    multipliers: Array


def least_squares(
    matrix: Any, right: Array, target: Array, weight: Array, lower: Array, upper: Array, start: Minimum | None = None
) -> Minimum:
    """Return the minimum of 1/2 sum weight (y - target)^2 under matrix @ y = right and lower <= y <= upper.

    Args:
        matrix: sparse rows, scaled to about one.
        right: right sides.
        target: what each variable is drawn to; counts only where weight is above 0.
        weight: 1 where measured, 0 where not.
        lower: lower bounds, -inf where none.
        upper: upper bounds, inf where none.
        start: a minimum of nearby rows to start from.

    Raises:
        YtterbyError: no values satisfy rows and bounds.
    """
    from scipy.sparse import csc_array

    matrix = csc_array(matrix)
    first = start or Minimum(target, np.zeros(len(target), dtype=np.int8), np.zeros(matrix.shape[0]))
    values, at_bound, multipliers = np.clip(first.values, lower, upper), first.at_bound, first.multipliers
    polished = 0
    holds = PROXIMAL if start is None else PROXIMAL[-1:]
    for turn in range(OUTER):
        hold = POLISH if polished else holds[min(turn, len(holds) - 1)]
        hessian = np.where(weight > 0, weight, hold)
        pull = np.where(weight > 0, weight * target, hold * values)
        new, multipliers, at_bound = _active_set(matrix, right, hessian, pull, lower, upper, at_bound, multipliers)
        moved = float(np.max(np.abs(new - values) / (1 + np.abs(new)), initial=0.0))
        values = new
        left = float(np.max(np.abs(matrix @ values - right), initial=0.0))
        is_closed = left < TIGHT * 1e-2 * (1 + float(np.max(np.abs(values), initial=0.0)))
        is_there = is_closed and (moved < TIGHT or start is not None)
        if polished and (is_there or polished > (POLISHES if start is None else WARM_POLISHES)):
            break
        polished += bool(polished) or moved < SETTLED or (start is not None and turn > WARM_TURNS)
    if left > 1e-7 * (1 + float(np.max(np.abs(values), initial=0.0))):
        raise YtterbyError(
            "no flows satisfy every balance within the bounds; a bound or a constant contradicts a balance"
        )
    return Minimum(values, at_bound, multipliers)


def _active_set(
    matrix: Any,
    right: Array,
    hessian: Array,
    pull: Array,
    lower: Array,
    upper: Array,
    at_bound: Signs,
    multipliers: Array,
) -> tuple[Array, Array, Signs]:
    """Return values, multipliers and active bounds of one strictly convex step."""
    seen: set[bytes] = set()
    is_careful = False
    rounding = max(1e-11, 1e-15 / float(hessian.min(initial=1.0)))
    for _ in range(GUESSES):
        values, new_multipliers = _equations(matrix, right, hessian, pull, lower, upper, at_bound, multipliers)
        gradient = hessian * values - pull - matrix.T @ new_multipliers
        slack = rounding * (1 + np.abs(values))
        wanted = np.where(values < lower - slack, -1, np.where(values > upper + slack, 1, 0)).astype(np.int8)
        held = at_bound != 0
        keeps = (at_bound < 0) & (gradient > -rounding) | (at_bound > 0) & (gradient < rounding) | (lower == upper)
        wanted[held] = np.where(keeps[held], at_bound[held], 0)
        changed = np.flatnonzero(wanted != at_bound)
        if not changed.size:
            return np.clip(values, lower, upper), new_multipliers, at_bound
        mark = at_bound.tobytes()
        is_careful = is_careful or mark in seen
        seen.add(mark)
        at_bound = at_bound.copy()
        part = changed[:1] if is_careful else changed
        at_bound[part] = wanted[part]
    return np.clip(values, lower, upper), new_multipliers, at_bound


def _equations(
    matrix: Any,
    right: Array,
    hessian: Array,
    pull: Array,
    lower: Array,
    upper: Array,
    at_bound: Signs,
    multipliers: Array,
) -> tuple[Array, Array]:
    """Return values and multipliers where some variables are held at a bound.

    The Hessian H is diagonal, so that the multipliers m solve (A H^-1 A' + d E) m = b + d m_old - A H^-1 pull.
    """
    from scipy.linalg import cho_factor, cho_solve

    values = np.where(at_bound < 0, lower, np.where(at_bound > 0, upper, 0.0))
    free = np.flatnonzero(at_bound == 0)
    rows, inverse, drawn = matrix[:, free], 1 / hessian[free], pull[free]
    side = right - matrix @ values + DUAL_PROXIMAL * multipliers
    system = ((rows * inverse) @ rows.T).toarray()
    system[np.diag_indices_from(system)] += DUAL_PROXIMAL
    factors = cho_factor(system, overwrite_a=True, check_finite=False)
    solved = np.zeros(matrix.shape[0])
    for _ in range(3):
        values[free] = inverse * (drawn + rows.T @ solved)
        solved += cho_solve(factors, side - rows @ values[free] - DUAL_PROXIMAL * solved, check_finite=False)
    values[free] = inverse * (drawn + rows.T @ solved)
    return values, solved
