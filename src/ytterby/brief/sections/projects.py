"""Projects: how far each has come, and what it promises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import format as fmt
from ..context import all_ids, split_ids
from ..figures.project_status import STEP_OF, Project, project_status
from ..section import Cell, Figure, SectionContent, Table, nothing_held
from ..sites import RUNNING, latest_status, stated_outputs

if TYPE_CHECKING:
    from ..context import BriefContext


def build(context: BriefContext) -> SectionContent:
    """The section."""
    rows = context.table("projects").sort("project_id").to_dicts()
    if not rows:
        return nothing_held("project")
    drawn = _projects(context, rows)
    order = {material: at for at, material in enumerate(context.table("materials")["material_id"].to_list())}
    keyed = sorted(
        zip(rows, drawn, strict=True),
        key=lambda pair: (
            order.get(pair[0]["material_id"], len(order)),
            -STEP_OF.get(pair[1].status or "", -1),
            -(pair[1].capacity or 0.0),
            pair[1].name,
        ),
    )
    stages = dict(context.table("materials").select("material_id", "stage").iter_rows())
    mines = [pair for pair in keyed if stages.get(pair[0]["material_id"]) in ("exploration", "mining")]
    plants = [pair for pair in keyed if pair not in mines]
    figures = [_figure(context, *part) for part in (("mines", mines), ("plants", plants)) if part[1]]
    return SectionContent(blocks=(*figures, _table(context, keyed)))


def _figure(context: BriefContext, word: str, keyed: list[tuple[dict[str, Any], Project]]) -> Figure:
    drawn = [project for _, project in keyed]
    building = STEP_OF["construction"]
    before = [project for project in drawn if STEP_OF.get(project.status or "", building) < building]
    made = [project for project in drawn if STEP_OF.get(project.status or "", -1) > building]
    title = (
        f"{fmt.capital(word)}: of {len(drawn)} projects {len(made)} have made a first product, "
        f"{len(before)} are not yet under construction"
    )
    return Figure(
        key=f"projects-{word}",
        title=title,
        subtitle="Step reached on the way from exploration to nameplate, and the capacity that each promises; "
        "solid bar: first product made; hollow bar: promised only",
        svg=project_status(drawn, key=f"projects-{word}"),
        alt=f"Projects by status against planned capacity. {title}.",
        credit=context.credit(all_ids(row["source_id"] for row, _ in keyed)),
    )


def _projects(context: BriefContext, rows: list[dict[str, Any]]) -> list[Project]:
    """Each project with its own status, and with the planned capacity of its site unless a later project claims it.

    The status of a site is not that of an expansion there, so an expansion without a first product has none.
    """
    status = latest_status(context)
    planned = {
        (row["facility_id"], row["material_id"]): row
        for row in stated_outputs(context).to_dicts()
        if row["measure"] == "planned_capacity"
    }
    places = dict(context.table("facilities").select("facility_id", "place_id").iter_rows())
    waiting = {(row["facility_id"], row["material_id"]) for row in rows if not row["delivered_start"]}
    found = []
    for row in rows:
        site = (row["facility_id"], row["material_id"])
        capacity = {} if row["delivered_start"] and site in waiting else planned.get(site, {})
        own = status.get(row["facility_id"], {}).get("status")
        is_open = row["kind"] == "expansion" and not row["delivered_start"]
        found.append(
            Project(
                name=row["name"],
                place_id=places.get(row["facility_id"], ""),
                material=fmt.capital(context.short(row["material_id"])),
                status=None if is_open and own in RUNNING else own,
                is_expansion=is_open and own in RUNNING,
                capacity=capacity.get("quantity"),
                unit=capacity.get("unit") or "",
                promised=row["promised_start"] or "",
                delivered=row["delivered_start"] or "",
            )
        )
    return found


def _table(context: BriefContext, keyed: list[tuple[dict[str, Any], Project]]) -> Table:
    rows = tuple(
        (
            Cell(text=project.name),
            Cell(text=context.name(project.place_id)),
            Cell(text=project.material),
            Cell(text=row["kind"]),
            Cell(text="expansion, not stated" if project.is_expansion else fmt.words(project.status)),
            Cell(
                text=fmt.quantity(project.capacity, None, project.unit),
                value=project.capacity,
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
            "Planned, a year",
            "Capital, million USD",
            "Start promised",
        ),
        rows=rows,
        numeric=frozenset({5, 6}),
    )
