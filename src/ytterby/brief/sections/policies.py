"""Which acts hold material back, help supply or set targets, and when they were in force."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from .. import format as fmt
from ..context import all_ids, split_ids
from ..figures.policy_timeline import HOLDS, Act, Spell, policy_timeline
from ..section import Cell, Figure, SectionContent, Table, nothing_held

if TYPE_CHECKING:
    from ..context import BriefContext

WINDOW_A = 9
_STATE = {
    "announced": "announced",
    "in_force": "in_force",
    "resumed": "in_force",
    "amended": "in_force",
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
    held = [
        act
        for act in shown
        if act.instrument in HOLDS and act.spells[-1].end is None and act.spells[-1].state == "in_force"
    ]
    figure = Figure(
        key="policies",
        title=_title(held),
        subtitle="Acts in force, by who imposes them; red holds material back, blue helps supply or sets a "
        "target, grey makes trade dearer or guards a rule; hatched: suspended; hollow: announced; "
        "arrow: no end date",
        svg=policy_timeline(shown, first=first, last=last),
        alt="Timeline of the policies in force.",
        credit=context.credit(all_ids(row["source_id"] for row in rows)),
    )
    return SectionContent(blocks=(figure, _table(context, rows)))


def _title(held: list[Act]) -> str:
    if not held:
        return "No open-ended act that holds material back is on record"
    newest = max(held, key=lambda act: (act.spells[0].start, act.policy_id))
    count = "One act holds" if len(held) == 1 else f"{len(held)} acts hold"
    return (
        f"{count} material back without an end date; the latest is of {newest.spells[0].start:%B %Y}, by "
        f"{newest.imposed_by}"
    )


def _is_alive(act: Act, first: dt.date, last: dt.date) -> bool:
    return any((spell.end is None or spell.end > first) and spell.start < last for spell in act.spells)


def _day(text: str) -> dt.date:
    parts = [int(part) for part in text.split("-")]
    return dt.date(parts[0], parts[1] if len(parts) > 1 else 1, parts[2] if len(parts) > 2 else 1)


def _act(context: BriefContext, row: dict[str, Any]) -> Act:
    table = context.table("policy_status")
    states = table.filter(table["policy_id"] == row["policy_id"]).sort("date", "status").to_dicts()
    began = next((at for at, state in enumerate(states) if state["status"] == "in_force"), len(states))
    states = [state for at, state in enumerate(states) if at < began or state["status"] != "announced"]
    spells = []
    for at, state in enumerate(states):
        kind = _STATE.get(state["status"])
        end = _day(states[at + 1]["date"]) if at + 1 < len(states) else None
        if kind and (end is None or end > _day(state["date"])):
            spells.append(Spell(state=kind, start=_day(state["date"]), end=end))
    return Act(
        policy_id=row["policy_id"],
        name=row["name"],
        instrument=row["instrument"],
        imposed_by=context.name(row["imposed_by"]),
        against=row["against"] or "",
        spells=tuple(spells),
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
