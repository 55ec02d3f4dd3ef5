"""What would change these conclusions: the inputs that each headline turns on, and what would settle each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import format as fmt
from ..section import Cell, SectionContent, Table, Text, nothing_held

if TYPE_CHECKING:
    from ..context import BriefContext


def build(context: BriefContext) -> SectionContent:
    """The section."""
    found = tuple(context.result.sensitivity)
    if not found:
        return nothing_held("spread on any input of a headline, so that none can be ranked")
    rows = []
    previous = ""
    for item in found:
        headline = "" if item.headline == previous else item.headline
        previous = item.headline
        rows.append(
            (
                Cell(text=fmt.capital(headline)),
                Cell(text=item.input),
                Cell(text=fmt.share(item.effect), value=item.effect),
                Cell(text=item.settles or fmt.MISSING),
            )
        )
    table = Table(
        columns=("Headline", "Turns on", "Share of its variance", "Cheapest document that would settle it"),
        rows=tuple(rows),
        numeric=frozenset({2}),
    )
    text = (
        "For each headline the inputs that move it most within their stated spread, and the cheapest "
        "document that would settle each."
    )
    return SectionContent(blocks=(Text(text=text), table))
