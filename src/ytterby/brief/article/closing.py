"""End matter of the brief on an article: how it was read, disclaimer, sources."""

from __future__ import annotations

from .. import format as fmt
from ..section import Bullets, Cell, SectionContent, SourceEntry, SourceList, Table, Text
from .view import ARTICLE, ArticleView, said_class


def method(view: ArticleView) -> SectionContent:
    """How the text became statements, with every rule that fired."""
    names = {claim.extractor for claim in view.claims}
    how = "Rules that name themselves; no model." if names <= {"rules"} else f"Extractor: {fmt.listing(sorted(names))}."
    text = (
        f"{how} One statement a sentence and event; each field says which rule found it and how sure. "
        "Ladder shares come from the packages, with the same figures as the brief of the metal."
    )
    rows = tuple(
        (
            Cell(text=str(view.number.get(claim.id, "commentary"))),
            Cell(text=rule.field.replace("_", " ")),
            Cell(text=rule.rule),
            Cell(text=f"{rule.confidence:.2f}", value=rule.confidence),
        )
        for claim in view.claims
        for rule in claim.rules
    )
    if not rows:
        return SectionContent(blocks=(Text(text=text),))
    table = Table(
        caption="Every rule that fired",
        columns=("Statement", "Field", "Rule", "Confidence"),
        rows=rows,
        numeric=frozenset({3}),
        is_folded=True,
    )
    return SectionContent(blocks=(Text(text=text), table))


def disclaimer(view: ArticleView) -> SectionContent:
    """What the page is not."""
    items = [
        Text(text="The page says what the article says, not what is so. Statements were sorted by rules, which err."),
        Text(text="What rests on state-affiliated sources, of whichever state, is to be verified independently."),
        Text(text="Announced capacity is not built capacity, and an agreement that was announced may not bind."),
        Text(text="Nothing on this page is investment, legal or export-control advice."),
    ]
    return SectionContent(blocks=(Bullets(items=tuple(items)),))


def sources(view: ArticleView) -> SectionContent:
    """The article, then every source of the packages that the page cites, in order of first use."""
    entries = tuple(_entry(view, source_id, number) for source_id, number in view.cited.items())
    if not entries:
        return SectionContent(blocks=(Text(text="The page cites no source."),))
    return SectionContent(blocks=(SourceList(entries=entries),))


def _entry(view: ArticleView, source_id: str, number: int) -> SourceEntry:
    if source_id == ARTICLE:
        held = view.document
        dated = f", {held.date}" if held.date else ""
        text = f"{view.publisher}: {held.title or 'untitled'}{dated}; SHA-256 of the text {held.sha256[:16]}"
        kind, url = "the article", held.url
    else:
        row = view.sources.get(source_id, {})
        year = f", {row['year']}" if row.get("year") else ""
        parts = [row.get("publisher") or source_id, row.get("title") or ""]
        text = f"{': '.join(part for part in parts if part)}{year}"
        kind, url = fmt.words(row.get("kind")), row.get("url") or ""
    return SourceEntry(
        source_id=source_id,
        number=number,
        text=text,
        kind=kind,
        group=said_class(view.class_of(source_id)),
        url=url if url.startswith(("https://", "http://")) else "",
    )
