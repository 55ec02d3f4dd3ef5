"""Research and integration: what each programme is worth, who may adopt it, and what planning together is worth.

Stands on the page where the plan's file holds programmes, or both worlds. Reads the file; recomputes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from .. import format as fmt
from ..figures.plan_worth import dollars
from ..plan_view import PlanView
from ..section import Block, Bullets, Cell, SectionContent, Table, Text, nothing_held

if TYPE_CHECKING:
    from ..context import BriefContext

CAUSES: Final = {
    "foresight": "seeing the prices of the years to come",
    "capital": "the planner's cost of capital instead of each owner's hurdle rate",
    "margin": "handing over at cost between stages",
    "research": "programmes open to all instead of partners only",
    "coordination": "deciding all stages at once",
}


def build(context: BriefContext) -> SectionContent:
    """The programmes in a table, then the two worlds and what is between them."""
    if context.plan is None:
        return nothing_held("plan")
    view = PlanView(chain=context.chain, held=context.plan)
    blocks: list[Block] = [*_programmes(view), *_worlds(view)]
    if not blocks:
        return nothing_held("research")
    return SectionContent(blocks=tuple(blocks))


def _programmes(view: PlanView) -> tuple[Block, ...]:
    table = view.table("research")
    if table.is_empty():
        return ()
    rows = tuple(_programme(view, row) for row in table.sort("worth_usd", descending=True).iter_rows(named=True))
    funded = int(table["is_funded"].sum())
    said = (
        f"{funded} of {table.height} programmes would be funded: a programme is worth its budget where the plan is "
        "cheaper with it, at its odds, than without."
    )
    note = "Worth: fall of the expected cost of the plan, budget included. Odds needed: for a worth of 0."
    columns = ("Programme", "Makes possible", "Budget", "Odds", "Odds needed", "Worth", "Who may adopt")
    return (
        Text(text=said),
        Table(caption="Research programmes", columns=columns, rows=rows, note=note, numeric=frozenset({2, 3, 4, 5})),
    )


def _programme(view: PlanView, row: Mapping[str, Any]) -> tuple[Cell, ...]:
    worth, even = row["worth_usd"], row["break_even_odds"]
    adopters = {"open": "anyone", "licence": "anyone, for a fee", "partners": "partners only"}[str(row["adoption"])]
    return (
        Cell(
            text=str(row["name"]),
            sources=tuple(str(row["source_id"]).split(";")),
            more="funded" if row["is_funded"] else "",
        ),
        Cell(text=fmt.capital(view.name(str(row["variant"])))),
        Cell(text=dollars(row["budget_usd"]), value=row["budget_usd"]),
        Cell(text=fmt.share(row["odds"]), value=row["odds"]),
        Cell(text="none would do" if even is None else fmt.share(even), value=even),
        Cell(text="not known" if worth is None else dollars(worth), value=worth),
        Cell(text=adopters),
    )


def _worlds(view: PlanView) -> tuple[Block, ...]:
    worlds = view.held.get("worlds")
    if not worlds:
        return ()
    worth = worlds["worth"]
    lead = (
        f"If one planner decided all stages instead of each owner alone, the chain would cost "
        f"{dollars(worth['total_usd'])} less to {view.last}, discounted, and {fmt.number(worth['unmet_t'])} t more of "
        "use would be served. Targets are off in both worlds; margins and hurdle rates move money between owners and "
        "count in neither."
    )
    parts = sorted(worth["split"].items(), key=lambda item: -abs(item[1]))
    items = tuple(Text(lead=f"{dollars(usd)}:", text=CAUSES.get(name, name)) for name, usd in parts)
    shares = worlds.get("umbrella", {}).get("shares", {})
    members = tuple(
        Text(lead=f"{view.short(name)}:", text=f"{dollars(usd)} of the gain") for name, usd in shares.items()
    )
    more: tuple[Block, ...] = (Text(text="Shares of the gain among blocs that plan together:"), Bullets(items=members))
    return (Text(text=lead), Bullets(items=items), *(more if members else ()))
