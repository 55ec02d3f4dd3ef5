"""The ledger as people use it: lists, reviews, exchange with files, the command line, and what it refuses."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

pytest.importorskip("sqlmodel")

from ytterby.cli import app
from ytterby.errors import YtterbyError
from ytterby.evidence import (
    Amount,
    Claim,
    ClaimDate,
    DatePrecision,
    Document,
    EventKind,
    FieldRule,
    Party,
    PartyRole,
    Qualifier,
    SourceClass,
    StatementKind,
    Status,
    claim_id,
    text_sha256,
)
from ytterby.evidence.ledger import LedgerError, LinkKind, Verdict, open_ledger
from ytterby.evidence.ledger.bods import from_bods, to_bods
from ytterby.evidence.ledger.claim_review import from_claim_reviews, to_claim_reviews
from ytterby.evidence.ledger.exchange import (
    Bundle,
    from_jsonl,
    put_in,
    read_csv,
    take_out,
    to_jsonl,
    write_bundle,
    write_csv,
)
from ytterby.evidence.ledger.query import Filter
from ytterby.evidence.ledger.records import last_reviews
from ytterby.evidence.ledger.store import Ledger

OWNER = Party("Borealis Carbide", "borealis", "listed", "FIN", PartyRole.SUBJECT)
OWNED = Party("=Northern Tungsten", "northern", "private", "NOR", PartyRole.OBJECT, "NOR")


def news(number: int, **fields: Any) -> tuple[Document, list[Claim]]:
    """A document with one claim; what makes text hard to carry is in it."""
    sha = text_sha256(f"news {number}")
    document = Document(
        title=f"=HYPERLINK(\"x\") '钨' {number}",
        text="not kept",
        sha256=sha,
        date=f"2026-01-{number:02}",
        publisher="+Courier",
        publisher_class=SourceClass.INDEPENDENT,
        language="en",
        url="https://example.org/a?b=1&c=2",
        read_at="2026-02-01T10:00:00+00:00",
        publisher_grade="B",
    )
    kind = fields.get("event_kind", EventKind.ACQUISITION)
    span = (0, 40)
    usual: dict[str, Any] = {
        "status": Status.CLOSED,
        "parties": (OWNER, OWNED),
        "metals": ("tungsten",),
        "materials": ("apt",),
        "stages": ("refining",),
        "places": ("NOR",),
        "amounts": (Amount(51, "%", Qualifier.MORE_THAN, "share"), Amount(3, "USD", of="money", high=4.5)),
        "dates": (ClaimDate("2026-01-09", DatePrecision.DAY, "signing"),),
        "speaker": "Borealis Carbide",
        "speaker_class": SourceClass.INTERESTED,
        "confidence": 0.8,
        "rules": (FieldRule("status", "status.words", 0.8),),
        "event_kind": kind,
        "source_grade": "B",
        "item_grade": "2",
        "occupations": ("metallurgist",),
    }
    quote = "said \"more\r\nthan\" half, '51 %'; \u202e|"
    claim = Claim(
        id=claim_id(sha, span, kind),
        document_sha256=sha,
        quote=quote,
        span=span,
        statement_kind=StatementKind.CLAIM,
        **{**usual, **fields},
    )
    return document, [claim]


@pytest.fixture
def ledger(tmp_path: Path) -> Any:
    """A ledger with three claims, two on one event, reviews and a link by a person."""
    with open_ledger(tmp_path / "ledger.sqlite") as made:
        made.append(*news(1))
        made.append(*news(2, status=Status.TERM_SHEET, speaker="", speaker_class=SourceClass.UNKNOWN))
        made.append(*news(3, event_kind=EventKind.PRICE, status=None, metals=("cobalt",), parties=(), materials=()))
        ids = [entry.id for entry in made.select()]
        made.review(ids[0], Verdict.UNCERTAIN, by="an analyst", why="=one page only")
        made.review(ids[0], Verdict.ACCEPTED, by="an analyst", why="filing read")
        made.link(LinkKind.SUPPORTS, ids[0], ids[1], by="an analyst", why="same table")
        yield made


@pytest.mark.parametrize(
    ("wanted", "days"),
    [
        ({}, ["2026-01-03", "2026-01-02", "2026-01-01"]),
        ({"metal": "tungsten"}, ["2026-01-02", "2026-01-01"]),
        ({"party": "northern", "status": "closed"}, ["2026-01-01"]),
        ({"party": "Borealis Carbide Ltd", "status": "closed"}, ["2026-01-01"]),
        ({"party": "Nobody Known"}, []),
        ({"event_kind": "price"}, ["2026-01-03"]),
        ({"source_class": "independent"}, ["2026-01-02"]),
        ({"since": "2026-01-02", "until": "2026-01-02"}, ["2026-01-02"]),
        ({"until": "2026"}, ["2026-01-03", "2026-01-02", "2026-01-01"]),
        ({"since": "2027"}, []),
        ({"reviewed": "accepted"}, ["2026-01-03"]),
        ({"reviewed": "uncertain"}, []),
        ({"reviewed": "none", "place": "NOR"}, ["2026-01-02", "2026-01-01"]),
        ({"material": "apt", "stage": "refining"}, ["2026-01-02", "2026-01-01"]),
    ],
)
def test_claims_are_found_by_what_they_name(ledger: Ledger, wanted: dict[str, str], days: list[str]) -> None:
    chosen = Filter(**wanted)
    assert [entry.day for entry in ledger.select(chosen)] == days
    assert ledger.count(chosen) == len(days)
    assert [entry.day for entry in ledger.select(chosen, limit=1, offset=1)] == days[1:2]


def test_the_last_review_counts_and_all_stay(ledger: Ledger) -> None:
    reviews = ledger.reviews()
    assert [review.verdict.value for review in reviews] == ["uncertain", "accepted"]
    assert [review.verdict.value for review in last_reviews(reviews).values()] == ["accepted"]


def same(one: Bundle, two: Bundle) -> bool:
    return (one.documents, one.claims, set(one.links), one.reviews) == (
        two.documents,
        two.claims,
        set(two.links),
        two.reviews,
    )


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_ledger_comes_back_from_files_as_it_was(ledger: Ledger, tmp_path: Path, form: str) -> None:
    bundle = take_out(ledger)
    if form == "jsonl":
        again = from_jsonl(to_jsonl(bundle))
    else:
        write_csv(bundle, tmp_path / "out")
        again = read_csv(tmp_path / "out")
    assert same(again, bundle)
    assert put_in(ledger, again).to_dict() == dict.fromkeys(("documents", "claims", "links", "reviews"), 0)
    with open_ledger(tmp_path / "other.sqlite") as other:
        assert put_in(other, again).claims == 3
        back = take_out(other)
        assert (back.documents, back.claims, back.reviews) == (bundle.documents, bundle.claims, bundle.reviews)
        assert {link.id for link in back.links} == {link.id for link in bundle.links}


def test_no_cell_of_the_csv_is_a_formula(ledger: Ledger, tmp_path: Path) -> None:
    for path in write_csv(take_out(ledger), tmp_path / "out"):
        with path.open(encoding="utf-8", newline="") as stream:
            assert not [cell for row in csv.reader(stream) for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_stakes_come_back_from_ownership_statements(ledger: Ledger) -> None:
    bundle = take_out(ledger)
    statements = json.loads(json.dumps(to_bods(bundle.entries())))
    stakes = [claim for claim in bundle.claims if claim.event_kind is EventKind.ACQUISITION]
    assert from_bods(statements).claims == stakes
    assert {row["recordType"] for row in statements} == {"entity", "relationship"}
    relation = next(row for row in statements if row["recordType"] == "relationship")
    interest = relation["recordDetails"]["interests"][0]
    assert interest == {
        "type": "shareholding",
        "directOrIndirect": "unknown",
        "share": {"minimum": 51.0, "maximum": 100.0},
        "startDate": "2026-01-09",
    }
    assert len({row["statementId"] for row in statements}) == len(statements)


def test_ownership_statements_of_others_are_read(ledger: Ledger) -> None:
    statements = json.loads(json.dumps(to_bods(take_out(ledger).entries())))
    for row in statements:
        row.pop("annotations", None)
    bundle = from_bods(statements)
    claim = bundle.claims[0]
    assert [(party.id, party.role.value) for party in claim.parties] == [
        ("borealis", "subject"),
        ("northern", "object"),
    ]
    assert (claim.amounts[0].value, claim.amounts[0].high, claim.status) == (51.0, 100.0, Status.CLOSED)
    assert put_in(ledger, bundle).claims == len(bundle.claims)
    assert put_in(ledger, bundle).claims == 0


def test_reviews_come_back_from_claim_review(ledger: Ledger, tmp_path: Path) -> None:
    bundle = take_out(ledger)
    rows = json.loads(json.dumps(to_claim_reviews({e.id: e for e in bundle.entries()}, bundle.reviews)))
    again = from_claim_reviews(rows)
    assert again.reviews == bundle.reviews
    assert {row["@type"] for row in rows} == {"ClaimReview"}
    with open_ledger(tmp_path / "other.sqlite") as other:
        assert put_in(other, again).to_dict() == {"documents": 1, "claims": 1, "links": 0, "reviews": 2}
    for row in rows:
        del row["itemReviewed"]["additionalProperty"], row["reviewRating"]["alternateName"]
    assert [r.verdict.value for r in from_claim_reviews(rows).reviews] == ["uncertain", "accepted"]
    with open_ledger(tmp_path / "third.sqlite") as third, pytest.raises(LedgerError, match="not there"):
        put_in(third, from_claim_reviews(rows))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "line 1: is not JSON"),
        ("[1]", "is no document"),
        ('{"type": "order"}', "is no document"),
        ('{"type": "claim"}', "the claim lacks"),
        ('{"type": "review", "claim_id": "x", "verdict": "wonderful", "by": "a", "why": "b", "at": "c"}', "wonderful"),
        ('{"type": "link", "kind": "supports", "from_id": "x", "to_id": "x"}', "itself"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_a_faulty_line_is_named(text: str, message: str) -> None:
    with pytest.raises(LedgerError, match=message):
        from_jsonl(text)


def test_an_import_with_a_fault_adds_nothing(ledger: Ledger) -> None:
    document, (claim,) = news(9)
    _, (stranger,) = news(8)
    faults: list[tuple[Callable[[], Bundle], str]] = [
        (lambda: Bundle({document.sha256: document}, [claim, stranger]), "document that is not there"),
        (lambda: Bundle({document.sha256: document}, [forged(claim)]), "does not bear the id"),
        (lambda: Bundle({}, [], [], [*take_out(ledger).reviews, lost_review()]), "not there"),
        (lambda: Bundle({document.sha256: misdated(document)}, [claim]), "is no day"),
    ]
    before = take_out(ledger)
    for make, message in faults:
        with pytest.raises(LedgerError, match=message):
            put_in(ledger, make())
        assert same(take_out(ledger), before)


def test_a_number_that_is_none_is_refused(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="not finite"):
        ledger.append(*news(7, amounts=(Amount(float("nan"), "t"),)))
    assert ledger.count() == 3


def test_what_no_file_can_hold_is_escaped(ledger: Ledger, tmp_path: Path) -> None:
    document, (claim,) = news(7, speaker="a \ud800 b")
    ledger.append(document, [claim])
    path = write_bundle(take_out(ledger), tmp_path / "out.jsonl", "jsonl")
    assert claim in from_jsonl(path.read_text(encoding="utf-8")).claims
    write_bundle(take_out(ledger), tmp_path / "out", "csv")
    assert len(read_csv(tmp_path / "out").claims) == 4


def forged(claim: Claim) -> Claim:
    return Claim.from_dict({**claim.to_dict(), "id": "f" * 32})


def misdated(document: Document) -> Document:
    return Document.from_dict({**document.to_dict(), "date": "yesterday"})


def lost_review() -> Any:
    from ytterby.evidence.ledger import Review

    return Review("0" * 32, Verdict.ACCEPTED, "an analyst", "why", "2026-01-01")


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("missing.sqlite", "there is no ledger"),
        ("no/such/folder/ledger.sqlite", "there is no"),
        ("mysql://user:secret@host/name", "SQLite or PostgreSQL"),
        ("://", "cannot be read"),
        ("text.txt", "not a database"),
        ("other.sqlite", "no ledger of Ytterby"),
        ("old.sqlite", "version"),
        ("postgresql://user:secret@127.0.0.1:1/none", "127.0.0.1"),
    ],
)
def test_what_is_no_ledger_is_refused_in_one_sentence(tmp_path: Path, where: str, message: str) -> None:
    (tmp_path / "text.txt").write_text("plain text that is long enough to be taken for a page of a database" * 40)
    with sqlite3.connect(tmp_path / "other.sqlite") as connection:
        connection.execute("CREATE TABLE cooking (recipe TEXT)")
    open_ledger(tmp_path / "old.sqlite").close()
    with sqlite3.connect(tmp_path / "old.sqlite") as connection:
        connection.execute("DROP TRIGGER ledger_schema_update")
        connection.execute("UPDATE ledger_schema SET version = 99")
    connection.close()
    place = where if "://" in where else str(tmp_path / where)
    with pytest.raises(LedgerError, match=message) as caught:
        open_ledger(place, create=False)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_claim_is_named_by_how_its_id_starts(ledger: Ledger) -> None:
    found = ledger.select()[0].id
    assert ledger.find(found[:8].upper()) == found
    for given, message in (("", "too short"), ("abc", "too short"), ("zzzz", "no claim"), ("%%%%", "no claim")):
        with pytest.raises(LedgerError, match=message):
            ledger.find(given)
    with pytest.raises(LedgerError, match="who reviewed"):
        ledger.review(found, Verdict.ACCEPTED, by=" ", why="x")
    with pytest.raises(LedgerError, match="who made it"):
        ledger.link(LinkKind.SUPPORTS, found, ledger.select()[1].id, by="rule", why="x")


def invoke(*words: str) -> Any:
    """Run a command in this process; test_docs.py runs them as a user does."""
    return CliRunner().invoke(app, ["claims", *words])


def test_the_command_line_from_import_to_export(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "all.jsonl").write_text(to_jsonl(take_out(ledger)), encoding="utf-8")
    claim = ledger.select(Filter(status="closed"))[0].id
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("YTTERBY_LEDGER", "mine.sqlite")

    def run(*words: str) -> Any:
        done = invoke(*words, "--json")
        assert done.exit_code == 0, done.exception
        return json.loads(done.stdout)

    assert run("import", "all.jsonl")["claims"] == 3
    assert run("list", "--metal", "tungsten", "--limit", "1")["total"] == 2
    shown = run("show", claim[:8])
    assert shown["claim"]["id"] == claim
    assert shown["event"]["conflicts"][0]["field"] == "status"
    assert run("conflicts")["events"][0]["conflicts"][0]["open"]
    assert (
        run("review", claim, "--verdict", "rejected", "--by", "me", "--why", "register read")["verdict"] == "rejected"
    )
    assert not run("conflicts", "--metal", "tungsten")["events"]
    steps = run("history", claim)["history"]
    assert [step["what"] for step in steps] == ["claim", "claim", "review: rejected"]
    assert run("export", "out.json", "--to", "bods")["claims"] == 3
    printed = invoke("show", claim)
    assert "Event " in printed.stdout
    assert "\u202e" not in printed.stdout, "text of others does not turn the direction of writing"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["list", "--ledger", "missing.sqlite"], "there is no ledger"),
        (["list", "--kind", "wedding"], "unknown event kind 'wedding'"),
        (["list", "--since", "yesterday"], "is no day"),
        (["list", "--reviewed", "perhaps"], "unknown verdict"),
        (["import", "missing.jsonl"], "there is no file"),
        (["import", "image.jsonl"], "is not UTF-8"),
        (["import", ".", "--from", "csv"], "holds none of"),
        (["import", "list.json", "--from", "bods"], "no relationship"),
        (["import", "list.json", "--from", "claimreview"], "ClaimReview"),
    ],
)
def test_bad_input_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (tmp_path / "image.jsonl").write_bytes(b"\xff\xfe\x00\x01")
    (tmp_path / "list.json").write_text("[{}]", encoding="utf-8")
    done = invoke(*words)
    assert isinstance(done.exception, YtterbyError)
    assert message in str(done.exception)
    assert "\n" not in str(done.exception)
    assert not list(tmp_path.glob("*.sqlite*")), "bad input starts no ledger"
