"""The ledger: documents with their claims, links and reviews, added and never changed.

A document and its claims, with the links that the rules find to what is already there, are one transaction: after a
kill at any instant either all of it is there or none, and what was acknowledged stays. A claim's id decides whether it
is new, so adding twice adds nothing. Writers queue; readers do not wait.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from ytterby.evidence.claim import Claim, Document
from ytterby.evidence.compare import day_span
from ytterby.evidence.ledger import query
from ytterby.evidence.ledger.connect import connect, default_path, ledger_url, shown_name, translated, writing
from ytterby.evidence.ledger.records import RULE, Added, Entry, LedgerError, Link, LinkKind, Review, Verdict, now
from ytterby.evidence.ledger.tables import CLAIMS, DOCUMENTS, LINKS, REVIEWS, TERMS
from ytterby.evidence.link import family, pair_links, party_terms

CHUNK = 500
WORD_LENGTH = 200


class Ledger:
    """An open ledger; a context manager that closes it."""

    def __init__(self, where: str | Path | None = None, *, create: bool = True) -> None:
        """Open a ledger.

        Args:
            where: path of a SQLite file, or a database URL; the user's own ledger where None.
            create: make it where it is not there.

        Raises:
            LedgerError: it cannot be opened.
        """
        if where is None:
            where = default_path()
            if create:
                where.parent.mkdir(parents=True, exist_ok=True)
        self._engine = connect(where, create=create)
        self.name = shown_name(ledger_url(where))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def append(self, document: Document, claims: Sequence[Claim], *, with_links: bool = True) -> Added:
        """Add a document with its claims, and the links that the rules find; return what was new, once it is durable.

        Args:
            document: the document; its text is not kept.
            claims: claims of that document.
            with_links: look for claims on the same event; False leaves that out, for rows that bring their links.

        Raises:
            LedgerError: a claim is of another document, or the database refuses.
        """
        return self.append_all([(document, claims)], with_links=with_links)

    def append_all(self, batch: Iterable[tuple[Document, Sequence[Claim]]], *, with_links: bool = True) -> Added:
        """Add several documents with their claims in one transaction; see `append`."""
        added, read = Added(), dict[str, Entry]()
        with translated(self.name), writing(self._engine) as connection:
            for document, claims in batch:
                added += _append(connection, document, claims, read if with_links else None)
        return added

    def add_records(self, links: Iterable[Link] = (), reviews: Iterable[Review] = ()) -> Added:
        """Add links and reviews as they are, in one transaction; their claims must be there.

        Raises:
            LedgerError: a claim is not in the ledger.
        """
        links, reviews = list(links), list(reviews)
        named = {i for link in links for i in (link.from_id, link.to_id)} | {review.claim_id for review in reviews}
        with translated(self.name), writing(self._engine) as connection:
            if lost := sorted(named - query.known_ids(connection, CLAIMS.c.id, named)):
                raise LedgerError(f"{len(lost)} claim(s) are not in the ledger, the first '{lost[0]}'")
            new_links = _insert_new(connection, LINKS, [_link_row(link) for link in links])
            new_reviews = _insert_new(connection, REVIEWS, [{"id": row.id, **row.to_dict()} for row in reviews])
        return Added(links=new_links, reviews=new_reviews)

    def review(self, claim_id: str, verdict: Verdict, *, by: str, why: str) -> Review:
        """Record what a person concluded on a claim; an earlier review stays in the history.

        Raises:
            LedgerError: no such claim, or nobody or no reason named.
        """
        review = Review(self.find(claim_id), verdict, by.strip(), why.strip(), now())
        self.add_records(reviews=[review])
        return review

    def link(self, kind: LinkKind, from_id: str, to_id: str, *, by: str, why: str, holds: bool = True) -> Link:
        """Record a person's link between two claims; `holds=False` takes one back that a rule or a person made.

        Raises:
            LedgerError: no such claim, or nobody or no reason named.
        """
        if not by.strip() or not why.strip() or by.strip() == RULE:
            raise LedgerError("a link by a person says who made it and why")
        ends = self.find(from_id), self.find(to_id)
        link = Link(kind, *ends, by=by.strip(), why=why.strip(), at=now(), holds=holds)
        self.add_records(links=[link])
        return link

    def find(self, prefix: str) -> str:
        """Return the id of the one claim whose id starts so.

        Raises:
            LedgerError: none does, or several do.
        """
        with translated(self.name), self._engine.connect() as connection:
            return query.find(connection, prefix)

    def entries(self, ids: Iterable[str]) -> dict[str, Entry]:
        """Return claims with their documents, by id."""
        with translated(self.name), self._engine.connect() as connection:
            return query.entries(connection, ids)

    def select(self, wanted: query.Filter | None = None, *, limit: int | None = 50, offset: int = 0) -> list[Entry]:
        """Return the claims that a filter lets through, the newest news first."""
        with translated(self.name), self._engine.connect() as connection:
            return query.matching(connection, wanted or query.Filter(), limit=limit, offset=offset)

    def count(self, wanted: query.Filter | None = None) -> int:
        """Return how many claims a filter lets through."""
        with translated(self.name), self._engine.connect() as connection:
            return query.count(connection, wanted or query.Filter())

    def links(self, ids: Iterable[str] | None = None, *, kind: LinkKind | None = None) -> tuple[Link, ...]:
        """Return all links, standing or not, that touch these claims, or any claim."""
        with translated(self.name), self._engine.connect() as connection:
            return query.links(connection, ids, kind=kind)

    def reviews(self, ids: Iterable[str] | None = None) -> tuple[Review, ...]:
        """Return all reviews of these claims, or of any, in order of time."""
        with translated(self.name), self._engine.connect() as connection:
            return query.reviews(connection, ids)

    def events(self, ids: Iterable[str]) -> dict[str, frozenset[str]]:
        """Return, for each of these claims, all claims on the same event, itself among them."""
        with translated(self.name), self._engine.connect() as connection:
            return query.events(connection, ids)

    def documents(self) -> dict[str, Document]:
        """Return all documents by the hash of their text."""
        with translated(self.name), self._engine.connect() as connection:
            return query.documents(connection)


def _append(
    connection: Connection, document: Document, claims: Sequence[Claim], read: dict[str, Entry] | None
) -> Added:
    """Add one document; `read` keeps the claims already read for comparison, None: look for no links."""
    if strangers := [claim.id for claim in claims if claim.document_sha256 != document.sha256]:
        raise LedgerError(f"claim '{strangers[0]}' is of another document than '{document.sha256}'")
    if document.date and not day_span(document.date):
        raise LedgerError(f"the date '{document.date}' of document '{document.sha256[:12]}' is no day, month or year")
    recorded = now()
    row = {
        "sha256": document.sha256,
        "day": document.date,
        "recorded_at": recorded,
        "body": _json(document.to_dict()),
    }
    new_documents = _insert_new(connection, DOCUMENTS, [row])
    if not new_documents:  # the document as first read is the one that its claims are dated by
        document = query.documents(connection, [document.sha256])[document.sha256]
    known = query.known_ids(connection, CLAIMS.c.id, [claim.id for claim in claims])
    fresh = list({claim.id: claim for claim in claims if claim.id not in known}.values())
    _insert(connection, CLAIMS, [_claim_row(claim, document, recorded) for claim in fresh])
    _insert(connection, TERMS, [row for claim in fresh for row in _term_rows(claim, document)])
    links: dict[str, Link] = {}
    if read is not None:
        for claim in fresh:
            entry = Entry(claim, document)
            found = (link for other in _others(connection, entry, read) for link in pair_links(entry, other))
            links |= {link.id: dataclasses.replace(link, at=recorded) for link in found}
    new_links = _insert_new(connection, LINKS, [_link_row(link) for link in links.values()])
    return Added(new_documents, len(fresh), new_links)


def _others(connection: Connection, entry: Entry, read: dict[str, Entry]) -> list[Entry]:
    """Return the claims that may be on the same event as one, reading those not read before."""
    ids = query.candidates(connection, entry)
    read |= query.entries(connection, ids - read.keys())
    return [read[i] for i in sorted(ids)]


def _claim_row(claim: Claim, document: Document, recorded: str) -> dict[str, Any]:
    return {
        "id": claim.id,
        "document_sha256": claim.document_sha256,
        "day": document.date,
        "event_kind": claim.event_kind.value if claim.event_kind else "",
        "status": claim.status.value if claim.status else "",
        "statement_kind": claim.statement_kind.value,
        "source_class": Entry(claim, document).source_class.value,
        "recorded_at": recorded,
        "body": _json(claim.to_dict()),
    }


def _term_rows(claim: Claim, document: Document) -> list[dict[str, Any]]:
    terms = {*party_terms(claim), *(("metal", m) for m in claim.metals), *(("stage", s) for s in claim.stages)}
    shared = {"claim_id": claim.id, "family": family(claim), "day": document.date}
    return [{**shared, "kind": kind, "value": value[:WORD_LENGTH]} for kind, value in sorted(terms)]


def _link_row(link: Link) -> dict[str, Any]:
    return {"id": link.id, **link.to_dict()}


def _json(value: Mapping[str, Any]) -> str:
    # a lone surrogate or a NUL is no text for a database; JSON escapes both
    try:
        return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    except ValueError as error:
        raise LedgerError(f"a number of '{value.get('id') or value.get('sha256')}' is not finite") from error


def _insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> int:
    """Insert the rows whose key is not there yet; return how many."""
    key = table.c.sha256 if "sha256" in table.c else table.c.id
    known = query.known_ids(connection, key, [row[key.name] for row in rows])
    fresh = list({row[key.name]: row for row in rows if row[key.name] not in known}.values())
    _insert(connection, table, fresh)
    return len(fresh)


def _insert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).on_conflict_do_nothing()
    for start in range(0, len(rows), CHUNK):
        connection.execute(statement, [_clean(row) for row in rows[start : start + CHUNK]])


def _clean(row: Mapping[str, Any]) -> dict[str, Any]:
    """Replace what a database takes for no text in the columns that are searched; bodies are ASCII already."""
    return {
        name: value.replace("\0", "\ufffd").encode("utf-8", "replace").decode() if isinstance(value, str) else value
        for name, value in row.items()
    }
