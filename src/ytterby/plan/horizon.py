"""Periods: the years of a plan, yearly or in blocks, with the weight of each and what a delay comes to.

A period stands for `length` years from its first; flows are yearly rates that hold through it. Discount factor of a
year y: (1 + r)^-(y - base), summed over the period's years.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ytterby.errors import YtterbyError

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Horizon:
    """The periods of a plan; the first is the base year alone, in which nothing is built."""

    years: Ints
    lengths: Ints
    rate: float

    @property
    def base(self) -> int:
        """Base year."""
        return int(self.years[0])

    @property
    def end(self) -> int:
        """Last year."""
        return int(self.years[-1] + self.lengths[-1] - 1)

    @property
    def count(self) -> int:
        """Number of periods."""
        return len(self.years)

    def factor(self, years: npt.ArrayLike) -> Array:
        """Return the discount factors of years."""
        return np.power(1.0 + self.rate, -(np.asarray(years, dtype=np.float64) - self.base))

    @property
    def weights(self) -> Array:
        """Discounted years of each period, shape (periods,)."""
        spans = zip(self.years, self.lengths, strict=True)
        return np.array([self.factor(np.arange(y, y + n)).sum() for y, n in spans])

    @property
    def undiscounted(self) -> Array:
        """Years of each period, shape (periods,)."""
        return self.lengths.astype(np.float64)

    def period_of(self, year: float) -> int:
        """Return the first period that starts in or after a year; `count` where there is none."""
        return int(np.searchsorted(self.years, int(np.ceil(year - 1e-9))))

    def holding(self, year: int) -> int:
        """Return the period that holds a year; the last for years after the end."""
        return max(0, int(np.searchsorted(self.years, year, side="right")) - 1)


def make_horizon(base: int, until: int, rate: float, *, period: int = 1) -> Horizon:
    """Return the base year, then periods of `period` years up to `until`.

    Raises:
        YtterbyError: the end is not after the base year, or a period is shorter than a year.
    """
    if until <= base:
        raise YtterbyError(f"a plan from base year {base} cannot end in {until}; name a later year with --until")
    if until - base > 100:
        raise YtterbyError(f"a plan from {base} to {until} is longer than 100 years; name an earlier year")
    if period < 1:
        raise YtterbyError(f"a period of {period} years is too short; write 1 or more")
    starts = np.arange(base + 1, until + 1, period)
    lengths = np.minimum(period, until + 1 - starts)
    return Horizon(np.concatenate([[base], starts]), np.concatenate([[1], lengths]), rate)
