"""How far a flow that nothing determines could lie: its least and greatest value beside the adjusted measurements.

    min, max y_j   s.t.  A_y y = b - A_x x,  l <= y <= u        (x and coefficients as adjusted)
Two linear programmes a flow, solved warm on one model.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ytterby.balance.quadratic import Array
from ytterby.balance.reconcile import Measurements, Reconciled
from ytterby.balance.redundancy import NOT_DETERMINED

EASE = 1e-7


def ranges(slope: Any, right: Array, given: Measurements, found: Reconciled) -> tuple[Array, Array]:
    """Return the least and greatest value of each flow that is not determined; nan elsewhere, inf where open."""
    from ytterby.solve import Model

    low, high = np.full(len(found.value), np.nan), np.full(len(found.value), np.nan)
    wanted = np.flatnonzero(found.redundancy.kind == NOT_DETERMINED)
    if not wanted.size:
        return low, high
    open_ = np.flatnonzero(~np.isfinite(given.sd))
    scale = np.maximum(np.abs(given.scale[open_]), np.abs(found.value[open_]))
    rows = (slope[:, open_] * scale).tocoo()
    fixed = found.value.copy()
    fixed[open_] = 0.0
    side = right - slope @ fixed
    norm = np.sqrt(np.asarray((slope[:, open_] * scale).power(2).sum(axis=1)).ravel())
    kept = norm > 0
    norm[~kept] = 1.0
    side = np.where(kept, side / norm, 0.0)
    model = Model()
    x = model.columns("flow", len(open_), lower=given.lower[open_] / scale, upper=given.upper[open_] / scale)
    r = model.rows("balance", len(norm), lower=side - EASE, upper=side + EASE)
    values = rows.data / norm[rows.row]
    model.entries(r.index[rows.row], x.index[rows.col], values)
    session = model.open()
    session.solve()
    position = {int(column): at for at, column in enumerate(open_)}
    for column in wanted:
        at = position[int(column)]
        for sign, target in ((1.0, low), (-1.0, high)):
            session.change_costs(x.index[[at]], [sign])
            solution = session.solve(warm="last")
            bound = given.lower[column] if sign > 0 else given.upper[column]
            target[column] = solution.value(x)[at] * scale[at] if solution.is_optimal else bound
        session.change_costs(x.index[[at]], [0.0])
    return np.minimum(low, found.value), np.maximum(high, found.value)
