"""Who stands above and below one controller: a tree from left to right, every link with its share.

Holders stand to the left, what is held to the right, down to the sites of this metal. A share that no document states
is drawn broken and marked. Of several links to one company or site the strongest is drawn: who decides, then the larger
share; the others stand in its `<title>` and in the table. Branches that reach no site are left out. A share of less
than half that leads on to a site is marked: control with it is the rule of the largest holder, not a majority.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ytterby.chain.control import FLOAT, UNKNOWN, trace_control
from ytterby.chain.ownership import DECIDES

from .. import format as fmt
from .canvas import WIDTH, Canvas, text_width, wrap
from .palette import ACCENT, INK, PAPER, RULE, SOFT

if TYPE_CHECKING:
    from ytterby.chain.control import Control

    from ..context import BriefContext

LINES: Final = 7
MINOR: Final = "*"
HALF: Final = 0.5
RULE_TEXT: Final = "control only where the largest holder has at least 20 % and twice the next"
TOP: Final = 8.0
MOST: Final = 12
LINK: Final = 54.0  # the least width of a link; its longest words widen it


@dataclass
class Node:
    """A holder or a site with the link that leads to it."""

    subject: str
    label: str
    share: str = ""
    is_known: bool = True
    tip: str = ""
    is_site: bool = False
    is_led: bool = True
    is_minor: bool = False
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
    holders: dict[str, list[dict[str, Any]]] = {}
    for row in current_statements(context):
        holders.setdefault(row["owned_id"], []).append(row)
    sites = set(context.table("facilities")["facility_id"].to_list())
    held: dict[str, list[dict[str, Any]]] = {}
    for link in _strongest_links(controller, holders):
        held.setdefault(link["owner_id"], []).append(link)
    root = Node(controller, context.name(controller))
    _grow(root, held, holders, sites, context)
    if not root.children:
        return None
    control = trace_control(context.chain, context.day)
    for child in root.children:
        _mark(child, controller, control, context)
    above = [row for row in holders.get(controller, []) if row["owner_id"] != controller]
    if not above:
        return root
    link = max(above, key=_strength)
    root.share, root.is_known, root.tip = _link(link, context)
    return Node(link["owner_id"], context.name(link["owner_id"]), children=[root])


def _strength(row: dict[str, Any]) -> tuple[bool, float, str]:
    """Order of links: who decides first, then the larger share; an unknown share comes last."""
    return row["interest"] in DECIDES, row["share"] or row["share_low"] or 0.0, row["statement_id"]


def _strongest_links(controller: str, holders: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """One link to each entity below the controller: its strongest within the group that closes no circle."""
    group, size = {controller}, 0
    while len(group) > size:
        size = len(group)
        group |= {owned for owned, rows in holders.items() if any(row["owner_id"] in group for row in rows)}
    inside = {
        owned: sorted((row for row in holders[owned] if row["owner_id"] in group), key=_strength, reverse=True)
        for owned in sorted(group - {controller})
    }
    done, links = {controller}, list[dict[str, Any]]()
    while len(done) < len(group):
        ready = [rows[0] for owned, rows in inside.items() if owned not in done and rows[0]["owner_id"] in done]
        if not ready:
            open_rows = (row for owned, rows in inside.items() if owned not in done for row in rows)
            ready = [max((row for row in open_rows if row["owner_id"] in done), key=_strength)]
        links += ready
        done |= {row["owned_id"] for row in ready}
    return links


def _grow(
    node: Node,
    held: dict[str, list[dict[str, Any]]],
    holders: dict[str, list[dict[str, Any]]],
    sites: set[str],
    context: BriefContext,
) -> None:
    for row in held.get(node.subject, []):
        branch = _node(row, holders, sites, context)
        _grow(branch, held, holders, sites, context)
        if branch.children or branch.is_site:
            node.children.append(branch)
    node.children.sort(key=lambda branch: (branch.is_site, branch.label))
    if len(node.children) > MOST:
        rest = len(node.children) - MOST + 1
        node.children = [*node.children[: MOST - 1], Node("", f"and {rest} more")]


def _node(
    row: dict[str, Any], holders: dict[str, list[dict[str, Any]]], sites: set[str], context: BriefContext
) -> Node:
    share, is_known, tip = _link(row, context)
    subject = row["owned_id"]
    others = [other for other in holders[subject] if other is not row]
    tips = "; ".join([tip, *(_link(other, context)[2] for other in others)])
    return Node(
        subject,
        context.name(subject),
        share=share,
        is_known=is_known,
        tip=tips,
        is_site=subject in sites,
        is_minor=is_minor(row),
    )


def _mark(node: Node, controller: str, control: Control, context: BriefContext) -> None:
    """Say where another holder decides, and where less than half suffices; what lies below another's is another's."""
    deciders = control.of(node.subject) if node.subject in control.entities else {}
    if deciders and controller not in deciders:
        node.is_led = False
        others = [context.name(name) for name in deciders if name not in (UNKNOWN, FLOAT, node.subject)]
        node.label = f"{node.label}, {'led by ' + fmt.listing(others) if others else 'control not known'}"
        _disown(node)
        return
    if node.is_minor:
        node.share, node.tip = f"{node.share}{MINOR}", f"{node.tip}; less than half: {RULE_TEXT}"
    for child in node.children:
        _mark(child, controller, control, context)


def _disown(node: Node) -> None:
    for child in node.children:
        child.is_led = False
        _disown(child)


def has_other(node: Node) -> bool:
    """True where a part of the tree is led by another."""
    return not node.is_led or any(has_other(child) for child in node.children)


def is_minor(row: dict[str, Any]) -> bool:
    """True for a link of less than half that no other right makes decisive."""
    return row["interest"] not in DECIDES and row["share"] is not None and 0 < row["share"] < HALF


def _link(row: dict[str, Any], context: BriefContext) -> tuple[str, bool, str]:
    kind = row["interest"] or "equity"
    names = f"{context.name(row['owner_id'])} in {context.name(row['owned_id'])}"
    if row["share"] is not None:
        text = fmt.share(row["share"])
    elif row["share_low"] is not None and row["share_high"] is not None:
        text = fmt.share_interval(row["share_low"], row["share_high"])
    else:
        return "share?" if kind == "equity" else fmt.words(kind), False, f"{names}: {fmt.words(kind)}, share not known"
    return text, True, f"{names}: {text}, {fmt.words(kind)}"


def ownership_tree(context: BriefContext, root: Node) -> str:
    """The drawing of a tree."""
    _sink(root, 0)
    widths: dict[int, float] = {}
    _measure(root, widths)
    columns = len(widths)
    links = dict.fromkeys(range(columns), 0.0)
    _measure_links(root, links)
    room = WIDTH - sum(links.values()) - 12
    wanted = sum(widths.values())
    if wanted > room:
        fair = room / columns
        spare = sum(max(fair - width, 0.0) for width in widths.values())
        wide = [depth for depth, width in widths.items() if width > fair]
        widths = {
            depth: min(width, fair + spare / len(wide)) if depth in wide else width for depth, width in widths.items()
        }
    starts = {depth: sum(widths[d] for d in range(depth)) + sum(links[d] for d in range(depth + 1)) for depth in widths}
    bottom = _place(root, TOP, widths)
    canvas = Canvas("ownership", bottom + TOP)
    _draw(canvas, root, starts, widths, links)
    return canvas.svg(f"Ownership tree of {root.label}")


def _measure(node: Node, widths: dict[int, float]) -> None:
    own = text_width(node.label, 11.5, bold=_is_bold(node)) + 8
    widths[node.depth] = max(widths.get(node.depth, 0.0), own)
    for child in node.children:
        _measure(child, widths)


def _measure_links(node: Node, links: dict[int, float]) -> None:
    """Widen the links that lead to each depth to their longest words."""
    for child in node.children:
        links[child.depth] = max(links[child.depth], LINK, text_width(child.share, 11) + 24)
        _measure_links(child, links)


def has_minor(node: Node) -> bool:
    """True where a link of less than half is drawn."""
    return node.share.endswith(MINOR) or any(has_minor(child) for child in node.children)


def _is_bold(node: Node) -> bool:
    return node.depth == 0 or bool(node.children)


def _sink(node: Node, depth: int) -> None:
    node.depth = depth
    for child in node.children:
        _sink(child, depth + 1)


def _lines(node: Node, widths: dict[int, float]) -> list[str]:
    return wrap(node.label, widths[node.depth], 11.5, lines=LINES, bold=_is_bold(node))


def _place(node: Node, top: float, widths: dict[int, float]) -> float:
    """Set a node and all below it from `top` on; return where they end."""
    own = 13.0 * len(_lines(node, widths)) + 9
    if not node.children:
        node.y = top + own / 2
        return top + own
    end = top
    for child in node.children:
        end = _place(child, end, widths)
    node.y = (node.children[0].y + node.children[-1].y) / 2
    short = own - (end - top)
    if short > 0:
        _shift(node, short / 2)
    return max(end, top + own)


def _shift(node: Node, by: float) -> None:
    node.y += by
    for child in node.children:
        _shift(child, by)


def _draw(
    canvas: Canvas, node: Node, starts: dict[int, float], widths: dict[int, float], links: dict[int, float]
) -> None:
    x, bold = starts[node.depth], _is_bold(node)
    lines = _lines(node, widths)
    for at, line in enumerate(lines):
        y = node.y + 13 * (at - (len(lines) - 1) / 2)
        canvas.text(
            x, y, line, size=11.5, bold=bold, colour=INK if node.subject and node.is_led else SOFT, tip=node.label
        )
    if not node.children:
        return
    spine = starts[node.depth + 1] - links[node.depth + 1] + 6
    canvas.line(
        [min(x + max(text_width(line, 11.5, bold=bold) for line in lines) + 4, spine), spine],
        [node.y, node.y],
        colour=RULE,
        line=1.2,
    )
    canvas.line([spine, spine], [node.children[0].y, node.children[-1].y], colour=RULE, line=1.2)
    for child in node.children:
        colour = RULE if child.is_known else ACCENT
        canvas.line(
            [spine, starts[child.depth] - 4],
            [child.y, child.y],
            colour=colour,
            line=1.2,
            dashed=not child.is_known,
            tip=child.tip,
        )
        if child.share:
            canvas.rect(spine + 7, child.y - 8, text_width(child.share, 11) + 4, 16, fill=PAPER)
            canvas.text(
                spine + 9, child.y, child.share, size=11, colour=SOFT if child.is_known else ACCENT, tip=child.tip
            )
        _draw(canvas, child, starts, widths, links)


def shown_subjects(node: Node) -> frozenset[str]:
    """The ids that a tree shows."""
    found = {node.subject} if node.subject else set()
    return frozenset(found.union(*(shown_subjects(child) for child in node.children)))
