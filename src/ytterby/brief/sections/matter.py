"""The chain in contained tonnes: what flows from rung to rung, and what is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import format as fmt
from ..context import all_ids, union_ids
from ..figures.ladder_bars import shown_rungs
from ..figures.sankey import sankey
from ..flows import Flows, chain_flows
from ..section import Block, Cell, Figure, SectionContent, Table, Text, nothing_held

if TYPE_CHECKING:
    from ..context import BriefContext

OPEN_BALANCE = 0.1  # part of a total by which later steps may exceed it before the title says so


def build(context: BriefContext) -> SectionContent:
    """The section."""
    found = chain_flows(context)
    shown = {rung.material for rung in shown_rungs(context)}
    hidden = frozenset(rung.material for rung in context.result.rungs) - shown
    drawn = found.only(hidden)
    part = "; the principal rungs only" if hidden else ""
    cut = any(flow.source in hidden and flow.target not in hidden for flow in found.flows)
    unfed = "; feeds and losses from rungs that are not drawn are left out" if cut else ""
    if not drawn.flows:
        return nothing_held(
            "recipe that joins two rungs of the ladder, so that the chain cannot be drawn in contained tonnes"
        )
    sources = union_ids(context.table("recipes").sort("process_id", "material_id")["source_id"])
    figure = Figure(
        key="sankey",
        title=flow_title(context, drawn),
        subtitle=f"Tonnes of contained {context.basis} a year, {context.result.year}{part}; ribbons: recipes times "
        "rung totals; green: scrap, given first to the steps that take it; dark foot: lost on the way; white part of "
        "a bar: needed downstream but not in the ladder's total; white bar: no rung of the ladder"
        f"{unfed}",
        svg=sankey(context, drawn),
        alt="Sankey diagram of the chain in contained tonnes, with losses.",
        credit=context.credit(all_ids(context.table("recipes")["source_id"])),
    )
    blocks: list[Block] = [figure]
    gaps = _gaps(context, drawn)
    if gaps is not None:
        blocks.append(gaps)
    blocks.append(Text(text="Recipes:", sources=sources, is_full=True, is_small=True))
    return SectionContent(blocks=tuple(blocks))


def flow_title(context: BriefContext, drawn: Flows) -> str:
    """The largest gap between two totals, else the largest loss."""
    gaps = [(drawn.used_t(name) - made, name) for name, made in drawn.made_t.items()]
    gap, short_of = max(gaps, default=(0.0, ""))
    if short_of and gap > drawn.made_t[short_of] * OPEN_BALANCE:
        needed, made = fmt.tonnes(drawn.used_t(short_of)), fmt.tonnes(drawn.made_t[short_of])
        material = fmt.lower(context.short(short_of))
        used = sum(flow.quantity_t for flow in drawn.flows if flow.is_scrap)
        after = f" after {fmt.tonnes(used)} from scrap" if used else ""
        return (
            f"The totals do not close: later steps need {needed} of {context.basis} as {material}{after}, {made} are "
            "on record"
        )
    if not drawn.losses:
        return "No recipe states a loss"
    largest = max(drawn.losses, key=lambda loss: (loss.quantity_t, loss.target))
    return (
        f"The largest loss comes before {fmt.lower(context.short(largest.target))}: "
        f"{fmt.tonnes(largest.quantity_t)} of contained {context.basis} a year"
    )


def _gaps(context: BriefContext, drawn: Flows) -> Table | None:
    rows = []
    for material, made in drawn.made_t.items():
        used = drawn.used_t(material)
        if used > 0:
            rows.append(
                (
                    Cell(text=context.name(material)),
                    Cell(text=fmt.tonnes(made), value=made),
                    Cell(text=fmt.tonnes(used), value=used),
                )
            )
    if not rows:
        return None
    return Table(
        caption=f"Made and needed, tonnes of contained {context.basis} a year",
        columns=("Material", "Made, by the ladder", "Needed, by the recipes"),
        rows=tuple(rows),
        numeric=frozenset({1, 2}),
        note="What is made and not needed goes to other uses, to stock or to waste; what is needed and "
        "not made says that the two totals cannot both be right.",
    )
