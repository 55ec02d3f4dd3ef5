"""Concentration of each rung by place and by owner, as marks with their intervals on one scale from 0 to 1.

The two marks of a rung answer different questions and neither stands in for the other. Where much of the tonnage has
no known owner the index by owner is a lower bound: it is drawn as a bracket open to the right, never as a dot. Lines at
0.15 and 0.25 are the bands of public work: moderate and high concentration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .. import format as fmt
from .canvas import Canvas, name_lines, text_width
from .ladder_bars import chosen, shown_rungs
from .palette import ACCENT, INK, PAPER, RULE, SOFT

if TYPE_CHECKING:
    from ytterby.ladder import Index

    from ..context import BriefContext

LEFT: Final = 186.0
RIGHT: Final = 930.0
TOP: Final = 68.0
ROW: Final = 44.0
BANDS: Final = ((0.15, "moderate"), (0.25, "high"))
OPEN: Final = 34.0
LEAST: Final = 0.005  # a lower bound under this says nothing and is not drawn


def hhi_dots(context: BriefContext) -> str:
    """The marks of every drawn rung that has an index by place or by owner."""
    rungs = [rung for rung in shown_rungs(context) if _is_drawn(rung.hhi) or _is_drawn(rung.hhi_owner)]
    note = chosen(context)
    bottom = TOP + ROW * len(rungs) + 6
    canvas = Canvas("hhi", bottom + (20 if note else 0))
    owners = [rung.hhi_owner for rung in rungs if _has(rung.hhi_owner)]
    bounds = [index for rung in rungs for index in (rung.hhi, rung.hhi_owner) if _is_drawn(index) and is_bound(index)]
    _draw_key(canvas, exact=any(not is_bound(index) for index in owners), bound=bool(bounds))
    _draw_scale(canvas, bottom)
    for row, rung in enumerate(rungs):
        y = TOP + ROW * (row + 0.5)
        lines, size, step = name_lines(fmt.capital(context.short(rung)), LEFT - 14)
        for at, line in enumerate(lines):
            canvas.text(0, y + step * (at - (len(lines) - 1) / 2), line, size=size, bold=True)
        for claim, index, shift in (("owner", rung.hhi_owner, 9), ("place", rung.hhi, -8)):
            _draw_index(canvas, index, y + shift, claim)
    canvas.text(0, bottom + 8, note, size=11.5, colour=SOFT)
    return canvas.svg("Dot plot: concentration of each rung by place and by owner")


def is_bound(index: Index) -> bool:
    """True where the index is a lower bound only, since unknown tonnage counts as nobody's."""
    return "lower bound" in (index.why or "")


def _has(index: Index) -> bool:
    return fmt.is_known(index.value)


def _is_drawn(index: Index) -> bool:
    """True where the index has a value that says something."""
    return index.value is not None and _has(index) and not (is_bound(index) and index.value < LEAST)


def _at(value: float) -> float:
    return LEFT + (RIGHT - LEFT) * min(max(value, 0.0), 1.0)


def _draw_key(canvas: Canvas, *, exact: bool, bound: bool) -> None:
    canvas.dot(LEFT + 5, 10, 4.6, fill=ACCENT, edge=ACCENT)
    canvas.text(LEFT + 15, 10, "by place", size=11.5, colour=ACCENT)
    x = LEFT + 95
    if exact:
        canvas.dot(x, 10, 4.6, fill=PAPER, edge=INK, line=1.6)
        canvas.text(x + 10, 10, "by controlling owner", size=11.5)
        x += 150
    if bound:
        _draw_bound(canvas, x, 10, "", INK)
        canvas.text(x + OPEN + 8, 10, "a lower bound: many places or owners are not known", size=11.5)


def _draw_scale(canvas: Canvas, bottom: float) -> None:
    for value in (0.0, 0.5, 1.0):
        canvas.line([_at(value)] * 2, [TOP - 10, bottom], colour=RULE, line=0.8)
        canvas.text(_at(value), TOP - 20, f"{value:g}", size=11.5, colour=SOFT, align="center")
    for value, word in BANDS:
        canvas.line([_at(value)] * 2, [TOP - 10, bottom], colour=SOFT, line=0.8, dashed=True)
        align, shift = ("right", -4.0) if word == "moderate" else ("left", 4.0)
        canvas.text(_at(value) + shift, TOP - 20, f"{word} {value:g}", size=11, colour=SOFT, align=align)


def _draw_bound(canvas: Canvas, x: float, y: float, tip: str, colour: str) -> None:
    """A bracket open to the right."""
    canvas.line([x + 4, x, x, x + 4], [y - 5, y - 5, y + 5, y + 5], colour=colour, line=1.6, tip=tip)
    canvas.line([x, x + OPEN], [y, y], colour=colour, line=1.2, dashed=True)


def _draw_index(canvas: Canvas, index: Index, y: float, claim: str) -> None:
    if index.value is None or not _is_drawn(index):
        return
    colour = ACCENT if claim == "place" else INK
    left = right = _at(index.value)
    if is_bound(index):
        _draw_bound(canvas, left, y, f"HHI by {claim}: at least {fmt.index(index.value)}; {index.why}", colour)
        label, right = f"\u2265{fmt.NBSP}{fmt.index(index.value)}", left + OPEN
    else:
        label = fmt.index(index.value)
        if index.low is not None and index.high is not None:
            left, right = min(left, _at(index.low)), max(right, _at(index.high))
            canvas.line([_at(index.low), _at(index.high)], [y, y], colour=colour, line=1.3)
        tip = f"HHI by {claim}: {fmt.index_with_interval(index.value, index.low, index.high)}"
        fill = ACCENT if claim == "place" else PAPER
        canvas.dot(_at(index.value), y, 4.6, fill=fill, edge=colour, line=1.6, tip=tip)
    fits = right + 10 + text_width(label, 11.5) < RIGHT + 30
    x, align = (right + 9, "left") if fits else (left - 9, "right")
    start = x if fits else x - text_width(label, 11.5)
    canvas.rect(start - 2, y - 7, text_width(label, 11.5) + 4, 14, fill=PAPER)
    canvas.text(x, y, label, size=11.5, colour=colour, align=align)
