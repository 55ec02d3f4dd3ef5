"""When each plant is decided, under construction and ready, and the people that plants need, on one axis of years.

A row is a process at a place; each build in it is a strip as thick as its capacity is large within the row: pale from
decision to ground-breaking (permits, financing), middling under construction, full from when it is ready. Below, by
occupation: who is needed (area) against who is there (line); the tightest occupations first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from .. import format as fmt
from .canvas import Canvas, name_lines
from .palette import ACCENT, BLOC, INK, RULE, SOFT
from .panels import Panel, nice, ticks

if TYPE_CHECKING:
    from ..plan_view import PlanView

LEFT: Final = 296.0
RIGHT: Final = 944.0
TOP: Final = 50.0
ROWS: Final = 14
PEOPLE: Final = 6
GAP: Final = 12.0
LANE: Final = 38.0
PALE: Final = "#cfdce8"
MIDDLE: Final = "#7fa3c4"
SPARE: Final = 1.001


def plan_gantt(view: PlanView) -> str:
    """The builds, and the people below them."""
    lanes, rest = lanes_of(view)
    crews = tightest(view)[:PEOPLE]
    people_y = TOP + len(lanes) * (LANE + GAP) + (22 if rest else 0) + 12
    height = people_y + (26 + len(crews) * (LANE + GAP + 4) if crews else 0) + 6
    canvas = Canvas("plan-gantt", height)
    _key(canvas)
    _years(canvas, view, height - 6)
    for number, lane in enumerate(lanes):
        _lane(canvas, view, lane, TOP + number * (LANE + GAP))
    if rest:
        y = TOP + len(lanes) * (LANE + GAP) + 8
        canvas.text(0, y, f"and {fmt.counted(rest, 'further process', 'further processes')}", size=11.5, colour=SOFT)
    if crews:
        canvas.text(0, people_y + 8, "People in FTE: needed (area), there (line)", size=12.5, bold=True)
    for number, occupation in enumerate(crews):
        _crew(canvas, view, occupation, people_y + 26 + number * (LANE + GAP + 4))
    return canvas.svg("Gantt chart: builds by process, and the people that plants need")


def lanes_of(view: PlanView) -> tuple[list[pl.DataFrame], int]:
    """The builds by process and place, first decided first; how many are left out, those with the least capacity."""
    builds = view.table("builds")
    if builds.is_empty():
        return [], 0
    rank = pl.col("material").replace_strict(view.order, default=len(view.order), return_dtype=pl.Int64)
    ordered = builds.with_columns(rank.alias("rank")).sort("rank", "process", "place", "year_decided")
    lanes = [rows for _, rows in ordered.group_by("process", "place", maintain_order=True)]
    kept = sorted(lanes, key=lambda rows: -float(rows["capacity_t_per_a"].sum()))[:ROWS]
    return [rows for rows in lanes if any(rows is each for each in kept)], len(lanes) - len(kept)


def tightest(view: PlanView) -> list[str]:
    """Occupations of the bloc that plants need, those nearest to want of people first."""
    people = view.table("people")
    if people.is_empty():
        return []
    own = people.filter(pl.col("place") == view.bloc)
    use = own.group_by("occupation").agg(
        (pl.col("needed") / pl.max_horizontal("staff", pl.lit(1e-9))).max().alias("part"), pl.col("needed").max()
    )
    return (
        use.filter(pl.col("needed") > 1.0).sort("part", "occupation", descending=[True, False])["occupation"].to_list()
    )


def _at(view: PlanView, year: float) -> float:
    span = view.last + 1 - view.first
    return LEFT + (RIGHT - LEFT) * min(max(year - view.first, 0.0), span) / span


def _key(canvas: Canvas) -> None:
    x = LEFT
    for fill, words in ((PALE, "permits and financing"), (MIDDLE, "construction"), (BLOC, "ready")):
        canvas.rect(x, 4, 18, 11, fill=fill)
        canvas.text(x + 24, 10, words, size=11.5)
        x += 60 + 7.0 * len(words)


def _years(canvas: Canvas, view: PlanView, bottom: float) -> None:
    for year in ticks(view.first, view.last):
        canvas.line([_at(view, year)] * 2, [TOP - 6, bottom], colour=RULE, line=0.8)
        canvas.text(_at(view, year), TOP - 15, str(year), size=11.5, colour=SOFT, align="center")


def _lane(canvas: Canvas, view: PlanView, lane: pl.DataFrame, y: float) -> None:
    whole = float(lane["capacity_t_per_a"].sum())
    process, share = lane["process"][0], lane["share_of_draws"][0]
    lines, size, step = name_lines(fmt.capital(view.name(process)), LEFT - 16)
    odds = "" if share is None else f", in {fmt.share(share)} of draws"
    where = "" if lane["place"][0] == view.bloc else f" in {view.short(lane['place'][0])}"
    lines = lines[:2]
    middle = y + LANE / 2
    block = [*((line, size, True, INK) for line in lines), (f"{fmt.tonnes(whole)}/a{where}{odds}", 11.0, False, SOFT)]
    for number, (line, points, bold, colour) in enumerate(block):
        shift = step * (number - (len(block) - 1) / 2)
        canvas.text(0, middle + shift, line, size=min(points, 11.5), bold=bold, colour=colour)
    top = y
    for row in lane.iter_rows(named=True):
        thick = LANE * row["capacity_t_per_a"] / whole
        _strip(canvas, view, row, top, thick)
        top += thick


def _strip(canvas: Canvas, view: PlanView, row: dict[str, object], y: float, thick: float) -> None:
    decided, ready = float(str(row["year_decided"])), float(str(row["year_ready"]))
    ground = max(decided, ready - float(str(row["build_a"] or 0)))
    capacity = fmt.tonnes(float(str(row["capacity_t_per_a"])))
    tip = f"{view.name(str(row['process']))}: {capacity}/a, decided {decided:.0f}, ready {ready:.0f}"
    spans = ((decided, ground, PALE), (ground, ready, MIDDLE), (ready, view.last + 1.0, BLOC))
    line = 0.35 if thick > 1.5 else 0.0
    for start, end, fill in spans:
        left, right = _at(view, start), _at(view, end)
        if right > left:
            edge = "#ffffff" if line else None
            canvas.rect(left, y, right - left, max(thick, 0.4), fill=fill, edge=edge, line=line, tip=tip)


def _crew(canvas: Canvas, view: PlanView, occupation: str, y: float) -> None:
    rows = (
        view.table("people").filter((pl.col("place") == view.bloc) & (pl.col("occupation") == occupation)).sort("year")
    )
    years, staff, needed = rows["year"].to_list(), rows["staff"].to_list(), rows["needed"].to_list()
    panel = Panel(
        canvas=canvas,
        x=_at(view, view.first),
        y=y,
        width=_at(view, view.last) - _at(view, view.first),
        height=LANE,
        first=view.first,
        last=view.last,
        top=nice(max([*staff, *needed, 1.0])),
    )
    panel.line([view.first, view.last], [0, 0], colour=RULE, line=0.8)
    panel.area(years, [0.0] * len(years), needed, fill="#dba9a6", tip=f"{view.name(occupation)}: needed")
    panel.line(years, staff, colour=ACCENT, tip=f"{view.name(occupation)}: there")
    lines, size, step = name_lines(fmt.capital(view.name(occupation)), LEFT - 16)
    most = f"at most {fmt.number(max(needed))} needed, {fmt.number(staff[needed.index(max(needed))])} there then"
    for number, line in enumerate(lines[:2]):
        canvas.text(
            0,
            y + LANE / 2 - 8 + step * number - (step - 3 if len(lines) > 1 else 0),
            line,
            size=min(size, 11.5),
            bold=True,
        )
    canvas.text(0, y + LANE / 2 + 12, most, size=11.0, colour=SOFT)
