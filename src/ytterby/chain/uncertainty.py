"""From confidence to spread, and from spread to draws.

Confidence sets a geometric standard deviation (defaults of ours): measured 1.05, reported 1.1, estimated 1.3,
assumed 1.7. Amounts are lognormal about the stated value, fractions logit-normal. Half of the variance is one shared
factor a source, half one own factor a number, so that a source that errs errs in all its rows. Bounds that a source
states replace the table: half their log-width is taken as 1.645 standard deviations (5 to 95 %).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
GEOMETRIC_SD: Mapping[str, float] = {"measured": 1.05, "reported": 1.1, "estimated": 1.3, "assumed": 1.7}
Z90 = 1.6448536269514722


def log_sd(confidence: Sequence[str | None], low: Array, high: Array) -> Array:
    """Return the standard deviation of the logarithm of each number, shape (rows,).

    Args:
        confidence: confidence of each row; None counts as assumed.
        low: stated lower bounds, NaN where none.
        high: stated upper bounds, NaN where none.
    """
    table = np.array([np.log(GEOMETRIC_SD.get(name or "assumed", GEOMETRIC_SD["assumed"])) for name in confidence])
    with np.errstate(invalid="ignore", divide="ignore"):
        stated = (np.log(high) - np.log(low)) / (2 * Z90)
    return np.where(np.isfinite(stated), stated, table)


def factors(sd: Array, sources: Sequence[str | None], draws: int, rng: np.random.Generator) -> Array:
    """Return multiplicative errors, shape (draws, rows): exp of half shared, half own normal deviates."""
    names, index = np.unique(np.array([(s or "").split(";")[0] for s in sources], dtype=object).astype(str), return_inverse=True)
    shared = rng.standard_normal((draws, len(names)))[:, index] if len(names) else np.zeros((draws, 0))
    own = rng.standard_normal((draws, len(sd)))
    result: Array = np.exp(sd * np.sqrt(0.5) * (shared + own))
    return result


def draw_fractions(point: Array, sd: Array, sources: Sequence[str | None], draws: int, rng: np.random.Generator) -> Array:
    """Return logit-normal draws about fractions strictly inside (0, 1), shape (draws, rows); 0 and 1 stay."""
    inner = np.clip(point, 1e-9, 1 - 1e-9)
    odds = inner / (1 - inner) * factors(sd, sources, draws, rng)
    result: Array = np.where((point <= 0) | (point >= 1), point, odds / (1 + odds))
    return result


def interval(values: Array, axis: int = 0) -> tuple[Array, Array]:
    """Return the 5 % and 95 % quantiles."""
    low, high = np.nanquantile(values, [0.05, 0.95], axis=axis)
    return low, high
