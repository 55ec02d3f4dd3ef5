"""What a ledger holds beside documents and claims: links between claims, and reviews by a person.

Nothing is edited: a link is undone by a later row with `holds` false, a review is followed by another. Which row
counts does not depend on the order in which rows arrived: a person's word goes before a rule's, the latest before
the earlier ones.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from ytterby.errors import UnknownNameError, YtterbyError
from ytterby.evidence.claim import Claim, Document, SourceClass

Member = TypeVar("Member", bound=StrEnum)
RULE = "rule"  # who speaks where no person does


class LedgerError(YtterbyError):
    """A ledger that cannot be opened, read or written, or a row that it refuses."""


class LinkKind(StrEnum):
    """How two claims stand to each other; `supersedes` points from the later claim to the earlier one."""

    SAME_EVENT = "same_event"
    SUPPORTS = "supports"
    CONTRADICTS = "contradicts"
    SUPERSEDES = "supersedes"


class Verdict(StrEnum):
    """What a person concludes on a claim."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True)
class Link:
    """One link between two claims: by a rule, with the field that it is about, or by a person, with a reason."""

    kind: LinkKind
    from_id: str
    to_id: str
    field: str = ""
    rule: str = ""
    by: str = RULE
    why: str = ""
    at: str = ""
    holds: bool = True

    def __post_init__(self) -> None:
        if self.from_id == self.to_id:
            raise LedgerError("a claim cannot be linked to itself")
        if self.kind is not LinkKind.SUPERSEDES and self.from_id > self.to_id:
            ends = self.to_id, self.from_id
            object.__setattr__(self, "from_id", ends[0])
            object.__setattr__(self, "to_id", ends[1])

    @property
    def id(self) -> str:
        """Hash of what the link says; a rule's link is the same whenever it is found."""
        said = (self.kind.value, self.from_id, self.to_id, self.field, self.rule, self.by)
        person = () if self.by == RULE else (self.why, self.at, str(self.holds))
        return digest(*said, *person)

    def to_dict(self) -> dict[str, Any]:
        """Return the link as a plain dictionary."""
        texts = ("from_id", "to_id", "field", "rule", "by", "why", "at")
        return {"kind": self.kind.value, **{name: getattr(self, name) for name in texts}, "holds": self.holds}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Link:
        """Return the link that a dictionary describes."""
        texts = {name: str(data.get(name) or "") for name in ("field", "rule", "why", "at")}
        holds = bool(data.get("holds", True))
        kind, by = LinkKind(data["kind"]), str(data.get("by") or RULE)
        return cls(kind, str(data["from_id"]), str(data["to_id"]), by=by, holds=holds, **texts)


@dataclass(frozen=True)
class Review:
    """What a person concluded on a claim: who, when, why."""

    claim_id: str
    verdict: Verdict
    by: str
    why: str
    at: str

    def __post_init__(self) -> None:
        if not self.by.strip() or not self.why.strip():
            raise LedgerError("a review says who reviewed and why")

    @property
    def id(self) -> str:
        """Hash of all that the review says."""
        return digest(self.claim_id, self.verdict.value, self.by, self.why, self.at)

    def to_dict(self) -> dict[str, Any]:
        """Return the review as a plain dictionary."""
        texts = {name: getattr(self, name) for name in ("by", "why", "at")}
        return {"claim_id": self.claim_id, "verdict": self.verdict.value, **texts}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Review:
        """Return the review that a dictionary describes."""
        texts = {name: str(data[name]) for name in ("by", "why", "at")}
        return cls(claim_id=str(data["claim_id"]), verdict=Verdict(data["verdict"]), **texts)


@dataclass(frozen=True)
class Entry:
    """A claim of the ledger with its document and the moment at which it was recorded."""

    claim: Claim
    document: Document
    recorded_at: str = ""

    @property
    def id(self) -> str:
        """Id of the claim."""
        return self.claim.id

    @property
    def day(self) -> str:
        """When it was said: the date of the document, empty where that is not known."""
        return self.document.date

    @property
    def source_class(self) -> SourceClass:
        """Class of the word that the claim rests on: its speaker's, else its publisher's."""
        spoken = self.claim.speaker_class
        return spoken if spoken is not SourceClass.UNKNOWN else self.document.publisher_class


@dataclass(frozen=True)
class Added:
    """How many rows were new to the ledger."""

    documents: int = 0
    claims: int = 0
    links: int = 0
    reviews: int = 0

    def __add__(self, other: Added) -> Added:
        return Added(
            self.documents + other.documents,
            self.claims + other.claims,
            self.links + other.links,
            self.reviews + other.reviews,
        )

    def to_dict(self) -> dict[str, int]:
        """Return the counts as a plain dictionary."""
        return {"documents": self.documents, "claims": self.claims, "links": self.links, "reviews": self.reviews}


def digest(*parts: str) -> str:
    """Return blake2b over parts that cannot run into one another, 32 hex digits."""
    key = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.blake2b(key.encode("utf-8", errors="surrogatepass"), digest_size=16).hexdigest()


def now() -> str:
    """Return this moment in UTC as ISO 8601 text."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")


def standing_links(links: Iterable[Link]) -> tuple[Link, ...]:
    """Return the links that hold: what a person says of two claims and a kind goes before what rules say."""
    said: dict[tuple[str, str, str], list[Link]] = {}
    for link in links:
        said.setdefault((link.kind.value, link.from_id, link.to_id), []).append(link)
    held: list[Link] = []
    for _, rows in sorted(said.items()):
        persons = [row for row in rows if row.by != RULE]
        counted = [max(persons, key=lambda row: (row.at, row.id))] if persons else rows
        held.extend(sorted((row for row in counted if row.holds), key=lambda row: row.id))
    return tuple(held)


def last_reviews(reviews: Iterable[Review]) -> dict[str, Review]:
    """Return the review that counts for each claim: the latest."""
    last: dict[str, Review] = {}
    for review in sorted(reviews, key=lambda row: (row.at, row.id)):
        last[review.claim_id] = review
    return last


def enum_of(kind: type[Member], given: str, what: str) -> Member:
    """Return a member by its value.

    Raises:
        UnknownNameError: there is no such member.
    """
    try:
        return kind(given)
    except ValueError as error:
        raise UnknownNameError(what, given, [member.value for member in kind]) from error
