"""Projects: how far each has come, when that was last said, and what it promises."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .. import format as fmt
from ..context import all_ids, split_ids
from ..figures.project_status import STEP_OF, Project, project_status
from ..section import Cell, Figure, SectionContent, Table, nothing_held
from ..sites import RUNNING, contained_t, stated_outputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..context import BriefContext

FRESH_A = 5  # years before the ladder's year after which a last status is called old
STILL = frozenset({"care_and_maintenance", "suspended", "closed", "withdrawn"})


def build(context: BriefContext) -> SectionContent:
    """The section."""
    rows = context.table("projects").sort("project_id").to_dicts()
    if not rows:
        return nothing_held("project")
    drawn = _projects(context, rows)
    order = {material: at for at, material in enumerate(context.table("materials")["material_id"].to_list())}
    firsts = {row["project_id"]: project for row, project in zip(rows, drawn, strict=True)}

    def place(pair: tuple[dict[str, Any], Project]) -> tuple[Any, ...]:
        row, project = pair
        first = firsts[_first_promise(row, rows) or row["project_id"]]
        return (
            order.get(row["material_id"], len(order)),
            first.is_stale and not first.is_made,
            -first.rank,
            -(first.capacity_t or 0.0),
            first.name,
            project.is_repeat,
            project.name,
        )

    keyed = sorted(zip(rows, drawn, strict=True), key=place)
    stages = dict(context.table("materials").select("material_id", "stage").iter_rows())
    mines = [pair for pair in keyed if stages.get(pair[0]["material_id"]) in ("exploration", "mining")]
    plants = [pair for pair in keyed if pair not in mines]
    largest = max((project.capacity_t or 0.0 for project in drawn), default=0.0)
    figures = [_figure(context, *part, largest) for part in (("mines", mines), ("plants", plants)) if part[1]]
    return SectionContent(blocks=(*figures, _table(context, keyed)))


def project_title(word: str, drawn: Sequence[Project], since: int) -> str:
    """What the projects have come to: benchmarks are left out, and a site's second promise is not counted again."""
    counted = [project for project in drawn if not (project.is_benchmark or project.is_repeat)]
    made = sum(project.is_made for project in counted)
    old = sum(project.is_stale for project in counted if not project.is_made)
    building = STEP_OF["construction"]
    before = sum(0 <= project.rank < building and not project.is_stale for project in counted)
    title = (
        f"{fmt.capital(word)}: of {fmt.counted(len(counted), 'project')} {made or 'none'} "
        f"{'has' if made <= 1 else 'have'} made a first product, {before or 'none'} {'is' if before <= 1 else 'are'} "
        "not yet under construction"
    )
    return f"{title}, and of {old} nothing since {since} is on record" if old else title


def _figure(context: BriefContext, word: str, keyed: list[tuple[dict[str, Any], Project]], largest: float) -> Figure:
    drawn = [project for _, project in keyed]
    title = project_title(word, drawn, context.result.year - FRESH_A)
    apart = (
        [f"{fmt.counted(sum(p.is_benchmark for p in drawn), 'benchmark')}"]
        if any(p.is_benchmark for p in drawn)
        else []
    )
    apart += ["second promises of one project"] if any(p.is_repeat for p in drawn) else []
    left_out = f"; not counted in the title: {fmt.listing(apart)}" if apart else ""
    return Figure(
        key=f"projects-{word}",
        title=title,
        subtitle="Dot: a step that a dated source states; thin line: steps that the last one implies; grey: last "
        f"status older than {context.result.year - FRESH_A}. Solid bar: capacity of what runs; hollow bar: planned; "
        f"contained {context.basis} on one scale for all projects. Promised \u2192 delivered: the start first "
        f"promised and, after the arrow, the start on record{left_out}",
        svg=project_status(drawn, key=f"projects-{word}", largest=largest, basis=context.basis),
        alt=f"Projects by status against planned capacity. {title}.",
        credit=context.credit(all_ids(row["source_id"] for row, _ in keyed)),
    )


def stated_steps(rows: Sequence[dict[str, Any]]) -> frozenset[int]:
    """The steps that dated rows of a site state, in order of date, since it last stood still."""
    found: set[int] = set()
    for row in rows:
        if row["status"] in STILL:
            found = set()
        elif row["status"] in STEP_OF:
            found.add(STEP_OF[row["status"]])
    return frozenset(found)


def _first_promise(row: dict[str, Any], rows: Sequence[dict[str, Any]]) -> str | None:
    """The project of which this row is a later promise: same site, product and kind, and its name goes on from it."""
    key = ("facility_id", "material_id", "kind")
    for other in rows:
        if all(other[name] == row[name] for name in key) and row["name"].startswith(f"{other['name']}, "):
            return str(other["project_id"])
    return None


def _projects(context: BriefContext, rows: list[dict[str, Any]]) -> list[Project]:
    """Each project with its own status and capacity.

    The status of a site is not that of an expansion there, so an expansion without a first product has none. A site's
    planned capacity belongs to the later project; one that runs has the capacity stated for its site.
    """
    outputs = {
        (row["facility_id"], row["material_id"], row["measure"]): row for row in stated_outputs(context).to_dicts()
    }
    places = dict(context.table("facilities").select("facility_id", "place_id").iter_rows())
    waiting = {(row["facility_id"], row["material_id"]) for row in rows if not row["delivered_start"]}
    dated: dict[str, list[dict[str, Any]]] = {}
    for state in context.table("facility_status").sort("facility_id", "date", "status").to_dicts():
        dated.setdefault(state["facility_id"], []).append(state)
    found = []
    for row in rows:
        site = (row["facility_id"], row["material_id"])
        history = dated.get(row["facility_id"], [])
        last = history[-1] if history else {}
        is_open = row["kind"] == "expansion" and not row["delivered_start"] and last.get("status") in RUNNING
        as_of = (row["announced"] if is_open else last.get("date")) or ""
        project = Project(
            name=row["name"],
            place_id=places.get(row["facility_id"], ""),
            material=fmt.capital(context.short(row["material_id"])),
            status=None if is_open else last.get("status"),
            as_of=as_of,
            stated=frozenset() if is_open else stated_steps(history),
            promised=row["promised_start"] or "",
            delivered=row["delivered_start"] or "",
            is_expansion=is_open,
            is_stale=bool(as_of) and int(as_of[:4]) < context.result.year - FRESH_A,
            is_repeat=_first_promise(row, rows) is not None,
            is_benchmark=row["name"].endswith("(benchmark)"),
        )
        planned = None if row["delivered_start"] and site in waiting else outputs.get((*site, "planned_capacity"))
        built = outputs.get((*site, "capacity")) if project.is_made or row["delivered_start"] else None
        promised_t = contained_t(context, planned) if planned else None
        built_t = contained_t(context, built) if built and promised_t is None else None
        quantity = None if project.is_repeat else built_t or promised_t
        found.append(replace(project, capacity_t=quantity, is_built=bool(built_t) and project.is_made))
    return found


def _table(context: BriefContext, keyed: list[tuple[dict[str, Any], Project]]) -> Table:
    rows = tuple(
        (
            Cell(text=project.name),
            Cell(text=context.name(project.place_id)),
            Cell(text=project.material),
            Cell(text=row["kind"]),
            Cell(
                text="expansion, not stated" if project.is_expansion else fmt.words(project.status), more=project.as_of
            ),
            Cell(text=project.as_of or fmt.MISSING),
            Cell(
                text=fmt.number(project.capacity_t),
                value=project.capacity_t,
                more="built" if project.is_built else "planned" if project.capacity_t else "",
                sources=split_ids(row["source_id"]),
            ),
            Cell(text=fmt.exact(row["capex_musd"]), value=row["capex_musd"], more=str(row["money_year"] or "")),
            Cell(
                text=project.promised or fmt.MISSING, more=f"delivered {project.delivered}" if project.delivered else ""
            ),
        )
        for row, project in keyed
    )
    return Table(
        caption="Every project on record",
        columns=(
            "Project",
            "Place",
            "Makes",
            "Kind",
            "Status",
            "As of",
            f"Capacity, t {context.basis} a year",
            "Capital, million USD",
            "Start promised",
        ),
        rows=rows,
        numeric=frozenset({6, 7}),
    )
