"""The plan: what to build and when, what binds and what more of it is worth, targets, people, and what it rests on.

Stands on the page only where a plan's file was given. Reads the file; recomputes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from .. import format as fmt
from ..figures.plan_worth import dollars
from ..plan_page import plan_figures
from ..plan_view import PlanView
from ..section import Block, Bullets, Cell, Figure, SectionContent, Table, Text, nothing_held

if TYPE_CHECKING:
    from ..context import BriefContext

MINIMA: Final = ("output_share", "recycled_share", "days_of_cover")
SHOWN: Final = 12


def build(context: BriefContext) -> SectionContent:
    """The findings, the Gantt of builds, flows and prices, builds in a table."""
    view = _view(context)
    if view is None:
        return nothing_held("plan")
    figures = {figure.key: figure for figure in plan_figures(view)}
    return SectionContent(
        blocks=(
            Text(text=_intro(view, context.bloc_name)),
            *_chosen(figures, "plan-gantt"),
            _builds(view),
            *_targets(view),
            *_chosen(figures, "plan-flows", "plan-prices"),
        )
    )


def binding(context: BriefContext) -> SectionContent:
    """What binds, what one more of it is worth, and people."""
    view = _view(context)
    if view is None:
        return nothing_held("plan")
    figures = {figure.key: figure for figure in plan_figures(view)}
    return SectionContent(
        blocks=(*_chosen(figures, "plan-worth"), _binding(view), *_chosen(figures, "plan-people"), _rests(view))
    )


def _view(context: BriefContext) -> PlanView | None:
    return None if context.plan is None else PlanView(chain=context.chain, held=context.plan)


def _chosen(figures: dict[str, Figure], *keys: str) -> tuple[Block, ...]:
    return tuple(figures[key] for key in keys if key in figures)


def _intro(view: PlanView, bloc: str) -> str:
    held = view.held
    target = f" with the targets {view.target}" if view.target else " without targets"
    state = {
        "optimal": "The plan is optimal",
        "relaxed": "Not every target can be met: the plan keeps them as nearly as is possible",
    }.get(str(held["status"]), "The solver stopped at its limit: the best plan found")
    relaxed = f" {' '.join(held['relaxed'])}" if held.get("relaxed") else ""
    share = fmt.capital(fmt.share(held["assumed_share"]))
    return (
        f"A plan of least cost for the world from {view.first} to {view.last}{target}, in which only {bloc} may build "
        f"and train. {state}. It costs {dollars(held['objective_usd'])}, discounted; the bill of the bloc is "
        f"{dollars(held['bloc_bill_usd'])}. {share} of the cost rests on assumed figures.{relaxed}"
    )


def build_cells(view: PlanView, row: Mapping[str, Any]) -> tuple[Cell, ...]:
    """Process, place, year decided, year ready and capacity of a build."""
    return (
        Cell(text=fmt.capital(view.name(row["process"]))),
        Cell(text=view.short(row["place"])),
        Cell(text=str(row["year_decided"])),
        Cell(text=str(row["year_ready"])),
        Cell(text=fmt.number(row["capacity_t_per_a"]), value=row["capacity_t_per_a"]),
    )


def _builds(view: PlanView) -> Table:
    builds = view.table("builds")
    rows = tuple(
        (
            *build_cells(view, row),
            Cell(text=fmt.share(row["share_of_draws"]), value=row["share_of_draws"]),
        )
        for row in builds.iter_rows(named=True)
    )
    return Table(
        caption="Builds",
        columns=("Process", "Place", "Decided", "Ready", "Capacity, t/a", "In draws"),
        rows=rows,
        numeric=frozenset({2, 3, 4, 5}),
        note="In draws: share of the re-solved plans in which this process is built at this place.",
        is_folded=True,
    )


def _targets(view: PlanView) -> tuple[Table, ...]:
    targets = view.table("targets")
    if targets.is_empty():
        return ()
    return (
        Table(
            caption="Targets",
            columns=("Target", "Of", "Required", "Base year", "Reached", "Kept from"),
            rows=tuple(_target(view, row) for row in targets.iter_rows(named=True)),
            numeric=frozenset({2, 3, 4, 5}),
            note="Reached: in the year of the target. Voluntary: the act does not name the material.",
            is_folded=False,
        ),
    )


def _target(view: PlanView, row: dict[str, Any]) -> tuple[Cell, ...]:
    sign = "at least" if row["measure"] in MINIMA else "at most"

    def figure(value: float) -> str:
        return f"{fmt.number(value)}{fmt.NBSP}d" if row["measure"] == "days_of_cover" else fmt.share(value)

    kept = "not to the end" if row["met_in"] is None else str(row["met_in"])
    named = "" if row["is_listed"] else "voluntary"
    return (
        Cell(text=row["name"], more=named),
        Cell(text=fmt.capital(view.short(row["component"]))),
        Cell(text=f"{sign} {figure(row['required'])}"),
        Cell(text=figure(row["in_base_year"]), value=row["in_base_year"]),
        Cell(text=figure(row["reached"]), value=row["reached"]),
        Cell(text=kept),
    )


def _binding(view: PlanView) -> Table:
    binding = view.table("binding")
    keys = ["constraint", "what", "place", "unit"]
    groups = (
        pl.DataFrame()
        if binding.is_empty()
        else binding.group_by(*keys, maintain_order=True)
        .agg(
            pl.col("year").min().alias("first"),
            pl.col("year").max().alias("last"),
            pl.col("shadow_price_usd").sum().alias("usd"),
        )
        .sort("usd", *keys, descending=[True, *[False] * 4])
        .head(SHOWN)
    )
    rows = tuple(
        (
            Cell(text=fmt.capital(fmt.words(row["constraint"]))),
            Cell(text=view.short(row["what"]) if row["what"] else ""),
            Cell(text=view.short(row["place"]) if row["place"] else ""),
            Cell(text=f"{row['first']}\u2013{row['last']}"),
            Cell(text=fmt.number(row["usd"]), value=row["usd"], more=f"per {row['unit']}"),
        )
        for row in groups.iter_rows(named=True)
    )
    return Table(
        caption="What binds",
        columns=("Constraint", "Of", "Place", "Years", "Worth of one more unit in each of them, USD"),
        rows=rows,
        numeric=frozenset({4}),
        note="Shadow prices, discounted and summed over the years in which the constraint binds; the largest twelve.",
        is_folded=False,
    )


def _rests(view: PlanView) -> Bullets:
    return Bullets(items=tuple(Text(text=note) for note in view.held.get("notes", [])))
