"""Origin tracing: where traded material was made.

O = diag(pi) (E - S)^-1, with S_ij = f_ij / supply_j, pi_j = p_j / supply_j, supply_j = p_j + sum_i f_ij, for ores
and metals that pass through entrepots, within one stage. Tonnes of one basis.
Refused: negative or non-finite numbers, and trade that runs in a closed round.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ytterby.errors import YtterbyError

Array = NDArray[np.float64]
SUM_TOLERANCE = 1e-9


class LookThroughError(YtterbyError):
    """A matrix of trade that cannot be looked through."""


@dataclass(frozen=True, slots=True)
class Origins:
    """Origin shares: `shares[i, j]` is the part of what j has that was made in i.

    `supply` is what each place has (t); `untraced` the part of it whose maker the tables do not show.
    """

    shares: Array
    supply: Array
    untraced: Array


def _square(values: ArrayLike, what: str) -> Array:
    """Return a finite, non-negative square float64 matrix."""
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise LookThroughError(f"{what}: a square matrix is needed, got shape {matrix.shape}")
    if not np.isfinite(matrix).all() or (matrix < 0).any():
        raise LookThroughError(f"{what}: every entry must be finite and at least zero")
    return matrix


def origin_tracing(flows: ArrayLike, production: ArrayLike) -> Origins:
    """Trace supply back to where it was made: O = diag(pi) (E - S)^-1.

    `flows[i, j]`: tonnes from i to j; `production[i]`: tonnes made in i, same basis and stage. A place with outflow
    but neither production nor inflow is an unknown source: its part of others' supply is `untraced`. Raises
    LookThroughError where shapes differ or where goods go round with no production behind them.
    """
    matrix = _square(flows, "flows")
    made = np.asarray(production, dtype=np.float64)
    if made.shape != (matrix.shape[0],) or not np.isfinite(made).all() or (made < 0).any():
        raise LookThroughError("production: one finite number of at least zero for each place of the flows")
    supply = made + matrix.sum(axis=0)
    divisor = np.where(supply > 0, supply, 1.0)
    share_in = matrix / divisor
    try:
        through = np.linalg.inv(np.eye(made.size) - share_in)
    except np.linalg.LinAlgError as error:
        raise LookThroughError("flows: goods go round between places with no production behind them") from error
    shares = (made / divisor)[:, None] * through
    if not np.isfinite(shares).all() or shares.min() < -SUM_TOLERANCE or shares.sum(axis=0).max() > 1 + 1e-6:
        raise LookThroughError("flows: goods go round between places with no production behind them")
    untraced = np.where(supply > 0, 1.0 - shares.sum(axis=0), 0.0)
    return Origins(np.clip(shares, 0.0, 1.0), supply, np.clip(untraced, 0.0, 1.0))
