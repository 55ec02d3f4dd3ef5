"""A document's claims: one a sentence and event, every field with the rule that found it.

A sentence without a party of its own that goes on about "the company" or "the deal" takes those of the sentence before;
without a metal of its own it takes that of the title or of the sentence before. Both are marked as inherited and held
for less sure. A later condition ("the loan is subject to approval") makes an earlier signature conditional.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ytterby.evidence.claim import (
    Amount,
    Claim,
    Document,
    EventKind,
    FieldRule,
    Party,
    StatementKind,
    Status,
    claim_id,
)
from ytterby.evidence.extract.classify import item_grade, source_grade
from ytterby.evidence.extract.events import FoundEvent, status_of
from ytterby.evidence.extract.gazetteer import Gazetteer
from ytterby.evidence.extract.normalise import fold, fold_case, is_chinese
from ytterby.evidence.extract.numbers import FoundAmount
from ytterby.evidence.extract.parties import PartyMention, party_mentions, with_role
from ytterby.evidence.extract.patterns import Patterns, all_patterns
from ytterby.evidence.extract.reading import Sentence, is_heading, metals_of, read_sentences, stages_of
from ytterby.evidence.extract.sentences import sentences
from ytterby.evidence.extract.speakers import Speaker, document_basis, speaker
from ytterby.evidence.extract.statements import Statement, statement

MAX_SENTENCES = 2_000
MAX_SENTENCE = 3_000
_GOES_ON = re.compile(
    r"^(?:the|its?|this|both|under|students|each|shipments|in return)\b|"
    r"^(?:公司|该|双方|项目|其中|集团|交易|交割|合资|此次|本次|草案|文件|一期)"
)
_CONDITION = re.compile(
    r"(?:deal|transaction|loan|agreement|commitment|sale|acquisition)\b.{0,30}subject to|"
    r"(?:交易|协议|收购|贷款).{0,12}(?:仍需|尚需|须)"
)
_COOPERATES = re.compile(r"agreement|memorand|\bmou\b|partner|cooperat|collaborat|合作|签署|签订|签约|共建|共同")
_OWN_TONNES = frozenset(
    (EventKind.CAPACITY, EventKind.OFFTAKE, EventKind.QUOTA, EventKind.PRICE, EventKind.EXPORT_CONTROL)
)
_STRATEGIC = re.compile(r"strategic (?:co-?operation|partnership)|战略合作")


@dataclass
class _Context:
    """What earlier sentences leave behind, and the patterns that the text can hold."""

    patterns: Patterns
    parties: tuple[Party, ...] = ()
    metals: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    event: EventKind | None = None
    status: Status | None = None


def extract_claims(document: Document, known: Gazetteer) -> tuple[Claim, ...]:
    """Return the claims of a document, in order of the text."""
    text = document.text
    folded, lower = fold(text), fold_case(text)
    mentions = known.automaton.find(text)
    parties = [_as_printed(mention, text) for mention in party_mentions(folded, mentions, known)]
    basis = document_basis(lower, parties)
    spans = [span for span in sentences(text)[:MAX_SENTENCES] if span[1] - span[0] <= MAX_SENTENCE]
    patterns = all_patterns().within(lower)
    parts = read_sentences(spans, lower, mentions, parties, document.date, patterns)
    title = fold_case(document.title).strip()
    context = _Context(patterns)
    claims: list[Claim] = []
    for part in parts:
        is_title = bool(title) and part.lower.strip() == title
        if len(parts) > 1 and (is_title or is_heading(text[part.start : part.end], part.lower)):
            context.metals = metals_of(part, known) or context.metals
            context.stages = stages_of(part, known) or context.stages
            continue
        claims.extend(_claims(part, document, known, context, basis))
    if not any(claim.metals for claim in claims):
        claims = [_with_metal_of_names(claim, known) for claim in claims]
    return _settle(tuple(claims), lower)


def _with_metal_of_names(claim: Claim, known: Gazetteer) -> Claim:
    """Return the claim with the metals that its parties bear in their names, where the document names none."""
    names = " ".join(party.name.lower() for party in claim.parties)
    metals = tuple(dict.fromkeys(metal for word, metal in known.metal_words.items() if len(word) > 4 and word in names))
    if not metals:
        return claim
    return replace(claim, metals=metals, rules=(*claim.rules, FieldRule("metals", "metal.in a party's name", 0.5)))


def _as_printed(mention: PartyMention, text: str) -> PartyMention:
    """Return a party that the tables do not know with its name in the text's own script."""
    name = text[mention.start : mention.end]
    if mention.party.id or fold(name) != mention.party.name:
        return mention
    return replace(mention, party=replace(mention.party, name=name))


def _claims(
    part: Sentence, document: Document, known: Gazetteer, context: _Context, basis: Speaker | None
) -> list[Claim]:
    year = int(document.date[:4]) if document.date[:4].isdigit() else 0
    sort = statement(
        part.lower,
        parties=len(part.parties),
        amounts=len(part.amounts),
        places=len(part.ids("place")),
        events=[event.kind.value for event in part.events],
        document_year=year,
        has_new_date=any(len(d.date.value) > 4 and d.date.value[:4] == str(year) for d in part.dates),
        patterns=context.patterns,
    )
    metals, materials, stages = metals_of(part, known), part.ids("material"), stages_of(part, known)
    goes_on = not part.parties and bool(_GOES_ON.search(part.lower))
    says_something = part.events or part.amounts or part.parties or metals or stages or (goes_on and context.event)
    if not says_something and (
        sort.kind is StatementKind.CLAIM or len(part.lower) < (8 if is_chinese(part.lower[0]) else 25)
    ):
        return []
    is_opinion = sort.kind in (StatementKind.COMMENTARY, StatementKind.FORECAST)
    voice = speaker(part.lower, part.start, part.parties, document, None if is_opinion else basis)
    inherited = goes_on and sort.kind is not StatementKind.COMMENTARY
    told = _events_of(part, sort, context, inherited=inherited, goes_on=bool(_GOES_ON.search(part.lower)))
    rules = _rules(part, sort, voice, inherited=inherited, metals=metals or context.metals, has_metal=bool(metals))
    shared: dict[str, Any] = {
        "metals": metals or context.metals,
        "materials": tuple(m for m in materials if m in known.metal_of),
        "stages": stages or context.stages,
        "places": tuple(dict.fromkeys((*part.ids("place"), *part.ids("facility")))),
        "occupations": part.ids("occupation"),
    }
    heirs = context.parties if inherited else None
    made = [_claim(part, document, sort, voice, event, heirs, rules, shared) for event in told or (None,)]
    if part.parties and sort.kind is not StatementKind.COMMENTARY:
        context.parties = made[0].parties
    if part.events and sort.kind is StatementKind.CLAIM:
        context.event = made[0].event_kind
    elif len(part.parties) > 1 and _COOPERATES.search(part.lower):
        context.status, _ = status_of(EventKind.JOINT_VENTURE, part.lower, context.patterns)
    context.metals, context.stages = metals or context.metals, ()
    return made


def _events_of(
    part: Sentence, sort: Statement, context: _Context, *, inherited: bool, goes_on: bool
) -> list[FoundEvent]:
    """Return the events to tell of a sentence: its own, a cooperation with a school, or that of the sentence before."""
    if sort.kind is StatementKind.COMMENTARY and not part.parties:
        return []
    kinds = {event.kind for event in part.events}
    has_school = any(m.party.kind in ("school", "university") for m in part.parties)
    match = _COOPERATES.search(part.lower)
    is_wide = EventKind.TALENT_PROGRAMME not in kinds or bool(_STRATEGIC.search(part.lower))
    if has_school and match and is_wide and EventKind.RESEARCH_COOPERATION not in kinds:
        kind = EventKind.RESEARCH_COOPERATION
        status, rule = status_of(kind, part.lower, context.patterns)
        return [
            *part.events,
            FoundEvent(kind, match.start(), match.end(), "event.agreement with a school", status, rule),
        ]
    if not part.events and inherited and context.event and sort.kind is StatementKind.CLAIM:
        status, rule = status_of(context.event, part.lower, context.patterns)
        if status not in (Status.CONDITIONAL, Status.WITHDRAWN, Status.DENIED):
            status, rule = None, ""
        return [FoundEvent(context.event, 0, 0, "event.of the sentence before", status, rule)]
    yearly = next((item for item in part.amounts if item.amount.unit == "t/a"), None)
    if yearly and not kinds & _OWN_TONNES:
        return [*part.events, FoundEvent(EventKind.CAPACITY, yearly.start, yearly.end, "event.tonnes a year", None, "")]
    if goes_on and context.status:
        return [_as_agreed(event, context.status) for event in part.events]
    return part.events


def _as_agreed(event: FoundEvent, status: Status) -> FoundEvent:
    """Return a deal's event with the status of the agreement told before, where its own sentence gives none."""
    if event.status or event.kind not in (EventKind.JOINT_VENTURE, EventKind.OFFTAKE, EventKind.ACQUISITION):
        return event
    return replace(event, status=status, status_rule="status.of the agreement told before")


def _claim(
    part: Sentence,
    document: Document,
    sort: Statement,
    voice: Speaker,
    event: FoundEvent | None,
    inherited: tuple[Party, ...] | None,
    rules: tuple[FieldRule, ...],
    shared: Mapping[str, Any],
) -> Claim:
    kind = event.kind if event else None
    span = (part.start, part.end)
    parties = _parties(part, event) if inherited is None else inherited
    own = list(rules)
    if event:
        own.append(FieldRule("event_kind", event.rule, 0.5 if event.rule.endswith("before") else 0.85))
        if event.status:
            own.append(FieldRule("status", event.status_rule, 0.8))
    is_itself = any(party.name == voice.name for party in parties) or voice.rule == "speaker.publisher"
    status = event.status if event else None
    sure = min((rule.confidence for rule in own if rule.field in ("statement_kind", "event_kind")), default=0.5)
    return Claim(
        id=claim_id(document.sha256, span, kind),
        document_sha256=document.sha256,
        quote=document.text[part.start : part.end],
        span=span,
        statement_kind=sort.kind,
        event_kind=kind,
        status=status,
        parties=parties,
        amounts=tuple(_measured(item, part, kind) for item in part.amounts),
        dates=tuple(item.date for item in part.dates),
        speaker=voice.name,
        speaker_class=voice.source_class,
        confidence=round(sure, 2),
        rules=tuple(own),
        source_grade=source_grade(document.publisher, document.publisher_class),
        item_grade=item_grade(sort.kind, voice.source_class, status, is_about_itself=is_itself),
        **shared,
    )


def _rules(
    part: Sentence, sort: Statement, voice: Speaker, *, inherited: bool, metals: tuple[str, ...], has_metal: bool
) -> tuple[FieldRule, ...]:
    rules = [FieldRule("statement_kind", rule, sort.confidence) for rule in sort.rules]
    rules += [FieldRule("parties", m.rule, m.confidence) for m in part.parties]
    if inherited:
        rules.append(FieldRule("parties", "party.of the sentence before", 0.5))
    rules += [FieldRule("amounts", item.rule, item.confidence) for item in part.amounts]
    rules += [FieldRule("dates", item.rule, item.confidence) for item in part.dates]
    for kind, name in (
        ("material", "materials"),
        ("stage", "stages"),
        ("place", "places"),
        ("occupation", "occupations"),
    ):
        if part.ids(kind):
            rules.append(FieldRule(name, f"{kind}.word of the gazetteer", 0.9))
    if part.ids("material") and not part.ids("stage"):
        rules.append(FieldRule("stages", "stage.of the material named", 0.8))
    if metals:
        rules.append(
            FieldRule(
                "metals",
                "metal.word or material" if has_metal else "metal.of the text before",
                0.9 if has_metal else 0.5,
            )
        )
    rules.append(FieldRule("speaker", voice.rule, voice.confidence))
    return tuple(dict.fromkeys(rules))


def _parties(part: Sentence, event: FoundEvent | None) -> tuple[Party, ...]:
    trigger = (part.start + event.start, part.start + event.end) if event else None
    held: dict[str, Party] = {}
    for mention in part.parties:
        held.setdefault(mention.party.id or mention.party.name.casefold(), with_role(mention, trigger))
    return tuple(held.values())


_OF_SHARE = (
    (
        "change",
        re.compile(r"rose|fell|jump|climb|gain|drop|\bup\b|\bdown\b|increase|同比|环比|涨|跌|增长|下降|增幅|降幅|较"),
    ),
    ("stake", re.compile(r"stake|interest|shares|股权|持股|股份")),
)
_OF_MONEY = {EventKind.PRICE: "price", EventKind.FINANCING: "financing", EventKind.ACQUISITION: "consideration"}
_OF_MONEY |= {EventKind.CONSTRUCTION: "investment", EventKind.OFFTAKE: "contract value"}


def _measured(item: FoundAmount, part: Sentence, kind: EventKind | None) -> Amount:
    """Return the amount with what it measures: the nearest material or metal, or what money and shares are of."""
    unit = item.amount.unit
    if unit == "%":
        near = part.lower[max(0, item.start - 30) : item.end + 30]
        of = next(
            (name for name, word in _OF_SHARE if word.search(near)), "change" if kind is EventKind.PRICE else "share"
        )
    elif unit.startswith("people"):
        of = "people"
    elif unit[:3].isupper() and "/" not in unit:
        of = _OF_MONEY.get(kind, "money") if kind else "money"
    else:
        things = [m for m in part.mentions if m.entry.kind in ("material", "metal")]
        nearest = min(things, key=lambda m: abs(m.start - part.start - item.start), default=None)
        of = nearest.entry.id if nearest else ""
    return replace(item.amount, of=of)


def _settle(claims: tuple[Claim, ...], lower: str) -> tuple[Claim, ...]:
    """Make an earlier signature conditional where a later sentence says so, and drop that sentence's own event."""
    deals = (EventKind.ACQUISITION, EventKind.FINANCING, EventKind.OFFTAKE, EventKind.JOINT_VENTURE)
    settled = list(claims)
    for at, claim in enumerate(claims):
        if claim.status is not Status.CONDITIONAL or not _CONDITION.search(lower[claim.span[0] : claim.span[1]]):
            continue
        before = [i for i in range(at) if claims[i].event_kind in deals and claims[i].status]
        if not before:
            continue
        first = settled[before[0]]
        if first.status is Status.DEFINITIVE:
            settled[before[0]] = replace(first, status=Status.CONDITIONAL)
        elif first.status is not Status.CONDITIONAL and first.event_kind is claim.event_kind:
            settled[at] = replace(claim, status=first.status)
    return tuple(settled)
