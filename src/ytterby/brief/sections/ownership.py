"""Who stands behind the largest controller, and what it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import format as fmt
from ..context import SUPPLY, all_ids, union_ids
from ..controllers import UNCLEAR, controllers
from ..figures.ownership_tree import (
    MINOR,
    RULE_TEXT,
    control_tree,
    current_statements,
    has_minor,
    has_other,
    ownership_tree,
    shown_subjects,
)
from ..section import Cell, Figure, SectionContent, Table, nothing_held

if TYPE_CHECKING:
    from ..context import BriefContext
    from ..controllers import Controller
    from ..figures.ownership_tree import Node


def build(context: BriefContext) -> SectionContent:
    """The section."""
    root, controller = _largest(context)
    if root is None or controller is None:
        return nothing_held("ownership statement that leads from a controller to a site")
    subjects = shown_subjects(root)
    statements = [
        row for row in current_statements(context) if row["owner_id"] in subjects and row["owned_id"] in subjects
    ]
    unknown = sum(row["share"] is None for row in statements)
    part = f"; {unknown} of the {len(statements)} links have no published share" if unknown else ""
    minor = "; grey names: held, but another holder leads" if has_other(root) else ""
    minor += f"; {MINOR}: less than half, {RULE_TEXT}" if has_minor(root) else ""
    share_text = (
        f"{controller.name} has {fmt.share(controller.share)} of {fmt.lower(context.short(controller.rung))}, the "
        "largest known share of one owner"
    )
    figure = Figure(
        key="ownership",
        title=f"{share_text}{part}",
        subtitle=f"{_why(context, controller)}. Holders to the left, sites to the right; figures: share held at "
        f"mid-{context.result.year}; broken line: share not published{minor}",
        svg=ownership_tree(context, root),
        alt=f"Ownership tree. {share_text}.",
        credit=context.credit(all_ids(row["source_id"] for row in statements)),
    )
    return SectionContent(blocks=(figure, _table(context, statements)))


def _largest(context: BriefContext) -> tuple[Node | None, Controller | None]:
    """The tree of the controller that the page follows; the next one's where no statement leads from it to a site."""
    for rungs in (context.leading, context.principal):
        for controller in controllers(context.result, rungs=rungs):
            root = control_tree(context, controller.id)
            if root is not None:
                return root, controller
    return None, None


def _why(context: BriefContext, controller: Controller) -> str:
    """Why this owner: the rule in words, and the block of its state where there is more of it."""
    rung = fmt.lower(context.short(controller.rung))
    is_clear = controller.rung.stage in SUPPLY and controller.unknown < UNCLEAR
    rule = (
        f"a rung of supply of which under {fmt.share(UNCLEAR)} has no known owner"
        if is_clear
        else f"any rung, since on no rung of supply is under {fmt.share(UNCLEAR)} without a known owner"
    )
    why = f"Chosen for the largest known share of {rule}: {fmt.share(controller.share)} of {rung}"
    if controller.unknown > 0:
        why += f", where {fmt.share(controller.unknown)} is not known"
    if controller.state and controller.state_share > controller.share + 5e-4:
        state = context.name(controller.state)
        why += f"; all companies of the state of {state} together: {fmt.share(controller.state_share)}"
    return why


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
