"""Tables of the ledger, as SQLModel classes; rows are only ever added.

`claims.body` and `documents.body` hold the whole record as JSON; the other columns and `terms` repeat what is searched
for. A term is one thing that a claim names (party, metal, material, stage, place) or a word of a party's name, by
which claims on the same event find each other. `day` is the date of the document, empty where it has none.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Index, MetaData, Table
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

VERSION = 1
METADATA = MetaData()


class LedgerRow(SQLModel, registry=registry(metadata=METADATA)):
    """Base of all rows: tables of the ledger, kept apart from any others of the process."""

    metadata = METADATA


class SchemaRow(LedgerRow, table=True):
    """Version of the tables; one row."""

    __tablename__: ClassVar[Any] = "ledger_schema"
    version: int = Field(primary_key=True)
    created_at: str


class DocumentRow(LedgerRow, table=True):
    """One document, known by the hash of its text, which is not kept."""

    __tablename__: ClassVar[Any] = "documents"
    seq: int | None = Field(default=None, primary_key=True)
    sha256: str = Field(unique=True)
    day: str
    recorded_at: str
    body: str


class ClaimRow(LedgerRow, table=True):
    """One claim of a document."""

    __tablename__: ClassVar[Any] = "claims"
    __table_args__: ClassVar[Any] = (
        Index("claims_day", "day", "id"),
        Index("claims_event_kind", "event_kind", "day", "id"),
        Index("claims_event_kind_status", "event_kind", "status", "day", "id"),
        Index("claims_status", "status", "day", "id"),
        Index("claims_statement_kind", "statement_kind", "day", "id"),
        Index("claims_source_class", "source_class", "day", "id"),
    )
    seq: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True)
    document_sha256: str = Field(foreign_key="documents.sha256", index=True)
    day: str
    event_kind: str
    status: str
    statement_kind: str
    source_class: str
    recorded_at: str
    body: str


class TermRow(LedgerRow, table=True):
    """One thing that a claim names; `family` groups the kinds of event that may be one event."""

    __tablename__: ClassVar[Any] = "terms"
    __table_args__: ClassVar[Any] = (
        Index("terms_value", "kind", "value", "day", "claim_id"),
        Index("terms_family", "family", "kind", "value", "day"),
        {"sqlite_with_rowid": False},
    )
    claim_id: str = Field(primary_key=True, foreign_key="claims.id")
    kind: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    family: str
    day: str


class LinkRow(LedgerRow, table=True):
    """One link between two claims."""

    __tablename__: ClassVar[Any] = "links"
    seq: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True)
    kind: str
    from_id: str = Field(foreign_key="claims.id", index=True)
    to_id: str = Field(foreign_key="claims.id", index=True)
    field: str
    rule: str
    by: str
    why: str
    at: str
    holds: bool


class ReviewRow(LedgerRow, table=True):
    """One review of a claim by a person."""

    __tablename__: ClassVar[Any] = "reviews"
    seq: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True)
    claim_id: str = Field(foreign_key="claims.id", index=True)
    verdict: str
    by: str
    why: str
    at: str


SCHEMA, DOCUMENTS, CLAIMS, TERMS, LINKS, REVIEWS = (
    METADATA.tables[name] for name in ("ledger_schema", "documents", "claims", "terms", "links", "reviews")
)
KEYS: dict[Table, tuple[str, ...]] = {
    SCHEMA: ("version",),
    DOCUMENTS: ("sha256",),
    CLAIMS: ("id",),
    TERMS: ("claim_id", "kind", "value"),
    LINKS: ("id",),
    REVIEWS: ("id",),
}
