"""When each act was in force: one bar an act, hatched while suspended, hollow while only announced.

An act is in force from the date of a row that says so (in force, resumed), not before: until then it is drawn hollow. A
dashed line marks the day of the ladder. Bars are grouped by who imposes the act; colour tells what it does: it holds
material back (accent), it supports supply or sets a target (blue), it makes trade dearer or guards a rule (grey). An
arrow marks an act without an end date. The names of acts are wrapped, not cut.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .. import format as fmt
from .canvas import Canvas, text_width, wrap
from .palette import ACCENT, BLOC, INK, PAPER, RULE, SOFT

if TYPE_CHECKING:
    from collections.abc import Sequence

HOLDS: Final = frozenset({"licence", "ban", "quota", "technology_ban"})
HELPS: Final = frozenset({"subsidy", "stockpile", "target", "price_floor"})
LEFT: Final = 388.0
RIGHT: Final = 946.0
TOP: Final = 30.0
ROW: Final = 9.0  # above the height of its lines
LINE: Final = 13.0
GROUP: Final = 26.0
_DRAWN: Final = {"announced", "in_force", "suspended"}


@dataclass(frozen=True, kw_only=True)
class Spell:
    """One state of an act over a span of days; an open end lasts."""

    state: str
    start: dt.date
    end: dt.date | None


@dataclass(frozen=True, kw_only=True)
class Act:
    """One act with its spells."""

    policy_id: str
    name: str
    instrument: str
    imposed_by: str
    against: str
    spells: tuple[Spell, ...]


def colour_of(instrument: str) -> str:
    """The colour of an instrument."""
    if instrument in HOLDS:
        return ACCENT
    return BLOC if instrument in HELPS else "#7d7c78"


def state_on(act: Act, day: dt.date) -> str | None:
    """The state of an act on a day; None where it was not alive."""
    return next((s.state for s in act.spells if s.start <= day and (s.end is None or day < s.end)), None)


def policy_timeline(acts: Sequence[Act], *, first: dt.date, last: dt.date, day: dt.date) -> str:
    """The timeline of acts that were alive between two days, with the day of the ladder."""
    groups: dict[str, list[Act]] = {}
    for act in acts:
        groups.setdefault(act.imposed_by, []).append(act)
    height = TOP + GROUP * len(groups) + sum(_height(act) for act in acts) + 8
    canvas = Canvas("policies", height)
    _draw_years(canvas, first, last)
    y = TOP
    for imposer, group in groups.items():
        canvas.text(0, y + GROUP / 2 + 2, fmt.capital(imposer), size=12.5, bold=True)
        y += GROUP
        for act in group:
            _draw_act(canvas, act, y + _height(act) / 2, first, last)
            y += _height(act)
    if first <= day <= last:
        x = _at(day, first, last)
        canvas.line([x, x], [TOP - 8, height - 2], colour=INK, line=1.0, dashed=True, tip=f"Day of the ladder: {day}")
    return canvas.svg("Timeline of policies")


def _at(day: dt.date, first: dt.date, last: dt.date) -> float:
    span = (last - first).days
    return LEFT + (RIGHT - LEFT) * min(max((day - first).days / span, 0.0), 1.0)


def _draw_years(canvas: Canvas, first: dt.date, last: dt.date) -> None:
    years = range(first.year, last.year + 1)
    step = 1 if len(years) <= 13 else 2
    for year in years:
        x = _at(dt.date(year, 1, 1), first, last)
        canvas.line([x, x], [TOP - 8, canvas.height - 2], colour=RULE, line=0.8)
        following = _at(dt.date(year + 1, 1, 1), first, last)
        if (year - first.year) % step == 0 and following - x > 18:
            canvas.text((x + following) / 2, 10, str(year), size=11.5, colour=SOFT, align="center")


def _draw_act(canvas: Canvas, act: Act, y: float, first: dt.date, last: dt.date) -> None:
    colour = colour_of(act.instrument)
    word = fmt.capital(fmt.words(act.instrument))
    lines = _lines(act)
    top = y - LINE * (len(lines) - 1) / 2
    canvas.text(0, top, word, size=11.5, colour=colour)
    for at, line in enumerate(lines):
        canvas.text(_indent(act), top + LINE * at, line, size=11.5, tip=act.name)
    for spell in act.spells:
        _draw_spell(canvas, act, spell, y, first, last)


def _indent(act: Act) -> float:
    return text_width(fmt.capital(fmt.words(act.instrument)), 11.5) + 8


def _lines(act: Act) -> list[str]:
    return wrap(act.name, LEFT - _indent(act) - 14, 11.5, lines=3)


def _height(act: Act) -> float:
    return ROW + LINE * len(_lines(act))


def _draw_spell(canvas: Canvas, act: Act, spell: Spell, y: float, first: dt.date, last: dt.date) -> None:
    if spell.state not in _DRAWN or (spell.end and spell.end <= first) or spell.start >= last:
        return
    colour = colour_of(act.instrument)
    left, right = _at(spell.start, first, last), _at(spell.end or last, first, last)
    width = max(right - left, 3.0)
    until = spell.end.isoformat() if spell.end else "no end date"
    tip = f"{act.name}: {fmt.words(spell.state)} from {spell.start.isoformat()}, {until}"
    if spell.state == "announced":
        canvas.rect(left, y - 6, width, 12, fill=PAPER, edge=colour, tip=tip)
    elif spell.state == "suspended":
        canvas.rect(left, y - 6, width, 12, fill=colour, hatch="///", hatch_colour="#f3dcda", tip=tip)
    else:
        canvas.rect(left, y - 6, width, 12, fill=colour, tip=tip)
    if spell.end is None:
        _draw_arrow(canvas, RIGHT, y, colour, fill=PAPER if spell.state == "announced" else colour)
    if spell.start < first:
        canvas.text(
            LEFT + 5, y, f"since {spell.start.year}", size=10.5, colour=PAPER if spell.state == "in_force" else INK
        )


def _draw_arrow(canvas: Canvas, x: float, y: float, colour: str, *, fill: str) -> None:
    from matplotlib.path import Path

    canvas.shape(Path([(x, y - 6), (x + 8, y), (x, y + 6), (x, y - 6)], closed=True), fill=fill, edge=colour)
