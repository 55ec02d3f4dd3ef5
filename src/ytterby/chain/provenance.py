"""Where each number comes from: one row per stated number of a chain, with its source and how sure it is.

Counted are all cells of type number, fraction and integer; years and dates say when, not how much. A number that
several documents state keeps them in one row, joined by ';', under the most independent class among them. The class of
a company follows the control traced at the middle of the package's base year. Units are the schema's or the row's own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import polars as pl

from ytterby.chain.chain import Chain
from ytterby.chain.control import trace_control
from ytterby.chain.needed import needed_tables
from ytterby.chain.schema import Column, key_columns, schema
from ytterby.chain.sources import best_class, source_classes

NUMBERS = ("number", "fraction", "integer")
COLUMNS: Mapping[str, type[pl.DataType]] = {
    "table": pl.String,
    "key": pl.String,
    "column": pl.String,
    "value": pl.Float64,
    "unit": pl.String,
    "source_id": pl.String,
    "title": pl.String,
    "publisher": pl.String,
    "class": pl.String,
    "confidence": pl.String,
    "url": pl.String,
    "note": pl.String,
}


def provenance(chain: Chain) -> pl.DataFrame:
    """Return the provenance of every number: its table, the key of its row, column, value, source.

    Raises:
        OwnershipError: the ownership behind the classes of the sources cannot be.
    """
    parts = [
        _numbers(name, frame, column)
        for name, frame in needed_tables(chain).items()
        if "source_id" in frame.columns
        for column in schema()[name]
        if column.type in NUMBERS and not column.is_key
    ]
    if not parts:
        return pl.DataFrame(schema=dict(COLUMNS))
    numbers = pl.concat(parts)
    documents = _documents(chain, numbers["source_id"].drop_nulls().unique())
    return numbers.join(documents, on="source_id", how="left", maintain_order="left").select(list(COLUMNS))


def _numbers(table: str, frame: pl.DataFrame, column: Column) -> pl.DataFrame:
    """Return the stated numbers of one column, each with its key, unit, source and confidence."""
    key = pl.concat_str(
        [pl.col(name).cast(pl.String) for name in key_columns(table)], separator=", ", ignore_nulls=True
    )
    named = [name for name in (f"{column.name}_unit", "unit") if name in frame.columns and not column.unit]
    unit = pl.col(named[0]) if named else pl.lit(column.unit or None, dtype=pl.String)
    return frame.filter(pl.col(column.name).is_not_null()).select(
        table=pl.lit(table),
        key=key,
        column=pl.lit(column.name),
        value=pl.col(column.name).cast(pl.Float64),
        unit=unit,
        source_id=pl.col("source_id"),
        confidence=pl.col("confidence") if "confidence" in frame.columns else pl.lit(None, dtype=pl.String),
        note=pl.col("note") if "note" in frame.columns else pl.lit(None, dtype=pl.String),
    )


def _documents(chain: Chain, lists: pl.Series) -> pl.DataFrame:
    """Return title, publisher, class and address for every list of sources that a row names."""
    day = dt.date(int(chain.settings.get("base_year", 2023)), 7, 1)
    classes = source_classes(chain, trace_control(chain, day).state)
    columns = ("title", "publisher", "url")
    known = {row[0]: row[1:] for row in chain.sources.select("source_id", *columns).iter_rows()}
    rows = []
    for ids in lists:
        held = [known[name] for name in ids.split(";") if name in known]
        texts = ["; ".join(filter(None, cells)) or None for cells in zip(*held, strict=True)] or [None] * len(columns)
        rows.append((ids, *texts, best_class(ids, classes)))
    return pl.DataFrame(rows, schema=dict.fromkeys(("source_id", *columns, "class"), pl.String), orient="row")
