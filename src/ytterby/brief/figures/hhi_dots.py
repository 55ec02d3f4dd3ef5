"""Concentration of each rung by place and by owner, as dots with their intervals on one scale from 0 to 1.

The two dots of a rung answer different questions and neither stands in for the other. Marks at 0.15 and 0.25 are the
bands of public work: moderate and high concentration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .. import format as fmt
from .canvas import Canvas, text_width, wrap
from .palette import ACCENT, INK, PAPER, RULE, SOFT

if TYPE_CHECKING:
    from ytterby.ladder import Index

    from ..context import BriefContext

LEFT: Final = 186.0
RIGHT: Final = 930.0
TOP: Final = 46.0
ROW: Final = 44.0
BANDS: Final = ((0.15, "moderate"), (0.25, "high"))


def hhi_dots(context: BriefContext) -> str:
    """The dots of every rung that has an index by place or by owner."""
    rungs = [rung for rung in context.result.rungs if _has(rung.hhi) or _has(rung.hhi_owner)]
    canvas = Canvas("hhi", TOP + ROW * len(rungs) + 6)
    _draw_scale(canvas)
    told: set[str] = set()
    for row, rung in enumerate(rungs):
        y = TOP + ROW * (row + 0.5)
        lines = wrap(fmt.capital(context.short(rung)), LEFT - 14, 12.5, bold=True)
        for at, line in enumerate(lines):
            canvas.text(0, y + 15 * (at - (len(lines) - 1) / 2), line, size=12.5, bold=True)
        for claim, index, shift in (("owner", rung.hhi_owner, 8), ("place", rung.hhi, -8)):
            first = _has(index) and claim not in told
            told |= {claim} if first else set()
            label = f"by {claim} {fmt.index(index.value)}" if first else ""
            _draw_index(canvas, index, y + shift, claim, label)
    return canvas.svg("Dot plot: concentration of each rung by place and by owner")


def _has(index: Index) -> bool:
    return fmt.is_known(index.value)


def _at(value: float) -> float:
    return LEFT + (RIGHT - LEFT) * min(max(value, 0.0), 1.0)


def _draw_scale(canvas: Canvas) -> None:
    for value in (0.0, 0.5, 1.0):
        canvas.line([_at(value)] * 2, [TOP - 10, canvas.height], colour=RULE, line=0.8)
        canvas.text(_at(value), 10, f"{value:g}", size=11.5, colour=SOFT, align="center")
    for value, word in BANDS:
        canvas.line([_at(value)] * 2, [TOP - 10, canvas.height], colour=SOFT, line=0.8, dashed=True)
        align, shift = ("right", -4.0) if word == "moderate" else ("left", 4.0)
        canvas.text(_at(value) + shift, TOP - 16, f"{word} {value:g}", size=11, colour=SOFT, align=align)


def _draw_index(canvas: Canvas, index: Index, y: float, claim: str, label: str) -> None:
    if not _has(index) or index.value is None:
        return
    colour = ACCENT if claim == "place" else INK
    fill = ACCENT if claim == "place" else PAPER
    right = _at(index.value)
    if index.low is not None and index.high is not None:
        canvas.line([_at(index.low), _at(index.high)], [y, y], colour=colour, line=1.3)
        right = max(right, _at(index.high))
    tip = f"HHI by {claim}: {fmt.index_with_interval(index.value, index.low, index.high)}"
    canvas.dot(_at(index.value), y, 4.6, fill=fill, edge=colour, line=1.6, tip=tip)
    if label:
        fits = right + 10 + text_width(label, 11.5) < RIGHT + 30
        left = _at(index.low if index.low is not None else index.value)
        canvas.text(
            right + 9 if fits else left - 9, y, label, size=11.5, colour=colour, align="left" if fits else "right"
        )
