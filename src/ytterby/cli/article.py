"""What `ytterby brief --article` does: one article read, put beside its chains, and written as a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ytterby.cli.files import read_results
from ytterby.cli.output import print_json, progress

if TYPE_CHECKING:
    from ytterby.brief.article import Rival
    from ytterby.evidence import Claim, Document


def write_article_brief(
    article: Path,
    *,
    bloc: str,
    draws: int,
    seed: int,
    plan: Path | None,
    shock: Path | None,
    ledger: str,
    to: Path,
    as_json: bool,
) -> None:
    """Write the brief on the article in a file; `to` is a folder, or a file that ends in .html or .md."""
    from ytterby.brief.article import article_brief, article_view

    held_plan, held_shock = _results(plan), _results(shock)
    with progress("brief on an article", quiet=as_json) as report:
        report(0.02, "reading")
        document, claims = _read(article)
        rivals = _rivals(ledger, claims) if ledger else None
        view = article_view(
            document,
            claims,
            bloc=bloc,
            draws=draws,
            seed=seed,
            report=report,
            plan=held_plan,
            shock=held_shock,
            rivals=rivals,
        )
        report(1.0, "writing the page")
        is_file = to.suffix in (".html", ".md")
        name = to.stem if is_file else f"article-{article.stem}"
        written = article_brief(view, out=to.parent if is_file else to, name=name)
    if as_json:
        print_json({"html": str(written.html), "md": str(written.markdown), "figures": []})
    else:
        typer.echo(str(written.html))


def _read(article: Path) -> tuple[Document, tuple[Claim, ...]]:
    from ytterby.errors import YtterbyError
    from ytterby.evidence.extract import classify, extract
    from ytterby.evidence.read import read_documents

    if article.is_dir():
        raise YtterbyError(f"'{article}' is a folder; name the file of one article")
    documents = list(read_documents(article))
    if len(documents) != 1:
        raise YtterbyError(f"'{article}' holds {len(documents)} documents; a brief is on one")
    document = classify(documents[0])
    return document, extract(document)


def _results(path: Path | None) -> dict[str, Any] | None:
    """Read the results of a plan or shock."""
    from ytterby.errors import YtterbyError

    if path is None:
        return None
    held = read_results(path)
    if "integrated" in held:  # both worlds of a plan
        held = held["integrated"]
    if not isinstance(held.get("manifest"), dict):
        raise YtterbyError(f"'{path}' holds no results: it has no manifest")
    return held


def _rivals(where: str, claims: tuple[Claim, ...]) -> tuple[Rival, ...]:
    """Return what a ledger links to the claims; those of the same document are left out."""
    from ytterby.brief.article import Rival
    from ytterby.cli.claims import open_for
    from ytterby.evidence.ledger.records import standing_links

    own = {claim.id: claim for claim in claims}
    with open_for(where) as ledger:
        links = list(standing_links(ledger.links(own)))
        others = ledger.entries({end for link in links for end in (link.from_id, link.to_id)} - set(own))
    found = []
    for link in links:
        for mine, other in ((link.from_id, link.to_id), (link.to_id, link.from_id)):
            is_other = mine in own and other in others
            if is_other and others[other].claim.document_sha256 != own[mine].document_sha256:
                found.append(Rival(link, own[mine], others[other]))
    return tuple(found)
