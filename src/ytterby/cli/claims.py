"""Commands on the ledger of claims: list, show, link, review, conflicts, history, import, export.

The ledger is the file or database that --ledger names, else the environment variable YTTERBY_LEDGER, else a file in
the user's data folder. Nothing that is in it is ever changed: a review or link adds a row.
"""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ytterby.cli.output import print_json, print_table

if TYPE_CHECKING:
    from ytterby.evidence.judge import EventState
    from ytterby.evidence.ledger import Entry
    from ytterby.evidence.ledger.store import Ledger

app = typer.Typer(
    help="The ledger of claims: what was said, by whom, how it stands.", no_args_is_help=True, rich_markup_mode=None
)
SHORT = 8

Where = Annotated[
    str,
    typer.Option("--ledger", envvar="YTTERBY_LEDGER", help="File or database URL; default: in your data folder."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON alone.")]
ClaimId = Annotated[str, typer.Argument(help="Id of a claim, or how it starts.")]
By = Annotated[str, typer.Option("--by", help="Who says so.")]
Why = Annotated[str, typer.Option("--why", help="For what reason.")]


class Format(StrEnum):
    """Shape of a file of claims."""

    JSONL = "jsonl"
    CSV = "csv"
    BODS = "bods"
    CLAIM_REVIEW = "claimreview"


def open_for(where: str, *, create: bool = False) -> Ledger:
    """Open the ledger that a command names."""
    from ytterby.evidence.ledger import open_ledger

    return open_ledger(where or None, create=create)


@app.command("list")
def list_claims(
    where: Where = "",
    party: Annotated[str, typer.Option(help="Id or name of a company, school or state.")] = "",
    metal: Annotated[str, typer.Option(help="Metal.")] = "",
    material: Annotated[str, typer.Option(help="Material.")] = "",
    stage: Annotated[str, typer.Option(help="Stage.")] = "",
    place: Annotated[str, typer.Option(help="Place, ISO alpha-3.")] = "",
    kind: Annotated[str, typer.Option(help="Kind of event, such as offtake.")] = "",
    status: Annotated[str, typer.Option(help="Status, such as mou.")] = "",
    statement: Annotated[str, typer.Option(help="claim, commentary, forecast or background.")] = "",
    word: Annotated[str, typer.Option(help="Class of whose word: independent, interested, state_affiliated.")] = "",
    reviewed: Annotated[str, typer.Option(help="accepted, rejected, uncertain, or none.")] = "",
    since: Annotated[str, typer.Option(help="Said on this day or later.")] = "",
    until: Annotated[str, typer.Option(help="Said on this day or earlier.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 50,
    offset: Annotated[int, typer.Option(min=0, help="How many to pass over.")] = 0,
    as_json: Json = False,
) -> None:
    """List claims, the latest news first.

    Example: ytterby claims list --metal tungsten --kind offtake
    """
    wanted = _filter(
        {"party": party, "metal": metal, "material": material, "stage": stage, "place": place},
        {"event_kind": kind, "status": status, "statement_kind": statement, "source_class": word},
        reviewed=reviewed,
        since=since,
        until=until,
    )
    from ytterby.evidence.ledger.records import last_reviews

    with open_for(where) as ledger:
        entries, total = ledger.select(wanted, limit=limit, offset=offset), ledger.count(wanted)
        verdicts = last_reviews(ledger.reviews([entry.id for entry in entries]))
    shown = {i: review.verdict.value for i, review in verdicts.items()}
    if as_json:
        rows = [{**_record(entry), "review": shown.get(entry.id)} for entry in entries]
        print_json({"total": total, "offset": offset, "claims": rows})
        return
    cells = [[*_row(entry), shown.get(entry.id, "")] for entry in entries]
    columns = ["claim", "said", "event", "parties", "metals", "amounts", "word", "review"]
    print_table(f"{len(cells)} of {total:,} claims", columns, cells)


def _filter(things: dict[str, str], words: dict[str, str], *, reviewed: str, since: str, until: str) -> Any:
    """Return the filter that options ask for; an unknown word or day is refused."""
    from ytterby.errors import UnknownNameError
    from ytterby.evidence.claim import EventKind, SourceClass, StatementKind, Status
    from ytterby.evidence.compare import day_span
    from ytterby.evidence.ledger.query import Filter
    from ytterby.evidence.ledger.records import LedgerError, Verdict, enum_of

    kinds = {"event_kind": EventKind, "status": Status, "statement_kind": StatementKind, "source_class": SourceClass}
    for name, value in words.items():
        if value:
            enum_of(kinds[name], value, name.replace("_", " "))
    if reviewed and reviewed not in ("none", *Verdict):
        raise UnknownNameError("verdict", reviewed, ["none", *Verdict])
    for day in (since, until):
        if day and not day_span(day):
            raise LedgerError(f"'{day}' is no day; write YYYY, YYYY-MM or YYYY-MM-DD")
    things["metal"] = things.get("metal", "").lower().replace("_", "-").replace(" ", "-")
    return Filter(**things, **words, reviewed=reviewed, since=since, until=until)


def _record(entry: Entry) -> dict[str, Any]:
    document = {key: value for key, value in entry.document.to_dict().items() if key != "path"}
    return {**entry.claim.to_dict(), "document": document, "recorded_at": entry.recorded_at}


def _row(entry: Entry) -> list[str]:
    from ytterby.evidence.compare import say_amount

    claim = entry.claim
    parties = ", ".join(party.id or party.name for party in claim.parties)
    event = ", ".join(filter(None, (claim.event_kind, claim.status))) or claim.statement_kind.value
    cells = [entry.id[:SHORT], entry.day, event, parties, ", ".join(claim.metals)]
    cells += [", ".join(map(say_amount, claim.amounts)), entry.source_class.value]
    return [plain(cell.replace("_", " ")) for cell in cells]


def plain(text: str) -> str:
    """Return text of others without what steers a terminal or turns the direction of writing."""
    return "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Cs") else " " for c in text)


@app.command()
def show(claim: ClaimId, where: Where = "", as_json: Json = False) -> None:
    """Show one claim: the words, who said them, which rule found what, its links and reviews, how its event stands.

    Example: ytterby claims show 1f3a5c7e
    """
    from ytterby.evidence.judge import judge_events
    from ytterby.evidence.ledger.records import standing_links

    with open_for(where) as ledger:
        found = ledger.find(claim)
        entry = ledger.entries([found])[found]
        links, reviews = standing_links(ledger.links([found])), ledger.reviews([found])
        (state,) = judge_events(ledger, [found])
    if as_json:
        print_json(
            {
                "claim": _record(entry),
                "links": [link.to_dict() for link in links],
                "reviews": [review.to_dict() for review in reviews],
                "event": state.to_dict(),
            }
        )
        return
    record = _record(entry)
    typer.echo(plain(f"“{entry.claim.quote}”"))
    document, speaker = entry.document, entry.claim.speaker
    said = (document.title, document.publisher, document.date, document.url, f"speaker: {speaker}" if speaker else "")
    typer.echo(plain(", ".join(filter(None, said))))
    names = ("id", "event_kind", "status", "statement_kind", "speaker_class", "confidence", "extractor")
    rows = [[name, plain(str(record[name]))] for name in names if record[name] not in (None, "")]
    rows += [[name, value] for name, value in zip(("parties", "metals", "amounts"), _row(entry)[3:6], strict=True)]
    rows += [[f"rule of {rule.field}", f"{rule.rule} ({rule.confidence:.2f})"] for rule in entry.claim.rules]
    rows += [[link.kind.value, _other_end(link.to_dict(), found)] for link in links]
    rows += [[f"review: {review.verdict.value}", plain(f"{review.by}: {review.why}")] for review in reviews]
    print_table("", ["field", "value"], [row for row in rows if row[1]])
    _say(state)


def _other_end(link: dict[str, Any], found: str) -> str:
    other = link["to_id"] if link["from_id"] == found else link["from_id"]
    passive = " (by the other)" if link["kind"] == "supersedes" and link["to_id"] == found else ""
    return plain(f"{other[:SHORT]}{passive} {link['field']} {link['why'] or link['rule']}".replace("  ", " "))


def _say(state: EventState) -> None:
    """Say in sentences how an event stands."""
    status = state.status or ("open: the latest news disagree" if state.is_status_open else "not said")
    typer.echo(f"Event {state.id[:SHORT]}: status {status}, {len(state.standing)} claim(s) stand.")
    if state.is_corroborated:
        typer.echo(f"Corroborated by the word of {' and '.join(state.agreeing_classes)}.".replace("_", "-"))
    else:
        typer.echo("Not corroborated: no two classes of source agree.")
    for conflict in state.conflicts:
        typer.echo(f"Conflict on {conflict.field} ({'open' if conflict.is_open else 'settled by later news'}):")
        for position in conflict.positions:
            voices = ", ".join(filter(None, position.voices)) or "unknown"
            stands = "" if position.stands else ", superseded"
            claims = ", ".join(i[:SHORT] for i in position.claims)
            typer.echo(plain(f"  {position.value or 'not said'}: {voices} ({claims}{stands})"))


@app.command()
def link(
    first: ClaimId,
    second: Annotated[str, typer.Argument(help="The other claim; with supersedes, the one that is replaced.")],
    kind: Annotated[str, typer.Option(help="same_event, supports, contradicts or supersedes.")],
    by: By,
    why: Why,
    take_back: Annotated[bool, typer.Option("--take-back", help="Say that there is no such link.")] = False,
    where: Where = "",
    as_json: Json = False,
) -> None:
    """Link two claims, or take a link back that a rule or a person made; the history keeps both.

    Example: ytterby claims link 1f3a5c7e 9b8d7f6a --kind same_event --by "J. Doe" --why "same contract number"
    """
    from ytterby.evidence.ledger.records import LinkKind, enum_of

    with open_for(where) as ledger:
        made = ledger.link(enum_of(LinkKind, kind, "kind of link"), first, second, by=by, why=why, holds=not take_back)
    if as_json:
        print_json(made.to_dict())
    else:
        verb = "taken back" if take_back else "recorded"
        typer.echo(f"{made.kind.value} between {made.from_id[:SHORT]} and {made.to_id[:SHORT]}: {verb}")


@app.command()
def review(
    claim: ClaimId,
    verdict: Annotated[str, typer.Option(help="accepted, rejected or uncertain.")],
    by: By,
    why: Why,
    where: Where = "",
    as_json: Json = False,
) -> None:
    """Record what you conclude on a claim; a rejected claim counts no more, an accepted one can enter the model.

    Example: ytterby claims review 1f3a5c7e --verdict accepted --by "J. Doe" --why "stock exchange filing read"
    """
    from ytterby.evidence.ledger.records import Verdict, enum_of

    with open_for(where) as ledger:
        made = ledger.review(claim, enum_of(Verdict, verdict, "verdict"), by=by, why=why)
    if as_json:
        print_json(made.to_dict())
    else:
        typer.echo(f"{made.claim_id[:SHORT]}: {made.verdict.value}")


@app.command()
def conflicts(
    where: Where = "",
    party: Annotated[str, typer.Option(help="Id or name of a company, school or state.")] = "",
    metal: Annotated[str, typer.Option(help="Metal.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Those too that later news settled.")] = False,
    as_json: Json = False,
) -> None:
    """List the conflict sets: what is said differently, by whom; nothing is averaged.

    Example: ytterby claims conflicts --metal tungsten
    """
    from ytterby.evidence.judge import conflicting_events

    wanted = _filter({"party": party, "metal": metal}, {}, reviewed="", since="", until="")
    with open_for(where) as ledger:
        states = conflicting_events(ledger, wanted, every=every)
    if as_json:
        print_json({"events": [state.to_dict() for state in states]})
        return
    for state in states:
        typer.echo(plain(f"{' / '.join(state.kinds)} of {', '.join(state.parties) or 'unknown parties'}"))
        _say(state)
    if not states:
        typer.echo("No conflict.")


@app.command()
def history(claim: ClaimId, where: Where = "", as_json: Json = False) -> None:
    """Show how the event of a claim came about: news by the day it was said, then what people concluded.

    Example: ytterby claims history 1f3a5c7e
    """
    from ytterby.evidence.judge import history as steps_of
    from ytterby.evidence.judge import judge_events

    with open_for(where) as ledger:
        found = ledger.find(claim)
        event = ledger.events([found])[found]
        links = [row for row in ledger.links(event) if row.from_id in event and row.to_id in event]
        steps = steps_of(ledger.entries(event).values(), links, ledger.reviews(event))
        (state,) = judge_events(ledger, [found])
    if as_json:
        print_json({"event": state.to_dict(), "history": [step.to_dict() for step in steps]})
        return
    rows = [[step.day[:10], step.what, step.claim_id[:SHORT], plain(step.by), plain(step.says)] for step in steps]
    print_table("", ["day", "what", "claim", "by", "says"], rows)
    _say(state)


@app.command("import")
def import_claims(
    source: Annotated[Path, typer.Argument(help="File, or folder of CSV files.")],
    form: Annotated[Format, typer.Option("--from", help="Shape of the file.")] = Format.JSONL,
    where: Where = "",
    as_json: Json = False,
) -> None:
    """Add claims, links and reviews from a file; what is there already is left as it is.

    Example: ytterby claims import claims.jsonl
    """
    from ytterby.evidence.ledger.exchange import put_in, read_bundle

    bundle = read_bundle(source, form.value)
    with open_for(where, create=True) as ledger:
        added = put_in(ledger, bundle)
    if as_json:
        print_json(added.to_dict())
    else:
        typer.echo("new: " + ", ".join(f"{number:,} {what}" for what, number in added.to_dict().items()))


@app.command("export")
def export_claims(
    out: Annotated[Path, typer.Argument(help="File to write, or folder for csv.")],
    form: Annotated[Format, typer.Option("--to", help="Shape of the file.")] = Format.JSONL,
    where: Where = "",
    as_json: Json = False,
) -> None:
    """Write the ledger as JSON Lines or CSV, its stakes as ownership statements, or its reviews as ClaimReview.

    Example: ytterby claims export claims.jsonl
    """
    from ytterby.evidence.ledger.exchange import take_out, write_bundle

    with open_for(where) as ledger:
        bundle = take_out(ledger)
    path = write_bundle(bundle, out, form.value)
    if as_json:
        print_json({"path": str(path), "claims": len(bundle.claims)})
    else:
        typer.echo(str(path))
