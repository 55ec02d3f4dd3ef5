"""Announced is not built: each project's step on the ladder of status beside the capacity that it promises.

Eight steps from exploration to nameplate; the filled ones are reached. The bar is the planned capacity as stated, on
one scale for projects of one material and unit. A project that stands still or was withdrawn says so in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .. import format as fmt
from .canvas import Canvas, shorten
from .palette import ACCENT, INK, OTHER, PAPER, RULE, SOFT

if TYPE_CHECKING:
    from collections.abc import Sequence

STEPS: Final = (
    "exploration",
    "study",
    "permitted",
    "financed",
    "construction",
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
    "first_product": 5,
    "ramp_up": 6,
    "nameplate": 7,
    "operating": 7,
}
CODE: Final = 252.0
TRACK: Final = 318.0
STEP: Final = 32.0
BARS: Final = 590.0
WIDEST: Final = 170.0
TOP: Final = 84.0
ROW: Final = 23.0
GROUP: Final = 28.0


@dataclass(frozen=True, kw_only=True)
class Project:
    """One project as it is drawn."""

    name: str
    place_id: str
    material: str
    status: str | None
    capacity: float | None
    unit: str
    promised: str
    delivered: str
    is_expansion: bool = False


def project_status(projects: Sequence[Project], *, key: str) -> str:
    """The chart of projects, grouped by material in the order given."""
    groups: dict[str, list[Project]] = {}
    for project in projects:
        groups.setdefault(project.material, []).append(project)
    canvas = Canvas(key, TOP + sum(GROUP + ROW * len(group) for group in groups.values()) + 6)
    _draw_heads(canvas)
    y = TOP
    for material, group in groups.items():
        canvas.line([0, canvas.width], [y + 2, y + 2], colour=RULE, line=0.8)
        canvas.text(0, y + GROUP / 2 + 2, material, size=12.5, bold=True)
        y += GROUP
        for project in group:
            _draw_project(canvas, project, group, y + ROW / 2)
            y += ROW
    return canvas.svg("Projects by status against planned capacity")


def _draw_heads(canvas: Canvas) -> None:
    for at, word in enumerate(STEPS):
        x = TRACK + STEP * at
        low = at % 2 == 1
        y = 62.0 if low else 44.0
        canvas.text(x, y, word, size=10.5, colour=SOFT, align="center")
        canvas.line([x, x], [y + 8, TOP - 4], colour=RULE, line=0.8)
    canvas.text(TRACK, 12, "status reached", size=12, bold=True)
    canvas.text(BARS, 12, "planned capacity, a year", size=12, bold=True)
    canvas.text(canvas.width, 12, "start promised", size=12, bold=True, align="right")


def _draw_project(canvas: Canvas, project: Project, group: Sequence[Project], y: float) -> None:
    label = shorten(project.name, CODE - 8, 12)
    canvas.text(0, y, label, size=12, tip=project.name)
    canvas.text(CODE, y, project.place_id, size=10.5, colour=SOFT)
    _draw_track(canvas, project, y)
    peers = [peer.capacity for peer in group if peer.capacity and peer.unit == project.unit]
    if project.capacity and peers:
        built = STEP_OF.get(project.status or "", -1) >= STEP_OF["first_product"]
        width = max(WIDEST * project.capacity / max(peers), 1.0)
        canvas.rect(BARS, y - 6, width, 12, fill=INK if built else PAPER, edge=INK, line=1.0)
        canvas.text(BARS + width + 6, y, fmt.quantity(project.capacity, None, project.unit), size=11.5)
    else:
        canvas.text(BARS, y, "not stated", size=11.5, colour=SOFT)
    start = f"{project.promised} \u2192 {project.delivered}" if project.delivered else project.promised
    canvas.text(canvas.width, y, start or fmt.MISSING, size=11.5, colour=SOFT, align="right")


def _draw_track(canvas: Canvas, project: Project, y: float) -> None:
    reached = STEP_OF.get(project.status or "")
    if reached is None:
        canvas.text(TRACK, y, _standing(project), size=11.5, colour=SOFT)
        return
    last = TRACK + STEP * (len(STEPS) - 1)
    canvas.line([TRACK, last], [y, y], colour=RULE, line=1.2)
    canvas.line([TRACK, TRACK + STEP * reached], [y, y], colour=ACCENT, line=2.0)
    for at in range(len(STEPS)):
        filled = at <= reached
        canvas.dot(
            TRACK + STEP * at,
            y,
            5.0 if at == reached else 3.0,
            fill=ACCENT if filled else PAPER,
            edge=ACCENT if filled else OTHER,
            line=1.0,
        )


def _standing(project: Project) -> str:
    if project.is_expansion:
        return "expansion of a running site, own step not stated"
    return fmt.words(project.status) if project.status else "status not known"
