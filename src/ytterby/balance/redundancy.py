"""What the balances say beyond the measurements: redundancy, posterior deviations, degrees of freedom.

With N a basis of the left null space of the unmeasured columns A_y, the reduced system is A_r = N'A_x (Cencic 2016;
Madron 1992). Rank of A_r: degrees of freedom. In standard deviations, P = B'(BB')^+ B with B = A_r S; the posterior
covariance is S(E - P)S, and r_i / sqrt(P_ii) is standard normal where nothing is wrong. An unmeasured flow is
determined where the null space of A_y does not touch it; its variance follows by propagation. Flows that the solution
holds at a bound count as constants there, so that the test is conditional on which bounds hold (Wollan and Dykstra
1986). Dense arithmetic: made for thousands of flows, not for millions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ytterby.balance.quadratic import Array, Signs

NEGLIGIBLE = 1e-9

REDUNDANT, NOT_REDUNDANT, DETERMINED, NOT_DETERMINED, CONSTANT, AT_BOUND = (
    "redundant",
    "not redundant",
    "determined",
    "not determined",
    "constant",
    "at bound",
)


@dataclass(frozen=True)
class Redundancy:
    """Class of each variable, its posterior deviation (nan: not determined), share of its variance that is checked."""

    kind: npt.NDArray[np.str_]
    sd: Array
    checked: Array
    dof: int


def redundancy(slope: Any, norm: Array, sd: Array, scale: Array, at_bound: Signs) -> Redundancy:
    """Return what the balances add to each variable at the solution.

    Args:
        slope: rows of the linearised balances at the solution.
        norm: size of each row, by which it is divided.
        sd: standard deviations; 0 constant, nan not measured.
        scale: size of one unit of each variable.
        at_bound: -1 or 1 where a bound holds.
    """
    dense = slope.toarray() * scale / norm[:, None]
    is_measured = np.isfinite(sd)
    is_constant = sd == 0
    held = (at_bound != 0) & ~is_constant
    is_open = is_measured & ~is_constant
    x = np.flatnonzero(is_open & ~held)
    y = np.flatnonzero(~is_measured & ~held)
    null, inverse, left = _spaces(dense[:, y])
    basis = _row_space(left.T @ dense[:, x])
    checked = (is_open & held).astype(float)
    checked[x] = (basis**2).sum(axis=0)
    posterior = np.full(len(sd), np.nan)
    posterior[is_constant | held] = 0.0
    posterior[x] = sd[x] * np.sqrt(np.clip(1 - checked[x], 0.0, None))
    kind = np.full(len(sd), NOT_DETERMINED, dtype="<U16")
    kind[is_open] = np.where(checked[is_open] > NEGLIGIBLE, REDUNDANT, NOT_REDUNDANT)
    kind[~is_measured & held] = AT_BOUND
    kind[is_constant] = CONSTANT
    if len(y):
        is_determined = (null**2).sum(axis=1) < NEGLIGIBLE
        spread = inverse @ dense[:, x]
        variance = (spread**2).sum(axis=1) - ((spread @ basis.T) ** 2).sum(axis=1)
        kind[y] = np.where(is_determined, DETERMINED, NOT_DETERMINED)
        posterior[y] = np.where(is_determined, scale[y] * np.sqrt(np.clip(variance, 0.0, None)), np.nan)
    return Redundancy(kind, posterior, checked, len(basis) + int((is_open & held).sum()))


def _spaces(matrix: Array) -> tuple[Array, Array, Array]:
    """Return the null space (columns), the pseudo-inverse and the left null space (columns) of a matrix."""
    rows, columns = matrix.shape
    if not columns:
        return np.zeros((0, 0)), np.zeros((0, rows)), np.eye(rows)
    left, size, right = np.linalg.svd(matrix, full_matrices=True)
    rank = int((size > NEGLIGIBLE * max(float(size[0]), 1e-300)).sum())
    inverse = (right[:rank].T / size[:rank]) @ left[:, :rank].T
    return right[rank:].T, inverse, left[:, rank:]


def _row_space(matrix: Array) -> Array:
    """Return an orthonormal basis of the rows of a matrix, one a row."""
    if not matrix.size:
        return np.zeros((0, matrix.shape[1]))
    from scipy.linalg import qr

    columns, triangle, _ = qr(matrix.T, mode="economic", pivoting=True, check_finite=False)
    size = np.abs(np.diag(triangle))
    rank = int((size > NEGLIGIBLE * max(float(size[0]), 1e-300)).sum())
    return np.asarray(columns[:, :rank].T, dtype=np.float64)
