"""Reading a package: types, row numbers, defaults; a chain is immutable and joined with what all metals share."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import polars as pl
import pytest

from ytterby.chain import load_chain, load_world
from ytterby.chain.chain import data_folder
from ytterby.chain.read import polars_type, read_package
from ytterby.chain.schema import schema
from ytterby.errors import PackageError, UnknownNameError, YtterbyError

HEADER = "source_id,title,publisher,publisher_place,publisher_company_id,kind,class_override,year,url,licence,note\n"


def write(folder: Path, text: str, table: str = "sources") -> Path:
    path = folder / f"{table}.csv"
    path.write_bytes(text.encode("utf-8"))
    return path


@pytest.mark.parametrize("name", ["toy", "tungsten"])
def test_columns_are_those_of_the_schema(name: str) -> None:
    chain = load_chain(name)
    for table, frame in chain.tables.items():
        assert frame.schema == {column.name: polars_type(column) for column in schema()[table]}
    assert chain.metal == name
    assert chain.lanes.is_empty()
    assert chain.lanes.columns == [column.name for column in schema()["lanes"]]


def test_toy_is_read_as_it_stands() -> None:
    chain = load_chain("toy")
    assert chain.facilities.height == 10
    assert chain.facility_output["quantity"].sum() == pytest.approx(
        600 + 300 + 100 + 400 + 125 + 300 + 100 + 100 + 240 + 200
    )
    assert chain.material_hs6["hs6"].to_list() == ["261790", "282590"]
    assert chain.facilities["is_aggregate"].to_list() == [False] * 10
    assert chain.components == {"Ty": frozenset({"Ty"})}
    assert chain.is_tracked
    assert {"XAA", "CHN"} <= set(chain.places["place_id"])


def test_a_chain_is_not_edited() -> None:
    chain = load_chain("toy")
    with pytest.raises(dataclasses.FrozenInstanceError):
        chain.name = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        chain.tables["demand"] = pl.DataFrame()  # type: ignore[index]
    with pytest.raises(AttributeError, match="demands"):
        _ = chain.demands
    with pytest.raises(UnknownNameError, match="demand"):
        chain.table("demands")


def test_overlay_gives_a_new_chain() -> None:
    chain = load_chain("toy")
    less = chain.with_(overlay="no demand", demand=chain.demand.head(0))
    assert chain.demand.height == 3
    assert less.demand.is_empty()
    assert less.overlays == ("no demand",)
    assert less.digest != chain.digest
    assert chain.with_(demand=chain.demand).digest == chain.with_(demand=chain.demand).digest
    with pytest.raises(YtterbyError, match="demand lacks the columns"):
        chain.with_(demand=chain.demand.drop("year"))
    with pytest.raises(UnknownNameError, match="demand"):
        chain.with_(demands=chain.demand)


def test_the_digest_follows_the_bytes(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(data_folder() / "toy", tmp_path / "toy-copy"))
    before = load_chain(folder).digest
    assert before == load_chain("toy").digest
    path = folder / "demand.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("380", "381"), encoding="utf-8")
    assert load_chain(folder).digest != before


def test_quoted_cells_hold_commas_marks_and_lines(tmp_path: Path) -> None:
    write(tmp_path, HEADER + 'a,"One, ""two""\nthree",P,,,other,,2024,,,\nb,T\u2028U,P,,,other,,,,,\n')
    package = read_package(tmp_path)
    assert [fault.file for fault in package.faults] == ["datapackage.json"]
    assert package.tables["sources"]["title"].to_list() == ['One, "two"\nthree', "T\u2028U"]
    assert package.tables["sources"]["year"].to_list() == [2024, None]


@pytest.mark.parametrize(
    ("text", "row", "rule"),
    [
        ("\ufeff" + HEADER, 1, "byte-order mark"),
        (HEADER.replace("\n", "\r\n"), 1, "line ends"),
        (HEADER + "a,T,P,,,other,,,,\n", 2, "has 10 cells, the header 11"),
        (HEADER + "a,T,P,,,other,,,,,\nb,\0T,P,,,other,,,,,\n", 3, "NUL"),
        (HEADER + 'a,T,P,,,other,,,,,\nb,"T,P,,,other,,,,,\nc,T,P,,,other,,,,,\n', 3, "cannot be parsed"),
        (HEADER + "a,T,P,,,other,,MMXX,,,\n", 2, "is not a year"),
        (HEADER.replace("title", "titel") + "a,T,P,,,other,,,,,\n", 1, "is not a column"),
        (HEADER.replace("title,", "") + "a,P,,,other,,,,,\n", 1, "required column is missing"),
    ],
)
def test_faults_of_form(text: str, row: int, rule: str, tmp_path: Path) -> None:
    shutil.copy(data_folder() / "toy" / "datapackage.json", tmp_path)
    write(tmp_path, text)
    (fault,) = read_package(tmp_path).faults
    assert fault.row == row
    assert rule in fault.rule
    with pytest.raises(PackageError, match=r"sources\.csv") as raised:
        load_chain(tmp_path)
    assert raised.value.faults == (fault,)


def test_rows_after_an_open_quotation_mark_are_read(tmp_path: Path) -> None:
    write(tmp_path, HEADER + 'a,"T,P,,,other,,,,,\nb,T,P,,,other,,,,,\n')
    assert read_package(tmp_path).tables["sources"]["source_id"].to_list() == ["a", "b"]


def test_utf16_is_named(tmp_path: Path) -> None:
    (tmp_path / "sources.csv").write_bytes((HEADER + "a,T,P,,,other,,,,,\n").encode("utf-16"))
    package = read_package(tmp_path)
    assert "is UTF-16" in {fault.rule for fault in package.faults}
    assert package.tables["sources"]["source_id"].to_list() == ["a"]


def test_a_big_file_is_refused_unread(tmp_path: Path) -> None:
    write(tmp_path, HEADER + "a,T,P,,,other,,,,,\n" * 100)
    package = read_package(tmp_path, max_mb=0.001)
    assert "sources" not in package.tables
    (fault,) = (fault for fault in package.faults if fault.file == "sources.csv")
    assert "--max-mb" in fault.mend


def test_defaults_fill_empty_cells(tmp_path: Path) -> None:
    write(tmp_path, "material_id,name,stage,kind,source_id,confidence\nx,X,mining,,s,measured\n", "materials")
    frame = read_package(tmp_path).tables["materials"]
    assert frame["kind"].to_list() == ["chain"]
    assert frame["note"].to_list() == [None]


def test_world_tables_carry_their_source() -> None:
    world = load_world()
    assert world.world_trade["source_id"].unique().to_list() == ["baci"]
    assert world.governance["confidence"].unique().to_list() == ["estimated"]
    assert world.mine_production["year"].min() == 2018
    assert load_world() is world
