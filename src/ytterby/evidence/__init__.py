"""Evidence: documents read into claims, kept in a ledger.

claim       what a document says, as typed records
read        files, pages and feeds into documents
extract     documents into claims, by rules that name themselves
ledger      claims kept, linked, judged and never lost
"""

from ytterby.evidence.claim import (
    Amount,
    Claim,
    ClaimDate,
    DatePrecision,
    Document,
    EventKind,
    FieldRule,
    Party,
    PartyRole,
    Qualifier,
    SourceClass,
    StatementKind,
    Status,
    claim_id,
    text_sha256,
)

__all__ = [
    "Amount",
    "Claim",
    "ClaimDate",
    "DatePrecision",
    "Document",
    "EventKind",
    "FieldRule",
    "Party",
    "PartyRole",
    "Qualifier",
    "SourceClass",
    "StatementKind",
    "Status",
    "claim_id",
    "text_sha256",
]
