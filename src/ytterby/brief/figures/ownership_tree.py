"""Who stands above and below one controller: a tree from left to right, every link with its share.

Holders stand to the left, what is held to the right, down to the sites of this metal. A share that no document states
is drawn broken and marked. A holding that closes a circle is drawn once. Branches that reach no site are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from .. import format as fmt
from .canvas import Canvas, shorten, text_width
from .palette import ACCENT, INK, RULE, SOFT

if TYPE_CHECKING:
    from ..context import BriefContext

ROW: Final = 25.0
TOP: Final = 14.0
MOST: Final = 12
LINK: Final = 74.0


@dataclass
class Node:
    """A holder or a site with the link that leads to it."""

    subject: str
    label: str
    share: str = ""
    is_known: bool = True
    tip: str = ""
    is_site: bool = False
    children: list[Node] = field(default_factory=list)
    depth: int = 0
    y: float = 0.0


def current_statements(context: BriefContext) -> list[dict[str, Any]]:
    """Statements in force at mid-year of the ladder, for this metal."""
    from ytterby.chain.ownership import statements_on

    frame, _ = statements_on(context.chain, context.day)
    return frame.sort("owner_id", "owned_id", "statement_id").to_dicts()


def control_tree(context: BriefContext, controller: str) -> Node | None:
    """The tree of one controller; None where it holds no site that the package knows."""
    statements = current_statements(context)
    held: dict[str, list[dict[str, Any]]] = {}
    holders: dict[str, list[dict[str, Any]]] = {}
    for row in statements:
        held.setdefault(row["owner_id"], []).append(row)
        holders.setdefault(row["owned_id"], []).append(row)
    sites = set(context.table("facilities")["facility_id"].to_list())
    root = Node(controller, context.name(controller))
    _grow(root, held, sites, context, {controller})
    if not root.children:
        return None
    above = [row for row in holders.get(controller, []) if row["owner_id"] != controller]
    if above:
        top = _node(above[0], "owner_id", context, sites)
        head = Node(top.subject, top.label, children=[root])
        root.share, root.is_known, root.tip = _link(above[0], context)
        return head
    return root


def _grow(node: Node, held: dict[str, list[dict[str, Any]]], sites: set[str], context: BriefContext, seen: set[str]) -> None:
    for row in held.get(node.subject, []):
        child = row["owned_id"]
        if child in seen:
            continue
        seen.add(child)
        branch = _node(row, "owned_id", context, sites)
        _grow(branch, held, sites, context, seen)
        if branch.children or branch.is_site:
            node.children.append(branch)
    node.children.sort(key=lambda branch: (branch.is_site, branch.label))
    if len(node.children) > MOST:
        rest = len(node.children) - MOST + 1
        node.children = [*node.children[: MOST - 1], Node("", f"and {rest} more")]


def _node(row: dict[str, Any], end: str, context: BriefContext, sites: set[str]) -> Node:
    share, is_known, tip = _link(row, context)
    subject = row[end]
    return Node(subject, context.name(subject), share=share, is_known=is_known, tip=tip, is_site=subject in sites)


def _link(row: dict[str, Any], context: BriefContext) -> tuple[str, bool, str]:
    kind = row["interest"] or "equity"
    names = f"{context.name(row['owner_id'])} in {context.name(row['owned_id'])}"
    if row["share"] is not None:
        text = fmt.share(row["share"])
    elif row["share_low"] is not None and row["share_high"] is not None:
        text = fmt.share_interval(row["share_low"], row["share_high"])
    else:
        return (f"{fmt.words(kind)}" if kind != "equity" else "share?"), False, f"{names}: {fmt.words(kind)}, share not known"
    return text, True, f"{names}: {text}, {fmt.words(kind)}"


def ownership_tree(context: BriefContext, root: Node) -> str:
    """The drawing of a tree."""
    leaves = _place(root, 0, 0)
    depth = _deepest(root)
    canvas = Canvas("ownership", TOP * 2 + ROW * leaves)
    column = canvas.width / (depth + 1)
    _draw(canvas, root, column)
    return canvas.svg(f"Ownership tree of {root.label}")


def _place(node: Node, depth: int, row: int) -> int:
    node.depth = depth
    if not node.children:
        node.y = TOP + ROW * (row + 0.5)
        return 1
    used = 0
    for child in node.children:
        used += _place(child, depth + 1, row + used)
    node.y = (node.children[0].y + node.children[-1].y) / 2
    return used


def _deepest(node: Node) -> int:
    return max((_deepest(child) for child in node.children), default=node.depth)


def _draw(canvas: Canvas, node: Node, column: float) -> None:
    x = node.depth * column + (LINK if node.depth else 0)
    room = column - (LINK if node.depth else 0) - 14
    bold = node.depth == 0 or bool(node.children)
    label = shorten(node.label, room, 12, bold=bold)
    colour = SOFT if not node.subject else INK
    canvas.text(x, node.y, label, size=12, bold=bold, colour=colour, tip=node.label)
    if not node.children:
        return
    end = x + text_width(label, 12, bold=bold) + 6
    spine = (node.depth + 1) * column - 2
    canvas.line([end, spine], [node.y, node.y], colour=RULE, line=1.2)
    canvas.line([spine, spine], [node.children[0].y, node.children[-1].y], colour=RULE, line=1.2)
    for child in node.children:
        left = spine
        canvas.line([left, left + LINK - 4], [child.y, child.y], colour=RULE if child.is_known else ACCENT, line=1.2, dashed=not child.is_known, tip=child.tip)
        if child.share:
            canvas.rect(left + 8, child.y - 8, text_width(child.share, 11) + 6, 16, fill="#ffffff")
            canvas.text(left + 11, child.y, child.share, size=11, colour=SOFT if child.is_known else ACCENT, tip=child.tip)
        _draw(canvas, child, column)
