"""Figures: numbers with bounds, confidence and source, kept in one book so that a result can say what it rests on.

Money is brought to one year by the GDP deflator of the US dollar (table `price_levels`). A figure that is drawn keeps
its bounds or the spread of its confidence (`ytterby.chain.uncertainty`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from ytterby.chain.chain import Chain
from ytterby.chain.uncertainty import Array, Sampler, between, log_sd
from ytterby.errors import YtterbyError

SCHEMA = {
    "figure": pl.Int32,
    "what": pl.String,
    "subject": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "unit": pl.String,
    "confidence": pl.String,
    "source_id": pl.String,
    "note": pl.String,
}


@dataclass(frozen=True)
class Figure:
    """A number, what it is of, its bounds, how sure it is and who said it."""

    what: str
    subject: str
    value: float
    unit: str
    confidence: str
    source_id: str = ""
    low: float | None = None
    high: float | None = None
    note: str = ""

    @property
    def label(self) -> str:
        """Name under which its random numbers are drawn."""
        return f"{self.what} of {self.subject}"

    def times(self, factor: float, *, unit: str | None = None, confidence: str | None = None) -> Figure:
        """Return the figure times a number, bounds included."""
        low = None if self.low is None else self.low * factor
        high = None if self.high is None else self.high * factor
        return replace(
            self,
            value=self.value * factor,
            low=low,
            high=high,
            unit=unit or self.unit,
            confidence=confidence or self.confidence,
        )

    def drawn(self, sampler: Sampler) -> Array:
        """Return draws of the figure over its value, shape (draws,); a figure of 0 stays."""
        if self.value <= 0:
            return np.ones(sampler.draws)
        low = self.low if self.low is None or self.low > 0 else self.value / 10
        error = sampler.error(self.label, self.source_id)
        return between(self.value, low, self.high, error, log_sd(self.confidence)) / self.value


@dataclass
class FigureBook:
    """The figures of one model, numbered in the order in which they were first asked for."""

    figures: list[Figure] = field(default_factory=list)
    _numbers: dict[tuple[str, float], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, figure in enumerate(self.figures):
            self._numbers.setdefault((figure.label, figure.value), number)

    def add(self, figure: Figure) -> int:
        """Return the number of a figure; one that is held already keeps its number."""
        key = (figure.label, figure.value)
        if key not in self._numbers:
            self._numbers[key] = len(self.figures)
            self.figures.append(figure)
        return self._numbers[key]

    def frame(self) -> pl.DataFrame:
        """Return the figures as a table."""
        rows = [
            (n, f.what, f.subject, f.value, f.low, f.high, f.unit, f.confidence, f.source_id, f.note)
            for n, f in enumerate(self.figures)
        ]
        return pl.DataFrame(rows, schema=SCHEMA, orient="row")


class Money:
    """Brings money of one year to another.

    Raises:
        YtterbyError: a year has no price level, and is not near one that has.
    """

    def __init__(self, chain: Chain, year: int) -> None:
        self.year = year
        self._levels = dict(chain.price_levels.select("year", "index").iter_rows())

    def factor(self, year: int | None) -> float:
        """Return dollars of the model's year per dollar of `year`; money without a year counts as of the model's."""
        if year is None or year == self.year or not self._levels:
            return 1.0
        return self._level(self.year) / self._level(year)

    def _level(self, year: int) -> float:
        first, last = min(self._levels), max(self._levels)
        if year < first:
            raise YtterbyError(f"money of {year}: price levels are held for {first} to {last}")
        return float(self._levels[min(year, last)])
