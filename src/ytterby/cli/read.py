"""The command `read`: a file, folder, page or feed into claims, kept in the ledger.

Everything is read and every claim found before the ledger is opened, so that bad input leaves it untouched. Text of
others is printed without what steers a terminal.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ytterby.cli.claims import Where, open_for, plain
from ytterby.cli.output import print_json, progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from ytterby.evidence import Claim, Document
    from ytterby.evidence.ledger import Added

WIDTH = 100


def read(
    target: Annotated[str, typer.Argument(help="A file, a folder, or the address of a page or feed.")],
    where: Where = "",
    no_ledger: Annotated[bool, typer.Option("--no-ledger", help="Show the claims and keep nothing.")] = False,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Of a folder, leave out the files that cannot be read.")
    ] = False,
    llm: Annotated[
        str, typer.Option("--llm", help="Address of an OpenAI-compatible model to read with; default: rules alone.")
    ] = "",
    model: Annotated[str, typer.Option("--model", help="Name of the model, with --llm.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON alone.")] = False,
) -> None:
    """Read text, Markdown, HTML, PDF or a feed; print what it claims and add it to the ledger.

    Example: ytterby read article.txt --no-ledger
    """
    from ytterby.errors import YtterbyError
    from ytterby.evidence.extract import classify
    from ytterby.evidence.read import read_documents

    if bool(llm) != bool(model):
        raise YtterbyError("--llm and --model go together: an address and the name of a model there")
    extract = _extractor(llm, model)

    def refuse(name: str, reason: YtterbyError) -> None:
        typer.echo(plain(f"left out: {reason}"), err=True)

    found: list[tuple[Document, tuple[Claim, ...]]] = []
    with progress("read", quiet=as_json) as report:
        for number, document in enumerate(read_documents(target, on_refusal=refuse if keep_going else None), 1):
            report(min(0.99, number / (number + 5)), document.title[:60])
            classified = classify(document)
            found.append((classified, extract(classified)))
    if not found:
        raise YtterbyError(f"nothing in '{target}' can be read")
    added, name = None, ""
    if not no_ledger:
        with open_for(where, create=True) as ledger:
            added, name = ledger.append_all(found), ledger.name
    if as_json:
        _print_json(found, added, name)
    else:
        _print_tables(found, added, name)


def _extractor(llm: str, model: str) -> Callable[[Document], tuple[Claim, ...]]:
    from ytterby.evidence.extract import extract

    if not llm:
        return extract
    from ytterby.evidence.extract.model import Model, extract_with_model

    return lambda document: extract_with_model(document, Model(address=llm, name=model))


def _print_json(found: list[tuple[Document, tuple[Claim, ...]]], added: Added | None, name: str) -> None:
    """Print `document` and `claims` of one document, of several a list of both under `documents`."""
    records = [
        {"document": document.to_dict(), "claims": [claim.to_dict() for claim in claims]} for document, claims in found
    ]
    data: dict[str, Any] = records[0] if len(records) == 1 else {"documents": records}
    kept = None if added is None else {"name": name, "new": added.to_dict()}
    print_json({**data, "ledger": kept})


def _print_tables(found: list[tuple[Document, tuple[Claim, ...]]], added: Added | None, name: str) -> None:
    for document, claims in found:
        typer.echo(plain(document.title))
        source = f"{document.publisher or 'publisher not given'} ({document.publisher_class.value.replace('_', '-')})"
        parts = (document.date or "no date", source, document.language, f"sha256 {document.sha256[:12]}")
        typer.echo(plain(", ".join(filter(None, parts))))
        typer.echo(f"{len(claims)} statement(s)\n")
        for claim in claims:
            typer.echo("\n".join(_lines(claim)) + "\n")
    if added is None:
        typer.echo("Nothing kept.")
    else:
        new = ", ".join(f"{number:,} {what}" for what, number in added.to_dict().items() if number) or "nothing"
        typer.echo(f"New in the ledger '{name}': {new}.")


def _lines(claim: Claim) -> list[str]:
    """Return what is printed of one claim: what it is, whose word, who and how much, the words themselves."""
    from ytterby.evidence.compare import say_amount

    event = ", ".join(part.value for part in (claim.event_kind, claim.status) if part)
    word = f"word of {claim.speaker or 'unknown'} ({claim.speaker_class.value})"
    held = {
        "parties": [party.id or party.name for party in claim.parties],
        "metals": claim.metals,
        "materials": claim.materials,
        "stages": claim.stages,
        "amounts": list(map(say_amount, claim.amounts)),
        "dates": [date.value for date in claim.dates],
        "places": claim.places,
    }
    said = "; ".join(f"{name}: {', '.join(values)}" for name, values in held.items() if values)
    head = ": ".join(filter(None, (claim.statement_kind.value, event)))
    lines = [f"{claim.id[:8]}  {head}; {word}; confidence {claim.confidence:.2f}".replace("_", " ")]
    for text in (said, f"“{' '.join(claim.quote.split())}”"):
        lines += textwrap.wrap(plain(text), WIDTH, initial_indent="  ", subsequent_indent="  ")
    return [plain(line) for line in lines]
