"""Announced is not built: each project's steps on the way to nameplate beside the capacity that it promises.

A dot is a step that a dated row states, a thin line what the last step implies; a hollow diamond from ramp-up to
nameplate is a site that runs at a level nobody states. Bars are contained tonnes a year on one scale given from
outside, so that figures can be compared. Grey: the last status is old. A project that stands still says so in words.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .. import format as fmt
from .canvas import Canvas, shorten, text_width
from .palette import ACCENT, INK, OTHER, PAPER, RULE, SOFT

if TYPE_CHECKING:
    from collections.abc import Sequence

STEPS: Final = (
    "exploration",
    "study",
    "permitted",
    "financed",
    "construction",
    "opened, pilot",
    "first product",
    "ramp-up",
    "nameplate",
)
STEP_OF: Final = {
    "exploration": 0,
    "study": 1,
    "permitted": 2,
    "financed": 3,
    "construction": 4,
    "inaugurated": 5,
    "pilot": 5,
    "first_product": 6,
    "ramp_up": 7,
    "nameplate": 8,
}
RUNS: Final = "operating"  # a site that runs at an unknown level: past first product, nowhere on the ladder
CODE: Final = 240.0
TRACK: Final = 296.0
STEP: Final = 28.0
AS_OF: Final = 546.0
BARS: Final = 622.0
WIDEST: Final = 140.0
TOP: Final = 88.0
ROW: Final = 23.0
GROUP: Final = 28.0


@dataclass(frozen=True, kw_only=True)
class Project:
    """One project as it is drawn; `stated` are the steps of dated rows since the site last stood still."""

    name: str
    place_id: str
    material: str
    status: str | None
    as_of: str = ""
    stated: frozenset[int] = frozenset()
    capacity_t: float | None = None
    is_built: bool = False
    promised: str = ""
    delivered: str = ""
    is_expansion: bool = False
    is_stale: bool = False
    is_repeat: bool = False
    is_benchmark: bool = False

    @property
    def is_made(self) -> bool:
        """True where a first product is past: stated, or implied by a site that runs."""
        return self.status == RUNS or STEP_OF.get(self.status or "", -1) >= STEP_OF["first_product"]

    @property
    def rank(self) -> float:
        """Place on the way to nameplate; a site that runs at an unknown level stands between the last two steps."""
        return STEP_OF["ramp_up"] + 0.5 if self.status == RUNS else STEP_OF.get(self.status or "", -1)


def project_status(projects: Sequence[Project], *, key: str, largest: float, basis: str) -> str:
    """The chart of projects, grouped by material in the order given; `largest` ends the scale of capacity."""
    groups: dict[str, list[Project]] = {}
    for project in projects:
        groups.setdefault(project.material, []).append(project)
    canvas = Canvas(key, TOP + sum(GROUP + ROW * len(group) for group in groups.values()) + 6)
    _draw_heads(canvas, largest, basis)
    y = TOP
    for material, group in groups.items():
        canvas.line([0, canvas.width], [y + 2, y + 2], colour=RULE, line=0.8)
        canvas.text(0, y + GROUP / 2 + 2, material, size=12.5, bold=True)
        y += GROUP
        for project in group:
            _draw_project(canvas, project, y + ROW / 2, largest)
            y += ROW
    return canvas.svg("Projects by status against planned capacity")


def _draw_heads(canvas: Canvas, largest: float, basis: str) -> None:
    canvas.text(TRACK - 20, 12, "steps stated", size=12, bold=True)
    x = TRACK - 20 + text_width("steps stated", 12, bold=True) + 14
    _draw_diamond(canvas, x + 11, 12, 11, SOFT)
    canvas.text(x + 27, 12, "operating, level unknown", size=11, colour=SOFT)
    for at, word in enumerate(STEPS):
        x = TRACK + STEP * at
        y = (36.0, 50.0, 64.0)[at % 3]
        canvas.line([x, x], [y + 8, TOP - 2], colour=RULE, line=0.8)
        canvas.text(x, y, word, size=10.5, colour=SOFT, align="center")
    canvas.text(AS_OF, 12, "as of", size=12, bold=True)
    canvas.text(BARS, 12, f"capacity, t {basis} a year", size=12, bold=True)
    canvas.text(canvas.width, 12, "start: promised", size=12, bold=True, align="right")
    canvas.text(canvas.width, 28, "\u2192 delivered", size=12, bold=True, align="right")
    for value in ticks(largest):
        x = BARS + WIDEST * value / largest
        canvas.line([x, x], [TOP - 10, canvas.height - 4], colour=RULE, line=0.8)
        canvas.text(x, TOP - 18, fmt.exact(value), size=10.5, colour=SOFT, align="center")


def ticks(largest: float) -> list[float]:
    """Zero and at most three round values up to the end of the scale."""
    if largest <= 0:
        return []
    size = 10 ** math.floor(math.log10(largest))
    step = next(size * part for part in (0.5, 1.0, 2.0, 5.0) if largest / (size * part) < 4)
    return [step * at for at in range(int(largest // step) + 1)]


def _draw_project(canvas: Canvas, project: Project, y: float, largest: float) -> None:
    ink = SOFT if project.is_stale else INK
    canvas.text(0, y, shorten(project.name, CODE - 8, 12), size=12, colour=ink, tip=project.name)
    canvas.text(CODE, y, project.place_id, size=10.5, colour=SOFT)
    _draw_track(canvas, project, y)
    canvas.text(AS_OF, y, project.as_of or fmt.MISSING, size=11, colour=SOFT)
    if project.capacity_t and largest:
        width = max(WIDEST * project.capacity_t / largest, 1.0)
        edge = OTHER if project.is_stale else INK
        tip = f"{project.name}: {fmt.tonnes(project.capacity_t)} {'built' if project.is_built else 'planned'}"
        canvas.rect(BARS, y - 6, width, 12, fill=edge if project.is_built else PAPER, edge=edge, line=1.0, tip=tip)
        label = fmt.number(project.capacity_t)
        canvas.rect(BARS + width + 3, y - 8, text_width(label, 11.5) + 5, 16, fill=PAPER)
        canvas.text(BARS + width + 6, y, label, size=11.5, colour=ink)
    else:
        word = "as in the first promise" if project.is_repeat else "not stated"
        canvas.rect(BARS + 1, y - 8, text_width(word, 11.5) + 5, 16, fill=PAPER)
        canvas.text(BARS + 4, y, word, size=11.5, colour=SOFT)
    start = f"{project.promised or '?'} \u2192 {project.delivered}" if project.delivered else project.promised
    canvas.text(canvas.width, y, start or fmt.MISSING, size=11.5, colour=SOFT, align="right")


def _draw_track(canvas: Canvas, project: Project, y: float) -> None:
    if project.rank < 0:
        canvas.text(TRACK - 5, y, _standing(project), size=11.5, colour=SOFT)
        return
    colour = OTHER if project.is_stale else ACCENT
    last = TRACK + STEP * (len(STEPS) - 1)
    reached = TRACK + STEP * math.floor(project.rank)
    canvas.line([TRACK, last], [y, y], colour=RULE, line=0.8, dashed=True)
    tip = f"{project.name}: {fmt.words(project.status)}, {project.as_of}; the line is implied, dots are stated"
    canvas.line([TRACK, reached], [y, y], colour=colour, line=1.0, tip=tip)
    for at in sorted(project.stated):
        radius = 5.0 if at == project.rank else 3.4
        canvas.dot(TRACK + STEP * at, y, radius, fill=colour, edge=colour, tip=f"{STEPS[at]}, stated")
    if project.status == RUNS:
        _draw_diamond(
            canvas, (reached + last) / 2, y, STEP / 2, colour, tip=f"{project.name}: operating, level unknown"
        )


def _draw_diamond(canvas: Canvas, x: float, y: float, half: float, colour: str, tip: str = "") -> None:
    from matplotlib.path import Path

    points = [(x - half, y), (x, y - 5.5), (x + half, y), (x, y + 5.5), (x - half, y)]
    canvas.shape(Path(points, closed=True), fill=PAPER, edge=colour, line=1.4, tip=tip)


def _standing(project: Project) -> str:
    if project.is_expansion:
        return "expansion, own step not stated"
    return fmt.words(project.status) if project.status else "status not known"
