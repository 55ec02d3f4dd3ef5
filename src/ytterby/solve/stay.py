"""Does the optimum of the base still hold after bounds or costs changed? Then nothing needs solving.

By the conditions of Karush (1939), Kuhn and Tucker (1951): at the base optimum x with reduced costs d, what changed
holds if x keeps the new bounds and d' = d + change of cost is zero or more unless x is at its new upper bound, zero or
less unless x is at its new lower bound. Exact for linear and convex quadratic programmes; rows alike, with activity and
dual. With whole numbers only tighter bounds that x keeps are accepted. In doubt the answer is no.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ytterby.solve.model import Floats

SLACK = 1e-9  # relative to the value, at least absolute
ZERO = 1e-12  # a dual below it is none


def holds(
    value: Floats, dual: Floats, lower: Floats, upper: Floats, old_lower: Floats, old_upper: Floats
) -> NDArray[np.bool_]:
    """Return by the last axis' elements whether the conditions hold; new bounds may carry leading axes."""
    slack = SLACK * np.maximum(1.0, np.abs(value))
    kept_lower, kept_upper = lower == old_lower, upper == old_upper
    feasible = (kept_lower | (value >= lower - slack)) & (kept_upper | (value <= upper + slack))
    at_lower = value <= lower + slack
    at_upper = value >= upper - slack
    result: NDArray[np.bool_] = feasible & ((dual <= ZERO) | at_lower) & ((dual >= -ZERO) | at_upper)
    return result


def tighter(value: Floats, lower: Floats, upper: Floats, old_lower: Floats, old_upper: Floats) -> NDArray[np.bool_]:
    """Return where the bounds are no wider than before and the value keeps them."""
    slack = SLACK * np.maximum(1.0, np.abs(value))
    kept = (value >= lower - slack) & (value <= upper + slack)
    result: NDArray[np.bool_] = kept & (lower >= old_lower) & (upper <= old_upper)
    return result
