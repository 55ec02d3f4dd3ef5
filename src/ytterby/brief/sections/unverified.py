"""What is not verified: assumed figures, figures on state-affiliated sources alone, sources that disagree.

The counts stand in the main part, the rows in the annex.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import format as fmt
from ..context import split_ids, union_ids
from ..section import Block, Cell, SectionContent, Table, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..context import BriefContext

LISTED = 30
_TABLES = (
    "stage_output",
    "facility_output",
    "ownership",
    "offtakes",
    "demand",
    "trade",
    "policies",
    "projects",
    "companies",
    "prices",
    "process_parameters",
    "compositions",
    "recipes",
)


def build(context: BriefContext) -> SectionContent:
    """The section."""
    assumed = [(table, row) for table, row in _rows(context) if row["confidence"] == "assumed"]
    classes = context.classes
    alone = [(table, row) for table, row in _rows(context) if _only_state(row, classes)]
    blocks: list[Block] = [Text(lead="Note.", text=note) for note in context.result.notes]
    blocks += [
        Text(
            lead="Assumed.",
            text=f"{fmt.counted(len(assumed), 'row is', 'rows are')} assumed: no source states the figure, and a note "
            "gives the reasoning."
            if assumed
            else "No row is assumed.",
        )
    ]
    if assumed:
        blocks.append(_listing(context, assumed, "Assumed rows"))
    blocks.append(
        Text(
            lead="State-affiliated alone.",
            text=f"{fmt.counted(len(alone), 'row rests', 'rows rest')} on state-affiliated sources alone, of "
            "whichever state, for want of an independent one."
            if alone
            else "No row rests on state-affiliated sources alone.",
        )
    )
    if alone:
        blocks.append(_listing(context, alone, "Rows on state-affiliated sources alone"))
    blocks += _conflicts(context)
    return SectionContent(blocks=tuple(blocks))


def _rows(context: BriefContext) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows that bear on this chain, in a fixed order: of the shared tables only holders of its sites."""
    from ytterby.chain.schema import key_columns

    near = context.holders
    for table in _TABLES:
        for row in context.table(table).sort(*key_columns(table), "source_id", nulls_last=True).to_dicts():
            subject = row.get("owned_id") if table == "ownership" else row.get("company_id")
            if table not in ("ownership", "companies") or subject in near:
                yield table, row


def _only_state(row: dict[str, Any], classes: dict[str, str]) -> bool:
    held = [classes.get(source) for source in split_ids(row["source_id"])]
    return bool(held) and all(name == "state_affiliated" for name in held)


def _listing(context: BriefContext, found: list[tuple[str, dict[str, Any]]], caption: str) -> Table:
    rows = tuple(
        (
            Cell(text=fmt.words(table)),
            Cell(text=_label(context, table, row), sources=split_ids(row["source_id"])),
            Cell(text=row.get("note") or ""),
        )
        for table, row in found[:LISTED]
    )
    rest = len(found) - LISTED
    return Table(
        caption=f"{caption}, the first of {len(found):,}" if rest > 0 else caption,
        columns=("Table", "Row", "Note"),
        rows=rows,
        note=f"{rest:,} more in the package; the command ytterby sources {context.result.metal} lists them."
        if rest > 0
        else "",
        is_folded=True,
    )


def _label(context: BriefContext, table: str, row: dict[str, Any]) -> str:
    from ytterby.chain.schema import key_columns

    if table == "ownership":
        return f"{context.name(row['owner_id'])} in {context.name(row['owned_id'])}"
    if table == "offtakes":
        return f"{context.name(row['seller_id'])} to {context.name(row['buyer_id'])}"
    if "name" in row:
        return str(row["name"])
    parts = [row[column] for column in key_columns(table) if row[column] is not None]
    spoken = ["world total" if part == "WORLD" else context.names.get(str(part)) or _plain(part) for part in parts]
    return ", ".join(spoken)


def _plain(part: object) -> str:
    """A key without a name: enum values as words."""
    return fmt.words(part) if isinstance(part, str) else str(part)


def _conflicts(context: BriefContext) -> list[Block]:
    sets: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for table, row in _rows(context):
        if row.get("conflict_id"):
            sets.setdefault(row["conflict_id"], []).append((table, row))
    rules = [
        row for row in context.table("conflicts").sort("table", "conflict_id").to_dicts() if row["conflict_id"] in sets
    ]
    if not rules:
        return [Text(lead="Sources that disagree.", text="No two sources in the package disagree on a figure.")]
    listing = Table(
        caption="Sources that disagree",
        columns=("Figure", "What they say", "Taken", "Rule", "Why, and what would settle it"),
        rows=tuple(_conflict(context, rule, sets[rule["conflict_id"]]) for rule in rules),
        note="All figures of a set are kept; the point takes the one named, the interval covers them all.",
        is_folded=True,
    )
    text = f"In {fmt.counted(len(rules), 'case')} two sources or more disagree on a figure; none is averaged away."
    return [Text(lead="Sources that disagree.", text=text), listing]


def _conflict(context: BriefContext, rule: dict[str, Any], rows: list[tuple[str, dict[str, Any]]]) -> tuple[Cell, ...]:
    publisher = (context.sources.get(rule["default_source_id"]) or {}).get("publisher") or rule["default_source_id"]
    stated = [_stated(row) for _, row in rows]
    return (
        Cell(text=_label(context, *rows[0])),
        Cell(text="; ".join(dict.fromkeys(stated)), sources=union_ids(row["source_id"] for _, row in rows)),
        Cell(text=publisher, sources=(rule["default_source_id"],)),
        Cell(text=fmt.words(rule["rule"])),
        Cell(text=rule["reason"]),
    )


def _stated(row: dict[str, Any]) -> str:
    """What a row states: its figure or its bounds, with the unit."""
    unit = row.get("unit") if row.get("unit") != "1" else None
    for value, low, high in (("quantity", "quantity_low", "quantity_high"), ("value", "value_low", "value_high")):
        if fmt.is_known(row.get(value)):
            return fmt.quantity(row[value], None, unit)
        if fmt.is_known(row.get(low)) or fmt.is_known(row.get(high)):
            return fmt.bounds(row.get(low), row.get(high), unit)
    return fmt.share(row["share"]) if fmt.is_known(row.get("share")) else fmt.MISSING
