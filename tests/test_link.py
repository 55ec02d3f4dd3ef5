"""Same event, contradictions, supersession, corroboration, history: by rules, whatever the order of reading."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ytterby.chain import load_chain
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
from ytterby.evidence.compare import day_span, differences, is_later, progress, say_amount, unit_kind
from ytterby.evidence.judge import EventState, history, judge, judge_events
from ytterby.evidence.ledger import Entry, Link, LinkKind, Review, Verdict, open_ledger
from ytterby.evidence.link import is_same_party, name_words, pair_links, plain_name
from ytterby.evidence.track_record import Promise, promises_of_chain, promises_of_claims, track_record

SELLER = Party("Northern Tungsten", "northern", role=PartyRole.SUBJECT)
BUYER = Party("Borealis Carbide", "borealis", role=PartyRole.OBJECT)


def told(
    text: str,
    day: str = "2026-01-10",
    *,
    kind: EventKind = EventKind.ACQUISITION,
    publisher: str = "The Courier",
    publisher_class: SourceClass = SourceClass.INDEPENDENT,
    statement: StatementKind = StatementKind.CLAIM,
    **fields: Any,
) -> Entry:
    """A claim with its document; the same text is the same claim."""
    sha = text_sha256(f"{text} {day} {publisher}")
    document = Document(text, "", sha, day, publisher, publisher_class)
    given_fields = {"parties": (SELLER, BUYER), "metals": ("tungsten",), **fields}
    span = (0, len(text))
    return Entry(Claim(claim_id(sha, span, kind), sha, text, span, statement, kind, **given_fields), document)


def kinds(first: Entry, second: Entry) -> set[tuple[str, str]]:
    """What the rules say of two claims: kind of link and field."""
    return {(link.kind.value, link.field) for link in pair_links(first, second)}


def state_of(entries: Sequence[Entry], reviews: Sequence[Review] = ()) -> EventState:
    links = [link for pair in itertools.combinations(entries, 2) for link in pair_links(*pair)]
    return judge(entries, links, reviews)


ANNOUNCED = told("Borealis buys 51 % of Northern", "2026-01-10", status=Status.CLOSED, amounts=(Amount(51, "%"),))
RESTATED = told(
    "The stake is a term sheet that binds nobody",
    "2026-02-03",
    publisher="Ore Weekly",
    status=Status.TERM_SHEET,
    speaker="Borealis Carbide",
    speaker_class=SourceClass.INTERESTED,
)
DENIED = told("There is no deal", "2026-03-05", publisher="The Northern Post", status=Status.DENIED)
CHAIN = (ANNOUNCED, RESTATED, DENIED)


@pytest.mark.parametrize(
    "order", list(itertools.permutations(CHAIN)), ids=lambda o: "".join(str(CHAIN.index(e)) for e in o)
)
def test_a_chain_of_news_ends_alike_in_any_order(order: Sequence[Entry], tmp_path: Path) -> None:
    with open_ledger(tmp_path / "ledger.sqlite") as ledger:
        for entry in order:
            ledger.append(entry.document, [entry.claim])
        (state,) = judge_events(ledger, [order[0].id])
        links = ledger.links()
        event = ledger.events([order[0].id])[order[0].id]
        steps = history(ledger.entries(event).values(), links)
    assert state == state_of(CHAIN)
    assert state.status == "denied"
    assert state.standing == (DENIED.id,)
    assert set(state.superseded) == {ANNOUNCED.id, RESTATED.id}
    assert [step.claim_id for step in steps] == [entry.id for entry in CHAIN], "one history, by the day it was said"
    assert steps == history(CHAIN, [link for pair in itertools.combinations(CHAIN, 2) for link in pair_links(*pair)])
    (conflict,) = state.conflicts
    assert [position.value for position in conflict.positions] == ["closed", "term_sheet", "denied"]
    assert not conflict.is_open, "later news settled it; all sides are still shown"


BOREALIS, NORDFJELL = "Borealis Example Carbide Ltd", "Nordfjell Example Tungsten Ltd"  # synthetic: neither exists
ARTICLES = (
    f"Deal closed\n\n10 January 2026\n\n{BOREALIS} has completed the acquisition of a 51% stake in {NORDFJELL}, the"
    " company said.\n",
    f"Only a term sheet\n\n3 February 2026\n\n{BOREALIS} said it had signed a non-binding term sheet to acquire 51% of"
    f" {NORDFJELL}.\n",
    f"No deal\n\n5 March 2026\n\n{NORDFJELL} denied that {BOREALIS} had acquired a stake in the company, which mines"
    " tungsten.\n",
)


def test_three_articles_read_in_order_and_in_reverse_end_alike(tmp_path: Path) -> None:
    from ytterby.evidence.extract import classify, extract
    from ytterby.evidence.read import read_documents

    for number, text in enumerate(ARTICLES):
        (tmp_path / f"{number}.txt").write_text(text, encoding="utf-8")
    ends = []
    for order in ((0, 1, 2), (2, 1, 0)):
        with open_ledger(tmp_path / f"{order[0]}.sqlite") as ledger:
            for number in order:
                for document in map(classify, read_documents(str(tmp_path / f"{number}.txt"))):
                    ledger.append(document, extract(document))
            states = judge_events(ledger, [entry.id for entry in ledger.select()])
            event = {i for state in states for i in (*state.standing, *state.superseded)}
            ends.append((states, history(ledger.entries(event).values(), ledger.links())))
    assert ends[0] == ends[1]
    (state,), steps = ends[0]
    assert state.status == "denied"
    assert [step.day for step in steps] == ["2026-01-10", "2026-02-03", "2026-03-05"]


DAYS = st.sampled_from(["", "2026", "2026-01", "2026-01-10", "2026-02-03", "2026-03-05"])
STATUSES = st.sampled_from([None, Status.MOU, Status.DEFINITIVE, Status.CLOSED, Status.WITHDRAWN, Status.DENIED])
NEWS = st.builds(
    lambda text, day, status, share, publisher, speaker: told(
        text,
        day,
        status=status,
        publisher=publisher,
        speaker=speaker,
        amounts=(Amount(share, "%", Qualifier.AT_LEAST),) if share else (),
    ),
    st.text("abc", min_size=1, max_size=3),
    DAYS,
    STATUSES,
    st.sampled_from([0, 30, 51]),
    st.sampled_from(["The Courier", "Ore Weekly", ""]),
    st.sampled_from(["", "Borealis Carbide"]),
)
PILES = st.lists(NEWS, min_size=2, max_size=6, unique_by=lambda entry: entry.id)


@given(pile=PILES, data=st.data())
@settings(max_examples=60, deadline=None)
def test_the_end_state_does_not_depend_on_the_order(pile: list[Entry], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(pile))
    first = {link for pair in itertools.combinations(pile, 2) for link in pair_links(*pair)}
    again = {link for pair in itertools.combinations(shuffled, 2) for link in pair_links(*pair)}
    assert first == again
    assert judge(pile, first) == judge(shuffled, sorted(again, key=lambda link: link.id))
    assert history(pile, first) == history(shuffled, again)


@given(pile=PILES)
@settings(max_examples=60, deadline=None)
def test_news_only_supersedes_what_was_said_before(pile: list[Entry]) -> None:
    held = {entry.id: entry for entry in pile}
    for pair in itertools.combinations(pile, 2):
        for link in pair_links(*pair):
            if link.kind is LinkKind.SUPERSEDES:
                assert is_later(held[link.from_id].day, held[link.to_id].day)
    assert judge(pile, [link for p in itertools.combinations(pile, 2) for link in pair_links(*p)]).standing


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"day": "2026-09-10"}, True),
        ({"day": "2029-01-10"}, False),
        ({"day": ""}, True),
        ({"metals": ("cobalt",)}, False),
        ({"metals": ()}, True),
        ({"kind": EventKind.JOINT_VENTURE}, True),
        ({"kind": EventKind.OFFTAKE}, False),
        ({"statement": StatementKind.COMMENTARY}, False),
        ({"parties": (SELLER, Party("Someone Else", "else"))}, False),
        ({"parties": (SELLER,)}, False),
        ({"parties": (BUYER,)}, True),
        ({"parties": (Party("Northern Tungsten Ltd"), Party("BOREALIS CARBIDE Inc."))}, True),
        ({"parties": (Party("Northern Tungsten", "northern-two", role=PartyRole.SUBJECT), BUYER)}, False),
        ({"places": ("XAA",)}, True),
    ],
)
def test_same_event(change: dict[str, Any], same: bool) -> None:
    first = told("first", status=Status.MOU)
    second = told("second", **{"status": Status.MOU, **change})
    assert (("same_event", "") in kinds(first, second)) is same
    assert bool(pair_links(second, first)) is same


def test_one_company_in_common_does_not_make_two_deals_one() -> None:
    offtake = {"kind": EventKind.OFFTAKE, "status": Status.DEFINITIVE}
    first = told("sells to one", parties=(SELLER, BUYER), **offtake)
    second = told("sells to another", parties=(SELLER, Party("Other", "other")), **offtake)
    vague = told("sells", parties=(SELLER,), **offtake)
    assert not pair_links(first, second)
    assert not pair_links(first, vague)


@pytest.mark.parametrize(
    ("field", "mine", "other"),
    [
        ("share", {"amounts": (Amount(51, "%"),)}, {"amounts": (Amount(20, "%", of="stake"),)}),
        ("amount", {"amounts": (Amount(1000, "t/a"),)}, {"amounts": (Amount(2, "kt/a"),)}),
        ("amount of price", {"amounts": (Amount(5, "USD", of="price"),)}, {"amounts": (Amount(9, "USD", of="price"),)}),
        (
            "date of start",
            {"dates": (ClaimDate("2027", DatePrecision.YEAR, "start"),)},
            {"dates": (ClaimDate("2028-03", DatePrecision.QUARTER, "start"),)},
        ),
        ("status", {"status": Status.MOU}, {"status": Status.CLOSED}),
        (
            "party",
            {"parties": (SELLER, BUYER), "amounts": (Amount(7, "t"),)},
            {"parties": (SELLER, Party("Other", "other", role=PartyRole.OBJECT)), "amounts": (Amount(7, "t"),)},
        ),
    ],
)
def test_contradictions_are_kept_side_by_side(field: str, mine: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = told("one says", **mine), told("another says", publisher="Ore Weekly", **other)
    assert ("contradicts", field) in kinds(first, second)
    assert ("supports", "") not in kinds(first, second)
    (conflict,) = state_of([first, second]).conflicts
    assert conflict.field == field
    assert conflict.is_open
    assert len({position.value for position in conflict.positions}) == 2


@pytest.mark.parametrize(
    ("mine", "other"),
    [
        (Amount(1000, "t"), Amount(1, "kt")),
        (Amount(1000, "t", Qualifier.UP_TO), Amount(600, "t")),
        (Amount(1000, "t", Qualifier.ABOUT), Amount(1080, "t")),
        (Amount(50, "%", Qualifier.MORE_THAN), Amount(51, "%")),
        (Amount(10, "t", Qualifier.BETWEEN, high=20), Amount(15, "t")),
        (Amount(10, "t WO3"), Amount(10000, "t W")),
        (Amount(10, "t"), Amount(99, "USD")),
        (Amount(10, "t", of="apt"), Amount(99, "t", of="tungsten-concentrate")),
    ],
)
def test_amounts_that_can_both_be_true_are_no_contradiction(mine: Amount, other: Amount) -> None:
    first, second = told("one", amounts=(mine,)), told("two", amounts=(other,), publisher="Ore Weekly")
    assert not differences(first.claim, second.claim)
    assert ("supports", "") in kinds(first, second)


def test_the_same_voice_restates_and_another_contradicts() -> None:
    first = told("51 %", amounts=(Amount(51, "%"),), speaker="Borealis Carbide")
    restated = told(
        "30 %", "2026-02-10", amounts=(Amount(30, "%"),), speaker="Borealis Carbide", publisher="Ore Weekly"
    )
    other = told("20 %", "2026-02-10", amounts=(Amount(20, "%"),), speaker="Northern Tungsten")
    assert kinds(first, restated) == {("same_event", ""), ("supersedes", "")}
    assert kinds(first, other) == {("same_event", ""), ("contradicts", "share")}


def test_the_company_of_two_papers_is_not_one_voice() -> None:
    first = told("51 %", amounts=(Amount(51, "%"),), speaker="the company")
    other = told("20 %", "2026-02-10", amounts=(Amount(20, "%"),), speaker="the company", publisher="Ore Weekly")
    assert ("contradicts", "share") in kinds(first, other)


def test_two_sentences_of_one_voice_in_one_document_are_not_two_witnesses() -> None:
    first = told("headline")
    again = Entry(
        Claim(claim_id(first.document.sha256, (50, 60), EventKind.ACQUISITION), first.document.sha256, "body", (50, 60),
              StatementKind.CLAIM, EventKind.ACQUISITION, parties=(SELLER, BUYER), metals=("tungsten",)),
        first.document,
    )  # fmt: skip
    assert kinds(first, again) == {("same_event", "")}


@pytest.mark.parametrize(
    ("classes", "corroborated"),
    [
        (("independent", "interested"), True),
        (("independent", "state_affiliated"), True),
        (("interested", "interested"), False),
        (("state_affiliated", "state_affiliated"), False),
        (("independent", "unknown"), False),
    ],
)
def test_corroborated_where_two_classes_agree(classes: tuple[str, str], corroborated: bool) -> None:
    entries = [
        told(f"{n}", publisher=f"Paper {n}", publisher_class=SourceClass(name), status=Status.MOU)
        for n, name in enumerate(classes)
    ]
    assert state_of(entries).is_corroborated is corroborated


def test_a_newspaper_that_relays_a_company_is_the_companys_word() -> None:
    relayed = {"status": Status.MOU, "speaker_class": SourceClass.INTERESTED}
    first, second = (
        told("one", speaker="Borealis", **relayed),
        told("two", publisher="B", speaker="Northern", **relayed),
    )
    assert not state_of([first, second]).is_corroborated


def test_what_a_person_rejects_counts_no_more_and_what_one_accepts_comes_first() -> None:
    review = Review(DENIED.id, Verdict.REJECTED, "an analyst", "the post withdrew it", "2026-04-01")
    state = state_of(CHAIN, [review])
    assert state.rejected == (DENIED.id,)
    assert state.status == "term_sheet"
    later = Review(DENIED.id, Verdict.UNCERTAIN, "an analyst", "not sure", "2026-05-01")
    assert state_of(CHAIN, [later, review]).status == "denied", "the last review counts"
    accepted = Review(ANNOUNCED.id, Verdict.ACCEPTED, "an analyst", "register read", "2026-04-02")
    assert state_of(CHAIN[:2], [accepted]).status == "closed"


def test_news_of_one_day_that_disagree_leave_the_status_open() -> None:
    state = state_of([told("a", status=Status.MOU), told("b", status=Status.CLOSED, publisher="Ore Weekly")])
    assert state.is_status_open
    assert not state.status


def test_a_person_takes_a_link_back(tmp_path: Path) -> None:
    first, second = told("a"), told("b", publisher="Ore Weekly")
    with open_ledger(tmp_path / "ledger.sqlite") as ledger:
        for entry in (first, second):
            ledger.append(entry.document, [entry.claim])
        assert len(ledger.events([first.id])[first.id]) == 2
        ledger.link(LinkKind.SAME_EVENT, second.id, first.id, by="an analyst", why="two mines", holds=False)
        assert ledger.events([first.id])[first.id] == {first.id}
        ledger.link(LinkKind.SAME_EVENT, first.id, second.id, by="an analyst", why="one after all")
        assert len(ledger.events([first.id])[first.id]) == 2
        assert len(ledger.links(kind=LinkKind.SAME_EVENT)) == 3, "all three rows stay in the history"


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("China Minmetals Corporation", "China Minmetals Corp.", True),
        ("中国五矿集团有限公司", "五矿集团", True),
        ("Xiamen Tungsten", "Xiamen Tungsten Co., Ltd.", True),
        ("Ａlmonty Industries", "Almonty", True),
        ("Mineração Taboca", "Mineracao Taboca", True),
        ("Xiamen Tungsten", "Jiangxi Tungsten", False),
        ("Rio Tinto", "Rio Verde", False),
    ],
)
def test_names_are_compared_only_without_ids(one: str, two: str, same: bool) -> None:
    assert is_same_party(Party(one), Party(two)) is same
    assert not is_same_party(Party(one, "a"), Party(one, "b"))
    if same:
        assert name_words(one) & name_words(two), "claims with these names find each other in the ledger"
    assert plain_name("") == ""


def test_days_units_and_ladders() -> None:
    assert is_later("2026-02", "2026-01-31")
    assert not is_later("2026", "2026-01-31")
    assert not is_later("", "2026")
    assert day_span("2026-02-30") is None
    assert day_span("2026-10", months=3) == (dt.date(2026, 10, 1), dt.date(2026, 12, 31))
    assert unit_kind("kt WO3/a") == ("mass WO3 per year", 1000.0)
    assert unit_kind("million USD") == ("USD", 1e6)
    assert unit_kind("USD/t") == ("USD/t", 1.0)
    assert say_amount(Amount(20, "%", Qualifier.UP_TO)) == "up to 20%"
    assert progress(Status.MOU, Status.CLOSED) == "advanced"
    assert progress(Status.OPERATING, Status.CONSTRUCTION) == "regressed"
    assert progress(Status.NAMEPLATE, Status.OPERATING) == "same"
    assert progress(Status.MOU, Status.OPERATING) == ""
    assert progress(Status.SUSPENDED, Status.OPERATING) == "resumed"


def test_a_link_to_itself_is_refused() -> None:
    with pytest.raises(Exception, match="itself"):
        Link(LinkKind.SUPPORTS, "a", "a")
    assert Link(LinkKind.SUPPORTS, "b", "a") == Link(LinkKind.SUPPORTS, "a", "b")
    assert Link(LinkKind.SUPERSEDES, "b", "a") != Link(LinkKind.SUPERSEDES, "a", "b")


def promise(developer: str, promised: str, delivered: str = "") -> Promise:
    due = day_span(promised)
    assert due
    return Promise(developer, "a plant", due[1], day_span(delivered), f"{promised}{delivered}")


def test_a_track_record_is_beta_binomial() -> None:
    own = [promise("d", "2020", "2020"), promise("d", "2021", "2023"), promise("d", "2022"), promise("d", "2030")]
    record = track_record("d", own, as_of=dt.date(2025, 1, 1), prior=(1, 1))
    assert (record.kept, record.late, record.overdue) == (1, 1, 1)
    assert record.odds == pytest.approx(2 / 4)
    assert record.odds_low == pytest.approx(2 / 5)
    assert 0 < record.odds_5 < record.odds < record.odds_95 < 1
    pool = [promise(f"other-{n}", "2020", "2020" if n < 3 else "2022") for n in range(4)]
    pooled = track_record("d", [*own, *pool, *pool], as_of=dt.date(2025, 1, 1))
    assert pooled.prior == pytest.approx((2 * 4 / 6, 2 * 2 / 6)), "three of four others kept; a promise counts once"
    nobody = track_record("new", pool, as_of=dt.date(2025, 1, 1))
    assert nobody.odds == pytest.approx(4 / 6)
    assert not nobody.promises
    with pytest.raises(ValueError, match="above 0"):
        track_record("d", own, as_of=dt.date(2025, 1, 1), prior=(0, 1))


@pytest.mark.parametrize(
    ("promised", "delivered", "state"),
    [
        ("2024", "2024", "kept"),
        ("2024", "2025-01", "late"),
        ("2024-06", "2024", "unclear"),
        ("2024-06", "", "overdue"),
        ("2027", "", "open"),
    ],
)
def test_dates_too_rough_to_tell_are_not_told(promised: str, delivered: str, state: str) -> None:
    assert promise("d", promised, delivered).state(dt.date(2026, 1, 1)) == state


def test_promises_of_chains_and_of_claims() -> None:
    rows = promises_of_chain(load_chain("tungsten"))
    sangdong = next(row for row in rows if row.what == "sangdong-phase-1")
    assert (sangdong.developer, sangdong.state(dt.date(2026, 6, 1))) == ("almonty", "late")
    start = (ClaimDate("2025", DatePrecision.YEAR, "start"),)
    plant = {"kind": EventKind.CONSTRUCTION, "parties": (SELLER,), "places": ("north-mine",)}
    first = told("will start in 2025", "2023-05-01", status=Status.CONSTRUCTION, dates=start, **plant)
    opening = {**plant, "kind": EventKind.OPENING}
    opened = told("ribbon cut", "2025-03-01", status=Status.INAUGURATED, **opening)
    assert [row.delivered for row in promises_of_claims([first, opened])] == [None], "inaugurated is not delivered"
    product = told(
        "first concentrate", "2026-02-01", status=Status.FIRST_PRODUCT, **{**plant, "kind": EventKind.OPENING}
    )
    (kept,) = promises_of_claims([first, opened, product])
    assert (kept.developer, kept.state(dt.date(2026, 6, 1))) == ("northern", "late")
