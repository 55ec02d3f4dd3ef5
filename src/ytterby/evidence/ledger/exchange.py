"""Import and export of whole ledgers: JSON Lines (one record a line) and CSV (four files in a folder).

Both carry all that the ledger holds but the moment of recording, so that export and import give the same documents,
claims, links and reviews. In CSV nested fields are JSON in their cell, and a cell that a spreadsheet would take for a
formula has an apostrophe before it, which import takes off again. A file with a fault adds nothing.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ytterby.chain.descriptor import write_bytes, write_text
from ytterby.evidence.claim import Claim, Document, claim_id
from ytterby.evidence.ledger.records import Added, Entry, LedgerError, Link, Review

if TYPE_CHECKING:
    from ytterby.evidence.ledger.store import Ledger

RISKY = ("=", "+", "-", "@", "'", "\t", "\r")
MAX_MB = 500
INSIDE = "ytterby"  # by which our own part of a record in another shape is known


@dataclass
class Bundle:
    """Records on their way into or out of a ledger."""

    documents: dict[str, Document] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)

    def entries(self) -> list[Entry]:
        """Return the claims with their documents."""
        return [Entry(claim, self.documents[claim.document_sha256]) for claim in self.claims]


def take_out(ledger: Ledger) -> Bundle:
    """Return all that a ledger holds, claims in the order of their ids."""
    entries = ledger.select(limit=None)
    claims = sorted((entry.claim for entry in entries), key=lambda claim: claim.id)
    return Bundle(ledger.documents(), claims, list(ledger.links()), list(ledger.reviews()))


def put_in(ledger: Ledger, bundle: Bundle) -> Added:
    """Add a bundle to a ledger in one go, then its links and reviews; what is there already is left as it is.

    Raises:
        LedgerError: a claim without its document or with a false id, or a link or review without its claim.
    """
    by_document: dict[str, list[Claim]] = {sha: [] for sha in bundle.documents}
    for claim in bundle.claims:
        if claim.document_sha256 not in by_document:
            raise LedgerError(f"claim '{claim.id}' is of a document that is not there: '{claim.document_sha256}'")
        if claim.id != claim_id(claim.document_sha256, claim.span, claim.event_kind):
            raise LedgerError(f"claim '{claim.id}' does not bear the id of its document, span and event kind")
        by_document[claim.document_sha256].append(claim)
    named = {i for link in bundle.links for i in (link.from_id, link.to_id)} | {r.claim_id for r in bundle.reviews}
    coming = {claim.id for claim in bundle.claims}
    if lost := sorted(named - coming - ledger.entries(named - coming).keys()):
        raise LedgerError(f"a link or review is on a claim that is not there: '{lost[0]}'")
    added = ledger.append_all((bundle.documents[sha], claims) for sha, claims in by_document.items())
    return added + ledger.add_records(bundle.links, bundle.reviews)


def inside(entry: Entry) -> dict[str, Any]:
    """Return a claim with its document, to travel inside a record of another shape."""
    return {"document": entry.document.to_dict(), "claim": entry.claim.to_dict()}


def of_inside(data: Mapping[str, Any]) -> tuple[Document, Claim]:
    """Return the document and claim that travelled inside a record of another shape."""
    return Document.from_dict(data["document"]), Claim.from_dict(data["claim"])


READERS: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], Any]]] = {
    "document": ("documents", Document.from_dict),
    "claim": ("claims", Claim.from_dict),
    "link": ("links", Link.from_dict),
    "review": ("reviews", Review.from_dict),
}


def to_jsonl(bundle: Bundle) -> str:
    """Return a bundle as JSON Lines; each line has its `type` and the record."""
    rows: list[tuple[str, Mapping[str, Any]]] = [("document", row.to_dict()) for row in bundle.documents.values()]
    rows += [("claim", row.to_dict()) for row in bundle.claims]
    rows += [("link", row.to_dict()) for row in bundle.links]
    rows += [("review", row.to_dict()) for row in bundle.reviews]
    return "".join(_dumped({"type": kind, **row}) + "\n" for kind, row in rows)


def _dumped(value: Any, *, indent: int | None = None) -> str:
    """Return JSON in plain letters; a lone surrogate, which no file can hold, is escaped."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    return re.sub("[\ud800-\udfff]", lambda match: f"\\u{ord(match[0]):04x}", text)


def from_jsonl(text: str, *, name: str = "JSON Lines") -> Bundle:
    """Return the bundle that JSON Lines hold.

    Raises:
        LedgerError: a line that is no record, named by its number.
    """
    bundle = Bundle()
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            _take(bundle, _loaded(line, f"{name}, line {number}"), f"{name}, line {number}")
    return bundle


def _loaded(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise LedgerError(f"{where}: is not JSON") from error


def _take(bundle: Bundle, row: Any, where: str) -> None:
    """Put one record into a bundle."""
    kind = row.get("type") if isinstance(row, dict) else None
    if not isinstance(kind, str) or kind not in READERS:
        raise LedgerError(f"{where}: is no document, claim, link or review")
    try:
        record = READERS[kind][1](row)
    except KeyError as error:
        raise LedgerError(f"{where}: the {kind} lacks {error}") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise LedgerError(f"{where}: the {kind} cannot be read: {error}") from error
    if isinstance(record, Document):
        bundle.documents[record.sha256] = record
    else:
        getattr(bundle, READERS[kind][0]).append(record)


def write_csv(bundle: Bundle, folder: Path) -> list[Path]:
    """Write a bundle as documents.csv, claims.csv, links.csv and reviews.csv; return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    tables: Mapping[str, Iterable[Any]] = {
        "documents": bundle.documents.values(),
        "claims": bundle.claims,
        "links": bundle.links,
        "reviews": bundle.reviews,
    }
    paths = []
    for name, rows in tables.items():
        dicts = [row.to_dict() for row in rows]
        path = folder / f"{name}.csv"
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, list(dicts[0]) if dicts else ["empty"], lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: _cell(value) for key, value in row.items()} for row in dicts)
        write_bytes(path, buffer.getvalue().encode("utf-8", "replace"))
        paths.append(path)
    return paths


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else _dumped(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(RISKY) else text


def read_csv(folder: Path) -> Bundle:
    """Return the bundle that a folder of CSV files holds; a file that is not there holds nothing.

    Raises:
        LedgerError: no such file at all, or a row that is no record.
    """
    bundle = Bundle()
    found = [(kind, folder / f"{name}.csv") for kind, (name, _) in READERS.items()]
    if not any(path.is_file() for _, path in found):
        raise LedgerError(f"'{folder}' holds none of documents.csv, claims.csv, links.csv and reviews.csv")
    for kind, path in found:
        for number, row in enumerate(_rows(path) if path.is_file() else (), start=2):
            where = f"{path.name}, record {number}"
            _take(bundle, {"type": kind, **{key: _value(kind, key, cell, where) for key, cell in row.items()}}, where)
    return bundle


NESTED = {
    "claim": frozenset(
        ("parties", "metals", "materials", "stages", "occupations", "amounts", "dates", "places", "span", "rules")
    ),
    "link": frozenset(["holds"]),
}


def _value(kind: str, key: str, cell: str, where: str) -> Any:
    if key in NESTED.get(kind, ()):
        return _loaded(cell, f"{where}, column {key}") if cell else None
    return cell.removeprefix("'")


def _rows(path: Path) -> Iterator[dict[str, str]]:
    text = read_text(path)
    try:
        for row in csv.DictReader(io.StringIO(text, newline=""), strict=True):
            if None in row or None in row.values():
                raise LedgerError(f"{path.name}: a record has more or fewer cells than the header")
            yield row
    except csv.Error as error:
        raise LedgerError(f"{path.name}: cannot be read as CSV: {error}") from error


def read_text(path: Path) -> str:
    """Return the text of a file to import.

    Raises:
        LedgerError: not there, too large, or not UTF-8.
    """
    if not path.is_file():
        raise LedgerError(f"there is no file '{path}'")
    if path.stat().st_size > MAX_MB * 1e6:
        raise LedgerError(f"'{path}' is above {MAX_MB} MB; split it")
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LedgerError(f"'{path}' is not UTF-8 text") from error


def read_bundle(source: Path, form: str) -> Bundle:
    """Return what a file, or a folder of CSV files, holds in one of the shapes jsonl, csv, bods, claimreview.

    Raises:
        LedgerError: it cannot be read.
    """
    if form == "csv":
        return read_csv(source)
    text = read_text(source)
    if form == "jsonl":
        return from_jsonl(text, name=source.name)
    data = _loaded(text, source.name)
    if form == "bods":
        from ytterby.evidence.ledger.bods import from_bods

        return from_bods(data)
    from ytterby.evidence.ledger.claim_review import from_claim_reviews

    return from_claim_reviews(data)


def write_bundle(bundle: Bundle, out: Path, form: str) -> Path:
    """Write a bundle in one of the shapes jsonl, csv, bods, claimreview; return the path."""
    if form == "csv":
        write_csv(bundle, out)
        return out
    if form == "jsonl":
        text = to_jsonl(bundle)
    else:
        from ytterby.evidence.ledger.bods import to_bods
        from ytterby.evidence.ledger.claim_review import to_claim_reviews

        entries = {entry.id: entry for entry in bundle.entries()}
        rows = to_bods(entries.values()) if form == "bods" else to_claim_reviews(entries, bundle.reviews)
        text = _dumped(rows, indent=1) + "\n"
    return write_text(out, text)
