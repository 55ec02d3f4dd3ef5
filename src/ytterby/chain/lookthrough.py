"""Equity look-through: who owns at the end, cycles included.

Integrated ownership I = (E - W)^-1 W, with W_ab the share of b that a holds (Brioschi, Buzzacchi, Colombo 1989);
shares 0..1. Refused: columns of W above 1, groups that own themselves entirely, negative or non-finite shares.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ytterby.errors import OwnershipError

Array = NDArray[np.float64]
SUM_TOLERANCE = 1e-9


def integrated_ownership(holdings: ArrayLike) -> Array:
    """Direct and indirect share of each holder in each entity: I = (E - W)^-1 W.

    `holdings[a, b]` is the share of b held by a. Count only holders without an owner of their own: for them the
    columns of I sum to 1 in a complete table, while intermediate holders would be counted twice.

    Raises:
        OwnershipError: holdings of one entity exceed 1 (its column is named), a group owns itself entirely (spectral
            radius of W not below 1), or the matrix is not square, finite and non-negative.
    """
    matrix = _square(holdings)
    held = matrix.sum(axis=0)
    if (held > 1.0 + SUM_TOLERANCE).any():
        column = int(np.argmax(held))
        raise OwnershipError(f"holdings: the shares of entity {column} sum to {held[column]:.6g}, more than 1")
    if matrix.size and float(np.abs(np.linalg.eigvals(matrix)).max()) >= 1.0 - SUM_TOLERANCE:
        raise OwnershipError("holdings: a group of entities owns itself entirely, so that no outside owner is left")
    return np.asarray(np.linalg.solve(np.eye(matrix.shape[0]) - matrix, matrix), dtype=np.float64)


def ultimate_holders(holdings: ArrayLike) -> NDArray[np.bool_]:
    """Mark the entities that nobody owns: their column of W is zero."""
    return np.asarray(_square(holdings).sum(axis=0) == 0, dtype=np.bool_)


def _square(values: ArrayLike) -> Array:
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise OwnershipError(f"holdings: a square matrix is needed, got shape {matrix.shape}")
    if not np.isfinite(matrix).all() or (matrix < 0).any():
        raise OwnershipError("holdings: every share must be finite and at least zero")
    return matrix
