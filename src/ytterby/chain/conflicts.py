"""Disagreement that is kept: conflict sets and their default by a stated rule.

Rows that state the same thing differently share a `conflict_id`. The point takes the row of the set's default source;
an ensemble takes one source a draw, each equally likely, so that the interval covers them all. Nothing is averaged.
"""

from __future__ import annotations

import polars as pl

from ytterby.chain.chain import Chain


def default_rows(chain: Chain, frame: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Return the frame with one row a key: the default source's where sources conflict.

    A set whose default source is not among the rows (filtered out, say) falls back to its first row.

    Args:
        chain: the chain whose `conflicts` table states the defaults.
        frame: rows of a table with columns conflict_id and source_id.
        key: columns that say what the row is about.
    """
    ranked = frame.join(
        chain.conflicts.select("conflict_id", "default_source_id"), on="conflict_id", how="left"
    ).with_row_index("order")
    listed = pl.col("source_id").str.split(";").list.contains(pl.col("default_source_id"))
    ranked = ranked.with_columns(rank=listed.fill_null(False).not_())
    ranked = ranked.sort([*key, "rank", "source_id"], maintain_order=True, nulls_last=True)
    kept = ranked.unique(subset=key, keep="first", maintain_order=True)
    return kept.drop("order", "rank", "default_source_id")
