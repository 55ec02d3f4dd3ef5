"""Projects: how far each has come, and what it promises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import format as fmt
from ..context import split_ids, union_ids
from ..figures.project_status import STEP_OF, Project, project_status
from ..section import Cell, Figure, SectionContent, Table, nothing_held
from ..sites import latest_status, stated_outputs

if TYPE_CHECKING:
    from ..context import BriefContext


def build(context: BriefContext) -> SectionContent:
    """The section."""
    rows = context.table("projects").to_dicts()
    if not rows:
        return nothing_held("project")
    status = latest_status(context)
    planned = {
        (row["facility_id"], row["material_id"]): row
        for row in stated_outputs(context).to_dicts()
        if row["measure"] == "planned_capacity"
    }
    order = {material: at for at, material in enumerate(context.table("materials")["material_id"].to_list())}
    places = dict(context.table("facilities").select("facility_id", "place_id").iter_rows())
    drawn = [_project(context, row, status, planned, places) for row in rows]
    keyed = sorted(
        zip(rows, drawn, strict=True),
        key=lambda pair: (
            order.get(pair[0]["material_id"], 999),
            -STEP_OF.get(pair[1].status or "", -1),
            -(pair[1].capacity or 0.0),
            pair[1].name,
        ),
    )
    before = [
        project for project in drawn if project.status in STEP_OF and STEP_OF[project.status] < STEP_OF["construction"]
    ]
    figure = Figure(
        key="projects",
        title=f"Of {len(drawn)} projects, {len(before)} are not yet under construction",
        subtitle="Step reached on the way from exploration to nameplate, and the capacity that each project promises; solid bar: first product made; hollow: promised only",
        svg=project_status([project for _, project in keyed]),
        alt="Projects by status against planned capacity.",
        credit=context.credit(union_ids([row["source_id"] for row in rows])),
    )
    return SectionContent(blocks=(figure, _table(context, keyed)))


def _project(
    context: BriefContext,
    row: dict[str, Any],
    status: dict[str, dict[str, Any]],
    planned: dict[tuple[str, str], dict[str, Any]],
    places: dict[str, str],
) -> Project:
    capacity = planned.get((row["facility_id"], row["material_id"]), {})
    return Project(
        name=row["name"],
        place_id=places.get(row["facility_id"], ""),
        material=fmt.capital(context.name(row["material_id"])),
        status=status.get(row["facility_id"], {}).get("status"),
        capacity=capacity.get("quantity"),
        unit=capacity.get("unit") or "",
        promised=row["promised_start"] or "",
        delivered=row["delivered_start"] or "",
    )


def _table(context: BriefContext, keyed: list[tuple[dict[str, Any], Project]]) -> Table:
    rows = tuple(
        (
            Cell(text=project.name),
            Cell(text=context.name(project.place_id)),
            Cell(text=project.material),
            Cell(text=row["kind"]),
            Cell(text=fmt.words(project.status)),
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
