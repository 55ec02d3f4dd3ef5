"""What the ledger holds on an event: where it stands, who disagrees, whether it is corroborated, how it came about.

Nothing is averaged. A claim that a person rejected takes no part; one that later news superseded stays in the history
and in its conflict sets, marked so. The status is that of the latest news that stands (of what a person accepted, where
there is any); news of one day that disagree leave it open. Corroborated: two claims that agree, of two documents, rest
on the word of two classes (independent, interested, state-affiliated); a newspaper that relays a company is the
company's word. All of it follows from the claims, links and reviews, whatever the order in which they came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ytterby.evidence.claim import Claim, SourceClass, Status
from ytterby.evidence.compare import amount_field, is_later, say_amount
from ytterby.evidence.ledger.records import (
    RULE,
    Entry,
    Link,
    LinkKind,
    Review,
    Verdict,
    last_reviews,
    standing_links,
)
from ytterby.evidence.link import key_parties, voice

if TYPE_CHECKING:
    from ytterby.evidence.ledger.query import Filter
    from ytterby.evidence.ledger.store import Ledger


@dataclass(frozen=True)
class Position:
    """One side of a conflict: what is said, by which claims, on whose word; it `stands` until later news replace it."""

    value: str
    claims: tuple[str, ...]
    voices: tuple[str, ...]
    classes: tuple[str, ...]
    stands: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the position as a plain dictionary."""
        lists = {name: list(getattr(self, name)) for name in ("claims", "voices", "classes")}
        return {"value": self.value, **lists, "stands": self.stands}


@dataclass(frozen=True)
class ConflictSet:
    """A field of an event on which claims disagree; open while at least two positions stand."""

    field: str
    positions: tuple[Position, ...]

    @property
    def is_open(self) -> bool:
        """True while at least two positions stand."""
        return sum(position.stands for position in self.positions) > 1

    def to_dict(self) -> dict[str, Any]:
        """Return the conflict set as a plain dictionary."""
        return {"field": self.field, "open": self.is_open, "positions": [row.to_dict() for row in self.positions]}


@dataclass(frozen=True)
class EventState:
    """Where an event stands by all that the ledger holds on it; `id` is the smallest id among its claims."""

    id: str
    kinds: tuple[str, ...]
    parties: tuple[str, ...]
    metals: tuple[str, ...]
    first_day: str
    last_day: str
    status: str
    is_status_open: bool
    status_claims: tuple[str, ...]
    standing: tuple[str, ...]
    superseded: tuple[str, ...]
    rejected: tuple[str, ...]
    accepted: tuple[str, ...]
    agreeing_classes: tuple[str, ...]
    conflicts: tuple[ConflictSet, ...]

    @property
    def is_corroborated(self) -> bool:
        """True where claims on the word of two classes agree."""
        return len(self.agreeing_classes) > 1

    def to_dict(self) -> dict[str, Any]:
        """Return the state as a plain dictionary."""
        lists = ("kinds", "parties", "metals", "status_claims", "standing", "superseded", "rejected", "accepted")
        return {
            "id": self.id,
            **{name: list(getattr(self, name)) for name in lists},
            "first_day": self.first_day or None,
            "last_day": self.last_day or None,
            "status": self.status or None,
            "status_open": self.is_status_open,
            "corroborated": self.is_corroborated,
            "agreeing_classes": list(self.agreeing_classes),
            "conflicts": [conflict.to_dict() for conflict in self.conflicts],
        }


def judge(entries: Iterable[Entry], links: Iterable[Link], reviews: Iterable[Review] = ()) -> EventState:
    """Return where one event stands, from the claims on it, their links and their reviews.

    Raises:
        ValueError: no claim is given.
    """
    held = {entry.id: entry for entry in sorted(entries, key=lambda e: (e.day, e.id))}
    if not held:
        raise ValueError("an event has at least one claim")
    verdicts = {i: review.verdict for i, review in last_reviews(reviews).items() if i in held}
    rejected = {i for i, verdict in verdicts.items() if verdict is Verdict.REJECTED}
    accepted = {i for i, verdict in verdicts.items() if verdict is Verdict.ACCEPTED}
    live = {i: entry for i, entry in held.items() if i not in rejected}
    counted = [row for row in standing_links(links) if row.from_id in live and row.to_id in live]
    replaced = {row.to_id for row in counted if row.kind is LinkKind.SUPERSEDES}
    standing = {i: entry for i, entry in live.items() if i not in replaced}
    status_claims = _status_claims(standing, accepted)
    statuses = {_status(held[i].claim) for i in status_claims}
    known_days = sorted(entry.day for entry in held.values() if entry.day)
    return EventState(
        id=min(held),
        kinds=_sorted(e.claim.event_kind.value for e in held.values() if e.claim.event_kind),
        parties=_sorted(p.id or p.name for e in held.values() for p in key_parties(e.claim)),
        metals=_sorted(metal for e in held.values() for metal in e.claim.metals),
        first_day=known_days[0] if known_days else "",
        last_day=known_days[-1] if known_days else "",
        status=statuses.pop() if len(statuses) == 1 else "",
        is_status_open=len(status_claims) > 1 and len({_status(held[i].claim) for i in status_claims}) > 1,
        status_claims=tuple(status_claims),
        standing=tuple(standing),
        superseded=tuple(i for i in live if i in replaced),
        rejected=tuple(i for i in held if i in rejected),
        accepted=tuple(i for i in held if i in accepted),
        agreeing_classes=_agreeing(counted, standing),
        conflicts=_conflicts(counted, live, frozenset(standing)),
    )


def _sorted(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _status(claim: Claim) -> str:
    return claim.status.value if claim.status else ""


def _status_claims(standing: Mapping[str, Entry], accepted: set[str]) -> list[str]:
    """Return the claims that say the status: the latest that stand, accepted ones first."""
    saying = [entry for entry in standing.values() if entry.claim.status not in (None, Status.SUPERSEDED)]
    chosen = [entry for entry in saying if entry.id in accepted] or saying
    return [entry.id for entry in chosen if not any(is_later(other.day, entry.day) for other in chosen)]


def _agreeing(links: Sequence[Link], standing: Mapping[str, Entry]) -> tuple[str, ...]:
    """Return the classes of claims that support one another across documents and classes."""
    agreeing: set[str] = set()
    for link in links:
        if link.kind is not LinkKind.SUPPORTS or link.from_id not in standing or link.to_id not in standing:
            continue
        one, two = standing[link.from_id], standing[link.to_id]
        classes = {one.source_class, two.source_class}
        if len(classes) == 2 and SourceClass.UNKNOWN not in classes and one.document.sha256 != two.document.sha256:
            agreeing.update(name.value for name in classes)
    return tuple(sorted(agreeing))


def _conflicts(links: Sequence[Link], live: Mapping[str, Entry], standing: frozenset[str]) -> tuple[ConflictSet, ...]:
    """Group the contradictions by field, and the claims of each by what they say."""
    sides: dict[str, set[str]] = {}
    for link in links:
        if link.kind is LinkKind.CONTRADICTS:
            sides.setdefault(link.field or "as a whole", set()).update((link.from_id, link.to_id))
    found = []
    for field, ids in sorted(sides.items()):
        said: dict[str, list[str]] = {}
        for i in (i for i in live if i in ids):  # in order of time
            said.setdefault(field_value(live[i].claim, field), []).append(i)
        positions = (
            Position(
                value,
                tuple(claims),
                _sorted(live[i].claim.speaker or live[i].document.publisher for i in claims),
                _sorted(live[i].source_class.value for i in claims),
                any(i in standing for i in claims),
            )
            for value, claims in said.items()
        )
        found.append(ConflictSet(field, tuple(positions)))
    return tuple(found)


def field_value(claim: Claim, field: str) -> str:
    """Return what a claim says on a field that links name: status, party, share, 'amount of ...', 'date of ...'."""
    if field == "status":
        return _status(claim)
    if field == "party":
        return ", ".join(party.id or party.name for party in key_parties(claim))
    if field.startswith("date of "):
        return ", ".join(date.value for date in claim.dates if f"date of {date.of}" == field)
    amounts = [say_amount(amount) for amount in claim.amounts if amount_field(amount) == field]
    return ", ".join(amounts) or claim.quote


def judge_events(ledger: Ledger, ids: Iterable[str]) -> tuple[EventState, ...]:
    """Return the states of the events that claims of a ledger belong to, the latest news first."""
    events = {frozenset(event) for event in ledger.events(ids).values()}
    every = frozenset().union(*events) if events else frozenset()
    entries, links, reviews = ledger.entries(every), ledger.links(every), ledger.reviews(every)
    states = [
        judge(
            [entries[i] for i in event],
            [row for row in links if row.from_id in event],
            [row for row in reviews if row.claim_id in event],
        )
        for event in events
    ]
    return tuple(sorted(sorted(states, key=lambda state: state.id), key=lambda state: state.last_day, reverse=True))


def conflicting_events(ledger: Ledger, wanted: Filter, *, every: bool = False) -> tuple[EventState, ...]:
    """Return the events with a conflict set and a claim that a filter lets through; `every`: settled ones too."""
    links = standing_links(ledger.links(kind=LinkKind.CONTRADICTS))
    touched = {i for link in links for i in (link.from_id, link.to_id)}
    states = judge_events(ledger, touched)
    if wanted != type(wanted)():
        chosen = {entry.id for entry in ledger.select(wanted, limit=None)}
        states = tuple(row for row in states if chosen & {*row.standing, *row.superseded, *row.rejected})
    return tuple(row for row in states if any(every or conflict.is_open for conflict in row.conflicts))


@dataclass(frozen=True)
class Step:
    """One step of a history: news, or what a person concluded or linked, on a day."""

    day: str
    what: str
    claim_id: str
    by: str
    says: str

    def to_dict(self) -> dict[str, Any]:
        """Return the step as a plain dictionary."""
        return {"day": self.day or None, "what": self.what, "claim": self.claim_id, "by": self.by, "says": self.says}


def history(entries: Iterable[Entry], links: Iterable[Link], reviews: Iterable[Review] = ()) -> tuple[Step, ...]:
    """Return how an event came about: its news by the day it was said, then what people concluded and linked."""
    links = tuple(links)
    news = []
    for entry in sorted(entries, key=lambda e: (e.day or "9999", e.id)):
        later = sorted({row.to_id[:8] for row in links if row.kind is LinkKind.SUPERSEDES and row.from_id == entry.id})
        said = f"{_status(entry.claim) or 'no status'}: {entry.claim.quote}"
        said += f" [supersedes {', '.join(later)}]" if later else ""
        news.append(Step(entry.day, "claim", entry.id, entry.claim.speaker or voice_shown(entry), said))
    persons = [Step(r.at, f"review: {r.verdict.value}", r.claim_id, r.by, r.why) for r in reviews]
    persons += [
        Step(row.at, f"link{'' if row.holds else ' taken back'}: {row.kind.value}", row.from_id, row.by, row.why)
        for row in links
        if row.by != RULE
    ]
    return (*news, *sorted(persons, key=lambda step: (step.day, step.claim_id, step.what, step.by, step.says)))


def voice_shown(entry: Entry) -> str:
    """Return who is speaking, for people to read."""
    return entry.document.publisher or entry.document.url or entry.document.title or voice(entry)[:12]
