"""Where the sites stand: a world map and enlarged parts, drawn as plain lines from the packaged outlines.

The world is in the Equal Earth projection (Savric, Patterson and Jenny 2018, eq. 1-5); enlarged parts are
equirectangular with the true scale at their middle latitude. A dot's area is the site's contained tonnes a year; a
filled dot is running, a hollow one is not; a small dot has no stated size; a key gives the scale. The largest sites are
named where a name fits without touching another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from .. import format as fmt
from ..sites import RUNNING, Site
from .canvas import Canvas, text_width, wrap
from .palette import INK, LAND, PAPER, RULE, SOFT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt
    import polars as pl

    Array = npt.NDArray[np.float64]
    Box = tuple[float, float, float, float]
    Project = Callable[[Array, Array], tuple[Array, Array]]

GROUPS: Final = (
    ("mining", ("exploration", "mining"), "#3c3c3a"),
    ("refining and smelting", ("refining", "smelting"), "#16807a"),
    ("processing and manufacturing", ("processing", "manufacturing", "use"), "#7a54a8"),
    ("recycling", ("recycling",), "#a8842c"),
)
PARTS: Final = (("Europe", -11.0, 33.0, 37.0, 60.0), ("East Asia", 98.0, 145.0, 17.5, 47.0))
_A: Final = (1.340264, -0.081106, 0.000893, 0.003796)
_LARGEST: Final = 17.0
_WORLD_SCALE: Final = 0.72
_WORLD_HEIGHT: Final = 424.0


@dataclass(frozen=True)
class Pane:
    """A part of the sheet with its projection."""

    box: Box
    project: Project
    title: str


def facility_map(outlines: pl.DataFrame, found: Sequence[Site], *, unit: str = "t") -> str:
    """The map of the sites that have coordinates."""
    placed = [site for site in found if site.latitude is not None and site.longitude is not None]
    panes = [Pane((0.0, 26.0, 960.0, _WORLD_HEIGHT), _equal_earth, "")]
    parts = [part for part in PARTS if sum(_inside(site, part) for site in placed) >= 6]
    top = 26.0 + _WORLD_HEIGHT + 12
    width = (960.0 - 16.0 * (len(parts) - 1)) / max(len(parts), 1)
    height = 372.0 if parts else 0.0
    for at, part in enumerate(parts):
        box = ((width + 16.0) * at, top, width, height)
        panes.append(Pane(box, _part(part, box), part[0]))
    canvas = Canvas("map", top + height + 4)
    rings = _rings(outlines)
    largest = max((site.size_t or 0.0 for site in placed), default=0.0)
    _draw_key(canvas)
    _draw_sizes(canvas, largest, unit, is_enlarged=bool(parts))
    for pane in panes:
        labelled = placed if pane.title else [s for s in placed if not any(_inside(s, part) for part in parts)]
        _draw_pane(canvas, pane, rings, placed, labelled, largest)
    return canvas.svg("Map of the sites by stage, size and status")


def _inside(site: Site, part: tuple[str, float, float, float, float]) -> bool:
    _, west, east, south, north = part
    return (
        site.latitude is not None
        and site.longitude is not None
        and west < site.longitude < east
        and south < site.latitude < north
    )


def _equal_earth(longitude: Array, latitude: Array) -> tuple[Array, Array]:
    theta = np.arcsin(np.sqrt(3) / 2 * np.sin(np.radians(latitude)))
    square = theta * theta
    sixth = square**3
    slope = 9 * _A[3] * square * sixth + 7 * _A[2] * sixth + 3 * _A[1] * square + _A[0]
    x = 2 * np.sqrt(3) * np.radians(longitude - 11.0) * np.cos(theta) / (3 * slope)
    y = theta * (_A[3] * square * sixth + _A[2] * sixth + _A[1] * square + _A[0])
    scale = 960.0 / 5.5
    return 482.0 + x * scale, 26.0 + _WORLD_HEIGHT * 0.585 - y * scale


def _part(part: tuple[str, float, float, float, float], box: Box) -> Project:
    _, west, east, south, north = part
    x0, y0, width, height = box
    squeeze = np.cos(np.radians((south + north) / 2))
    scale = max(width / ((east - west) * squeeze), height / (north - south))
    middle_x, middle_y = (west + east) / 2, (south + north) / 2

    def project(longitude: Array, latitude: Array) -> tuple[Array, Array]:
        return x0 + width / 2 + (longitude - middle_x) * squeeze * scale, y0 + height / 2 - (
            latitude - middle_y
        ) * scale

    return project


def _rings(outlines: pl.DataFrame) -> list[tuple[Array, Array]]:
    drawn = outlines.filter(outlines["place_id"] != "ATA").sort("place_id", "ring", "point")
    groups = drawn.group_by(["place_id", "ring"], maintain_order=True)
    return [(_unbroken(ring["longitude"].to_numpy()), ring["latitude"].to_numpy()) for _, ring in groups]


def _unbroken(longitude: Array) -> Array:
    """A ring across the antimeridian in one piece, its western part moved a turn to the east."""
    return np.where(longitude < 0, longitude + 360, longitude) if np.ptp(longitude) > 180 else longitude


def _draw_key(canvas: Canvas) -> None:
    x = 6.0
    for word, _, colour in GROUPS:
        canvas.dot(x, 11, 5.5, fill=colour, edge=colour)
        canvas.text(x + 10, 11, word, size=12)
        x += text_width(word, 12) + 30
    canvas.dot(x, 11, 5.5, fill=PAPER, edge=SOFT, line=1.6)
    canvas.text(x + 10, 11, "hollow: not running, or planned", size=12, colour=SOFT)


def size_steps(largest: float) -> list[float]:
    """Two round sizes for the key: 1, 2 or 5 times a power of ten, not above the largest, and a tenth of it."""
    if largest <= 0:
        return []
    power = 10.0 ** np.floor(np.log10(largest))
    top = next(power * part for part in (5.0, 2.0, 1.0) if power * part <= largest)
    return [top, top / 10]


def _draw_sizes(canvas: Canvas, largest: float, unit: str, *, is_enlarged: bool) -> None:
    """What the area of a dot means, at the lower left of the world, in its scale and in that of the enlarged parts."""
    x, y = 12.0, 26.0 + _WORLD_HEIGHT - 44
    if not largest:
        return
    canvas.text(x, y - 26, f"{unit} a year", size=11, colour=SOFT)
    for size in size_steps(largest):
        radius = max(3.0, _LARGEST * float(np.sqrt(size / largest)) * _WORLD_SCALE)
        label = fmt.number(size)
        canvas.dot(x + radius, y, round(radius, 2), fill=PAPER, edge=SOFT, line=1.2)
        canvas.text(x + 2 * radius + 5, y, label, size=11, colour=SOFT)
        x += 2 * radius + text_width(label, 11) + 20
    canvas.dot(x + 2.4, y, 2.4, fill=PAPER, edge=SOFT, line=1.2)
    canvas.text(x + 10, y, "no size stated", size=11, colour=SOFT)
    if is_enlarged:
        canvas.text(
            12.0, y + 22, f"enlarged parts: areas {1 / _WORLD_SCALE**2:.1f} times as large", size=11, colour=SOFT
        )


def _draw_pane(
    canvas: Canvas,
    pane: Pane,
    rings: list[tuple[Array, Array]],
    found: Sequence[Site],
    labelled: Sequence[Site],
    largest: float,
) -> None:
    from matplotlib.path import Path

    x0, y0, width, height = pane.box
    if pane.title:
        canvas.rect(x0, y0, width, height, fill=PAPER, edge=RULE)
    land = []
    for longitude, latitude in rings:
        xs, ys = pane.project(longitude, latitude)
        if xs.max() < x0 or xs.min() > x0 + width or ys.max() < y0 or ys.min() > y0 + height:
            continue
        land.append(Path(np.round(np.column_stack([xs, ys]), 1), closed=True))
    if land:
        canvas.shape(Path.make_compound_path(*land), fill=LAND, edge=PAPER, line=0.7, window=pane.box)
    taken = [_draw_title(canvas, pane)] if pane.title else []
    radius_scale = 1.0 if pane.title else _WORLD_SCALE
    dots = []
    for site in sorted(found, key=lambda site: (-(site.size_t or 0.0), site.facility_id)):
        x, y, radius = _draw_site(canvas, pane, site, largest, radius_scale)
        if radius:
            dots.append((site, x, y, radius))
    taken += [_core(x, y, radius) for _, x, y, radius in dots]
    names = {site.facility_id for site in labelled}
    for site, x, y, radius in dots:
        if site.facility_id in names:
            _draw_label(canvas, pane, site, x, y, radius, taken)


def _draw_title(canvas: Canvas, pane: Pane) -> Box:
    x0, y0, _, _ = pane.box
    width = text_width(pane.title, 13, bold=True)
    canvas.rect(x0 + 1, y0 + 1, width + 16, 24, fill=PAPER)
    canvas.text(x0 + 8, y0 + 13, pane.title, bold=True)
    return x0, y0, x0 + width + 20, y0 + 26


def _draw_site(canvas: Canvas, pane: Pane, site: Site, largest: float, scale: float) -> tuple[float, float, float]:
    xs, ys = pane.project(np.array([site.longitude], dtype=float), np.array([site.latitude], dtype=float))
    x, y = round(float(xs[0]), 1), round(float(ys[0]), 1)
    x0, y0, width, height = pane.box
    if not (x0 + 2 < x < x0 + width - 2 and y0 + 2 < y < y0 + height - 2):
        return x, y, 0.0
    radius = 2.4
    if site.size_t and largest:
        radius = max(3.0, _LARGEST * float(np.sqrt(site.size_t / largest)) * scale)
    colour = next((shade for _, stages, shade in GROUPS if site.stage in stages), SOFT)
    filled = site.status in RUNNING
    size = (
        f", {fmt.tonnes(site.size_t)} a year contained ({fmt.words(site.measure)})"
        if site.size_t
        else ", size not known"
    )
    tip = f"{site.name} ({site.place_id}): {site.stage or 'stage not known'}{size}; {fmt.words(site.status)}"
    canvas.dot(
        x,
        y,
        round(radius, 2),
        fill=colour if filled else "none",
        edge=PAPER if filled else colour,
        line=0.8 if filled else 1.5,
        tip=tip,
    )
    return x, y, radius


def _draw_label(canvas: Canvas, pane: Pane, site: Site, x: float, y: float, radius: float, taken: list[Box]) -> None:
    name = site.name.split(" (")[0]
    lines = [name] if text_width(name, 11) <= 150 else wrap(name, 130, 11)
    width = max(text_width(line, 11) for line in lines)
    x0, y0, wide, high = pane.box
    if any(line.endswith("\u2026") for line in lines):
        return
    gap, own, tall = radius + 3, _core(x, y, radius), 14.0 * len(lines)
    spots = (
        (x + gap, y - tall / 2),
        (x - gap - width, y - tall / 2),
        (x - width / 2, y - gap - tall),
        (x - width / 2, y + gap),
        (x + gap * 0.8, y - gap - tall + 4),
        (x + gap * 0.8, y + gap - 4),
    )
    for left, top in spots:
        box = (left - 1, top, left + width + 1, top + tall)
        inside = box[0] > x0 and box[2] < x0 + wide and box[1] > y0 and box[3] < y0 + high
        if inside and not any(_meet(box, other) for other in taken if other != own):
            for at, line in enumerate(lines):
                canvas.text(left, top + 7 + 14 * at, line, size=11, colour=INK)
            taken.append(box)
            return


def _core(x: float, y: float, radius: float) -> Box:
    half = radius * 0.8
    return x - half, y - half, x + half, y + half


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
