"""What the results of a plan or of a shock say on what an article speaks of; only where a file of one is given.

Reads the fixed shapes of `ytterby plan --to` and of the shock's JSON; computes nothing and shows only what bears on the
stages that the article names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .. import format as fmt
from ..figures.plan_worth import dollars
from ..plan_view import PlanView
from ..section import Block, Cell, SectionContent, Table, Text
from ..sections.plan import build_cells
from .view import ArticleView, Told

SHOWN = 10


def build(view: ArticleView) -> SectionContent:
    """The sections' blocks: of the plan, then of the shock."""
    return SectionContent(blocks=(*_plan(view), *_shock(view)))


def _plan(view: ArticleView) -> Iterator[Block]:
    if view.plan is None:
        return
    packages = set(view.plan["manifest"]["packages"])
    told = next((each for each in view.told if each.chain.name in packages), None)
    if told is None:
        named = fmt.listing(sorted(packages - {"shared", "enablers", "world"}))
        yield Text(lead="Plan.", text=f"The plan given is of {named}, which the article does not name.")
        return
    plan = PlanView(chain=told.chain, held=view.plan)
    yield Text(
        lead="Plan.",
        text=f"A plan of least cost for {plan.short(plan.bloc)}, {plan.first} to {plan.last}, costs "
        f"{dollars(view.plan['objective_usd'])}, discounted; status: {fmt.words(str(view.plan['status']))}. "
        f"{fmt.capital(fmt.share(view.plan.get('assumed_share')))} of the cost rests on assumed figures.",
    )
    yield _builds(view, told, plan)


def _builds(view: ArticleView, told: Told, plan: PlanView) -> Block:
    stage_of = dict(told.chain.table("processes").select("process_id", "stage").iter_rows())
    rows = [
        row
        for row in plan.table("builds").to_dicts()
        if not view.stages or stage_of.get(str(row["process"]).rstrip("+")) in view.stages
    ]
    where = fmt.listing(list(view.stages)) or "any stage"
    if not rows:
        return Text(text=f"It builds nothing at the stages named ({where}).")
    return Table(
        caption=f"What the plan builds at the stages named ({where})",
        columns=("Process", "Place", "Decided", "Ready", "Capacity, t/a"),
        rows=tuple(build_cells(plan, row) for row in rows),
        numeric=frozenset({2, 3, 4}),
    )


def _shock(view: ArticleView) -> Iterator[Block]:
    held = view.shock
    if held is None:
        return
    runs, months = held.get("runs"), held.get("months")
    stopped = held.get("manifest", {}).get("options", {}).get("stop") or []
    what = fmt.listing([str(item) for item in ([stopped] if isinstance(stopped, str) else stopped)])
    yield Text(
        lead="Shock.",
        text=f"Stopped: {what or 'see its manifest'}; {runs} runs of {months} months. First shortage after "
        f"{_months(held.get('time_to_shortage_months'))}; recovered after {_months(held.get('recovery_months'))}.",
    )
    rows = [row for row in held.get("ranking") or [] if isinstance(row, Mapping)]
    if rows:
        columns = tuple(dict.fromkeys(name for row in rows[:SHOWN] for name in row))
        yield Table(
            caption="Chokepoints, worst first",
            columns=tuple(fmt.capital(fmt.words(name)) for name in columns),
            rows=tuple(tuple(_cell(row.get(name)) for name in columns) for row in rows[:SHOWN]),
            is_folded=False,
        )


def _months(found: Any) -> str:
    """A figure of months with its 5 and 95 % quantiles."""
    if isinstance(found, Mapping):
        low, middle, high = (found.get(name) for name in ("p05", "p50", "p95"))
        if middle is None:
            return "no month within the horizon"
        return f"{fmt.number(middle)} months ({fmt.number(low)}–{fmt.number(high)})"
    return "a time that the file does not give" if found is None else f"{fmt.number(float(found))} months"


def _cell(value: Any) -> Cell:
    if isinstance(value, bool) or value is None:
        return Cell(text=fmt.MISSING if value is None else str(value).lower())
    if isinstance(value, int | float):
        return Cell(text=fmt.number(float(value)), value=float(value))
    if isinstance(value, Mapping):
        return Cell(text=", ".join(f"{name} {_cell(inner).text}" for name, inner in value.items()))
    return Cell(text=str(value))
