"""Exports say the same in every format and hold what they refer to; provenance has a row for every number."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl
import pytest

from ytterby.chain import Chain, load_chain
from ytterby.chain.export import export_chain
from ytterby.chain.needed import needed_tables
from ytterby.chain.provenance import COLUMNS, NUMBERS, provenance
from ytterby.chain.read import polars_type
from ytterby.chain.schema import key_columns, schema
from ytterby.errors import UnknownNameError, YtterbyError

TOY = load_chain("toy")


def read_back(folder: Path, kind: str) -> dict[str, pl.DataFrame]:
    tables = {}
    for path in folder.glob(f"*.{kind}"):
        if path.stem == "columns":
            continue
        types = {column.name: polars_type(column) for column in schema()[path.stem]}
        tables[path.stem] = pl.read_csv(path, schema=types) if kind == "csv" else pl.read_parquet(path)
    return tables


@pytest.mark.parametrize("metal", ["toy", "tungsten"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_folders_hold_the_tables(metal: str, kind: str, tmp_path: Path) -> None:
    chain = load_chain(metal)
    folder = export_chain(chain, tmp_path / "out", kind)
    tables, expected = read_back(folder, kind), needed_tables(chain)
    assert tables.keys() == expected.keys()
    for name, frame in tables.items():
        assert frame.equals(expected[name]), name
    assert (folder / "datapackage.json").is_file()
    assert list(tmp_path.iterdir()) == [folder]


def test_a_workbook_holds_the_tables(tmp_path: Path) -> None:
    from openpyxl import load_workbook

    path = export_chain(TOY, tmp_path / "toy.xlsx", "xlsx")
    book = load_workbook(path, read_only=True)
    expected = needed_tables(TOY)
    assert book.sheetnames == [*expected, "columns"]
    for name, frame in expected.items():
        header, *rows = book[name].iter_rows(values_only=True)
        assert list(header) == frame.columns
        assert len(rows) == frame.height
    hs6 = [row[1] for row in book["material_hs6"].iter_rows(values_only=True, min_row=2)]
    assert hs6 == ["261790", "282590"]
    book.close()
    assert list(tmp_path.iterdir()) == [path]


def test_columns_are_explained(tmp_path: Path) -> None:
    folder = export_chain(TOY, tmp_path / "toy", "csv")
    columns = pl.read_csv(folder / "columns.csv")
    share = columns.filter((pl.col("table") == "prices") & (pl.col("column") == "price_usd_per_t"))
    assert share["unit"].to_list() == ["USD/t"]
    assert set(columns["table"]) == set(needed_tables(TOY))
    assert columns["description"].null_count() == 0


@pytest.mark.parametrize("metal", ["toy", "tungsten"])
def test_what_a_metal_needs_is_closed(metal: str) -> None:
    tables = needed_tables(load_chain(metal))
    for name, frame in tables.items():
        for column in schema()[name]:
            if not column.reference:
                continue
            cells = frame[column.name].drop_nulls()
            ids = set(cells.str.split(";").explode() if column.type == "list" else cells)
            known = {
                i for target in column.reference if target in tables for i in tables[target][key_columns(target)[0]]
            }
            assert ids <= known, (name, column.name)


def test_other_metals_companies_stay_out() -> None:
    tables = needed_tables(TOY)
    assert set(tables["companies"]["company_id"]) == {
        "state-xaa",
        "xenon-mining",
        "yonder",
        "quill-family",
        "zest-parts",
    }
    assert tables["ownership"].height == 15
    assert tables["places"].height == TOY.places.height


def test_refusals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownNameError, match="parquet"):
        export_chain(TOY, tmp_path / "x", "parket")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(YtterbyError, match="not an empty folder"):
        export_chain(TOY, tmp_path / "full", "csv")
    with pytest.raises(YtterbyError, match="is a folder"):
        export_chain(TOY, tmp_path / "full", "xlsx")
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(YtterbyError, match=r"ytterby\[xlsx\]"):
        export_chain(TOY, tmp_path / "toy.xlsx", "xlsx")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["full", "mine.txt"]


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx"])
def test_a_broken_export_leaves_nothing(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError("disk full")

    for name in ("write_csv", "write_parquet", "write_excel"):
        monkeypatch.setattr(pl.DataFrame, name, broken)
    with pytest.raises(OSError, match="disk full"):
        export_chain(TOY, tmp_path / "out", kind)
    assert list(tmp_path.iterdir()) == []


def stated_numbers(chain: Chain) -> int:
    return sum(
        frame.height - frame[column.name].null_count()
        for name, frame in needed_tables(chain).items()
        if "source_id" in frame.columns
        for column in schema()[name]
        if column.type in NUMBERS and not column.is_key
    )


@pytest.mark.parametrize("metal", ["toy", "tungsten"])
def test_every_number_has_its_provenance(metal: str) -> None:
    chain = load_chain(metal)
    rows = provenance(chain)
    assert rows.height == stated_numbers(chain) > 100
    assert dict(rows.schema) == dict(COLUMNS)
    for column in ("key", "value", "source_id", "title", "publisher", "class"):
        assert rows[column].null_count() == 0
    assert set(rows["class"]) <= {"independent", "interested", "state_affiliated", "unknown"}


def test_provenance_of_single_numbers() -> None:
    rows = {(table, key, column): rest for table, key, column, *rest in provenance(TOY).iter_rows()}
    capacity = rows["facility_output", "borland-refinery, toy-oxide, capacity, 2023", "quantity"]
    assert capacity[:3] == [125.0, "t", "toy-annual-report"]
    assert capacity[5:7] == ["interested", "reported"]
    price = rows["prices", "toy-oxide, 2023, toy market", "price_usd_per_t"]
    quoted = rows["prices", "toy-oxide, 2023, toy market", "quoted"]
    assert (price[1], quoted[1]) == ("USD/t", "USD/kg Ty")


def test_a_company_that_a_state_controls_is_state_affiliated() -> None:
    owned = TOY.sources.with_columns(
        publisher_company_id=pl.col("publisher_company_id").str.replace("yonder", "xenon-mining")
    )
    classes = {chain: _class_of_report(chain) for chain in (TOY, TOY.with_(sources=owned))}
    assert list(classes.values()) == [{"interested"}, {"state_affiliated"}]


def _class_of_report(chain: Chain) -> set[str]:
    return set(provenance(chain).filter(pl.col("source_id") == "toy-annual-report")["class"])
