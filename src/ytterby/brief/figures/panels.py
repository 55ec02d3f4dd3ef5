"""Small multiples over years: panels of one width on a sheet, each with its own scale from 0 and its own title."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .canvas import WIDTH, Canvas, name_lines
from .palette import INK, RULE, SOFT

GAP: Final = 34.0
HEAD: Final = 44.0
FOOT: Final = 22.0
LABELS: Final = 46.0  # room left of a panel for its scale
EDGE: Final = 14.0  # room right of the last panel for half a year's label


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One panel: a rectangle in pixels, years across and values up."""

    canvas: Canvas
    x: float
    y: float
    width: float
    height: float
    first: int
    last: int
    top: float

    def at(self, year: float) -> float:
        """The pixel of a year."""
        return self.x + self.width * (year - self.first) / max(self.last - self.first, 1)

    def up(self, value: float) -> float:
        """The pixel of a value."""
        return self.y + self.height * (1.0 - min(max(value, 0.0), self.top) / self.top)

    def frame(self, title: str) -> None:
        """The title, the scale at 0, half and top, and the years."""
        lines, size, step = name_lines(title, self.width + LABELS - 8)
        for number, line in enumerate(lines):
            y = self.y - 14 - step * (len(lines) - 1 - number)
            self.canvas.text(self.x - LABELS + 6, y, line, size=size, bold=True)
        for value in (0.0, self.top / 2, self.top):
            self.canvas.line([self.x, self.x + self.width], [self.up(value)] * 2, colour=RULE, line=0.8)
            self.canvas.text(self.x - 5, self.up(value), shown(value), size=10.5, colour=SOFT, align="right")
        for year in ticks(self.first, self.last):
            self.canvas.text(
                self.at(year), self.y + self.height + 11, str(year), size=10.5, colour=SOFT, align="center"
            )

    def area(
        self, years: Sequence[int], low: Sequence[float], high: Sequence[float], *, fill: str, tip: str = ""
    ) -> None:
        """The area between two lines."""
        from matplotlib.path import Path

        there = [(self.at(year), self.up(value)) for year, value in zip(years, high, strict=True)]
        back = [(self.at(year), self.up(value)) for year, value in zip(years, low, strict=True)]
        points = [*there, *reversed(back)]
        if len(points) > 3:
            self.canvas.shape(Path([*points, points[0]], closed=True), fill=fill, tip=tip)

    def line(
        self, years: Sequence[int], values: Sequence[float], *, colour: str = INK, line: float = 1.6, tip: str = ""
    ) -> None:
        """A line over the years."""
        self.canvas.line([self.at(y) for y in years], [self.up(v) for v in values], colour=colour, line=line, tip=tip)


def panels(
    canvas: Canvas, tops: Sequence[float], *, first: int, last: int, y: float, across: int = 3, height: float = 110.0
) -> list[Panel]:
    """Panels in rows of `across`, one for each top of a scale."""
    width = (WIDTH - EDGE - GAP * (across - 1)) / across - LABELS
    return [
        Panel(
            canvas=canvas,
            x=LABELS + (number % across) * (width + LABELS + GAP),
            y=y + HEAD + (number // across) * (height + HEAD + FOOT),
            width=width,
            height=height,
            first=first,
            last=last,
            top=nice(top),
        )
        for number, top in enumerate(tops)
    ]


def height_of(count: int, *, across: int = 3, height: float = 110.0) -> float:
    """The height of all rows of panels."""
    return math.ceil(count / across) * (height + HEAD + FOOT)


def nice(value: float) -> float:
    """The next round number: 1, 2, 3, 4, 5, 6 or 8 times a power of ten."""
    if not value > 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next((step * power for step in (1, 2, 3, 4, 5, 6, 8, 10) if step * power >= value * 0.9999), 10 * power)


def shown(value: float) -> str:
    """A number of a scale, short: thousands as k, millions as M."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            scale = 1e3 if unit == "k" else size
            return f"{value / scale:,.4g}{unit}"
    return f"{value:,.4g}"


def ticks(first: int, last: int) -> list[int]:
    """Years to print: the first and every fifth or tenth, apart from each other."""
    step = 5 if last - first <= 25 else 10
    near = max(2, (last - first) // 8)
    return [first, *(year for year in range(first + 1, last + 1) if year % step == 0 and year - first >= near)]
