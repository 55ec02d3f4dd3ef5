"""The chain as ribbons of contained metal, from ore to product, with what is lost on the way.

Ribbon width is contained tonnes a year. matplotlib's own `sankey` cannot draw this: it lays out one node at a time,
takes no columns, and cannot join two feeds at a process; so ribbons are cubic Bezier bands between bars that are placed
in columns by their distance from the ore. A pale part of a bar is metal that the ladder's totals do not account for; a
dark foot at the left of a bar, where its feeds arrive, is what is lost there.
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
GAP: Final = 76.0
FOOT: Final = 7.0
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
    fed_t: float
    column: int
    x: float = 0.0
    y: float = 0.0
    height: float = 0.0
    left: float = 0.0
    right: float = 0.0

    @property
    def extent_t(self) -> float:
        """The tonnes that the bar must have room for: what it has, what is needed, and what arrives."""
        return max(self.made_t, self.used_t, self.fed_t)


def sankey(context: BriefContext, drawn: Flows) -> str:
    """The drawing of the flows."""
    bars = _bars(drawn)
    columns = max(bar.column for bar in bars.values()) + 1
    step = (960.0 - 128.0) / max(columns - 1, 1)
    tallest = max(sum(bar.extent_t for bar in bars.values() if bar.column == c) for c in range(columns))
    scale = TALLEST / tallest
    bottom = _place(bars, columns, step, scale)
    canvas = Canvas("sankey", bottom + 50)
    for flow in sorted(drawn.flows, key=lambda flow: (bars[flow.target].y, bars[flow.source].y)):
        _draw_flow(canvas, context, flow, bars, scale)
    lost = {loss.target: loss for loss in drawn.losses}
    for bar in bars.values():
        _draw_bar(canvas, context, bar, scale)
        if bar.material in lost:
            _draw_loss(canvas, context, bar, lost[bar.material], scale)
    for bar in bars.values():
        _draw_labels(canvas, context, bar, step, lost.get(bar.material))
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
        found[name] = Bar(name, drawn.made_t.get(name, used), used, drawn.fed_t(name), depth[name])
    return found


def _place(bars: dict[str, Bar], columns: int, step: float, scale: float) -> float:
    bottom = 0.0
    for column in range(columns):
        y = HEAD
        members = sorted(
            (bar for bar in bars.values() if bar.column == column),
            key=lambda bar: (-bar.extent_t, bar.material),
        )
        for bar in members:
            bar.x, bar.y = column * step, y
            bar.height = max(bar.extent_t * scale, 1.5)
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


def _draw_loss(canvas: Canvas, context: BriefContext, bar: Bar, loss: Loss, scale: float) -> None:
    """A dark foot where the feeds end: the lowest part of what arrives, which the bar does not pass on."""
    height = max(loss.quantity_t * scale, 1.0)
    named = fmt.listing([context.name(name) for name in loss.names]) or "loss"
    tip = f"Lost on the way to {context.name(bar.material)}: {fmt.tonnes(loss.quantity_t)} {context.basis} ({named})"
    canvas.rect(bar.x - FOOT, bar.y + max(bar.left - height, 0.0), FOOT, height, fill=LOST, tip=tip)


def _draw_bar(canvas: Canvas, context: BriefContext, bar: Bar, scale: float) -> None:
    made, used = max(bar.made_t * scale, 1.5), bar.used_t * scale
    name = context.short(bar.material)
    canvas.rect(bar.x, bar.y, BAR, made, fill=INK, tip=f"{name}: {fmt.tonnes(bar.made_t)} {context.basis} a year")
    if used > made + 1:
        short = f"{name}: recipes need {fmt.tonnes(bar.used_t)}, the ladder has {fmt.tonnes(bar.made_t)}"
        canvas.rect(bar.x, bar.y + made, BAR, used - made, fill=PAPER, edge=INK, line=0.9, tip=short)


def _draw_labels(canvas: Canvas, context: BriefContext, bar: Bar, step: float, loss: Loss | None) -> None:
    """Name and tonnage above a bar, its loss below, each on paper so that no ribbon runs through it.

    A lower bar that only feeds others has its name below, since its ribbon rises.
    """
    room = min(step - 8, 190.0, canvas.width - bar.x)
    lines = wrap(context.short(bar.material), room, 12, bold=True)
    is_below = bar.y > HEAD and not bar.fed_t
    top = bar.y + bar.height + 11 if is_below else bar.y - 9 - 14 * len(lines)
    for at, line in enumerate(lines):
        _on_paper(canvas, bar.x, top + 14 * at, line, size=12, bold=True)
    figure = f"{fmt.number(bar.made_t)}{fmt.NBSP}t"
    _on_paper(canvas, bar.x, top + 14 * len(lines), figure, size=11)
    if loss is not None:
        label = f"lost {fmt.number(loss.quantity_t)}{fmt.NBSP}t"
        _on_paper(canvas, max(bar.x - FOOT, 0.0), bar.y + bar.height + 10, label, size=11)


def _on_paper(canvas: Canvas, x: float, y: float, text: str, *, size: float, bold: bool = False) -> None:
    canvas.rect(x - 2, y - size * 0.62, text_width(text, size, bold=bold) + 4, size * 1.24, fill=PAPER)
    canvas.text(x, y, text, size=size, bold=bold, colour=INK if bold else SOFT)
