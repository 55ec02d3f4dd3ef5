"""The map of the sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import format as fmt
from ..figures.facility_map import facility_map
from ..section import Block, Cell, Figure, SectionContent, Table, nothing_held
from ..sites import RUNNING, sites

if TYPE_CHECKING:
    import polars as pl

    from ..context import BriefContext
    from ..sites import Site

LISTED = 40


def build(context: BriefContext) -> SectionContent:
    """The section."""
    found = sites(context)
    if not found:
        return nothing_held("facility")
    placed = [site for site in found if site.latitude is not None]
    outlines = _outlines(context)
    blocks: list[Block] = []
    if placed and not outlines.is_empty():
        sources = tuple(source for site in placed for source in site.sources)
        running = [site for site in found if site.status in RUNNING]
        blocks.append(
            Figure(
                key="map",
                title=_title(context, len(found), running),
                subtitle=f"Sites by stage; area of a dot: contained {context.basis} a year, output or else "
                f"capacity, where it is stated; {len(placed)} sites have coordinates",
                svg=facility_map(outlines, found, unit=f"t {context.basis}"),
                alt="Map of the sites by stage, size and status.",
                credit=f"{context.credit(sources)}; outlines: Natural Earth",
            )
        )
    blocks.append(_table(context, found))
    return SectionContent(blocks=tuple(blocks))


def _title(context: BriefContext, count: int, running: list[Site]) -> str:
    leader = context.palette.leader
    there = [site for site in running if site.place_id == leader]
    where = f"; {len(there)} of these stand in {context.name(leader)}" if there else ""
    return f"Of {count} sites on record, {len(running)} are known to run{where}"


def _outlines(context: BriefContext) -> pl.DataFrame:
    own = context.table("outlines")
    if not own.is_empty():
        return own
    from ytterby.chain import load_world

    return load_world().table("outlines")


def _table(context: BriefContext, found: tuple[Site, ...]) -> Table:
    ranked = sorted(found, key=lambda site: (-(site.size_t or 0.0), site.name))
    rows = tuple(
        (
            Cell(text=site.name),
            Cell(text=context.name(site.place_id)),
            Cell(text=site.stage or fmt.MISSING),
            Cell(text=fmt.words(site.status)),
            Cell(text=fmt.number(site.size_t), value=site.size_t, sources=site.sources),
            Cell(text=fmt.words(site.measure) if site.size_t else ""),
        )
        for site in ranked[:LISTED]
    )
    rest = len(ranked) - LISTED
    return Table(
        caption="The largest sites",
        columns=("Site", "Place", "Stage", "Status", f"t {context.basis} a year", "What is stated"),
        rows=rows,
        numeric=frozenset({4}),
        note=f"{rest} more sites are in the package." if rest > 0 else "",
    )
