"""The schema: every row is whole, references lead somewhere, and what is made from it follows it."""

from __future__ import annotations

import json

import pytest

from ytterby.chain import Confidence, Stage
from ytterby.chain.chain import data_folder
from ytterby.chain.descriptor import describe_package
from ytterby.chain.read import empty_table
from ytterby.chain.schema import Column, describe, field_descriptor, key_columns, schema, table_descriptor

TYPES = {"id", "text", "number", "fraction", "integer", "year", "date", "boolean", "enum", "list", "place", "hs6"} | {
    "place_or_bloc",
    "stage",
    "confidence",
    "unit",
}
COLUMNS = [column for columns in schema().values() for column in columns]


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: f"{column.table}.{column.name}")
def test_row_is_whole(column: Column) -> None:
    assert column.type in TYPES
    assert column.status in {"key", "required", "optional"}
    assert column.description
    assert set(column.reference) <= set(schema())
    assert bool(column.values) == (column.type in {"enum", "stage", "confidence"})
    if column.default and column.values:
        assert column.default in column.values


def test_tables_name_their_columns_once_and_have_sources() -> None:
    for table, columns in schema().items():
        names = [column.name for column in columns]
        assert len(names) == len(set(names))
        assert key_columns(table) or table == "gaps"
        assert "source_id" in names or table in {"conflicts", "gaps", "names"}


def test_enumerations() -> None:
    by_name = {(column.table, column.name): column for column in COLUMNS}
    assert by_name["materials", "stage"].values == tuple(Stage)
    assert (
        by_name["recipes", "confidence"].values == tuple(Confidence) == ("measured", "reported", "estimated", "assumed")
    )
    assert [stage.value for stage in Stage][:4] == ["exploration", "mining", "refining", "smelting"]


def test_empty_table_has_the_columns_in_order() -> None:
    frame = empty_table("facility_output")
    assert frame.columns == [column.name for column in schema()["facility_output"]]
    assert frame.height == 0
    assert "facility_id (id, key): Site" in describe("facility_output")


def test_field_follows_the_row() -> None:
    share = next(column for column in schema()["ownership"] if column.name == "share")
    assert field_descriptor(share)["constraints"] == {"minimum": 0, "maximum": 1}
    assert field_descriptor(share)["type"] == "number"
    hs6 = next(column for column in schema()["material_hs6"] if column.name == "hs6")
    assert field_descriptor(hs6)["constraints"] == {"required": True, "pattern": r"^\d{6}$"}


def test_table_descriptor_holds_keys_and_the_references_that_are_present() -> None:
    columns = frozenset(column.name for column in schema()["facility_status"])
    descriptor = table_descriptor("facility_status", present=frozenset({"facilities"}), columns=columns)
    assert descriptor["primaryKey"] == ["facility_id", "date", "status"]
    assert [key["reference"]["resource"] for key in descriptor["foreignKeys"]] == ["facilities"]
    assert "foreignKeys" not in table_descriptor("facility_status", present=frozenset(), columns=columns)


@pytest.mark.parametrize("name", ["toy", "shared"])
def test_descriptors_are_up_to_date(name: str) -> None:
    folder = data_folder() / name
    assert describe_package(folder) == json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
