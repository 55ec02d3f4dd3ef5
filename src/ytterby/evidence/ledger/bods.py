"""Claims on stakes as ownership statements, after the Beneficial Ownership Data Standard 0.4 (Open Ownership).

Every claim of an acquisition or joint venture with an owner (subject) and what is owned (object) becomes two entity
statements and a relationship statement with interest, share in percent, date and source. What the standard has no field
for (span, rules, grades) travels as JSON in an annotation, so that import gives the same claim; a statement of others,
without it, is read from its own fields.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ytterby.evidence.claim import (
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
from ytterby.evidence.compare import interval
from ytterby.evidence.ledger.exchange import INSIDE, Bundle, inside, of_inside
from ytterby.evidence.ledger.records import Entry, LedgerError, digest

STAKES = frozenset([EventKind.ACQUISITION, EventKind.JOINT_VENTURE])
BODS_VERSION = "0.4"
PRECISIONS = {4: DatePrecision.YEAR, 7: DatePrecision.MONTH, 10: DatePrecision.DAY}


def to_bods(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Return ownership statements of the claims on stakes that name an owner and what is owned."""
    statements: list[dict[str, Any]] = []
    for entry in entries:
        claim = entry.claim
        owners = [party for party in claim.parties if party.role is PartyRole.SUBJECT]
        owned = [party for party in claim.parties if party.role is PartyRole.OBJECT]
        if claim.event_kind in STAKES and owners and owned:
            ends = [_entity(party, entry) for party in (owned[0], owners[0])]
            statements += [*ends, _relationship(entry, ends[0]["recordId"], ends[1]["recordId"])]
    unique = {row["statementId"]: row for row in statements}
    return list(unique.values())


def _entity(party: Party, entry: Entry) -> dict[str, Any]:
    details: dict[str, Any] = {"entityType": {"type": "state" if party.kind == "government" else "registeredEntity"}}
    details["name"] = party.name
    if party.country:
        details["jurisdiction"] = {"code": party.country, "name": party.country}
    if party.id:
        details["identifiers"] = [{"id": party.id, "schemeName": INSIDE}]
    record = party.id or digest("party", party.name)
    return {
        "statementId": _uuid("entity", record, party.name, entry.document.sha256),
        "recordId": record,
        "recordType": "entity",
        **_head(entry),
        "recordDetails": details,
    }


def _relationship(entry: Entry, subject: str, owner: str) -> dict[str, Any]:
    claim = entry.claim
    interest: dict[str, Any] = {"type": "shareholding", "directOrIndirect": "unknown"}
    if share := _share(claim):
        interest["share"] = share
    if day := next((date.value for date in claim.dates if date.of in ("", "signing", "closing", "event")), ""):
        interest["startDate"] = day
    note = {
        "motivation": "transforming",
        "createdBy": {"name": INSIDE},
        "statementPointerTarget": "/recordDetails",
        "transformedContent": json.dumps(inside(entry), ensure_ascii=False),
    }
    return {
        "statementId": _uuid("relationship", claim.id),
        "recordId": claim.id,
        "recordType": "relationship",
        **_head(entry),
        "recordDetails": {"subject": subject, "interestedParty": owner, "interests": [interest]},
        "annotations": [note],
    }


def _head(entry: Entry) -> dict[str, Any]:
    source: dict[str, Any] = {"type": ["thirdParty"], "description": entry.document.title}
    if entry.document.url:
        source["url"] = entry.document.url
    if entry.document.publisher:
        source["assertedBy"] = [{"name": entry.document.publisher}]
    head: dict[str, Any] = {"recordStatus": "new", "source": source}
    if entry.day:
        head["statementDate"] = entry.day
    return {**head, "publicationDetails": {"bodsVersion": BODS_VERSION, "publisher": {"name": INSIDE}}}


def _share(claim: Claim) -> dict[str, float]:
    """Return the share of a stake in percent: exact, or its bounds."""
    for amount in claim.amounts:
        if amount.of in ("", "share", "stake") and amount.unit in ("%", "1"):
            low, high = (round(100 * end, 6) for end in interval(amount))
            if amount.qualifier in (Qualifier.EXACT, Qualifier.ABOUT) and amount.high is None:
                return {"exact": amount.value * (1.0 if amount.unit == "%" else 100.0)}
            return {"minimum": max(0.0, low), "maximum": min(100.0, high)}
    return {}


def from_bods(statements: Any) -> Bundle:
    """Return the claims that ownership statements make: each relationship with an owner and a share is one.

    Raises:
        LedgerError: no list of statements, or a relationship whose ends are not among them.
    """
    if not isinstance(statements, list) or not all(isinstance(row, dict) for row in statements):
        raise LedgerError("ownership statements are a JSON list of objects")
    parties = {row.get("recordId"): row for row in statements if row.get("recordType") in ("entity", "person")}
    bundle = Bundle()
    for row in statements:
        if row.get("recordType") == "relationship":
            try:
                document, claim = _of_annotation(row) or _of_relationship(row, parties)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                name = row.get("statementId", "?")
                raise LedgerError(f"ownership statement '{name}' cannot be read: {error}") from error
            bundle.documents[document.sha256] = document
            bundle.claims.append(claim)
    if not bundle.claims:
        raise LedgerError("the ownership statements hold no relationship")
    return bundle


def _of_annotation(row: Mapping[str, Any]) -> tuple[Document, Claim] | None:
    for note in row.get("annotations") or ():
        if note.get("createdBy", {}).get("name") == INSIDE and note.get("transformedContent"):
            return of_inside(json.loads(note["transformedContent"]))
    return None


def _of_relationship(row: Mapping[str, Any], parties: Mapping[Any, Mapping[str, Any]]) -> tuple[Document, Claim]:
    details, source = row["recordDetails"], row.get("source") or {}
    owned, owner = (_party(parties[details[end]], role) for end, role in _ENDS)
    interest = (details.get("interests") or [{}])[0]
    text = json.dumps(row, sort_keys=True, ensure_ascii=False)
    asserted = source.get("assertedBy") or [{}]
    document = Document(
        title=str(source.get("description") or "ownership statement"),
        text=text,
        sha256=text_sha256(text),
        date=str(row.get("statementDate") or ""),
        publisher=str(asserted[0].get("name") or ""),
        url=str(source.get("url") or ""),
    )
    span = (0, len(text))
    day = str(interest.get("startDate") or "")
    claim = Claim(
        id=claim_id(document.sha256, span, EventKind.ACQUISITION),
        document_sha256=document.sha256,
        quote=f"{owner.name} holds {owned.name}",
        span=span,
        statement_kind=StatementKind.CLAIM,
        event_kind=EventKind.ACQUISITION,
        status=Status.CLOSED,
        parties=(owner, owned),
        amounts=tuple(_amounts(interest.get("share") or {})),
        dates=(ClaimDate(day, PRECISIONS[len(day)], "closing"),) if day else (),
        speaker_class=SourceClass.UNKNOWN,
        extractor="bods",
    )
    return document, claim


_ENDS = (("subject", PartyRole.OBJECT), ("interestedParty", PartyRole.SUBJECT))


def _party(row: Mapping[str, Any], role: PartyRole) -> Party:
    details = row["recordDetails"]
    ours = [i["id"] for i in details.get("identifiers") or () if i.get("schemeName") == INSIDE]
    names = details.get("names") or [{}]
    name = str(details.get("name") or names[0].get("fullName") or row["recordId"])
    country = str((details.get("jurisdiction") or {}).get("code") or "")
    return Party(name, ours[0] if ours else "", country=country, role=role)


def _amounts(share: Mapping[str, Any]) -> Iterator[Amount]:
    if "exact" in share:
        yield Amount(float(share["exact"]), "%", of="share")
    elif "minimum" in share and "maximum" in share:
        yield Amount(float(share["minimum"]), "%", Qualifier.BETWEEN, "share", float(share["maximum"]))


def _uuid(*parts: str) -> str:
    """Return a UUID-shaped id made from what a statement is about, the same at every export."""
    name: Sequence[str] = re.findall(r"(.{8})(.{4})(.{4})(.{4})(.{12})", digest(*parts))[0]
    return "-".join(name)
