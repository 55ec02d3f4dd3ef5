"""What is not verified: assumed figures, figures on state-affiliated sources alone, sources that disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import format as fmt
from ..context import split_ids
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
    "recipes",
    "compositions",
    "demand",
    "trade",
    "policies",
    "projects",
    "companies",
    "prices",
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
            text=f"{len(assumed)} rows are assumed: no source states them, and the note gives the reasoning."
            if assumed
            else "No row is assumed.",
        )
    ]
    if assumed:
        blocks.append(_listing(context, assumed, "Assumed rows"))
    blocks.append(
        Text(
            lead="State-affiliated alone.",
            text=f"{len(alone)} rows rest on state-affiliated sources alone, of whichever state, and want "
            "independent confirmation."
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
        caption=caption,
        columns=("Table", "Row", "Note"),
        rows=rows,
        note=f"{rest} more in the package; `ytterby sources {context.result.metal}` lists them." if rest > 0 else "",
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
    return ", ".join(context.name(part) if isinstance(part, str) else str(part) for part in parts)


def _conflicts(context: BriefContext) -> list[Block]:
    rows = context.table("conflicts").sort("table", "conflict_id").to_dicts()
    used = {row["conflict_id"] for _, row in _rows(context) if row.get("conflict_id")}
    rows = [row for row in rows if row["conflict_id"] in used]
    if not rows:
        return [Text(lead="Sources that disagree.", text="No two sources in the package disagree on a figure.")]
    table = Table(
        caption="Sources that disagree",
        columns=("Figure", "Taken", "Rule", "Why, and what would settle it"),
        rows=tuple(
            (
                Cell(text=fmt.words(row["conflict_id"]).replace("-", " ")),
                Cell(
                    text=(context.sources.get(row["default_source_id"]) or {}).get("publisher")
                    or row["default_source_id"],
                    sources=(row["default_source_id"],),
                ),
                Cell(text=fmt.words(row["rule"])),
                Cell(text=row["reason"]),
            )
            for row in rows
        ),
        note="All figures of a set are kept; the point takes the one named, the interval covers them all.",
    )
    text = f"In {len(rows)} cases two sources or more disagree on a figure; none is averaged away."
    return [Text(lead="Sources that disagree.", text=text), table]
