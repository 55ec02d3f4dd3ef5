"""Who stands behind the largest controller, and what it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import format as fmt
from ..context import all_ids, union_ids
from ..figures.ownership_tree import control_tree, current_statements, ownership_tree, shown_subjects
from ..section import Cell, Figure, SectionContent, Table, nothing_held
from .highlights import first_named

if TYPE_CHECKING:
    from ..context import BriefContext
    from ..figures.ownership_tree import Node


def build(context: BriefContext) -> SectionContent:
    """The section."""
    root, share_text = _largest(context)
    if root is None:
        return nothing_held("ownership statement that leads from a controller to a site")
    subjects = shown_subjects(root)
    statements = [
        row for row in current_statements(context) if row["owner_id"] in subjects and row["owned_id"] in subjects
    ]
    unknown = sum(row["share"] is None for row in statements)
    part = f"; {unknown} of the {len(statements)} links have no published share" if unknown else ""
    figure = Figure(
        key="ownership",
        title=f"{share_text}{part}",
        subtitle=f"Holders to the left, sites to the right; figures: share held at mid-{context.result.year}; "
        "broken line: share not published",
        svg=ownership_tree(context, root),
        alt=f"Ownership tree. {share_text}.",
        credit=context.credit(all_ids(row["source_id"] for row in statements)),
    )
    return SectionContent(blocks=(figure, _table(context, statements)))


def _largest(context: BriefContext) -> tuple[Node | None, str]:
    best: dict[str, tuple[float, str]] = {}
    for rung in context.result.rungs:
        for share in rung.by_owner:
            if share.id != "unknown" and share.share > best.get(share.id, (0.0, ""))[0]:
                text = f"{share.name} controls {fmt.share(share.share)} of {fmt.lower(context.short(rung))}"
                best[share.id] = (share.share, text)
    top = [owner.id for rung in context.result.rungs if (owner := first_named(rung.by_owner))]
    for holder in sorted(best, key=lambda holder: (-top.count(holder), -best[holder][0], holder)):
        root = control_tree(context, holder)
        if root is not None:
            return root, best[holder][1]
    return None, ""


def _table(context: BriefContext, statements: list[dict[str, object]]) -> Table:
    rows = []
    for row in statements:
        share = row["share"]
        known = share if isinstance(share, float) else None
        source = row["source_id"]
        rows.append(
            (
                Cell(text=context.name(str(row["owner_id"]))),
                Cell(text=context.name(str(row["owned_id"]))),
                Cell(
                    text=fmt.share(known) if known is not None else "not known",
                    value=known,
                    sources=union_ids([str(source)]),
                ),
                Cell(text=fmt.words(str(row["interest"] or "equity"))),
                Cell(text=fmt.date(row["date_from"] if isinstance(row["date_from"], str) else None)),
                Cell(text=str(row["confidence"] or "")),
            )
        )
    return Table(
        caption="The statements behind the tree",
        columns=("Holder", "Held", "Share", "Interest", "Since", "Confidence"),
        rows=tuple(rows),
        numeric=frozenset({2}),
    )
