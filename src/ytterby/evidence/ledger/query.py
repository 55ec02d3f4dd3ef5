"""Questions to a ledger: claims by what they name, links, reviews, the event that a claim belongs to.

A filter on one thing runs along an index in the order of the answer, so that the newest fifty of 100,000 claims take
milliseconds. Unknown days sort as the oldest.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Select, and_, exists, func, or_, select

from ytterby.evidence.claim import Claim, Document
from ytterby.evidence.compare import day_span
from ytterby.evidence.ledger.records import Entry, LedgerError, Link, LinkKind, Review, standing_links
from ytterby.evidence.ledger.tables import CLAIMS, DOCUMENTS, LINKS, REVIEWS, TERMS
from ytterby.evidence.link import BLOCKS, USUAL_BLOCKS, family, name_words, party_terms, window_days

T = TypeVar("T")
CHUNK = 500
LEAST_PREFIX = 4
RARE = ("party", "place", "material")
RAREST_FIRST = (*RARE, "stage", "metal")
CLAIM_WORDS = ("event_kind", "status", "statement_kind", "source_class")


@dataclass(frozen=True)
class Filter:
    """Which claims are wanted; empty fields let all through."""

    party: str = ""
    metal: str = ""
    material: str = ""
    stage: str = ""
    place: str = ""
    event_kind: str = ""
    status: str = ""
    statement_kind: str = ""
    source_class: str = ""
    document: str = ""
    since: str = ""
    until: str = ""
    reviewed: str = ""  # a verdict, or 'none'


def matching(connection: Connection, wanted: Filter, *, limit: int | None, offset: int) -> list[Entry]:
    """Return the claims that a filter lets through, newest first, ties by id."""
    chosen, claim, day = _narrowed(connection, wanted)
    chosen = chosen.with_only_columns(claim).order_by(day.desc(), claim.desc())
    ids = connection.execute(chosen.limit(limit).offset(offset)).scalars().all()
    held = entries(connection, ids)
    return [held[i] for i in ids]


def count(connection: Connection, wanted: Filter) -> int:
    """Return how many claims a filter lets through."""
    chosen, claim, _ = _narrowed(connection, wanted)
    return int(connection.execute(chosen.with_only_columns(func.count(claim))).scalar_one())


def _terms(connection: Connection, wanted: Filter) -> list[tuple[str, str]]:
    """Return the terms asked for, the rarest first; a party that is no id is sought by the words of its name."""
    terms = [(kind, value) for kind in RAREST_FIRST if (value := getattr(wanted, kind))]
    if wanted.party:
        is_id = exists().where(TERMS.c.kind == "party", TERMS.c.value == wanted.party)
        if not connection.execute(select(is_id)).scalar():
            terms[:1] = [("word", word) for word in sorted(name_words(wanted.party))]
    return terms


def _narrowed(connection: Connection, wanted: Filter) -> tuple[Select[Any], Column[Any], Column[Any]]:
    """Return the selection of a filter, starting from what is rarest, with its columns of id and day."""
    terms = _terms(connection, wanted)
    words = {name: value for name in CLAIM_WORDS if (value := getattr(wanted, name))}
    claim, day, chosen = CLAIMS.c.id, CLAIMS.c.day, select(CLAIMS.c.id)
    if terms and (terms[0][0] in (*RARE, "word") or not words):
        kind, value = terms.pop(0)
        claim, day = TERMS.c.claim_id, TERMS.c.day
        chosen = select(claim).where(TERMS.c.kind == kind, TERMS.c.value == value)
        if words or wanted.document:
            chosen = chosen.join(CLAIMS, CLAIMS.c.id == claim)
    for kind, value in terms:
        term = TERMS.alias()
        chosen = chosen.where(exists().where(term.c.claim_id == claim, term.c.kind == kind, term.c.value == value))
    chosen = chosen.where(*(CLAIMS.c[name] == value for name, value in words.items()))
    if wanted.document:
        chosen = chosen.where(CLAIMS.c.document_sha256.startswith(wanted.document, autoescape=True))
    if wanted.since:
        chosen = chosen.where(day >= wanted.since)
    if wanted.until:
        chosen = chosen.where(day <= wanted.until + "\x7f", day != "")
    return _reviewed(chosen, claim, wanted.reviewed), claim, day


def _reviewed(chosen: Select[Any], claim: Column[Any], verdict: str) -> Select[Any]:
    if not verdict:
        return chosen
    of_claim = exists().where(REVIEWS.c.claim_id == claim)
    if verdict == "none":
        return chosen.where(~of_claim)
    later = REVIEWS.alias("later")
    is_last = ~exists().where(
        later.c.claim_id == REVIEWS.c.claim_id,
        or_(later.c.at > REVIEWS.c.at, and_(later.c.at == REVIEWS.c.at, later.c.id > REVIEWS.c.id)),
    )
    last = select(REVIEWS.c.claim_id).where(REVIEWS.c.verdict == verdict, is_last)
    return chosen.where(claim.in_(last))


def find(connection: Connection, prefix: str) -> str:
    """Return the id of the one claim whose id starts so."""
    prefix = prefix.strip().lower()
    if len(prefix) < LEAST_PREFIX:
        raise LedgerError(f"'{prefix}' is too short for the id of a claim; give at least {LEAST_PREFIX} signs")
    chosen = select(CLAIMS.c.id).where(CLAIMS.c.id >= prefix, CLAIMS.c.id <= prefix + "\x7f").limit(2)
    found = connection.execute(chosen).scalars().all()
    if not found:
        raise LedgerError(f"the ledger has no claim '{prefix}'; list them with: ytterby claims list")
    if len(found) > 1:
        raise LedgerError(f"several claims start with '{prefix}'; give more of the id")
    return str(found[0])


def known_ids(connection: Connection, column: Column[Any], ids: Iterable[str]) -> set[str]:
    """Return which of the values a column holds."""
    held: set[str] = set()
    for part in _chunks(sorted(set(ids))):
        held.update(connection.execute(select(column).where(column.in_(part))).scalars())
    return held


def entries(connection: Connection, ids: Iterable[str]) -> dict[str, Entry]:
    """Return claims with their documents, by id."""
    held: dict[str, Entry] = {}
    chosen = select(CLAIMS.c.body, DOCUMENTS.c.body, CLAIMS.c.recorded_at).join(DOCUMENTS)
    for part in _chunks(sorted(set(ids))):
        for claim, document, recorded in connection.execute(chosen.where(CLAIMS.c.id.in_(part))):
            entry = _entry(claim, document, recorded)
            held[entry.id] = entry
    return held


def _entry(claim: str, document: str, recorded: str) -> Entry:
    return Entry(Claim.from_dict(json.loads(claim)), Document.from_dict(json.loads(document)), recorded)


def documents(connection: Connection, hashes: Iterable[str] | None = None) -> dict[str, Document]:
    """Return documents by the hash of their text: these, or all."""
    chosen = select(DOCUMENTS.c.body).order_by(DOCUMENTS.c.sha256)
    parts = [chosen] if hashes is None else [chosen.where(DOCUMENTS.c.sha256.in_(p)) for p in _chunks(list(hashes))]
    bodies = (body for part in parts for body in connection.execute(part).scalars())
    held = (Document.from_dict(json.loads(body)) for body in bodies)
    return {document.sha256: document for document in held}


def candidates(connection: Connection, entry: Entry) -> set[str]:
    """Return the ids of claims that may be on the same event: of its family, said within its window, sharing a term."""
    name = family(entry.claim)
    if not name:
        return set()
    kinds = BLOCKS.get(name, USUAL_BLOCKS)
    wanted: dict[str, set[str]] = {}
    for kind, value in party_terms(entry.claim):
        if kind in kinds:
            wanted.setdefault(kind, set()).add(value)
    of_family = select(TERMS.c.claim_id).where(TERMS.c.family == name, _near(entry.day, window_days(name)))
    ids: set[str] = set()
    for kind, values in wanted.items():  # one kind at a time runs along the index; any of several would not
        for part in _chunks(sorted(values)):
            chosen = of_family.where(TERMS.c.kind == kind, TERMS.c.value.in_(part))
            ids.update(connection.execute(chosen).scalars())
    return ids - {entry.id}


def _near(day: str, window: int) -> Any:
    """Return the condition that a day is unknown or within the window; years and months count whole."""
    span = day_span(day)
    if not span:
        return TERMS.c.day >= ""
    first, last = (span[0] - dt.timedelta(days=window), span[1] + dt.timedelta(days=window))
    return or_(TERMS.c.day == "", and_(TERMS.c.day >= f"{first:%Y}", TERMS.c.day <= last.isoformat()))


def links(connection: Connection, ids: Iterable[str] | None, *, kind: LinkKind | None = None) -> tuple[Link, ...]:
    """Return all links that touch these claims, or any claim, ordered by id."""
    chosen = select(LINKS)
    if kind is not None:
        chosen = chosen.where(LINKS.c.kind == kind.value)
    found: dict[str, Link] = {}
    parts: list[Any] = [chosen]
    if ids is not None:
        ends = (LINKS.c.from_id, LINKS.c.to_id)
        parts = [chosen.where(end.in_(part)) for part in _chunks(sorted(set(ids))) for end in ends]
    for part in parts:
        for row in connection.execute(part).mappings():
            found[row["id"]] = Link.from_dict(dict(row))
    return tuple(found[i] for i in sorted(found))


def reviews(connection: Connection, ids: Iterable[str] | None) -> tuple[Review, ...]:
    """Return all reviews of these claims, or of any, in order of time."""
    chosen = select(REVIEWS)
    parts = [chosen] if ids is None else [chosen.where(REVIEWS.c.claim_id.in_(p)) for p in _chunks(sorted(set(ids)))]
    rows = [Review.from_dict(dict(row)) for part in parts for row in connection.execute(part).mappings()]
    return tuple(sorted(rows, key=lambda row: (row.at, row.id)))


def events(connection: Connection, ids: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return, for each of these claims, the claims that same-event links join it to, directly or through others."""
    start = list(dict.fromkeys(ids))
    near: dict[str, set[str]] = {}
    front = set(start)
    while front:
        near |= {i: near.get(i, set()) for i in front}
        for link in standing_links(links(connection, front, kind=LinkKind.SAME_EVENT)):
            for one, two in ((link.from_id, link.to_id), (link.to_id, link.from_id)):
                if one in near:
                    near[one].add(two)
        front = {other for others in near.values() for other in others} - near.keys()
    return {i: _component(i, near) for i in start}


def _component(start: str, near: dict[str, set[str]]) -> frozenset[str]:
    held, front = {start}, [start]
    while front:
        for other in near.get(front.pop(), ()):
            if other not in held:
                held.add(other)
                front.append(other)
    return frozenset(held)


def _chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
