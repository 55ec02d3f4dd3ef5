"""The chain as ribbons of contained metal, from ore to product, with what is lost on the way.

Ribbon width is contained tonnes a year. matplotlib's own `sankey` cannot draw this: it lays out one node at a time,
takes no columns, and cannot join two feeds at a process; so ribbons are cubic Bezier bands between bars that are placed
in columns by their distance from the ore. A pale part of a bar is metal that the ladder's totals do not account for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .. import format as fmt
from .canvas import Canvas, text_width, wrap
from .palette import INK, PAPER, SOFT

if TYPE_CHECKING:
    from matplotlib.path import Path

    from ..context import BriefContext
    from ..flows import Flow, Flows, Loss

BAR: Final = 11.0
TALLEST: Final = 270.0
GAP: Final = 58.0
HEAD: Final = 56.0
FEED: Final = "#cfcdc6"
SCRAP: Final = "#8fb0a6"
LOST: Final = "#a3a19b"


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
    lost_height = max((loss.quantity_t for loss in drawn.losses), default=0.0) * scale
    lost_top = bottom + min(lost_height, 40.0) + 46
    canvas = Canvas("sankey", lost_top + 50)
    for flow in sorted(drawn.flows, key=lambda flow: (bars[flow.target].y, bars[flow.source].y)):
        _draw_flow(canvas, context, flow, bars, scale)
    ended: dict[int, list[float]] = {}
    for loss in sorted(drawn.losses, key=lambda loss: bars[loss.target].y):
        _draw_loss(canvas, context, bars[loss.target], loss, scale, lost_top, ended)
    for bar in bars.values():
        _draw_bar(canvas, context, bar, scale, step)
    return canvas.svg("Sankey diagram of the chain in contained tonnes, with losses")


def _bars(drawn: Flows) -> dict[str, Bar]:
    names = list(dict.fromkeys([*(f.source for f in drawn.flows), *(f.target for f in drawn.flows)]))
    depth = dict.fromkeys(names, 0)
    for _ in names:
        for flow in drawn.flows:
            if (
                flow.source != flow.target
                and depth[flow.source] + 1 > depth[flow.target]
                and depth[flow.source] < len(names)
            ):
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
        members = sorted(
            (bar for bar in bars.values() if bar.column == column),
            key=lambda bar: (-max(bar.made_t, bar.used_t), bar.material),
        )
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
    canvas.shape(
        path, fill=SCRAP if flow.is_scrap else FEED, tip=f"{names}: {fmt.tonnes(flow.quantity_t)} {context.basis}"
    )
    source.right += width
    target.left += width


def _draw_loss(
    canvas: Canvas, context: BriefContext, bar: Bar, loss: Loss, scale: float, top: float, ended: dict[int, list[float]]
) -> None:
    from matplotlib.path import Path

    width = max(loss.quantity_t * scale, 0.8)
    before = ended.setdefault(bar.column, [])
    right = bar.x - 5 - sum(before)
    left, start = right - width, bar.y + bar.left - width
    before.append(width + 5)
    bend = min(34.0, top - start - 2)
    curve = Path.CURVE4
    points = [
        (left - bend, start),
        (right - bend / 2, start),
        (right, start + bend / 2),
        (right, start + bend + width),
        (right, top),
        (left, top),
        (left, start + bend + width),
        (left, start + width + bend / 2),
        (left - bend / 2, start + width),
        (left - bend, start + width),
        (left - bend, start),
    ]
    codes = [
        Path.MOVETO,
        curve,
        curve,
        curve,
        Path.LINETO,
        Path.LINETO,
        Path.LINETO,
        curve,
        curve,
        curve,
        Path.CLOSEPOLY,
    ]
    named = fmt.listing([context.name(name) for name in loss.names]) or "loss"
    tip = f"Lost on the way to {context.name(bar.material)}: {fmt.tonnes(loss.quantity_t)} {context.basis} ({named})"
    canvas.shape(Path(points, codes), fill=LOST, tip=tip)
    label = f"lost {fmt.number(loss.quantity_t)}{fmt.NBSP}t"
    anchor = max(bar.x - 5, text_width(label, 11))
    canvas.text(anchor, top - 3 + 15 * len(before), label, size=11, colour=SOFT, align="right")


def _draw_bar(canvas: Canvas, context: BriefContext, bar: Bar, scale: float, step: float) -> None:
    made = max(bar.made_t * scale, 1.5)
    name = context.short(bar.material)
    tip = f"{name}: {fmt.tonnes(bar.made_t)} {context.basis} a year"
    canvas.rect(bar.x, bar.y, BAR, made, fill=INK, tip=tip)
    if bar.height > made + 1:
        short = f"{name}: recipes need {fmt.tonnes(bar.used_t)}, the ladder has {fmt.tonnes(bar.made_t)}"
        canvas.rect(bar.x, bar.y + made, BAR, bar.height - made, fill=PAPER, edge=INK, line=0.9, tip=short)
    room = min(step, 150.0) - 8
    lines = wrap(name, room, 12, bold=True)
    top = bar.y - 8 - 14 * len(lines)
    for at, line in enumerate(lines):
        canvas.text(bar.x, top + 14 * at, line, size=12, bold=True)
    figure = f"{fmt.number(bar.made_t)}{fmt.NBSP}t"
    canvas.text(bar.x, bar.y - 9, figure, size=11, colour=SOFT)
