"""The schema of chain packages, read once from `schema.csv`.

One row of the schema is one column of one table: type, unit, default, status, reference, allowed values and
description. Docstrings, checks, the template of `ytterby new`, the documentation and every `datapackage.json`
are made from these rows.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

HS6_PATTERN = r"^\d{6}$"
PLACE_PATTERN = r"^[A-Z]{3}$|^WORLD$"
DATE_PATTERN = r"^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$"
ID_PATTERN = r"^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$"


class Stage(StrEnum):
    """Stages of a chain, in the order in which they are told; the true order comes from the recipes."""

    EXPLORATION = "exploration"
    MINING = "mining"
    REFINING = "refining"
    SMELTING = "smelting"
    PROCESSING = "processing"
    MANUFACTURING = "manufacturing"
    USE = "use"
    RECYCLING = "recycling"


class Confidence(StrEnum):
    """How sure a number is."""

    MEASURED = "measured"
    REPORTED = "reported"
    ESTIMATED = "estimated"
    ASSUMED = "assumed"


@dataclass(frozen=True)
class Column:
    """One row of the schema."""

    table: str
    name: str
    type: str
    unit: str
    default: str
    status: str
    reference: tuple[str, ...]
    values: tuple[str, ...]
    description: str

    @property
    def is_key(self) -> bool:
        """True where the column is part of the table's key."""
        return self.status == "key"

    @property
    def is_required(self) -> bool:
        """True where a cell may not be empty."""
        return self.status in ("key", "required") and not self.default


@cache
def schema() -> Mapping[str, tuple[Column, ...]]:
    """Return the columns of every table, in schema order."""
    text = resources.files("ytterby.chain").joinpath("schema.csv").read_text(encoding="utf-8")
    tables: dict[str, list[Column]] = {}
    for row in csv.DictReader(text.splitlines()):
        values = _enum_values(row["type"], row["values"])
        reference = tuple(filter(None, row["reference"].split("|")))
        column = Column(
            table=row["table"],
            name=row["column"],
            type=row["type"],
            unit=row["unit"],
            default=row["default"],
            status=row["status"],
            reference=reference,
            values=values,
            description=row["description"],
        )
        tables.setdefault(column.table, []).append(column)
    return {table: tuple(columns) for table, columns in tables.items()}


def _enum_values(kind: str, values: str) -> tuple[str, ...]:
    if kind == "stage":
        return tuple(Stage)
    if kind == "confidence":
        return tuple(Confidence)
    return tuple(filter(None, values.split("|")))


def key_columns(table: str) -> tuple[str, ...]:
    """Return the key columns of a table."""
    return tuple(column.name for column in schema()[table] if column.is_key)


def describe(table: str) -> str:
    """Return the columns of a table as text: name, type, unit, status, description."""
    lines = [
        f"{c.name} ({c.type}{', ' + c.unit if c.unit else ''}, {c.status}): {c.description}" for c in schema()[table]
    ]
    return "\n".join(lines)


# What tells rows apart where optional columns do so too: they may be empty, and count as they are.
ROW_KEYS: Mapping[str, tuple[str, ...]] = {
    "process_parameters": ("process_id", "parameter", "place_id", "money_year"),
    "prices": ("material_id", "date", "market"),
    "trade": ("material_id", "hs6", "year", "exporter", "importer"),
}
_FIELD_TYPES = {"number": "number", "fraction": "number", "integer": "integer", "year": "integer", "boolean": "boolean"}
_PATTERNS = {"hs6": HS6_PATTERN, "place": PLACE_PATTERN, "date": DATE_PATTERN, "id": ID_PATTERN}


def field_descriptor(column: Column) -> dict[str, Any]:
    """Return a column as a Frictionless Table Schema field.

    Lists stay strings (ids joined by ';'): Table Schema has a list type since its second edition only, and most
    readers do not know it.
    """
    constraints: dict[str, Any] = {}
    if column.is_required:
        constraints["required"] = True
    if column.values:
        constraints["enum"] = list(column.values)
    if column.type in _PATTERNS:
        constraints["pattern"] = _PATTERNS[column.type]
    if column.type == "fraction":
        constraints |= {"minimum": 0, "maximum": 1}
    field: dict[str, Any] = {"name": column.name, "type": _FIELD_TYPES.get(column.type, "string")}
    field["description"] = column.description
    if column.unit:
        field["unit"] = column.unit
    if constraints:
        field["constraints"] = constraints
    return field


def table_descriptor(table: str, *, present: frozenset[str], columns: frozenset[str]) -> dict[str, Any]:
    """Return a Frictionless Table Schema for a table of a package that holds the tables `present`.

    Only the `columns` that its file holds are described; rows of a conflict set share a key and differ by source.
    """
    held = [column for column in schema()[table] if column.name in columns]
    key = [name for name in ROW_KEYS.get(table, key_columns(table)) if name in columns]
    if "conflict_id" in columns and table != "conflicts":
        key.append("source_id")
    descriptor: dict[str, Any] = {"fields": [field_descriptor(column) for column in held], "missingValues": [""]}
    if key:
        descriptor["primaryKey"] = key
    foreign = []
    for column in held:
        if column.type == "id" and len(column.reference) == 1 and column.reference[0] in present:
            target = column.reference[0]
            resource = "" if target == table else target
            reference = {"resource": resource, "fields": key_columns(target)[0]}
            foreign.append({"fields": column.name, "reference": reference})
    if foreign:
        descriptor["foreignKeys"] = foreign
    return descriptor
