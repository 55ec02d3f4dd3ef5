"""Who has bought what: the offtake contracts that are public."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import format as fmt
from ..context import split_ids
from ..section import Cell, SectionContent, Table, Text, nothing_held

if TYPE_CHECKING:
    from ..context import BriefContext


def build(context: BriefContext) -> SectionContent:
    """The section."""
    offtakes = context.table("offtakes").sort("material_id", "seller_id", "offtake_id")
    if offtakes.is_empty():
        return nothing_held("offtake contract, so that every buyer is unknown")
    bound = [row for row in offtakes.to_dicts() if row["is_binding"]]
    count = fmt.counted(len(offtakes), "contract or announcement of one is", "contracts or announcements of them are")
    known = (
        f"{_of_them(len(bound), len(offtakes))} known to bind the parties"
        if len(offtakes) > 1
        else ("known to bind the parties" if bound else "not known to bind the parties")
    )
    text = f"{count} public, {known}. Most trade in this chain is not published."
    table = Table(
        caption="Every public contract",
        columns=("Seller", "Buyer", "Material", "Tonnes a year", "Term", "State of the deal", "Binding"),
        rows=tuple(_row(context, row) for row in offtakes.to_dicts()),
        numeric=frozenset({3}),
    )
    return SectionContent(blocks=(Text(text=text), table))


def _of_them(count: int, of: int) -> str:
    if not count:
        return "none of them"
    return "all of them" if count == of else f"{count} of them"


def _term(start: str | None, end: str | None) -> str:
    """The term of a contract; an open end is not printed as a date."""
    if start and end:
        return f"{start} to {end}"
    return f"from {start}" if start else f"until {end}" if end else fmt.MISSING


def _row(context: BriefContext, row: dict[str, Any]) -> tuple[Cell, ...]:
    binding = {True: "yes", False: "no", None: "not known"}[row["is_binding"]]
    return (
        Cell(text=context.name(row["seller_id"])),
        Cell(text=context.name(row["buyer_id"])),
        Cell(text=context.name(row["material_id"])),
        Cell(
            text=fmt.quantity(row["quantity_min"], row["quantity_max"], row["unit"]),
            value=row["quantity_min"],
            sources=split_ids(row["source_id"]),
        ),
        Cell(text=_term(row["start_date"], row["end_date"])),
        Cell(text=fmt.words(row["status"]), more=fmt.date(row["date"]) if row["date"] else ""),
        Cell(text=binding),
    )
