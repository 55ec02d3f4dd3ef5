"""The ladder as stacked bars: one bar a rung in chain order, by place or by controlling owner.

Segments are the shares of the rung (0..1) drawn to scale; the bracket under a bar is the interval of its largest share.
State-controlled owners are hatched, what is unknown is pale. Labels stand in the segments that have room for them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from .. import format as fmt
from .canvas import Canvas, shorten, text_width, wrap
from .palette import INK, PAPER, RULE, SOFT, UNKNOWN, on_colour

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ytterby.ladder import Rung, Share

    from ..context import BriefContext

LEFT: Final = 186.0
RIGHT: Final = 864.0
TOP: Final = 30.0
ROW: Final = 52.0
BAR: Final = 28.0
_PAD: Final = 3.5


def ladder_bars(context: BriefContext, *, claim: str) -> str:
    """The bars of one claim, `place` or `owner`."""
    rungs = context.result.rungs
    canvas = Canvas(f"ladder-{claim}", TOP + ROW * len(rungs) + 6)
    _draw_scale(canvas)
    for row, rung in enumerate(rungs):
        _draw_rung(canvas, context, rung, TOP + ROW * row, claim)
    return canvas.svg(f"Stacked bars: shares of each rung by {claim}")


def shares_of(rung: Rung, claim: str) -> Sequence[Share]:
    """The shares of a rung under one claim."""
    shares: Sequence[Share] = rung.by_place if claim == "place" else rung.by_owner
    return shares


def _at(share: float) -> float:
    return LEFT + (RIGHT - LEFT) * min(max(share, 0.0), 1.0)


def _draw_scale(canvas: Canvas) -> None:
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = _at(share)
        canvas.line([x, x], [TOP - 8, canvas.height - 4], colour=RULE, line=0.8)
        canvas.text(x, TOP - 17, fmt.share(share), size=11.5, colour=SOFT, align="center")


def _draw_rung(canvas: Canvas, context: BriefContext, rung: Rung, y: float, claim: str) -> None:
    middle = y + BAR / 2
    lines = wrap(fmt.capital(context.short(rung)), LEFT - 14, 12.5, bold=True)
    top = middle - 7.5 * (len(lines) - 1) - 7
    for at, line in enumerate(lines):
        canvas.text(0, top + 15 * at, line, size=12.5, bold=True)
    canvas.text(0, top + 15 * len(lines), rung.stage, size=11, colour=SOFT)
    canvas.text(RIGHT + 10, middle - 7, fmt.tonnes(rung.total_t), size=12)
    canvas.text(RIGHT + 10, middle + 8, shorten(rung.basis, canvas.width - RIGHT - 10, 11), size=11, colour=SOFT)
    start = 0.0
    shares = shares_of(rung, claim)
    labelled = False
    for share in shares:
        drawn = _draw_segment(canvas, context, share, start, y, claim)
        if share.id == "unknown" and not labelled and shares[0] is not share:
            _draw_first(canvas, shares[0], share, start, y)
        labelled = labelled or (drawn and share is shares[0])
        start += share.share
    if shares and shares[0].id != "unknown":
        _draw_bracket(canvas, shares[0], y + BAR + 5)


def _draw_segment(canvas: Canvas, context: BriefContext, share: Share, start: float, y: float, claim: str) -> bool:
    """Draw one share; return whether it bears its name."""
    left, right = _at(start), _at(start + share.share)
    width = right - left
    if width < 0.2:
        return False
    unknown = share.id == "unknown"
    seat = share.id if claim == "place" else share.state or context.seats.get(share.id)
    fill = UNKNOWN if unknown else context.palette.place(seat if claim == "place" or seat else "other")
    interval = fmt.share_with_interval(share.share, share.low, share.high)
    owned = f", controlled by the state of {context.name(share.state)}" if share.state else ""
    canvas.rect(
        left,
        y,
        max(width - (1.0 if width > 3 else 0.0), 0.2),
        BAR,
        fill=fill,
        hatch="//" if share.state and not unknown else "",
        hatch_colour=_lighter(fill),
        tip=f"{share.name}: {interval}{owned}",
    )
    lines, size = _label(share, width)
    ink = INK if unknown else on_colour(fill)
    if lines and share.state:
        room = max(text_width(line, size) for line in lines)
        canvas.rect(left + 1, y + 2, room + 5, BAR - 4, fill=fill)
    for at, line in enumerate(lines):
        canvas.text(left + _PAD, y + BAR / 2 + 12 * (at - (len(lines) - 1) / 2), line, size=size, colour=ink)
    return bool(lines)


def _draw_first(canvas: Canvas, first: Share, unknown: Share, start: float, y: float) -> None:
    """Name the largest share in the pale part, where its own segment is too short for it."""
    text = f"largest: {short_company(first.name)} {fmt.share(first.share)}"
    room = _at(start + unknown.share) - _at(start) - text_width("not known 100 %", 12) - 24
    if text_width(text, 11.5) <= room:
        canvas.text(_at(start + unknown.share) - 6, y + BAR / 2, text, size=11.5, colour=SOFT, align="right")


def _label(share: Share, width: float) -> tuple[list[str], float]:
    """The lines that fit into a segment, and their size; none where nothing fits."""
    room = width - 2 * _PAD
    figure = fmt.share(share.share)
    if share.id == "unknown":
        choices = [f"not known {figure}", "not known", figure]
    elif len(share.id) == 3 and share.id.isupper():
        choices = [f"{share.name} {figure}", f"{share.id} {figure}", share.id]
    else:
        name = short_company(share.name)
        choices = [f"{share.name} {figure}", f"{name} {figure}", name]
    for choice in choices:
        if text_width(choice, 12) <= room:
            return [choice], 12.0
    if len(share.id) > 3 and share.id != "unknown":
        for choice in (f"{short_company(share.name)} {figure}", short_company(share.name)):
            lines = wrap(choice, room, 10.5)
            if not any(line.endswith("\u2026") or not line for line in lines):
                return lines, 10.5
    return [], 12.0


def short_company(name: str) -> str:
    """A company's name without brackets and legal words."""
    bare = re.sub(r"\s*\([^)]*\)?", "", name)
    cut = re.sub(
        r"(,? (Corporation|Corp\.?|Group|Holdings?|Company|Co\.?|Limited|Ltd\.?|Inc\.?|AG|AB|SE|plc|Industry))+$",
        "",
        bare,
    )
    return cut or name


def _draw_bracket(canvas: Canvas, share: Share, y: float) -> None:
    if not (fmt.is_known(share.low) and fmt.is_known(share.high)):
        return
    low, high = _at(share.low), _at(share.high)
    canvas.line(
        [low, high], [y, y], colour=INK, line=1.2, tip=f"5 to 95 %: {fmt.share_interval(share.low, share.high)}"
    )
    for x in (low, high):
        canvas.line([x, x], [y - 3, y + 3], colour=INK, line=1.2)
    canvas.dot(_at(share.share), y, 2.6, fill=INK, edge=PAPER, line=0.6)


def _lighter(colour: str) -> str:
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(part + (255 - part) * 0.45):02x}" for part in parts)
