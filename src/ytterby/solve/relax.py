"""The smallest relaxation of chosen rows that makes a model possible: elastic programming (Brown and Graves 1975).

On a copy of the model each finite side of the chosen rows gets a slack column; the weighted sum of slacks is minimised
and nothing else. Amounts are in the row's unit, weights in whatever makes rows comparable (per unit of the row).
Refused: rows whose giving way does not help, weights that are not positive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ytterby.solve.engine import FEASIBLE, Engine
from ytterby.solve.errors import SolveError
from ytterby.solve.model import Floats, Ints, Rows, numbers, places

if TYPE_CHECKING:
    from ytterby.solve.session import Session


def smallest_relaxation(
    session: Session, rows: Rows | Sequence[Rows] | ArrayLike, weights: ArrayLike, *, time_limit: float | None
) -> Floats:
    """Return by how much each row gives way: positive below its lower bound, negative above its upper bound."""
    where = _chosen(session, rows)
    weight = numbers(weights, where.size, "weights")
    if not (np.isfinite(weight) & (weight > 0)).all():
        raise SolveError("a weight of a row to relax is not positive; give each a cost for one unit")
    copy = session.engine.linear_copy(session.integer_columns())
    low, high = session.row_bounds(where)
    below, above = np.isfinite(low), np.isfinite(high)
    count = copy.highs.getNumCol()
    _add_slack(copy, where[below], weight[below], 1.0)
    _add_slack(copy, where[above], weight[above], -1.0)
    word = copy.run(time_limit=time_limit)
    if word == "Infeasible":
        raise SolveError("the model stays infeasible however far these rows give way; name more rows")
    if copy.highs.getInfo().primal_solution_status != FEASIBLE:
        raise SolveError(f"no relaxation was found: {word.lower()}")
    slack = np.maximum(np.array(copy.highs.getSolution().col_value)[count:], 0.0)
    result = np.zeros(where.size)
    result[below] += slack[: below.sum()]
    result[above] -= slack[below.sum() :]
    return result


def _chosen(session: Session, rows: Rows | Sequence[Rows] | ArrayLike) -> Ints:
    if isinstance(rows, Sequence) and rows and all(isinstance(block, Rows) for block in rows):
        return np.concatenate([block.index for block in rows if isinstance(block, Rows)])
    return places(rows, session.model.row_count, "row")  # type: ignore[arg-type]


def _add_slack(copy: Engine, where: Ints, weight: Floats, sign: float) -> None:
    """Add one column of no upper bound for each of the rows."""
    count = where.size
    if not count:
        return
    zero: Floats = np.zeros(count)
    start: NDArray[np.int32] = np.arange(count, dtype=np.int32)
    values = np.full(count, sign)
    status = copy.highs.addCols(count, weight, zero, np.full(count, np.inf), count, start, where, values)
    copy.check(status, "does not take the slack of the rows to relax")
