"""Conflict sets: the default row by its source, whatever the order of rows; nothing is averaged."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ytterby.chain import load_chain, packaged_metals
from ytterby.chain.conflicts import default_rows

TOY = load_chain("toy")
KEY = ["material_id", "place_id", "year", "measure"]


def value(frame: pl.DataFrame) -> float:
    row = frame.filter((pl.col("material_id") == "toy-oxide") & (pl.col("place_id") == "XAA"))
    assert row.height == 1
    return float(row["quantity"][0])


def test_the_default_source_wins() -> None:
    rows = default_rows(TOY, TOY.stage_output, KEY)
    assert rows.height == TOY.stage_output.height - 1
    assert rows.columns == TOY.stage_output.columns
    assert value(rows) == 350


def test_another_default_gives_the_other_row() -> None:
    conflicts = TOY.conflicts.with_columns(default_source_id=pl.lit("toy-gazette"))
    assert value(default_rows(TOY.with_(conflicts=conflicts), TOY.stage_output, KEY)) == 300


def test_without_the_default_source_the_rest_remains() -> None:
    rest = TOY.stage_output.filter((pl.col("material_id") != "toy-oxide") | (pl.col("source_id") == "toy-gazette"))
    assert value(default_rows(TOY, rest, KEY)) == 300


def test_a_source_among_several_of_a_row_counts() -> None:
    several = pl.when(pl.col("quantity") == 350).then(pl.lit("toy-registry;toy-survey")).otherwise(pl.col("source_id"))
    assert value(default_rows(TOY, TOY.stage_output.with_columns(several.alias("source_id")), KEY)) == 350


@given(order=st.permutations(range(TOY.stage_output.height)))
def test_permuting_rows_changes_nothing(order: list[int]) -> None:
    mixed = default_rows(TOY, TOY.stage_output[order], KEY).sort(KEY)
    assert mixed.equals(default_rows(TOY, TOY.stage_output, KEY).sort(KEY))


@pytest.mark.parametrize("metal", packaged_metals())
def test_every_default_is_among_the_rows_of_its_set(metal: str) -> None:
    chain = load_chain(metal)
    assert chain.conflicts.height > 0
    for conflict, table, source in chain.conflicts.select("conflict_id", "table", "default_source_id").iter_rows():
        rows = chain.table(table).filter(pl.col("conflict_id") == conflict)
        assert rows.height >= 2, conflict
        assert source in {name for ids in rows["source_id"] for name in ids.split(";")}, conflict
