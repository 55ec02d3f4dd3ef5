"""Data reconciliation: the flows nearest to what was measured that satisfy every balance.

    min  sum of ((m_i - x_i) / s_i)^2     s.t.  A x + sum of c_p x_k x_f = b,  l <= x <= u
m measured, s standard deviation (0: constant; empty: not measured). Kuhn and Davidson 1961; Madron 1992; bounds and
products of a coefficient and a flow after Cencic 2016 (STAN): linearise, solve the convex quadratic programme, repeat
until nothing moves by more than 1e-9 of its scale. Refuses a measured value that is not finite or a negative deviation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ytterby.balance.quadratic import Array, Minimum, Signs, least_squares
from ytterby.balance.redundancy import Redundancy, redundancy
from ytterby.errors import YtterbyError

STEPS = 200
LOOSE = 10
NEGLIGIBLE = 1e-12  # of the largest row
CHANGE = 1e-9


@dataclass(frozen=True)
class Products:
    """Terms factor x value[coefficient] x value[flow] of rows: transfer coefficients that are not certain."""

    rows: tuple[int, ...] = ()
    coefficients: tuple[int, ...] = ()
    flows: tuple[int, ...] = ()
    factors: tuple[float, ...] = ()


@dataclass(frozen=True)
class Measurements:
    """Variables: measured value and standard deviation (nan: not measured; 0: constant), bounds, scale.

    `scale` is the size of a variable that is not measured; it changes no result, only how the arithmetic is scaled.
    """

    measured: Array
    sd: Array
    lower: Array
    upper: Array
    scale: Array

    @classmethod
    def of(cls, measured: Any, sd: Any, lower: Any = 0.0, upper: Any = np.inf, scale: Any = None) -> Measurements:
        """Return measurements from array-likes; bounds and scale may be one number for all."""
        value, deviation = np.asarray(measured, dtype=float), np.asarray(sd, dtype=float)
        size = np.nanmax(np.abs(value), initial=0.0) or 1.0
        wide = [np.broadcast_to(np.asarray(part, dtype=float), value.shape).copy() for part in (lower, upper)]
        sizes = np.broadcast_to(np.asarray(size if scale is None else scale, dtype=float), value.shape).copy()
        return cls(value, deviation, wide[0], wide[1], sizes)

    def __post_init__(self) -> None:
        """Refuse what is no measurement."""
        is_measured = np.isfinite(self.sd)
        if np.any(self.sd[is_measured] < 0):
            raise YtterbyError("a standard deviation is below 0")
        if np.any(is_measured & ~np.isfinite(self.measured)):
            raise YtterbyError("a value with a standard deviation is not finite; leave both empty where not measured")
        if np.any(self.lower > self.upper):
            raise YtterbyError("a lower bound is above its upper bound")


@dataclass(frozen=True)
class Reconciled:
    """Values nearest to the measurements, with what they rest on.

    `residual` counts standard deviations, stated less adjusted; `closure` is the largest imbalance of a row over the
    sum of its terms (rows of less than a millionth of the largest count as that).
    """

    value: Array
    sd: Array
    residual: Array
    at_bound: Signs
    chi_square: float
    dof: int
    p: float
    redundancy: Redundancy
    closure: float
    steps: int
    multipliers: Array = field(default_factory=lambda: np.zeros(0))


def reconcile(
    matrix: Any, right: Array, given: Measurements, products: Products | None = None, *, tolerance: float = CHANGE
) -> Reconciled:
    """Return the reconciled values of a system of balances.

    Args:
        matrix: linear terms, one row a balance (dense or sparse).
        right: right side of each balance.
        given: variables: what was measured, deviations, bounds.
        products: terms with a coefficient that is itself a variable.
        tolerance: largest change of the last step, of scale.

    Raises:
        YtterbyError: no values satisfy the balances within the bounds, or the linearisation does not settle.
    """
    from scipy.sparse import csr_array

    terms = products or Products()
    linear = csr_array(matrix)
    is_open = np.isfinite(given.sd) & (given.sd != 0)
    state = _settle(linear, right, given, terms, tolerance)
    slope, side = linearised(linear, right, terms, state.value)
    fixed = (given.sd == 0) | (state.at_bound != 0)
    value = _closed(slope, side, state.value, np.where(fixed, 0.0, np.abs(state.value)))
    value = np.clip(value, *_bounds(given))
    rests_on = redundancy(slope, state.norm, given.sd, state.scale, state.at_bound)
    residual = np.where(is_open, (given.measured - value) / np.where(is_open, given.sd, 1.0), 0.0)
    chi_square = float(residual @ residual)
    return Reconciled(
        value=value,
        sd=rests_on.sd,
        residual=residual,
        at_bound=state.at_bound,
        chi_square=chi_square,
        dof=rests_on.dof,
        p=_tail(chi_square, rests_on.dof),
        redundancy=rests_on,
        closure=_closure(linear, right, terms, value),
        steps=state.steps,
        multipliers=state.multipliers,
    )


@dataclass(frozen=True)
class _State:
    """Where the linearisation settled, and how the arithmetic was scaled there."""

    value: Array
    scale: Array
    norm: Array
    at_bound: Signs
    multipliers: Array
    steps: int


def _bounds(given: Measurements) -> tuple[Array, Array]:
    """Return the bounds of the variables; a constant is its own."""
    lower = np.where(given.sd == 0, given.measured, given.lower)
    return lower, np.where(given.sd == 0, given.measured, given.upper)


def _settle(linear: Any, right: Array, given: Measurements, terms: Products, tolerance: float) -> _State:
    """Return the solution of the programme, linearised anew until no measured value moves."""
    from scipy.sparse import diags_array

    lower, upper = _bounds(given)
    is_measured = np.isfinite(given.sd)
    is_open = is_measured & (given.sd != 0)
    scale = np.where(is_open, given.sd, np.maximum(np.abs(given.scale), 1e-300))
    value = np.clip(np.where(is_measured, given.measured, np.clip(given.scale, lower, upper)), lower, upper)
    target = np.where(is_measured, given.measured, value)
    size = np.maximum(np.abs(given.scale), np.where(is_measured, np.abs(given.measured), 0.0))
    found: Minimum | None = None
    multipliers = np.zeros(linear.shape[0])
    for step in range(1, STEPS + 1):
        slope, side = linearised(linear, right, terms, value)
        scale = np.where(is_open, scale, np.maximum(scale, np.abs(value)))
        scaled = slope @ diags_array(scale)
        norm = np.sqrt(np.asarray(scaled.multiply(scaled).sum(axis=1)).ravel())
        norm[norm == 0] = 1.0
        start = found and Minimum(value / scale, found.at_bound, multipliers * norm)
        rows, weight = diags_array(1 / norm) @ scaled, is_open.astype(float)
        found = least_squares(rows, side / norm, target / scale, weight, lower / scale, upper / scale, start)
        new, multipliers = found.values * scale, found.multipliers / norm
        change = np.abs(new - value) / np.maximum(np.maximum(size, np.abs(new)), 1e-300)
        moved = float(np.max(change[is_measured], initial=0.0))
        value = new
        if not terms.rows or (moved < tolerance and _closure(linear, right, terms, value) < LOOSE * tolerance):
            return _State(value, scale, norm, found.at_bound, multipliers, step)
    raise YtterbyError(f"the coefficients still move by {moved:.1e} of their scale after {STEPS} steps")


def linearised(linear: Any, right: Array, terms: Products, value: Array) -> tuple[Any, Array]:
    """Return the rows and right sides of the tangent at a point."""
    from scipy.sparse import csr_array

    if not terms.rows:
        return linear, right
    rows, k, f = (np.asarray(part, dtype=np.int64) for part in (terms.rows, terms.coefficients, terms.flows))
    factor = np.asarray(terms.factors)
    data = np.concatenate([factor * value[f], factor * value[k]])
    where = (np.concatenate([rows, rows]), np.concatenate([k, f]))
    side = right.astype(float).copy()
    np.add.at(side, rows, factor * value[k] * value[f])
    return csr_array(linear + csr_array((data, where), shape=linear.shape)), side


def _closed(slope: Any, side: Array, value: Array, size: Array) -> Array:
    """Return the values with what rounding left open spread over them, in proportion to their squared size.

    Rows that carry next to nothing are left: over their own size their gap is rounding, and closing it moves the rest.
    """
    from scipy.linalg import cho_factor, cho_solve
    from scipy.sparse import diags_array

    weighted = slope @ diags_array(size)
    norm = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    counts = norm > NEGLIGIBLE * np.max(norm, initial=0.0)
    inverse = np.where(counts, 1 / np.where(counts, norm, 1.0), 0.0)
    scaled = diags_array(inverse) @ weighted
    system = (scaled @ scaled.T).toarray()
    system[np.diag_indices_from(system)] += 1e-9
    factors = cho_factor(system)
    for _ in range(4):
        value = value + size * (scaled.T @ cho_solve(factors, inverse * (side - slope @ value)))
    return value


def _closure(linear: Any, right: Array, terms: Products, value: Array) -> float:
    """Return the largest imbalance of a row over the sum of the sizes of its terms."""
    left = linear @ value - right
    gross = abs(linear) @ np.abs(value) + np.abs(right)
    if terms.rows:
        part = np.asarray(terms.factors) * value[list(terms.coefficients)] * value[list(terms.flows)]
        np.add.at(left, np.asarray(terms.rows), part)
        np.add.at(gross, np.asarray(terms.rows), np.abs(part))
    floor = max(1e-6 * float(np.max(gross, initial=0.0)), 1e-300)
    return float(np.max(np.abs(left) / np.maximum(gross, floor), initial=0.0))


def _tail(chi_square: float, dof: int) -> float:
    """Return the chance of a chi-square at least this large; 1 where nothing is redundant."""
    if dof == 0:
        return 1.0
    from scipy.special import gammaincc

    return float(gammaincc(dof / 2, chi_square / 2))
