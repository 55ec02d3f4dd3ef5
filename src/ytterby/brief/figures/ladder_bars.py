"""The ladder as stacked bars: one bar a rung in chain order, by place or by controlling owner.

Segments are the shares of the rung (0..1) drawn to scale; the bracket under a bar is the interval of its largest share.
State-controlled owners are hatched, what is unknown is pale. Labels stand in the segments that have room for them; a
key of colours stands above. At the right: the total, the share of the reader's bloc with that of its members, the
basis. A package that names principal rungs has only these and use drawn, and the figure says so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from .. import format as fmt
from .canvas import Canvas, name_lines, shorten, text_width, wrap
from .palette import ACCENT, BLOC, INK, MUTED, OTHER, PAPER, RULE, SOFT, UNKNOWN, on_colour

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ytterby.ladder import Rung, Share

    from ..context import BriefContext

LEFT: Final = 186.0
RIGHT: Final = 864.0
TOP: Final = 64.0
ROW: Final = 54.0
NOTE: Final = 16.0
BAR: Final = 28.0
_PAD: Final = 3.5


def ladder_bars(context: BriefContext, *, claim: str) -> str:
    """The bars of one claim, `place` or `owner`."""
    rungs = shown_rungs(context)
    notes = [note for note in (chosen(context), state_block(context) if claim == "owner" else "") if note]
    bottom = TOP + ROW * len(rungs) + 6
    canvas = Canvas(f"ladder-{claim}", bottom + NOTE * len(notes) + (6 if notes else 0))
    _draw_key(canvas, context, rungs, claim)
    _draw_scale(canvas, bottom)
    for row, rung in enumerate(rungs):
        _draw_rung(canvas, context, rung, TOP + ROW * row, claim)
    for at, note in enumerate(notes):
        canvas.text(0, bottom + 6 + NOTE * at, shorten(note, canvas.width, 11.5), size=11.5, colour=SOFT, tip=note)
    return canvas.svg(f"Stacked bars: shares of each rung by {claim}")


def shown_rungs(context: BriefContext) -> tuple[Rung, ...]:
    """The rungs that figures draw: the principal ones and use where the package names principal ones, else all."""
    principal = context.principal
    return tuple(rung for rung in context.result.rungs if rung in principal or rung.stage == "use")


def chosen(context: BriefContext) -> str:
    """A note where not every rung is drawn."""
    shown, every = len(shown_rungs(context)), len(context.result.rungs)
    if shown == every:
        return ""
    return f"Drawn: {shown} of {every} rungs, the principal ones and use; all stand in the tables."


def bloc_share(context: BriefContext, rung: Rung, claim: str) -> float:
    """What the bloc and its members have of a rung; of owners, those that sit there."""
    ours = context.members | {context.bloc}
    return sum(
        share.share
        for share in shares_of(rung, claim)
        if share.id != "unknown" and _seat(context, share, claim) in ours
    )


def state_block(context: BriefContext) -> str:
    """The largest known holding of one state's companies on a rung of supply, where it exceeds every single owner."""
    found = []
    for rung in context.supply:
        known = [share for share in rung.by_owner if share.id != "unknown"]
        for state in sorted({share.state for share in known if share.state}):
            held = sum(share.share for share in known if share.state == state)
            largest = max(known, key=lambda share: share.share)
            if held > largest.share + 5e-4:
                found.append((held, state, rung, largest))
    if not found:
        return ""
    held, state, rung, largest = max(found, key=lambda block: block[:2])
    return (
        f"Companies controlled by the state of {context.name(state)} together hold {fmt.share(held)} of "
        f"{fmt.lower(context.short(rung))}, more than any single owner ({short_company(largest.name)}, "
        f"{fmt.share(largest.share)})."
    )


def _seat(context: BriefContext, share: Share, claim: str) -> str | None:
    return share.id if claim == "place" else share.state or context.seats.get(share.id)


def _draw_key(canvas: Canvas, context: BriefContext, rungs: Sequence[Rung], claim: str) -> None:
    ours = f"places of {context.bloc_name}" if len(context.members) > 1 else context.bloc_name
    seen = {_seat(context, share, claim) for rung in rungs for share in shares_of(rung, claim)}
    items = [(colour, context.name(place)) for place, colour in context.palette.by_place.items() if place in seen]
    places = [item for item in items if item[0] in (ACCENT, *MUTED)]
    places.sort(key=lambda item: (ACCENT, *MUTED).index(item[0]))
    leader = [item for item in places if item[0] == ACCENT]
    x = 0.0
    for colour, word in (*leader, (BLOC, ours), *places[len(leader) :], (OTHER, "others"), (UNKNOWN, "not known")):
        canvas.rect(x, 5, 12, 12, fill=colour)
        canvas.text(x + 17, 11, word, size=11.5)
        x += text_width(word, 11.5) + 33
    if claim == "owner" and any(share.state for rung in rungs for share in rung.by_owner):
        canvas.rect(x, 5, 12, 12, fill=ACCENT, hatch="//", hatch_colour=_lighter(ACCENT))
        canvas.text(x + 17, 11, "hatched: held by a state", size=11.5)


def shares_of(rung: Rung, claim: str) -> Sequence[Share]:
    """The shares of a rung under one claim."""
    shares: Sequence[Share] = rung.by_place if claim == "place" else rung.by_owner
    return shares


def _at(share: float) -> float:
    return LEFT + (RIGHT - LEFT) * min(max(share, 0.0), 1.0)


def _draw_scale(canvas: Canvas, bottom: float) -> None:
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = _at(share)
        canvas.line([x, x], [TOP - 8, bottom - 4], colour=RULE, line=0.8)
        canvas.text(x, TOP - 17, fmt.share(share), size=11.5, colour=SOFT, align="center")


def _draw_rung(canvas: Canvas, context: BriefContext, rung: Rung, y: float, claim: str) -> None:
    middle = y + BAR / 2
    lines, size, step = name_lines(fmt.capital(context.short(rung)), LEFT - 14)
    top = middle - step / 2 * (len(lines) - 1) - 7
    for at, line in enumerate(lines):
        canvas.text(0, top + step * at, line, size=size, bold=True)
    canvas.text(0, top + step * len(lines), rung.stage, size=11, colour=SOFT)
    canvas.text(RIGHT + 10, middle - 15, fmt.tonnes(rung.total_t), size=12)
    ours = bloc_share(context, rung, claim)
    figure = fmt.share(ours) if ours > 0 or shares_of(rung, claim)[-1].id != "unknown" else fmt.MISSING
    bloc = f"{shorten(context.bloc, 44, 11.5)} {figure}"
    canvas.text(RIGHT + 10, middle, bloc, size=11.5, colour=BLOC, bold=True)
    canvas.text(RIGHT + 10, middle + 15, shorten(rung.basis, canvas.width - RIGHT - 10, 11), size=11, colour=SOFT)
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
    seat = _seat(context, share, claim)
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
    lines, size = _label(share, width, is_place=claim == "place")
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


def _label(share: Share, width: float, *, is_place: bool) -> tuple[list[str], float]:
    """The lines that fit into a segment, and their size; none where nothing fits."""
    room = width - 2 * _PAD
    figure = fmt.share(share.share)
    if share.id == "unknown":
        choices = [f"not known {figure}", "not known", figure]
    elif is_place:
        choices = [f"{share.name} {figure}", share.name]
    else:
        name = short_company(share.name)
        choices = [f"{share.name} {figure}", f"{name} {figure}", name]
    for choice in choices:
        if text_width(choice, 12) <= room:
            return [choice], 12.0
    if share.id != "unknown":
        name = share.name if is_place else short_company(share.name)
        for choice in (f"{name} {figure}", name):
            lines = wrap(choice, room, 10.5)
            if not any(line.endswith("\u2026") or not line for line in lines):
                return lines, 10.5
    if is_place:
        for choice in (f"{share.id} {figure}", share.id):
            if text_width(choice, 11) <= room:
                return [choice], 11.0
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
