"""What a document says: documents, claims, and the words that describe them.

One claim is one statement of one document about one event, with the exact span of the text that it quotes. Dates are
YYYY, YYYY-MM or YYYY-MM-DD; masses are in t, or t/a for a rate a year, money by ISO code or per unit ('USD/t'), shares
in '%'; confidence runs from 0 to 1. What was not said stays empty: an unknown status or event kind is None, never a
default. A claim's id is a hash of document, span and event kind, so that reading the same text twice adds nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class EventKind(StrEnum):
    """What happened, or is said to have happened."""

    RESEARCH_COOPERATION = "research_cooperation"
    TALENT_PROGRAMME = "talent_programme"
    OFFTAKE = "offtake"
    JOINT_VENTURE = "joint_venture"
    ACQUISITION = "acquisition"
    FINANCING = "financing"
    CONSTRUCTION = "construction"
    OPENING = "opening"
    CAPACITY = "capacity"
    QUOTA = "quota"
    EXPORT_CONTROL = "export_control"
    POLICY = "policy"
    PRICE = "price"


class Status(StrEnum):
    """How far it is: rungs of the asset ladder, of the deal ladder and of financing, and of rules of a state."""

    EXPLORATION = "exploration"
    STUDY = "study"
    PERMITTED = "permitted"
    FINANCED = "financed"
    CONSTRUCTION = "construction"
    INAUGURATED = "inaugurated"
    PILOT = "pilot"
    FIRST_PRODUCT = "first_product"
    RAMP_UP = "ramp_up"
    NAMEPLATE = "nameplate"
    OPERATING = "operating"
    CARE_AND_MAINTENANCE = "care_and_maintenance"
    SUSPENDED = "suspended"
    ASSET_CLOSED = "asset_closed"
    TALKS = "talks"
    MOU = "mou"
    TERM_SHEET = "term_sheet"
    FRAMEWORK = "framework"
    LETTER_OF_INTENT = "letter_of_intent"
    CONDITIONAL = "conditional"
    DEFINITIVE = "definitive"
    CLOSED = "closed"
    PROPOSED = "proposed"
    ANNOUNCED = "announced"
    IN_FORCE = "in_force"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    DENIED = "denied"


class StatementKind(StrEnum):
    """What sort of statement it is."""

    CLAIM = "claim"
    COMMENTARY = "commentary"
    FORECAST = "forecast"
    BACKGROUND = "background"


class SourceClass(StrEnum):
    """Whose word it is; state-affiliated is a class for any country."""

    INDEPENDENT = "independent"
    INTERESTED = "interested"
    STATE_AFFILIATED = "state_affiliated"
    UNKNOWN = "unknown"


class Qualifier(StrEnum):
    """How an amount is meant."""

    EXACT = "exact"
    ABOUT = "about"
    UP_TO = "up_to"
    MORE_THAN = "more_than"
    AT_LEAST = "at_least"
    LESS_THAN = "less_than"
    BETWEEN = "between"


class DatePrecision(StrEnum):
    """How exactly a date was said."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"


class PartyRole(StrEnum):
    """Part that a party plays in the event."""

    SUBJECT = "subject"
    OBJECT = "object"
    MENTIONED = "mentioned"


@dataclass(frozen=True)
class Party:
    """A company, school, state or person named; `id` is empty where the tables do not know it."""

    name: str
    id: str = ""
    kind: str = ""
    country: str = ""
    role: PartyRole = PartyRole.MENTIONED
    state_affiliated: str = ""  # place id of the state that controls it; empty: none known

    def to_dict(self) -> dict[str, Any]:
        """Return the party as a plain dictionary; `state_affiliated` is the state's place id or None."""
        return {
            "name": self.name,
            "id": self.id or None,
            "kind": self.kind or None,
            "country": self.country or None,
            "role": self.role.value,
            "state_affiliated": self.state_affiliated or None,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Party:
        """Return the party that a dictionary describes."""
        texts = {key: str(data.get(key) or "") for key in ("id", "kind", "country", "state_affiliated")}
        return cls(name=str(data["name"]), role=PartyRole(data.get("role") or "mentioned"), **texts)


@dataclass(frozen=True)
class Amount:
    """A quantity as read; `high` is the upper end where two ends were given, `of` what it measures."""

    value: float
    unit: str
    qualifier: Qualifier = Qualifier.EXACT
    of: str = ""
    high: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the amount as a plain dictionary."""
        data: dict[str, Any] = {"value": self.value, "unit": self.unit, "qualifier": self.qualifier.value}
        data["of"] = self.of or None
        return data if self.high is None else {**data, "high": self.high}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Amount:
        """Return the amount that a dictionary describes."""
        high = data.get("high")
        return cls(
            value=float(data["value"]),
            unit=str(data["unit"]),
            qualifier=Qualifier(data.get("qualifier") or "exact"),
            of=str(data.get("of") or ""),
            high=None if high is None else float(high),
        )


@dataclass(frozen=True)
class ClaimDate:
    """A date as said: YYYY, YYYY-MM or YYYY-MM-DD with its precision, and what happens then."""

    value: str
    precision: DatePrecision
    of: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the date as a plain dictionary."""
        return {"value": self.value, "precision": self.precision.value, "of": self.of or None}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ClaimDate:
        """Return the date that a dictionary describes."""
        return cls(str(data["value"]), DatePrecision(data["precision"]), str(data.get("of") or ""))


@dataclass(frozen=True)
class FieldRule:
    """Which rule found a field of a claim, and how sure it is."""

    field: str
    rule: str
    confidence: float

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as a plain dictionary."""
        return {"field": self.field, "rule": self.rule, "confidence": self.confidence}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> FieldRule:
        """Return the rule that a dictionary describes."""
        return cls(str(data["field"]), str(data["rule"]), float(data["confidence"]))


@dataclass(frozen=True)
class Document:
    """A document as read: its text, where it came from, and the hash of its text."""

    title: str
    text: str
    sha256: str
    date: str = ""
    publisher: str = ""
    publisher_class: SourceClass = SourceClass.UNKNOWN
    language: str = ""
    url: str = ""
    path: str = ""
    read_at: str = ""
    publisher_grade: str = "F"  # Admiralty-style grade of the source, A to F; F: cannot be judged

    def to_dict(self, *, with_text: bool = False) -> dict[str, Any]:
        """Return the document as a plain dictionary, its text only where asked for."""
        data: dict[str, Any] = {
            "title": self.title,
            "date": self.date or None,
            "publisher": self.publisher or None,
            "publisher_class": self.publisher_class.value,
            "language": self.language or None,
            "sha256": self.sha256,
            "url": self.url or None,
            "path": self.path or None,
            "read_at": self.read_at or None,
            "publisher_grade": self.publisher_grade,
        }
        return {**data, "text": self.text} if with_text else data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Document:
        """Return the document that a dictionary describes."""
        names = ("date", "publisher", "language", "url", "path", "read_at")
        return cls(
            title=str(data.get("title") or ""),
            text=str(data.get("text") or ""),
            sha256=str(data["sha256"]),
            publisher_class=SourceClass(data.get("publisher_class") or "unknown"),
            publisher_grade=str(data.get("publisher_grade") or "F"),
            **{name: str(data.get(name) or "") for name in names},
        )


@dataclass(frozen=True)
class Claim:
    """One statement of a document about one event; see the module's docstring."""

    id: str
    document_sha256: str
    quote: str
    span: tuple[int, int]
    statement_kind: StatementKind
    event_kind: EventKind | None = None
    status: Status | None = None
    parties: tuple[Party, ...] = ()
    metals: tuple[str, ...] = ()
    materials: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    amounts: tuple[Amount, ...] = ()
    dates: tuple[ClaimDate, ...] = ()
    places: tuple[str, ...] = ()
    speaker: str = ""
    speaker_class: SourceClass = SourceClass.UNKNOWN
    confidence: float = 0.0
    rules: tuple[FieldRule, ...] = ()
    extractor: str = "rules"
    source_grade: str = "F"  # A to F: how far the source is trusted, whatever it says
    item_grade: str = "6"  # 1 to 6: how credible the item is, whoever says it
    occupations: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Return the claim as a plain dictionary."""
        return {
            "id": self.id,
            "document_sha256": self.document_sha256,
            "event_kind": self.event_kind.value if self.event_kind else None,
            "status": self.status.value if self.status else None,
            "parties": [party.to_dict() for party in self.parties],
            "metals": list(self.metals),
            "materials": list(self.materials),
            "stages": list(self.stages),
            "occupations": list(self.occupations),
            "amounts": [amount.to_dict() for amount in self.amounts],
            "dates": [date.to_dict() for date in self.dates],
            "places": list(self.places),
            "statement_kind": self.statement_kind.value,
            "speaker": self.speaker or None,
            "speaker_class": self.speaker_class.value,
            "quote": self.quote,
            "span": list(self.span),
            "confidence": self.confidence,
            "rules": [rule.to_dict() for rule in self.rules],
            "extractor": self.extractor,
            "source_grade": self.source_grade,
            "item_grade": self.item_grade,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Claim:
        """Return the claim that a dictionary describes.

        Raises:
            KeyError, ValueError, TypeError: a field is missing or is none of its words.
        """
        start, end = data["span"]
        lists = ("metals", "materials", "stages", "places", "occupations")
        return cls(
            id=str(data["id"]),
            document_sha256=str(data["document_sha256"]),
            quote=str(data["quote"]),
            span=(int(start), int(end)),
            statement_kind=StatementKind(data["statement_kind"]),
            event_kind=EventKind(data["event_kind"]) if data.get("event_kind") else None,
            status=Status(data["status"]) if data.get("status") else None,
            parties=tuple(Party.from_dict(item) for item in data.get("parties") or ()),
            amounts=tuple(Amount.from_dict(item) for item in data.get("amounts") or ()),
            dates=tuple(ClaimDate.from_dict(item) for item in data.get("dates") or ()),
            speaker=str(data.get("speaker") or ""),
            speaker_class=SourceClass(data.get("speaker_class") or "unknown"),
            confidence=float(data.get("confidence") or 0.0),
            rules=tuple(FieldRule.from_dict(item) for item in data.get("rules") or ()),
            extractor=str(data.get("extractor") or "rules"),
            source_grade=str(data.get("source_grade") or "F"),
            item_grade=str(data.get("item_grade") or "6"),
            **{name: tuple(str(item) for item in data.get(name) or ()) for name in lists},
        )


def claim_id(document_sha256: str, span: tuple[int, int], event_kind: EventKind | None) -> str:
    """Return the id of a claim: blake2b over document, span and event kind, 32 hex digits."""
    key = f"{document_sha256}\n{span[0]}-{span[1]}\n{event_kind.value if event_kind else ''}"
    return hashlib.blake2b(key.encode(), digest_size=16).hexdigest()


def text_sha256(text: str) -> str:
    """Return the SHA-256 of a document's text, by which the same text is known again."""
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()
