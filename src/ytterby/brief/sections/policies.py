"""Which acts hold material back, help supply or set targets, and when they were announced, in force, suspended."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from .. import format as fmt
from ..context import all_ids, split_ids
from ..figures.policy_timeline import HOLDS, Act, Spell, policy_timeline, state_on
from ..section import Cell, Figure, SectionContent, Table, nothing_held

if TYPE_CHECKING:
    from ..context import BriefContext

WINDOW_A = 9
_STATE = {
    "announced": "announced",
    "in_force": "in_force",
    "resumed": "in_force",
    "suspended": "suspended",
}


def build(context: BriefContext) -> SectionContent:
    """The section."""
    rows = context.table("policies").sort("imposed_by", "policy_id").to_dicts()
    acts = [act for row in rows if (act := _act(context, row)).spells]
    if not acts:
        return nothing_held("policy with a date")
    days = [day for act in acts for spell in act.spells for day in (spell.start, spell.end) if day]
    newest = max(spell.start for act in acts for spell in act.spells)
    last = dt.date(max(newest.year + 1, min(max(days).year, newest.year + 2)), 12, 31)
    first = dt.date(max(min(days).year, last.year - WINDOW_A), 1, 1)
    shown = [act for act in acts if _is_alive(act, first, last)]
    shown.sort(key=lambda act: (act.imposed_by, act.instrument not in HOLDS, act.spells[0].start, act.policy_id))
    by_weight = {act.imposed_by: sum(other.imposed_by == act.imposed_by for other in shown) for act in shown}
    shown.sort(key=lambda act: (-by_weight[act.imposed_by], act.imposed_by))
    figure = Figure(
        key="policies",
        title=policy_title(acts, context.day),
        subtitle=f"Acts by who imposes them, {first.year}\u2013{last.year}{_outside(acts, shown)}; solid: in force; "
        "hollow: announced, not yet in force; hatched: suspended; arrow: no end date; dashed line: "
        f"{_spoken(context.day)}, the day of the ladder; red holds material back, blue helps supply or sets a target, "
        "grey makes trade dearer or guards a rule",
        svg=policy_timeline(shown, first=first, last=last, day=context.day),
        alt="Timeline of the policies: announced, in force, suspended.",
        credit=context.credit(all_ids(row["source_id"] for row in rows)),
    )
    return SectionContent(blocks=(figure, _table(context, rows)))


def policy_title(acts: list[Act], day: dt.date) -> str:
    """How many acts that hold material back were in force on the day of the ladder, and what has come since."""
    holding = [act for act in acts if act.instrument in HOLDS]
    held = [act for act in holding if state_on(act, day) == "in_force"]
    later = [
        (spell.start, act.policy_id, act)
        for act in holding
        if act not in held
        for spell in act.spells
        if spell.state == "in_force" and spell.start > day
    ]
    then = f"On {_spoken(day)}, {fmt.counted(len(held), 'act')} that {'holds' if len(held) == 1 else 'hold'} "
    then = (
        f"{then}material back {'was' if len(held) == 1 else 'were'} in force"
        if held
        else (f"On {_spoken(day)}, no act that holds material back was in force")
    )
    if not later:
        return then
    start, _, newest = max(later, key=lambda found: found[:2])
    count = len({act.policy_id for _, _, act in later})
    verb = "starts" if count == 1 else "start"
    return f"{then}; {count}{' more' if held else ''} {verb} later, the last in {start:%B %Y} ({newest.imposed_by})"


def _spoken(day: dt.date) -> str:
    return f"{day.day} {day:%B %Y}"


def _outside(acts: list[Act], shown: list[Act]) -> str:
    """What the window leaves out."""
    hidden = [spell for act in acts if act not in shown for spell in act.spells]
    if not hidden:
        return ""
    first, last = min(spell.start for spell in hidden).year, max(spell.end or spell.start for spell in hidden).year
    years = f"{first}" if first == last else f"{first}\u2013{last}"
    return f" ({fmt.counted(len(acts) - len(shown), 'act')} of {years} outside these years only in the table)"


def _is_alive(act: Act, first: dt.date, last: dt.date) -> bool:
    return any((spell.end is None or spell.end > first) and spell.start < last for spell in act.spells)


def _day(text: str) -> dt.date:
    parts = [int(part) for part in text.split("-")]
    return dt.date(parts[0], parts[1] if len(parts) > 1 else 1, parts[2] if len(parts) > 2 else 1)


def spells_of(states: list[tuple[dt.date, str]]) -> tuple[Spell, ...]:
    """The spells of an act from its dated rows, in order.

    An act is in force only from a row in force or resumed; an amendment keeps the state that it amends, and a notice
    after the act came into force changes nothing.
    """
    found: list[tuple[dt.date, str | None]] = []
    for day, status in states:
        now = found[-1][1] if found else None
        if status == "amended" or (status == "announced" and now in ("in_force", "suspended")):
            continue
        if not found or _STATE.get(status) != now:
            found.append((day, _STATE.get(status)))
    ends = [*(day for day, _ in found), None][1:]
    return tuple(
        Spell(state=state, start=day, end=end)
        for (day, state), end in zip(found, ends, strict=True)
        if state and (end is None or end > day)
    )


def _act(context: BriefContext, row: dict[str, Any]) -> Act:
    table = context.table("policy_status")
    states = table.filter(table["policy_id"] == row["policy_id"]).sort("date", "status").to_dicts()
    spells = spells_of([(_day(state["date"]), state["status"]) for state in states])
    return Act(
        policy_id=row["policy_id"],
        name=row["name"],
        instrument=row["instrument"],
        imposed_by=context.name(row["imposed_by"]),
        against=row["against"] or "",
        spells=spells,
    )


def _table(context: BriefContext, rows: list[dict[str, Any]]) -> Table:
    status = context.table("policy_status").sort("date", "status")
    codes = context.table("policy_materials")
    out = []
    for row in rows:
        dates = status.filter(status["policy_id"] == row["policy_id"]).to_dicts()
        history = "; ".join(f"{fmt.words(state['status'])} {state['date']}" for state in dates)
        tariff = (
            codes.filter(codes["policy_id"] == row["policy_id"])["tariff_code"]
            .drop_nulls()
            .unique(maintain_order=True)
            .to_list()
        )
        against = [context.name(place) if place != "WORLD" else "all" for place in split_ids(row["against"])]
        level = fmt.quantity(row["value"], None, row["unit"]) if row["value"] is not None else ""
        out.append(
            (
                Cell(text=row["name"], more=level, sources=split_ids(row["source_id"])),
                Cell(text=fmt.words(row["instrument"])),
                Cell(text=context.name(row["imposed_by"])),
                Cell(text=", ".join(against) or "domestic"),
                Cell(text=history or fmt.MISSING),
                Cell(text=", ".join(tariff)),
            )
        )
    return Table(
        caption="Every act on record",
        columns=("Act", "Instrument", "Imposed by", "Against", "States", "National tariff codes"),
        rows=tuple(out),
    )
