"""The chain as ribbons of contained metal, from ore to product, with what is lost on the way.

Ribbon width is contained tonnes a year. matplotlib's own `sankey` cannot draw this: it lays out one node at a time,
takes no columns, and cannot join two feeds at a process; so ribbons are cubic Bezier bands between bars that are placed
in columns by their distance from the ore. A pale part of a bar is metal that the ladder's totals do not account for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .. import format as fmt
from .canvas import Canvas, wrap
from .palette import INK, PAPER, SOFT

if TYPE_CHECKING:
    from matplotlib.path import Path

    from ..context import BriefContext
    from ..flows import Flow, Flows

BAR: Final = 11.0
TALLEST: Final = 270.0
GAP: Final = 54.0
HEAD: Final = 40.0
FEED: Final = "#cfcdc6"
SCRAP: Final = "#8fb0a6"
LOST: Final = "#8b8984"


@dataclass
class Bar:
    """One material with its place on the sheet."""

    material: str
    made_t: float
    used_t: float
    column: int
    x: float = 0.0
    y: float = 0.0
    height: float = 0.0
    left: float = 0.0
    right: float = 0.0


def sankey(context: BriefContext, drawn: Flows) -> str:
    """The drawing of the flows."""
    bars = _bars(drawn)
    columns = max(bar.column for bar in bars.values()) + 1
    step = (960.0 - 128.0) / max(columns - 1, 1)
    tallest = max(sum(max(b.made_t, b.used_t) for b in bars.values() if b.column == c) for c in range(columns))
    scale = TALLEST / tallest
    bottom = _place(bars, columns, step, scale)
    lost_top = bottom + 30
    lost_height = max((loss.quantity_t for loss in drawn.losses), default=0.0) * scale
    canvas = Canvas("sankey", lost_top + lost_height + 44)
    for flow in sorted(drawn.flows, key=lambda flow: (bars[flow.target].y, bars[flow.source].y)):
        _draw_flow(canvas, context, flow, bars, scale)
    for loss in drawn.losses:
        _draw_loss(canvas, context, bars[loss.target], loss.quantity_t, loss.names, scale, lost_top)
    for bar in bars.values():
        _draw_bar(canvas, context, bar, scale, step)
    return canvas.svg("Sankey diagram of the chain in contained tonnes, with losses")


def _bars(drawn: Flows) -> dict[str, Bar]:
    names = list(dict.fromkeys([*(f.source for f in drawn.flows), *(f.target for f in drawn.flows)]))
    depth = dict.fromkeys(names, 0)
    for _ in names:
        for flow in drawn.flows:
            if flow.source != flow.target and depth[flow.source] + 1 > depth[flow.target] and depth[flow.source] < len(names):
                depth[flow.target] = depth[flow.source] + 1
    for name in names:
        following = [depth[flow.target] for flow in drawn.flows if flow.source == name]
        if following and not any(flow.target == name for flow in drawn.flows):
            depth[name] = max(min(following) - 1, 0)
    found = {}
    for name in names:
        used = drawn.used_t(name)
        found[name] = Bar(name, drawn.made_t.get(name, used), used, depth[name])
    return found


def _place(bars: dict[str, Bar], columns: int, step: float, scale: float) -> float:
    bottom = 0.0
    for column in range(columns):
        y = HEAD
        members = sorted((bar for bar in bars.values() if bar.column == column), key=lambda bar: (-max(bar.made_t, bar.used_t), bar.material))
        for bar in members:
            bar.x, bar.y = column * step, y
            bar.height = max(max(bar.made_t, bar.used_t) * scale, 1.5)
            y += bar.height + GAP
        bottom = max(bottom, y - GAP)
    return bottom


def _ribbon(x0: float, top0: float, x1: float, top1: float, width: float) -> Path:
    from matplotlib.path import Path

    middle = (x0 + x1) / 2
    points = [
        (x0, top0),
        (middle, top0),
        (middle, top1),
        (x1, top1),
        (x1, top1 + width),
        (middle, top1 + width),
        (middle, top0 + width),
        (x0, top0 + width),
        (x0, top0),
    ]
    curve = Path.CURVE4
    return Path(points, [Path.MOVETO, curve, curve, curve, Path.LINETO, curve, curve, curve, Path.CLOSEPOLY])


def _draw_flow(canvas: Canvas, context: BriefContext, flow: Flow, bars: dict[str, Bar], scale: float) -> None:
    source, target = bars[flow.source], bars[flow.target]
    width = max(flow.quantity_t * scale, 0.8)
    names = f"{context.name(flow.source)} to {context.name(flow.target)}"
    path = _ribbon(source.x + BAR, source.y + source.right, target.x, target.y + target.left, width)
    canvas.shape(path, fill=SCRAP if flow.is_scrap else FEED, tip=f"{names}: {fmt.tonnes(flow.quantity_t)} {context.basis}")
    source.right += width
    target.left += width


def _draw_loss(
    canvas: Canvas, context: BriefContext, bar: Bar, quantity: float, names: tuple[str, ...], scale: float, top: float
) -> None:
    from matplotlib.path import Path

    width = max(quantity * scale, 0.8)
    right = bar.x - 4
    left = right - width
    start = bar.y + bar.left - width
    named = fmt.listing([context.name(name) for name in names]) or "loss"
    tip = f"Lost on the way to {context.name(bar.material)}: {fmt.tonnes(quantity)} {context.basis} ({named})"
    points = [(left, start), (right, start), (right, top + width), (left, top + width), (left, start)]
    canvas.shape(Path(points, closed=True), fill=LOST, tip=tip)
    canvas.text(right, top + width + 12, f"lost {fmt.number(quantity)}{fmt.NBSP}t", size=11, colour=SOFT, align="right")


def _draw_bar(canvas: Canvas, context: BriefContext, bar: Bar, scale: float, step: float) -> None:
    made = max(bar.made_t * scale, 1.5)
    name = context.name(bar.material)
    tip = f"{name}: {fmt.tonnes(bar.made_t)} {context.basis} a year"
    canvas.rect(bar.x, bar.y, BAR, made, fill=INK, tip=tip)
    if bar.height > made + 1:
        short = f"{name}: recipes need {fmt.tonnes(bar.used_t)}, the ladder has {fmt.tonnes(bar.made_t)}"
        canvas.rect(bar.x, bar.y + made, BAR, bar.height - made, fill=PAPER, edge=INK, line=0.9, tip=short)
    room = min(step, 150.0) - 8
    align, x = ("left", bar.x)
    lines = wrap(name, room, 12, bold=True)
    top = bar.y - 8 - 14 * len(lines)
    for at, line in enumerate(lines):
        canvas.text(x, top + 14 * at, line, size=12, bold=True, align=align)
    figure = f"{fmt.number(bar.made_t)}{fmt.NBSP}t"
    canvas.text(x, bar.y - 9, figure, size=11, colour=SOFT)
