"""The end matter: method, sources, disclaimer and manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import format as fmt
from ..section import Bullets, Cell, SectionContent, SourceEntry, SourceList, Table, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..context import BriefContext


def method(context: BriefContext) -> SectionContent:
    """How the figures were made."""
    items = (
        Text(
            lead="Three claims on a tonne.",
            text="Place is where a plant stands, owner is who ultimately controls it, contract is who "
            "has bought its output. They differ, and none stands in for another.",
        ),
        Text(
            lead="Shares.",
            text="A rung takes published national output; where there is none, capacity times "
            "utilisation; where that is missing too, a mass balance with the next rung. What remains "
            "is unknown and stays on the page. Shares with the unknown sum to one.",
        ),
        Text(
            lead="Control.",
            text="Ownership is a graph of dated statements with cycles. A holder of more than half "
            "decides; below that the largest holder with a clear lead; holders that one state "
            "controls act as one. A state is marked, not merged away.",
        ),
        Text(
            lead="Concentration.",
            text="The Herfindahl-Hirschman index is the sum of squared shares, from 0 to 1; times 10,000 "
            "gives the scale of trade law. Unknown tonnage adds nothing at the point and widens the "
            "interval; where it is more than a quarter, concentration by owner is printed as a lower bound.",
        ),
        Text(
            lead="Supply risk.",
            text="The EU supply risk follows the 2017 guidelines of the European Commission; GeoPolRisk "
            "multiplies the concentration of mining by the governance-weighted share of imports in supply, on the "
            "ore line alone. Where trade of a rung is not held, the supply risk counts the world mix alone.",
        ),
        Text(
            lead="Intervals.",
            text="Every headline is drawn again many times: each number from the spread of its "
            "confidence, one shared factor a source, one source a draw where sources disagree. The "
            "interval is the middle 90 per cent of the draws; the point is the default.",
        ),
        Text(
            lead="Evidence.",
            text="A publisher is independent, interested or state-affiliated, of whichever state; whether its "
            "figure is measured, reported, estimated or assumed is another matter, and both are printed. The ladder "
            "can be run again without what rests on state-affiliated or single interested sources "
            "only.",
        ),
    )
    return SectionContent(blocks=(Bullets(items=items),))


def sources(context: BriefContext) -> SectionContent:
    """Every source that the page cites, numbered in order of first use."""
    entries = tuple(_entry(context, source_id, number) for source_id, number in context.cited.items())
    if not entries:
        return SectionContent(blocks=(Text(text="The page cites no source."),))
    count = fmt.counted(len(entries), "source is", "sources are")
    text = (
        f"{count} cited, each with the class of its publisher: independent, interested or state-affiliated, of "
        "whichever state."
    )
    return SectionContent(blocks=(Text(text=text), SourceList(entries=entries)))


def _entry(context: BriefContext, source_id: str, number: int) -> SourceEntry:
    row = context.sources.get(source_id, {})
    year = f", {row['year']}" if row.get("year") else ""
    parts = [row.get("publisher") or source_id, row.get("title") or ""]
    group = context.classes.get(source_id, "unknown")
    url = row.get("url") or ""
    return SourceEntry(
        source_id=source_id,
        number=number,
        text=f"{': '.join(part for part in parts if part)}{year}",
        kind=fmt.words(row.get("kind")),
        group={"state_affiliated": "state-affiliated", "unknown": "not classed"}.get(group, group),
        url=url if url.startswith(("https://", "http://")) else "",
    )


def disclaimer(context: BriefContext) -> SectionContent:
    """What the page is not."""
    items = (
        Text(
            text="Figures that come from state-affiliated sources, of whichever state, are marked as such "
            "and are to be verified independently before anyone relies on them."
        ),
        Text(text="Announced capacity is not built capacity, and a contract that was announced may not bind."),
        Text(text="Nothing on this page is investment, legal or export-control advice."),
    )
    return SectionContent(blocks=(Bullets(items=items),))


def manifest(context: BriefContext) -> SectionContent:
    """What the page was made from."""
    rows = tuple((Cell(text=key), Cell(text=value)) for key, value in _flat("", context.result.manifest.to_dict()))
    if not rows:
        return SectionContent(blocks=(Text(text="The ladder carries no manifest."),))
    return SectionContent(blocks=(Table(columns=("Entry", "Value"), rows=rows),))


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key in value:
            yield from _flat(f"{prefix}.{key}" if prefix else str(key), value[key])
    elif isinstance(value, list | tuple):
        yield prefix, ", ".join(str(item) for item in value) or fmt.MISSING
    else:
        yield prefix, fmt.MISSING if value is None else str(value)
