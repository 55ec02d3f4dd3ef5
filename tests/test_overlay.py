"""Reviewed claims as rows of a chain: what each kind makes, what is refused, and that nothing is lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from ytterby.chain import Chain, load_chain
from ytterby.chain.ownership import holdings
from ytterby.chain.provenance import provenance
from ytterby.evidence import (
    Amount,
    Claim,
    ClaimDate,
    DatePrecision,
    Document,
    EventKind,
    Party,
    PartyRole,
    Qualifier,
    SourceClass,
    StatementKind,
    Status,
    claim_id,
    text_sha256,
)
from ytterby.evidence.ledger import Entry, Link, LinkKind, Review, Verdict
from ytterby.evidence.overlay import Overlay, overlay

YONDER = Party("Yonder Metals", "yonder", "private", "XBB", PartyRole.SUBJECT)
ZEST = Party("Zest Parts", "zest-parts", "listed", "XCC", PartyRole.SUBJECT)
XENON = Party("Xenon Mining", "xenon-mining", "private", "XAA", PartyRole.OBJECT)


@pytest.fixture(scope="module")
def toy() -> Chain:
    return load_chain("toy")


def entry(kind: EventKind, *, day: str = "2024-05-06", quote: str = "so it was told", **fields: Any) -> Entry:
    sha = text_sha256(f"{kind}{day}{quote}{fields}")
    document = Document("A title", "", sha, day, "Courier", SourceClass.INDEPENDENT)
    claim = Claim(
        id=claim_id(sha, (0, 9), kind),
        document_sha256=sha,
        quote=quote,
        span=(0, 9),
        statement_kind=StatementKind.CLAIM,
        event_kind=kind,
        **{"metals": ("toy",), **fields},
    )
    return Entry(claim, document)


def laid_over(chain: Chain, *entries: Entry, links: tuple[Link, ...] = (), verdict: str = "accepted") -> Overlay:
    reviews = [
        Review(e.id, Verdict(verdict), "an analyst", "filing read", "2024-06-01T00:00:00+00:00") for e in entries
    ]
    return overlay(chain, entries, reviews, links)


def new_rows(result: Overlay, table: str) -> list[dict[str, Any]]:
    frame = result.chain.table(table)
    return frame.filter(pl.col("source_id").str.starts_with("claim-")).to_dicts()


def test_a_capacity_becomes_a_row_with_its_source(toy: Chain) -> None:
    told = entry(
        EventKind.CAPACITY,
        status=Status.OPERATING,
        parties=(YONDER,),
        materials=("toy-oxide",),
        places=("borland-refinery", "XBB"),
        amounts=(Amount(150, "t/a", Qualifier.ABOUT),),
        speaker="Yonder Metals",
        speaker_class=SourceClass.INTERESTED,
    )
    result = laid_over(toy, told)
    (row,) = new_rows(result, "facility_output")
    assert (row["facility_id"], row["measure"], row["year"], row["quantity"], row["unit"]) == (
        "borland-refinery",
        "capacity",
        2024,
        150,
        "t",
    )
    assert (row["quantity_low"], row["quantity_high"]) == (pytest.approx(135), pytest.approx(165))
    assert row["process_id"] == "toy-refining"
    assert told.id in row["note"]
    (source,) = result.chain.sources.filter(pl.col("source_id") == row["source_id"]).to_dicts()
    assert (source["class_override"], source["publisher"]) == ("interested", "Courier")
    assert {"facility_output", "facility_status"} == set(result.rows["table"])
    assert result.rows["claim_id"].unique().to_list() == [told.id]
    assert result.chain.overlays[-1].startswith("claims ")
    assert result.chain.digest != toy.digest
    shown = provenance(result.chain).filter(pl.col("source_id") == row["source_id"])
    assert "interested" in shown["class"].to_list()


def test_announced_is_not_built(toy: Chain) -> None:
    fields: dict[str, Any] = {"parties": (YONDER,), "materials": ("toy-oxide",), "places": ("borland-refinery",)}
    told = entry(
        EventKind.CONSTRUCTION, status=Status.INAUGURATED, amounts=(Amount(90, "t", Qualifier.UP_TO),), **fields
    )
    result = laid_over(toy, told)
    (row,) = new_rows(result, "facility_output")
    assert (row["measure"], row["quantity"], row["quantity_low"], row["quantity_high"]) == (
        "planned_capacity",
        None,
        None,
        90,
    )


def test_a_disputed_number_keeps_both_rows(toy: Chain) -> None:
    told = entry(
        EventKind.CAPACITY,
        day="2023-05",
        status=Status.NAMEPLATE,
        materials=("toy-oxide",),
        places=("borland-refinery",),
        amounts=(Amount(140, "t/a"),),
    )
    result = laid_over(toy, told)
    rows = result.chain.facility_output.filter((pl.col("facility_id") == "borland-refinery") & (pl.col("year") == 2023))
    assert sorted(rows["quantity"]) == [125, 140]
    assert rows["conflict_id"].n_unique() == 1
    (conflict,) = result.chain.conflicts.filter(pl.col("conflict_id") == rows["conflict_id"][0]).to_dicts()
    assert conflict["default_source_id"] == f"claim-{told.id[:12]}"
    assert "an analyst" in conflict["reason"]


def test_a_closed_acquisition_becomes_ownership(toy: Chain) -> None:
    share = (Amount(15, "%", of="stake"),)
    told = entry(EventKind.ACQUISITION, status=Status.CLOSED, parties=(YONDER, XENON), amounts=share)
    result = laid_over(toy, told)
    (row,) = new_rows(result, "ownership")
    assert (row["owner_id"], row["owned_id"], row["share"]) == ("yonder", "xenon-mining", 0.15)
    before = result.chain.ownership.filter(pl.col("statement_id") == "own-yonder-xenon-mining-2015")
    assert before["superseded_by"].to_list() == [row["statement_id"]]
    held = holdings(result.chain, dt.date(2024, 12, 31))
    owner, owned = held.entities.index("yonder"), held.entities.index("xenon-mining")
    assert held.share[owner, owned] == pytest.approx(0.15)


def test_shares_above_one_are_refused(toy: Chain) -> None:
    told = entry(EventKind.ACQUISITION, status=Status.CLOSED, parties=(ZEST, XENON), amounts=(Amount(51, "%"),))
    result = laid_over(toy, told)
    assert "sum to" in result.refused[0].reason
    assert result.rows.is_empty()
    assert result.chain.digest == toy.digest, "a refused claim leaves nothing of itself"


def test_a_term_sheet_changes_no_owner(toy: Chain) -> None:
    told = entry(EventKind.ACQUISITION, status=Status.TERM_SHEET, parties=(ZEST, XENON), amounts=(Amount(51, "%"),))
    result = laid_over(toy, told)
    assert not new_rows(result, "ownership")
    assert new_rows(result, "deals")[0]["party_id"] == "zest-parts;xenon-mining"
    assert new_rows(result, "deal_status")[0]["status"] == "term_sheet"


def test_an_offtake_supersedes_the_one_before(toy: Chain) -> None:
    buyer = Party("Yonder Metals", "yonder", role=PartyRole.OBJECT)
    told = entry(
        EventKind.OFFTAKE,
        status=Status.CLOSED,
        parties=(ZEST, buyer),
        materials=("toy-concentrate",),
        amounts=(Amount(70, "t/a", Qualifier.UP_TO),),
        dates=(ClaimDate("2025", DatePrecision.YEAR, "start"),),
    )
    result = laid_over(toy, told)
    (row,) = new_rows(result, "offtakes")
    assert (row["seller_id"], row["buyer_id"], row["start_date"]) == ("zest-parts", "yonder", "2025")
    assert (row["quantity_min"], row["quantity_max"], row["unit"]) == (None, 70, "t")
    before = result.chain.offtakes.filter(pl.col("offtake_id") == "corvia-mine-yonder-2023")
    assert before["status"].to_list() == ["superseded"]


def test_who_sells_is_not_guessed(toy: Chain) -> None:
    parties = (YONDER, XENON)  # both make the oxide
    told = entry(EventKind.OFFTAKE, status=Status.DEFINITIVE, parties=parties, materials=("toy-oxide",))
    assert "which of the parties sells" in laid_over(toy, told).refused[0].reason


CONTROL = {"kind": EventKind.EXPORT_CONTROL, "status": Status.IN_FORCE, "places": ("XAA",), "quote": "needs a licence"}
PRICE = {"kind": EventKind.PRICE, "materials": ("toy-oxide",), "amounts": (Amount(12000, "USD/t"),)}
RESEARCH = {"kind": EventKind.RESEARCH_COOPERATION, "status": Status.MOU, "parties": (YONDER, XENON)}
LOAN = {"kind": EventKind.FINANCING, "status": Status.LETTER_OF_INTENT, "parties": (YONDER,)}


@pytest.mark.parametrize(
    ("fields", "table", "cells"),
    [
        ({**CONTROL, "materials": ("toy-oxide",)}, "policies", {"instrument": "licence", "imposed_by": "XAA"}),
        ({**CONTROL, "materials": ("toy-oxide",)}, "policy_materials", {"material_id": "toy-oxide"}),
        (PRICE, "prices", {"price_usd_per_t": 12000.0, "market": "Courier"}),
        (RESEARCH, "partnerships", {"party_id": "yonder;xenon-mining", "status": "mou"}),
        ({**LOAN, "amounts": (Amount(50, "million USD"),)}, "deals", {"amount_musd": 50.0, "money_year": 2024}),
        (LOAN, "deal_status", {"status": "mou"}),
    ],
)
def test_each_kind_makes_its_row(toy: Chain, fields: dict[str, Any], table: str, cells: dict[str, Any]) -> None:
    result = laid_over(toy, entry(**fields))
    assert not result.refused
    (row,) = new_rows(result, table)
    assert {name: row[name] for name in cells} == cells


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"materials": ()}, "0 materials"),
        ({"places": (), "parties": ()}, "site is not named"),
        ({"places": ("nowhere-mine",)}, "site is not named"),
        ({"amounts": (Amount(1, "t"), Amount(2, "t"))}, "several masses"),
        ({"amounts": (), "status": None}, "neither a status"),
    ],
)
def test_what_is_not_said_is_refused(toy: Chain, change: dict[str, Any], reason: str) -> None:
    fields: dict[str, Any] = {
        "status": Status.OPERATING,
        "materials": ("toy-oxide",),
        "places": ("borland-refinery",),
        "amounts": (Amount(150, "t/a"),),
    }
    result = laid_over(toy, entry(EventKind.CAPACITY, **{**fields, **change}))
    assert reason in result.refused[0].reason
    assert result.chain.digest == toy.digest


def test_only_accepted_standing_claims_of_the_metal_enter(toy: Chain) -> None:
    told: Callable[..., Entry] = lambda **k: entry(  # noqa: E731
        EventKind.PRICE, materials=("toy-oxide",), amounts=(Amount(9, "USD/t"),), **k
    )
    assert laid_over(toy, told(), verdict="rejected").rows.is_empty()
    assert laid_over(toy, told(), verdict="uncertain").rows.is_empty()
    assert laid_over(toy, told(metals=("cobalt",))).rows.is_empty()
    early, late = told(), told(day="2024-07-01")
    link = Link(LinkKind.SUPERSEDES, late.id, early.id, rule="restated")
    result = laid_over(toy, early, late, links=(link,))
    assert result.rows["claim_id"].to_list() == [late.id]
    assert "supersedes" in result.refused[0].reason


def test_the_ladder_runs_on_an_overlay(toy: Chain) -> None:
    from ytterby.ladder import ladder

    told = entry(
        EventKind.CAPACITY,
        day="2023-05",
        status=Status.NAMEPLATE,
        materials=("toy-oxide",),
        places=("borland-refinery",),
        amounts=(Amount(400, "t/a"),),
    )
    result = laid_over(toy, told)
    assert holdings(result.chain, dt.date(2024, 1, 1)).entities
    before, after = (str(ladder(chain).to_dict()) for chain in (toy, result.chain))
    assert before != after, "the accepted capacity changes the ladder"
