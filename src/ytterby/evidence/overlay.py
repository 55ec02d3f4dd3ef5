"""Reviewed claims as rows of a chain: a new chain, each new row with its source and claim, each refusal explained.

Taken are claims that a person accepted and that no later accepted claim superseded, of the chain's metal or of none.
Each brings a row of `sources` (`claim-...`) under the class of whose word it is. Where the chain has a row of the same
key, both are kept in a conflict set whose default is the accepted claim, by the reviewer's stated reason. An offtake
between the same parties for the same material, and an owner's older stake in the same thing, are superseded. A claim
whose ids do not resolve, or after which shares would exceed one, is refused whole; the others stand.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from ytterby.chain import Chain
from ytterby.chain.ownership import holdings
from ytterby.chain.read import empty_table
from ytterby.chain.schema import ROW_KEYS, key_columns, schema
from ytterby.errors import OwnershipError
from ytterby.evidence.claim import SourceClass
from ytterby.evidence.compare import day_span
from ytterby.evidence.ledger.records import (
    Entry,
    Link,
    LinkKind,
    Review,
    Verdict,
    digest,
    last_reviews,
    standing_links,
)
from ytterby.evidence.overlay_rows import RefusalError, Row, own_id, rows_of

if TYPE_CHECKING:
    from ytterby.evidence.ledger.store import Ledger

ROWS: Mapping[str, type[pl.DataType]] = dict.fromkeys(
    ("table", "key", "claim_id", "source_id", "reviewed_by", "reviewed_at"), pl.String
)


@dataclass(frozen=True)
class Refusal:
    """A reviewed claim that makes no row, and why."""

    claim_id: str
    reason: str


@dataclass(frozen=True)
class Overlay:
    """A chain with reviewed claims: `rows` names every new row with its claim, `refused` the claims that make none."""

    chain: Chain
    rows: pl.DataFrame
    refused: tuple[Refusal, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the rows and refusals as a plain dictionary."""
        refused = [{"claim_id": row.claim_id, "reason": row.reason} for row in self.refused]
        return {"overlay": self.chain.overlays[-1:], "rows": self.rows.to_dicts(), "refused": refused}


def overlay(chain: Chain, entries: Iterable[Entry], reviews: Iterable[Review], links: Iterable[Link] = ()) -> Overlay:
    """Return a chain with the rows that accepted claims make.

    Args:
        chain: the chain; it stays as it is.
        entries: claims with their documents.
        reviews: reviews of these claims.
        links: links between them; a claim that an accepted later one supersedes makes no row.
    """
    last = last_reviews(reviews)
    accepted = {e.id: e for e in entries if e.id in last and last[e.id].verdict is Verdict.ACCEPTED}
    chosen = [e for e in accepted.values() if not e.claim.metals or _metals(chain) & set(e.claim.metals)]
    ends = [(row.from_id, row.to_id) for row in standing_links(links) if row.kind is LinkKind.SUPERSEDES]
    replaced = {old for new, old in ends if new in accepted}
    result, told, refused = chain, [], []
    for entry in sorted(chosen, key=lambda e: (e.day, e.id)):
        if entry.id in replaced:
            refused.append(Refusal(entry.id, "a later accepted claim supersedes it"))
            continue
        try:
            rows = list(rows_of(result, entry))
            result = _with_rows(result, rows, entry, last[entry.id])
        except RefusalError as error:
            refused.append(Refusal(entry.id, str(error)))
            continue
        told += [_provenance(table, row, entry, last[entry.id]) for table, row in rows]
    if told:  # one overlay, named by the claims in it
        name = f"claims {digest(*sorted({row['claim_id'] for row in told}))[:12]}"
        changed = {table: frame for table, frame in result.tables.items() if frame is not chain.tables.get(table)}
        result = chain.with_(overlay=name, **changed)
    return Overlay(result, pl.DataFrame(told, schema=ROWS), tuple(refused))


def overlay_of_ledger(chain: Chain, ledger: Ledger) -> Overlay:
    """Return a chain with the rows that the accepted claims of a ledger make."""
    reviews = ledger.reviews()
    ids = [i for i, review in last_reviews(reviews).items() if review.verdict is Verdict.ACCEPTED]
    return overlay(chain, ledger.entries(ids).values(), reviews, ledger.links(ids))


def _metals(chain: Chain) -> set[str]:
    return {chain.metal, chain.metal.replace("_", "-"), str(chain.settings.get("raw_material", chain.metal))}


def _provenance(table: str, row: Row, entry: Entry, review: Review) -> dict[str, str]:
    key = " ".join(str(row[name]) for name in key_columns(table) if row.get(name) is not None)
    return {
        "table": table,
        "key": key,
        "claim_id": entry.id,
        "source_id": own_id(entry),
        "reviewed_by": review.by,
        "reviewed_at": review.at,
    }


def _with_rows(chain: Chain, rows: Sequence[tuple[str, Row]], entry: Entry, review: Review) -> Chain:
    """Return a chain with the rows of one claim and its source.

    Raises:
        RefusalError: an id that does not resolve, or shares above one.
    """
    note = f"Claim {entry.id}, accepted by {review.by} on {review.at[:10]}: {review.why}"
    tables = {"sources": _appended(chain.sources, "sources", _source(entry))}
    changed = replace(chain, tables={**chain.tables, **tables})
    for table, row in rows:
        columns = {column.name for column in schema()[table]}
        cells: Row = {"source_id": own_id(entry), "confidence": "reported", "note": note}
        cells = {**{name: value for name, value in cells.items() if name in columns}, **row}
        changed = _add(changed, table, cells, review)
    for table, row in rows:
        _refuse_lost_ids(changed, table, row)
        if table == "ownership":
            _refuse_over_one(changed, str(row["date_from"]))
    return changed


def _source(entry: Entry) -> Row:
    document, word = entry.document, entry.source_class
    override = None if word is SourceClass.UNKNOWN else word.value
    return {
        "source_id": own_id(entry),
        "title": document.title or "untitled document",
        "publisher": document.publisher or "unknown",
        "kind": "other",
        "class_override": override,
        "year": int(entry.day[:4]) if day_span(entry.day) else None,
        "url": document.url or None,
        "note": f"Claim {entry.id} of document {document.sha256[:12]}; class by the claim's speaker or publisher",
    }


def _appended(frame: pl.DataFrame, table: str, row: Row) -> pl.DataFrame:
    empty = empty_table(table)
    defaults = {column.name: column.default for column in schema()[table] if column.default}
    cells = {**defaults, **{name: value for name, value in row.items() if value is not None}}
    line = pl.DataFrame({name: [cells.get(name)] for name in empty.columns}, schema=empty.schema, strict=False)
    return pl.concat([frame.select(empty.columns), line])


def _add(chain: Chain, table: str, row: Row, review: Review) -> Chain:
    """Return a chain with one row more; what it disputes or supersedes stays in the table, marked so."""
    frame = chain.table(table)
    if table == "offtakes":
        frame = _superseded(frame, ("seller_id", "buyer_id", "material_id"), row, "status", "superseded")
    elif table == "ownership":
        frame = _superseded(frame, ("owner_id", "owned_id"), row, "superseded_by", str(row["statement_id"]))
    tables = dict(chain.tables)
    if "conflict_id" in frame.columns:
        frame, conflicts, row = _disputed(chain, table, frame, row, review)
        tables["conflicts"] = conflicts
    tables[table] = _appended(frame, table, row)
    return replace(chain, tables=tables)


def _superseded(frame: pl.DataFrame, same: Sequence[str], row: Row, column: str, value: str) -> pl.DataFrame:
    is_same = pl.all_horizontal(*(pl.col(name) == row[name] for name in same))
    is_open = pl.col(column).is_null() if column == "superseded_by" else pl.lit(value=True)
    changed = pl.when(is_same.fill_null(value=False) & is_open).then(pl.lit(value)).otherwise(pl.col(column))
    return frame.with_columns(changed.alias(column))


def _disputed(
    chain: Chain, table: str, frame: pl.DataFrame, row: Row, review: Review
) -> tuple[pl.DataFrame, pl.DataFrame, Row]:
    """Put a row into the conflict set of its key, where the table has rows of the same key; the row is the default."""
    keys = [name for name in ROW_KEYS.get(table, key_columns(table)) if name in frame.columns]
    is_same = pl.all_horizontal(*(pl.col(name).eq_missing(pl.lit(row.get(name))) for name in keys))
    rivals = frame.filter(is_same)
    if rivals.is_empty():
        return frame, chain.conflicts, row
    known = rivals["conflict_id"].drop_nulls().to_list()
    name = str(known[0]) if known else f"conflict-{row['source_id']}-{table.replace('_', '-')}"
    frame = frame.with_columns(
        pl.when(is_same).then(pl.lit(name)).otherwise(pl.col("conflict_id")).alias("conflict_id")
    )
    line = {"conflict_id": name, "table": table, "rule": "stated", "default_source_id": row["source_id"]}
    line["reason"] = f"Accepted by {review.by}: {review.why}"
    others = chain.conflicts.filter(pl.col("conflict_id") != name)
    return frame, _appended(others, "conflicts", line), {**row, "conflict_id": name}


def _refuse_lost_ids(chain: Chain, table: str, row: Row) -> None:
    """Refuse a row with an id, place or bloc that no table of the chain holds."""
    for column in schema()[table]:
        value = row.get(column.name)
        targets = column.reference or {"place": ("places",), "place_or_bloc": ("places", "blocs")}.get(column.type, ())
        if not value or not targets or column.name == "source_id":
            continue
        known = {str(name) for target in targets for name in chain.table(target)[key_columns(target)[0]]}
        lost = [name for name in str(value).split(";") if name not in known | {"WORLD"}]
        if lost:
            raise RefusalError(f"'{lost[0]}' in {table}.{column.name} is not among {' or '.join(targets)} of the chain")


def _refuse_over_one(chain: Chain, day: str) -> None:
    span = day_span(day)
    try:
        holdings(chain, span[1] if span else dt.date.max)
    except OwnershipError as error:
        raise RefusalError(f"{error}; accept a claim on who sold, too") from error
