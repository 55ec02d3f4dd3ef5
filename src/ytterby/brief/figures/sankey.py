"""The chain as ribbons of contained metal, from ore to product, with what is lost on the way.

Ribbon width is contained tonnes a year. matplotlib's own `sankey` cannot draw this: it lays out one node at a time,
takes no columns, and cannot join two feeds at a process; so ribbons are cubic Bezier bands between bars that are placed
in columns by their distance from the ore, none further left than its stage; a ribbon past a column has its own lane
there, so that it runs behind no other bar. A white part of a bar is metal that the ladder's totals do not account for,
a white bar a material that is no rung; a dark foot at the left of a bar, where its feeds arrive, is what is lost there.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from .. import format as fmt
from ..context import SUPPLY
from .canvas import Canvas, text_width, wrap
from .palette import INK, PAPER, SOFT

if TYPE_CHECKING:
    from matplotlib.path import Path

    from ..context import BriefContext
    from ..flows import Flow, Flows, Loss

BAR: Final = 11.0
TALLEST: Final = 270.0
GAP: Final = 84.0
FOOT: Final = 7.0
HEAD: Final = 70.0
LANE: Final = 24.0  # room above a ribbon that passes a column
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
    is_rung: bool = True
    x: float = 0.0
    y: float = 0.0
    height: float = 0.0
    left: float = 0.0
    right: float = 0.0

    @property
    def extent_t(self) -> float:
        """The tonnes that the bar must have room for: what it has, what is needed, and what arrives."""
        return max(self.made_t, self.used_t, self.fed_t)


def sankey(context: BriefContext, drawn: Flows, *, key: str = "sankey") -> str:
    """The drawing of the flows; `key` keeps two drawings of one page apart."""
    bars = _bars(drawn, _floors(context, drawn))
    columns = max(bar.column for bar in bars.values()) + 1
    step = (960.0 - 128.0) / max(columns - 1, 1)
    tallest = max(sum(bar.extent_t for bar in bars.values() if bar.column == c) for c in range(columns))
    scale = TALLEST / tallest
    lanes = _lanes(drawn, bars)
    bottom = _place([*bars.values(), *(lane for way in lanes for lane in way)], columns, step, scale)
    canvas = Canvas(key, bottom + 50)
    ways = sorted(
        zip(drawn.flows, lanes, strict=True), key=lambda pair: (bars[pair[0].target].y, bars[pair[0].source].y)
    )
    for flow, way in ways:
        _draw_flow(canvas, context, flow, bars, way, scale)
    lost = {loss.target: loss for loss in drawn.losses}
    for bar in bars.values():
        _draw_bar(canvas, context, bar, scale)
        if bar.material in lost:
            _draw_loss(canvas, context, bar, lost[bar.material], scale)
    for bar in bars.values():
        _draw_labels(canvas, context, bar, step, lost.get(bar.material))
    return canvas.svg("Sankey diagram of the chain in contained tonnes, with losses")


def _names(drawn: Flows) -> list[str]:
    return list(dict.fromkeys([*(f.source for f in drawn.flows), *(f.target for f in drawn.flows)]))


def _floors(context: BriefContext, drawn: Flows) -> dict[str, int]:
    """The first column of each material: its stage among the stages drawn; of scrap and of ore in the ground 0."""
    stages = dict(context.table("materials").select("material_id", "stage").iter_rows())
    present = [stage for stage in SUPPLY if any(stages.get(name) == stage for name in _names(drawn))]
    return {name: present.index(stage) for name in _names(drawn) if (stage := stages.get(name)) in present}


def _bars(drawn: Flows, floors: dict[str, int]) -> dict[str, Bar]:
    names = _names(drawn)
    depth = {name: floors.get(name, 0) for name in names}
    for _ in names:
        for flow in drawn.flows:
            if (
                flow.source != flow.target
                and depth[flow.source] + 1 > depth[flow.target]
                and depth[flow.source] < 2 * len(names)
            ):
                depth[flow.target] = depth[flow.source] + 1
    for name in names:
        following = [depth[flow.target] for flow in drawn.flows if flow.source == name]
        if following and not any(flow.target == name for flow in drawn.flows):
            depth[name] = max(min(following) - 1, floors.get(name, 0))
    filled = sorted(set(depth.values()))
    column = {name: filled.index(at) for name, at in depth.items()}
    found = {}
    for name in names:
        used = drawn.used_t(name)
        made, is_rung = drawn.made_t.get(name, used), name in drawn.made_t
        found[name] = Bar(name, made, used, drawn.fed_t(name), column[name], is_rung=is_rung)
    return found


def _lanes(drawn: Flows, bars: dict[str, Bar]) -> list[list[Bar]]:
    """For each flow a bar without a name in every column that it passes."""
    return [
        [
            Bar("", flow.quantity_t, flow.quantity_t, flow.quantity_t, column)
            for column in range(bars[flow.source].column + 1, bars[flow.target].column)
        ]
        for flow in drawn.flows
    ]


def _place(bars: list[Bar], columns: int, step: float, scale: float) -> float:
    bottom = 0.0
    for column in range(columns):
        members = sorted((bar for bar in bars if bar.column == column), key=lambda bar: (-bar.extent_t, bar.material))
        y = HEAD
        for at, bar in enumerate(members):
            if at:
                is_named_below = at > 1 and members[at - 1].material and not members[at - 1].fed_t
                y += GAP if bar.material or is_named_below else LANE
            bar.x, bar.y = column * step, y
            bar.height = max(bar.extent_t * scale, 1.5)
            y += bar.height
        bottom = max(bottom, y)
    return bottom


def _ribbon(stops: list[tuple[float, float, float]], width: float) -> Path:
    """A band through stops, each its left end, its right end and its upper edge."""
    from matplotlib.path import Path

    points, codes = [(stops[0][1], stops[0][2])], [Path.MOVETO]
    there = [(before[1], before[2], after[0], after[2], after[1]) for before, after in pairwise(stops)]
    for x0, y0, x1, y1, end in there:
        middle = (x0 + x1) / 2
        points += [(middle, y0), (middle, y1), (x1, y1), (end, y1)]
        codes += [Path.CURVE4] * 3 + [Path.LINETO]
    points.append((stops[-1][1], stops[-1][2] + width))
    codes.append(Path.LINETO)
    for x0, y0, x1, y1, _ in reversed(there):
        middle = (x0 + x1) / 2
        points += [(x1, y1 + width), (middle, y1 + width), (middle, y0 + width), (x0, y0 + width)]
        codes += [Path.LINETO] + [Path.CURVE4] * 3
    return Path([*points, points[0]], [*codes, Path.CLOSEPOLY])


def _draw_flow(
    canvas: Canvas, context: BriefContext, flow: Flow, bars: dict[str, Bar], way: list[Bar], scale: float
) -> None:
    source, target = bars[flow.source], bars[flow.target]
    width = max(flow.quantity_t * scale, 0.8)
    names = f"{context.name(flow.source)} to {context.name(flow.target)}"
    left, right = source.x + BAR, target.x
    stops = [(left, left, source.y + source.right), *((lane.x, lane.x + BAR, lane.y) for lane in way)]
    path = _ribbon([*stops, (right, right, target.y + target.left)], width)
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
    if not bar.is_rung:
        tip = f"{name}: {fmt.tonnes(bar.made_t)} {context.basis} a year by the recipes; not on the ladder"
        canvas.rect(bar.x, bar.y, BAR, made, fill=PAPER, edge=INK, line=0.9, tip=tip)
        return
    canvas.rect(bar.x, bar.y, BAR, made, fill=INK, tip=f"{name}: {fmt.tonnes(bar.made_t)} {context.basis} a year")
    if used > made + 1:
        short = f"{name}: recipes need {fmt.tonnes(bar.used_t)}, the ladder has {fmt.tonnes(bar.made_t)}"
        canvas.rect(bar.x, bar.y + made, BAR, used - made, fill=PAPER, edge=INK, line=0.9, tip=short)


def _draw_labels(canvas: Canvas, context: BriefContext, bar: Bar, step: float, loss: Loss | None) -> None:
    """Name and tonnage above a bar, its loss below, each on paper so that no ribbon runs through it.

    A lower bar that only feeds others has its name below, since its ribbon rises.
    """
    room = min(step - 8, 190.0, canvas.width - bar.x)
    lines = wrap(context.short(bar.material), room, 12, lines=3, bold=True)
    is_below = bar.y > HEAD and not bar.fed_t
    top = bar.y + bar.height + 11 if is_below else bar.y - 9 - 14 * len(lines)
    labels = [(bar.x, top + 14 * at, line, 12.0, True) for at, line in enumerate(lines)]
    labels.append((bar.x, top + 14 * len(lines), f"{fmt.number(bar.made_t)}{fmt.NBSP}t", 11.0, False))
    if loss is not None:
        label = f"lost {fmt.number(loss.quantity_t)}{fmt.NBSP}t"
        labels.append((max(bar.x - FOOT, 0.0), bar.y + bar.height + 10, label, 11.0, False))
    for x, y, text, size, bold in labels:
        canvas.rect(x - 2, y - size * 0.62, text_width(text, size, bold=bold) + 4, size * 1.24, fill=PAPER)
    for x, y, text, size, bold in labels:
        canvas.text(x, y, text, size=size, bold=bold, colour=INK if bold else SOFT)
