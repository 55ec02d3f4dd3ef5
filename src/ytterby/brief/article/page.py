"""The brief on an article as one page, HTML and Markdown, by the templates of the brief on a metal."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import format as fmt
from ..page import BriefResult, Built, cited_by, references, templates, write_all
from ..section import Section, SectionContent, slug
from . import chain_says, closing, results, said, settle
from .view import ArticleView, said_class

if TYPE_CHECKING:
    from ..context import BriefContext

Make = Callable[[ArticleView], SectionContent]


def article_brief(view: ArticleView, *, out: str | Path = ".", name: str = "") -> BriefResult:
    """Write the brief on an article.

    Args:
        view: the article beside its chains, as `article_view` returns it.
        out: folder that takes NAME.html and NAME.md; made if missing.
        name: name of the files; default article- and the start of the text's hash.
    """
    stem = name or f"article-{view.document.sha256[:12]}"
    page = _page(view, _built(view))
    texts = {
        f"{stem}.html": templates(html=True).get_template("article.html.j2").render(page),
        f"{stem}.md": re.sub(r"\n{3,}", "\n\n", templates(html=False).get_template("article.md.j2").render(page)),
    }
    folder = Path(out)
    write_all(folder, texts)
    return BriefResult(html=folder / f"{stem}.html", markdown=folder / f"{stem}.md", figures=())


def _sections(view: ArticleView) -> list[tuple[str, str, Make]]:
    made: list[tuple[str, str, Make]] = [
        ("highlights", "Highlights", said.highlights),
        ("said", "What was said", said.statements),
        ("commentary", "What is commentary", said.commentary),
        ("chain", "What the chain says", chain_says.build),
        ("people", "People and research", chain_says.people),
    ]
    if view.plan is not None or view.shock is not None:
        made.append(("results", "What plan and shock say", results.build))
    if view.rivals is not None:
        made.append(("ledger", "What the ledger holds", said.ledger))
    return [
        *made,
        ("unverified", "What is unverified, and what would settle it", settle.build),
        ("method", "How it was read", closing.method),
        ("disclaimer", "Disclaimer", closing.disclaimer),
        ("sources", "Sources", closing.sources),
    ]


def _built(view: ArticleView) -> tuple[Built, ...]:
    built = []
    for order, (key, title, make) in enumerate(_sections(view)):
        content = make(view)
        for block in content.blocks:
            view.cite(cited_by(block))
        section = Section(key=key, title=title, build=_fixed(content), order=order, annex=key == "sources")
        built.append(Built(section=section, content=content))
    return tuple(built)


def _fixed(content: SectionContent) -> Callable[[BriefContext], SectionContent]:
    return lambda _: content


def _page(view: ArticleView, built: tuple[Built, ...]) -> dict[str, Any]:
    document = view.document
    return {
        "title": document.title or "An article without a title",
        "lede": _lede(view),
        "main": [part for part in built if not part.section.annex],
        "annex": [part for part in built if not part.section.annex and part.folds],
        "end": [part for part in built if part.section.annex],
        "missing": "",
        "kind": lambda block: type(block).__name__,
        "refs": references(view.cited),
        "slug": slug,
        "file_of": {},
    }


def _lede(view: ArticleView) -> str:
    """One line on what is in the reader's hands."""
    document = view.document
    known = {"en": "English", "zh": "Chinese"}.get(document.language, document.language)
    parts = [
        document.date or "undated",
        f"{view.publisher} ({said_class(document.publisher_class.value)}, grade {document.publisher_grade})",
        known,
        fmt.counted(len(view.claims), "statement"),
    ]
    held = ", ".join(part for part in parts if part)
    return f"A brief on one article: {held}. Quotations are the article's; the rest is ours."
