"""From confidence to spread, and from spread to draws.

Confidence sets a geometric standard deviation (defaults of ours): measured 1.05, reported 1.1, estimated 1.3,
assumed 1.7. Amounts are lognormal about the stated value, fractions logit-normal. Half of the variance is one shared
factor a source, half one own factor a number, so that a source that errs errs in all its rows. Bounds that a source
states replace the table, side by side, and are read as 5 and 95 %; a bound that equals the value is hard. Each random
number is keyed by the seed and by what it belongs to, not by its row: permuting rows, or the number of workers,
changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
GEOMETRIC_SD: Mapping[str, float] = {"measured": 1.05, "reported": 1.1, "estimated": 1.3, "assumed": 1.7}
Z90 = 1.6448536269514722


def log_sd(confidence: str | None) -> float:
    """Return the standard deviation of the logarithm that a confidence implies."""
    return float(np.log(GEOMETRIC_SD.get(confidence or "assumed", GEOMETRIC_SD["assumed"])))


def between(value: float, low: float | None, high: float | None, error: Array, sd: float) -> Array:
    """Return draws about a value inside stated bounds: each side has its own width, read as 5 and 95 %.

    A bound that equals the value is hard, all draws lie on the other side; a bound that is not stated has the width
    that the confidence implies.

    Args:
        value: the stated value, above 0.
        low: lower bound or None.
        high: upper bound or None.
        error: standard normal draws.
        sd: standard deviation of the logarithm where no bound is stated.
    """
    down = sd if not low else np.log(value / low) / Z90
    up = sd if not high else np.log(high / value) / Z90
    if low == value and high == value:
        return np.full(error.shape, value)
    side = np.abs(error) if low == value else -np.abs(error) if high == value else error
    result: Array = value * np.exp(np.where(side < 0, side * down, side * up))
    return result


@dataclass
class Sampler:
    """Draws of named random numbers; the same name gives the same draws wherever it is asked for."""

    draws: int
    seed: int
    _normals: dict[str, Array] = field(default_factory=dict)

    def _generator(self, name: str) -> np.random.Generator:
        key = hashlib.blake2b(f"{self.seed}|{name}".encode(), digest_size=16).digest()
        return np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little")))

    def normal(self, name: str) -> Array:
        """Return standard normal draws of a named number, shape (draws,)."""
        if name not in self._normals:
            self._normals[name] = self._generator(name).standard_normal(self.draws)
        return self._normals[name]

    def uniform(self, name: str) -> Array:
        """Return uniform draws in [0, 1) of a named number, shape (draws,)."""
        return self._generator(f"uniform {name}").random(self.draws)

    def error(self, name: str, source_id: str | None) -> Array:
        """Return the standard normal error of a number: half the variance its source's, half its own."""
        source = (source_id or "").split(";")[0]
        result: Array = np.sqrt(0.5) * (self.normal(f"source {source}") + self.normal(f"own {name}"))
        return result

    def amount(
        self,
        name: str,
        value: float,
        sd: float,
        source_id: str | None,
        low: float | None = None,
        high: float | None = None,
    ) -> Array:
        """Return lognormal draws of an amount, shape (draws,); stated bounds set the width of their side."""
        return between(value, low, high, self.error(name, source_id), sd) if value > 0 else np.zeros(self.draws)

    def fraction(
        self,
        name: str,
        value: float,
        sd: float,
        source_id: str | None,
        low: float | None = None,
        high: float | None = None,
    ) -> Array:
        """Return draws of a fraction: logit-normal, or inside stated bounds, each side read as 5 or 95 %."""
        error = self.error(name, source_id)
        if low is None and high is None:
            if not 0 < value < 1:
                return np.full(self.draws, value)
            odds = value / (1 - value) * np.exp(sd * error)
            result: Array = odds / (1 + odds)
            return result
        bottom, top = (value if low is None else low), (value if high is None else high)
        side = np.abs(error) if bottom == value else -np.abs(error) if top == value else error
        moved = value + np.where(side < 0, side * (value - bottom), side * (top - value)) / Z90
        inside: Array = np.clip(moved, 0.0, 1.0)
        return inside


def interval(values: Array, axis: int = 0) -> tuple[Array, Array]:
    """Return the 5 % and 95 % quantiles along an axis."""
    low, high = np.quantile(values, [0.05, 0.95], axis=axis)
    return low, high
