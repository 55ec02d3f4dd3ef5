"""What the page says about each site: its stage, its status, and its size in contained tonnes a year.

Size is the site's output, else its capacity, of its largest product; the default row where sources conflict; converted
by the package's own units. A site without either has no size and is drawn as such, never as zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

if TYPE_CHECKING:
    from .context import BriefContext

RUNNING: Final = frozenset({"operating", "nameplate", "ramp_up", "first_product", "pilot"})
_MEASURES: Final = {"production": 0, "capacity": 1, "planned_capacity": 2}


@dataclass(frozen=True, kw_only=True)
class Site:
    """One facility."""

    facility_id: str
    name: str
    place_id: str
    latitude: float | None
    longitude: float | None
    stage: str | None
    status: str | None
    size_t: float | None
    measure: str | None
    sources: tuple[str, ...]


def latest_status(context: BriefContext) -> dict[str, dict[str, Any]]:
    """The last status row of each facility."""
    rows = context.table("facility_status").sort("facility_id", "date", "status")
    return {row["facility_id"]: row for row in rows.unique("facility_id", keep="last", maintain_order=True).to_dicts()}


def stated_outputs(context: BriefContext) -> pl.DataFrame:
    """Default rows of facility_output, the newest year of each site, material and measure."""
    from ytterby.chain.conflicts import default_rows

    key = ["facility_id", "material_id", "measure", "year"]
    rows = default_rows(context.chain, context.table("facility_output"), key).sort(key)
    return rows.unique(["facility_id", "material_id", "measure"], keep="last", maintain_order=True)


def contained_t(context: BriefContext, row: dict[str, Any]) -> float | None:
    """A row's quantity in contained tonnes; the middle of bounds is not taken, so bounds alone give none."""
    from ytterby.chain.units import gross_factor
    from ytterby.errors import UnitError

    fraction = context.contained.get(row["material_id"])
    if row["quantity"] is None or not fraction:
        return None
    composition = context.compositions.get(row["material_id"], {})
    try:
        return float(row["quantity"] * gross_factor(row["unit"], composition, context.chain.components) * fraction)
    except UnitError:
        return None


def sites(context: BriefContext) -> tuple[Site, ...]:
    """Every facility of the chain, by id."""
    from .context import split_ids

    stages = dict(context.table("materials").select("material_id", "stage").iter_rows())
    best: dict[str, tuple[tuple[int, float, str], str, float | None, str]] = {}
    for row in stated_outputs(context).to_dicts():
        size = contained_t(context, row)
        rank = (_MEASURES[row["measure"]], -(size or 0.0), row["material_id"])
        if row["facility_id"] not in best or rank < best[row["facility_id"]][0]:
            best[row["facility_id"]] = (rank, stages.get(row["material_id"], ""), size, row["measure"])
    status = latest_status(context)
    found = []
    for row in context.table("facilities").sort("facility_id").to_dicts():
        _, stage, size, measure = best.get(row["facility_id"], ((9, 0.0, ""), None, None, None))
        found.append(
            Site(
                facility_id=row["facility_id"],
                name=row["name"],
                place_id=row["place_id"],
                latitude=row["latitude"],
                longitude=row["longitude"],
                stage=stage,
                status=status.get(row["facility_id"], {}).get("status"),
                size_t=size,
                measure=measure,
                sources=split_ids(row["source_id"]),
            )
        )
    return tuple(found)
