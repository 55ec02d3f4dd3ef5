"""The brief with accepted claims laid over the package: rows that come in, rungs that move, refusals, the command."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ytterby.brief import brief
from ytterby.brief.sections.claims import Laid
from ytterby.chain import Chain, load_chain
from ytterby.cli.app import app
from ytterby.evidence import (
    Amount,
    Claim,
    Document,
    EventKind,
    Party,
    PartyRole,
    SourceClass,
    StatementKind,
    Status,
    claim_id,
    text_sha256,
)
from ytterby.evidence.ledger import Entry, Review, Verdict, open_ledger
from ytterby.evidence.overlay import overlay
from ytterby.ladder import LadderResult, ladder

HOSTILE = "<script>alert(1)</script> | `x` {{ 7*7 }}"


@pytest.fixture(scope="module")
def toy() -> Chain:
    return load_chain("toy")


@pytest.fixture(scope="module")
def before(toy: Chain) -> LadderResult:
    return ladder(toy, bloc="XAA", draws=20)


def told(kind: EventKind, quantity: float = 400.0, *, title: str = "A title", material: str = "toy-metal") -> Entry:
    sha = text_sha256(f"{kind}{quantity}{title}")
    document = Document(title, "", sha, "2023-05-06", "Courier", SourceClass.INDEPENDENT)
    claim = Claim(
        id=claim_id(sha, (0, 9), kind),
        document_sha256=sha,
        quote="so it was told",
        span=(0, 9),
        statement_kind=StatementKind.CLAIM,
        event_kind=kind,
        status=Status.OPERATING if kind is EventKind.CAPACITY else Status.CLOSED,
        parties=(Party("Yonder Metals", "yonder", "private", "XBB", PartyRole.SUBJECT),),
        metals=("toy",),
        materials=(material,),
        places=("borland-smelter", "XBB"),
        amounts=(Amount(quantity, "t/a"),),
    )
    return Entry(claim, document)


def laid(chain: Chain, before: LadderResult, *entries: Entry, why: str = "filing read") -> Laid:
    reviews = [Review(e.id, Verdict.ACCEPTED, "an analyst", why, "2024-06-01T00:00:00+00:00") for e in entries]
    return Laid(overlay=overlay(chain, entries, reviews), before=before)


def page(held: Laid, folder: Path) -> tuple[str, str]:
    result = ladder(held.overlay.chain, bloc="XAA", draws=20)
    written = brief(held.overlay.chain, result, bloc="XAA", out=folder, claims=held)
    return written.html.read_text(encoding="utf-8"), written.markdown.read_text(encoding="utf-8")


def test_the_rungs_that_a_claim_moves_stand_with_and_without_it(
    toy: Chain, before: LadderResult, tmp_path: Path
) -> None:
    held = laid(toy, before, told(EventKind.CAPACITY))
    after = ladder(held.overlay.chain, bloc="XAA", draws=20)
    _, text = page(held, tmp_path)
    assert "What the accepted claims change" in text
    assert "How the ladder moves" in text
    old, new = (next(r for r in result.rungs if r.material == "toy-metal") for result in (before, after))
    assert old.total_t is not None
    assert new.total_t is not None
    assert new.total_t > old.total_t
    for rung in (old, new):
        assert f"{rung.total_t:,.0f}" in text


def test_what_moves_no_rung_is_said_so(toy: Chain, before: LadderResult, tmp_path: Path) -> None:
    assert "holds no accepted claim" in page(laid(toy, before), tmp_path)[1]


def test_a_refused_claim_is_listed_with_its_reason(toy: Chain, before: LadderResult, tmp_path: Path) -> None:
    held = laid(toy, before, told(EventKind.OFFTAKE, material="no-such-thing"))
    assert held.overlay.refused
    assert "Accepted claims that bring no row" in page(held, tmp_path)[1]


def test_hostile_titles_and_reasons_are_escaped(toy: Chain, before: LadderResult, tmp_path: Path) -> None:
    html, text = page(laid(toy, before, told(EventKind.CAPACITY, title=HOSTILE), why=HOSTILE), tmp_path)
    assert "<script" not in html
    assert "<script" not in text


def test_the_command_reads_the_ledger(toy: Chain, tmp_path: Path) -> None:
    entry = told(EventKind.CAPACITY)
    where = tmp_path / "claims.db"
    with open_ledger(where) as ledger:
        ledger.append_all([(entry.document, (entry.claim,))])
        ledger.review(entry.id, Verdict.ACCEPTED, by="an analyst", why="filing read")
    options = ["--for", "XAA", "--with-claims", "--ledger", str(where), "--out", str(tmp_path), "--draws", "20"]
    done = CliRunner().invoke(app, ["brief", "toy", *options])
    assert done.exit_code == 0, done.output
    assert "How the ladder moves" in (tmp_path / "toy-XAA.md").read_text(encoding="utf-8")
