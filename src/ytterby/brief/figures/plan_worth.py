"""What one more unit of each thing that binds is worth, as marks on one logarithmic scale of dollars.

Units differ from row to row and stand in its label; a tonne of plant and a class of 40 cannot be added.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import polars as pl

from .. import format as fmt
from .canvas import Canvas, text_width, wrap
from .palette import ACCENT, BLOC, INK, PAPER, RULE, SOFT

if TYPE_CHECKING:
    from ..plan_view import PlanView

LEFT: Final = 372.0
RIGHT: Final = 850.0
TOP: Final = 34.0
ROW: Final = 30.0
MOST: Final = 14


def worth_rows(view: PlanView) -> list[dict[str, object]]:
    """What one more is worth, largest first."""
    worth = view.table("worth")
    return [] if worth.is_empty() else worth.filter(pl.col("worth_usd") >= 1.0).head(MOST).to_dicts()


def plan_worth(view: PlanView) -> str:
    """The marks."""
    rows = worth_rows(view)
    values = [float(str(row["worth_usd"])) for row in rows]
    low = math.floor(math.log10(min(values)))
    high = max(math.ceil(math.log10(max(values))), low + 1)
    bottom = TOP + ROW * len(rows)
    canvas = Canvas("plan-worth", bottom + 6)
    for power in range(low, high + 1):
        x = LEFT + (RIGHT - LEFT) * (power - low) / (high - low)
        canvas.line([x, x], [TOP - 8, bottom], colour=RULE, line=0.8)
        canvas.text(x, TOP - 18, _power(power), size=11, colour=SOFT, align="center")
    for number, (row, value) in enumerate(zip(rows, values, strict=True)):
        y = TOP + ROW * (number + 0.5)
        x = LEFT + (RIGHT - LEFT) * (math.log10(value) - low) / (high - low)
        lines = wrap(label_of(view, row), LEFT - 16, 12.0)
        for at, line in enumerate(lines):
            canvas.text(0, y + 14 * (at - (len(lines) - 1) / 2), line, size=12.0)
        colour = ACCENT if "class" in str(row["unit"]) else INK if "sooner" in str(row["unit"]) else BLOC
        canvas.line([LEFT, x], [y, y], colour=colour, line=1.0)
        canvas.dot(x, y, 4.6, fill=colour)
        said = dollars(value)
        canvas.rect(x + 8, y - 7, text_width(said, 11.5) + 4, 14, fill=PAPER)
        canvas.text(x + 10, y, said, size=11.5, colour=colour)
    return canvas.svg("Dot plot: worth of one more unit of what binds")


def label_of(view: PlanView, row: dict[str, object]) -> str:
    """One more unit in words."""
    unit, what, place = str(row["unit"]), str(row["what"] or ""), str(row["place"])
    name = view.name(what) if "class" in unit else view.short(what) if what in view.names else what
    of = f"{', ' if 'sooner' in unit else ': '}{fmt.lower(name)}" if what else ""
    where = "" if place == view.bloc else f" in {view.short(place)}"
    return fmt.capital(f"{unit}{of}{where}")


def dollars(value: float) -> str:
    """Dollars in words of size."""
    for size, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if abs(value) >= size:
            return f"{fmt.number(value / size)} {word} USD"
    return f"{fmt.number(value)} USD"


def _power(power: int) -> str:
    words = {0: "1 USD", 1: "10", 2: "100", 3: "1 thousand", 4: "10", 5: "100", 6: "1 million", 7: "10", 8: "100"}
    return words.get(power, "1 billion" if power == 9 else f"10^{power}")
