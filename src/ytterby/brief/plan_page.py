"""The figures of a plan, each with its finding as its title; written beside the plan or put into the brief."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from . import format as fmt
from .plan_view import PlanView
from .section import Figure

if TYPE_CHECKING:
    from ytterby.chain import Chain


def plan_figures(view: PlanView) -> list[Figure]:
    """The figures that the plan has something to draw for."""
    from .figures.plan_gantt import lanes_of, tightest
    from .figures.plan_panels import flow_materials, price_materials
    from .figures.plan_worth import worth_rows

    made = (
        (_gantt, bool(lanes_of(view)[0])),
        (_flows, bool(flow_materials(view))),
        (_prices, bool(price_materials(view))),
        (_worth, bool(worth_rows(view))),
        (_people, bool(tightest(view))),
    )
    return [make(view) for make, is_held in made if is_held]


def write_figures(chain: Chain, held: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write the figures of a plan as SVG, all of them or none; return their paths."""
    from .page import write_all

    view = PlanView(chain=chain, held=held)
    stem = f"plan-{chain.name}-{view.bloc}"
    texts = {f"{stem}-{figure.key.removeprefix('plan-')}.svg": figure.svg for figure in plan_figures(view)}
    write_all(folder, texts)
    return [folder / name for name in texts]


def _figure(view: PlanView, key: str, title: str, subtitle: str, svg: str) -> Figure:
    target = f", targets {view.target}" if view.target else ""
    credit = f"Plan of least cost, {view.short(view.bloc)}, {view.first} to {view.last}{target}; see the manifest"
    return Figure(key=key, title=title, subtitle=subtitle, svg=svg, alt=f"{title}. {subtitle}", credit=credit)


def _gantt(view: PlanView) -> Figure:
    from .figures.plan_gantt import plan_gantt

    builds = view.table("builds")
    first, last = min(builds["year_decided"].to_list()), max(builds["year_ready"].to_list())
    lanes = fmt.counted(builds.select("process", "place").n_unique(), "process", "processes")
    title = f"{fmt.capital(lanes)} built; first decision {first}, last plant ready {last}"
    subtitle = "Strips are builds, as thick as their capacity is large within the row; people of the bloc below"
    return _figure(view, "plan-gantt", title, subtitle, plan_gantt(view))


def _flows(view: PlanView) -> Figure:
    from .figures.plan_panels import plan_flows

    flows = view.inflows
    own = pl.col("from") == view.bloc
    part = flows.group_by("material").agg(
        (pl.col("t").filter(own & (pl.col("year") == view.first)).sum()).alias("then"),
        (pl.col("t").filter(own & (pl.col("year") == flows["year"].max())).sum()).alias("now"),
    )
    more = part.filter(pl.col("now") > pl.col("then") * 1.01 + 1.0).height
    title = f"{more} of {fmt.counted(part.height, 'material')} come from home more at the end than in {view.first}"
    subtitle = "Tonnes a year that come to the bloc, home included, by place of origin; gross of each material"
    return _figure(view, "plan-flows", title, subtitle, plan_flows(view))


def _prices(view: PlanView) -> Figure:
    from .figures.plan_panels import plan_prices

    subtitle = "What one more tonne in the bloc would cost the world, undiscounted; dual of the balance of the material"
    return _figure(view, "plan-prices", "Price path at each stage", subtitle, plan_prices(view))


def _worth(view: PlanView) -> Figure:
    from .figures.plan_worth import dollars, label_of, plan_worth, worth_rows

    top = worth_rows(view)[0]
    title = f"Worth most: {fmt.lower(label_of(view, top))} ({dollars(float(str(top['worth_usd'])))})"
    subtitle = "What the world's cost falls by with one more unit, discounted; logarithmic scale, each row its own unit"
    return _figure(view, "plan-worth", title, subtitle, plan_worth(view))


def _people(view: PlanView) -> Figure:
    from .figures.plan_gantt import tightest
    from .figures.plan_panels import plan_people

    people = view.table("people").filter(pl.col("place") == view.bloc)
    full = people.filter((pl.col("needed") > 1.0) & (pl.col("needed") >= 0.999 * pl.col("staff")))
    names = [fmt.lower(view.name(name)) for name in tightest(view) if name in set(full["occupation"])]
    title = f"Every {fmt.listing(names[:3])} is taken" if names else "No occupation runs out of people"
    subtitle = "People that plants need against people there, FTE, the tightest occupations first"
    return _figure(view, "plan-people", title, subtitle, plan_people(view))
