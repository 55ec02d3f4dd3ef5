"""Reads a chain package from a folder: `datapackage.json` and its tables, CSV or Parquet, into typed frames.

Rows are counted as a spreadsheet counts them: 1 is the header, 2 the first record. Every fault of form is collected
(encoding, byte-order mark, line ends, missing or unknown columns, ragged rows, cells that do not parse, numbers that
are not finite); meaning is checked in `check`. Nothing is repaired silently.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from ytterby.chain.schema import Column, key_columns, schema
from ytterby.errors import Fault, nearest

MAX_MB = 200.0
RENAME = "rename it to "
NO_CSV, NO_PARQUET, IS_EMPTY = "cannot be parsed as CSV", "cannot be read as Parquet", "is empty"
POLARS_TYPES: Mapping[str, type[pl.DataType]] = {
    "number": pl.Float64,
    "fraction": pl.Float64,
    "integer": pl.Int32,
    "year": pl.Int32,
    "boolean": pl.Boolean,
}


@dataclass
class RawPackage:
    """A package as read: metadata, typed frames, file names, faults of form, and the tables that miss rows or keys."""

    name: str
    metadata: dict[str, Any]
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    incomplete: set[str] = field(default_factory=set)


def polars_type(column: Column) -> type[pl.DataType]:
    """Return the polars type of a schema column."""
    return POLARS_TYPES.get(column.type, pl.String)


def empty_table(table: str) -> pl.DataFrame:
    """Return a frame with the schema's columns and no rows."""
    return pl.DataFrame(schema={column.name: polars_type(column) for column in schema()[table]})


def read_package(folder: Path, *, max_mb: float = MAX_MB) -> RawPackage:
    """Read a package folder; faults of form are in `.faults`, and a table with faults may be incomplete.

    Args:
        folder: the package's folder.
        max_mb: files above this size are refused unread, in megabytes.
    """
    package = RawPackage(folder.name, _read_metadata(folder))
    if "__fault__" in package.metadata:
        package.faults.append(package.metadata.pop("__fault__"))
    paths = sorted(p for p in folder.iterdir() if p.suffix in (".csv", ".parquet")) if folder.is_dir() else []
    for path in paths:
        if path.stem not in schema():
            near = nearest(path.stem, schema())
            mend = f"rename it to {near[0]}{path.suffix}" if near else "remove it or name it as a table of the schema"
            package.faults.append(Fault(path.name, None, "", path.stem, "is not a table of the schema", mend))
            continue
        size = path.stat().st_size / 1e6
        if size > max_mb:
            mend = f"split the table or raise the limit with --max-mb {int(size) + 1}"
            package.faults.append(Fault(path.name, None, "", f"{size:.0f} MB", f"file is above {max_mb:g} MB", mend))
            package.files[path.stem] = path.name
            package.incomplete.add(path.stem)
            continue
        package.files[path.stem] = path.name
        frame, faults = (_read_csv if path.suffix == ".csv" else _read_parquet)(path)
        package.tables[path.stem] = frame
        package.faults.extend(faults)
        if any(_loses_rows(fault, path.stem) for fault in faults):
            package.incomplete.add(path.stem)
    if not package.tables and not package.faults:
        package.faults.append(
            Fault(folder.name, None, "", "", "holds no table", "add at least materials.csv and sources.csv")
        )
    return package


def concerns_header(fault: Fault, name: str) -> bool:
    """Return whether a fault of a header leaves the table without the column `name`."""
    return fault.row == 1 and name in (fault.column, fault.mend.removeprefix(RENAME))


def _loses_rows(fault: Fault, table: str) -> bool:
    """Return whether a fault of form leaves a table without its rows or without its key."""
    return fault.rule in (NO_PARQUET, IS_EMPTY) or any(concerns_header(fault, name) for name in key_columns(table))


def _read_metadata(folder: Path) -> dict[str, Any]:
    path = folder / "datapackage.json"
    rule = "every package has a datapackage.json"
    mend = "write one with: ytterby new NAME DIR, then copy its datapackage.json and change name and metal"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"__fault__": Fault("datapackage.json", None, "", "", rule, mend)}
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        return {"__fault__": Fault("datapackage.json", None, "", str(error), "must be valid UTF-8 JSON", mend)}
    if not isinstance(data, dict):
        return {"__fault__": Fault("datapackage.json", None, "", "", "must hold one JSON object", mend)}
    return data


def _read_csv(path: Path) -> tuple[pl.DataFrame, list[Fault]]:
    faults: list[Fault] = []
    text = _decode(path.name, path.read_bytes(), faults)
    if not text.strip():
        mend = f"write the header {','.join(column.name for column in schema()[path.stem])}, or remove the file"
        return empty_table(path.stem), [*faults, Fault(path.name, None, "", "", IS_EMPTY, mend)]
    header, rows = _split_rows(path.name, text, faults)
    return _typed(path.name, path.stem, header, rows, faults), faults


def _decode(file: str, data: bytes, faults: list[Fault]) -> str:
    """Return the text of a file; what is wrong with its bytes is a fault, and reading goes on as well as it can."""

    def add(row: int, value: str, rule: str, mend: str) -> None:
        faults.append(Fault(file, row, "", value, rule, mend))

    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        add(1, data[:2].hex(" ").upper(), "is UTF-16", "save the file as UTF-8")
        return data.decode("utf-16", errors="replace").replace("\r\n", "\n")
    if data.startswith(b"\xef\xbb\xbf"):
        add(1, "EF BB BF", "starts with a byte-order mark", "save as UTF-8 without BOM")
        data = data[3:]
    if b"\r" in data:
        row = data[: data.index(b"\r")].count(b"\n") + 1
        add(row, "CR", "has Windows or old Mac line ends", "save with LF line ends")
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b"\0" in data:
        row = data[: data.index(b"\0")].count(b"\n") + 1
        add(row, "NUL", "holds NUL bytes: it is no text", "export it again as CSV")
        data = data.replace(b"\0", b"")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        add(row, repr(data[error.start : error.start + 1]), "is not UTF-8", "save the file as UTF-8")
        return data.decode("utf-8", errors="replace")


def _split_rows(file: str, text: str, faults: list[Fault]) -> tuple[list[str], list[list[str]]]:
    header, *rows = _records(file, text.removesuffix("\n").split("\n"), faults)
    width = len(header)
    good = []
    for number, row in enumerate(rows, start=2):
        if len(row) == width:
            good.append(row)
            continue
        mend = "quote cells that hold a comma, and leave empty cells for missing ones"
        if not any(fault.row == number and fault.rule == NO_CSV for fault in faults):
            rule = f"has {len(row)} cells, the header {width}"
            faults.append(Fault(file, number, "", ",".join(row)[:60], rule, mend))
        good.append((row + [""] * width)[:width])
    return header, good


def _records(file: str, lines: list[str], faults: list[Fault]) -> list[list[str]]:
    """Return all records; one whose quotation marks do not close is a fault, and its first line stands for it."""
    records: list[list[str]] = []
    start = 0
    while start < len(lines):
        reader, used = csv.reader((line + "\n" for line in lines[start:]), strict=True), 0
        try:
            for record in reader:
                records.append(record)
                used = reader.line_num
            start = len(lines)
        except csv.Error as error:
            start += used
            mend = "close the quotation mark, and double the marks inside a cell"
            faults.append(Fault(file, len(records) + 1, "", str(error), NO_CSV, mend))
            records.append(lines[start].replace('"', "").split(","))
            start += 1
    return records


def _typed(file: str, table: str, header: list[str], rows: list[list[str]], faults: list[Fault]) -> pl.DataFrame:
    columns = {column.name: column for column in schema()[table]}
    faults.extend(_header_faults(file, header, columns))
    cells = dict(zip(header, zip(*rows, strict=True) if rows else [()] * len(header), strict=True))
    series = []
    for name, column in columns.items():
        default = column.default or None
        values = [cell.strip() or default for cell in cells[name]] if name in cells else [default] * len(rows)
        text = pl.Series(name, values, dtype=pl.String)
        typed, bad = _cast(text, column)
        faults.extend(_cast_fault(file, column, row, text[row]) for row in bad)
        series.append(typed)
    return pl.DataFrame(series)


def _header_faults(file: str, header: list[str], columns: Mapping[str, Column]) -> Iterator[Fault]:
    missing = [name for name in columns if name not in header]
    for name in dict.fromkeys(header):
        if header.count(name) > 1:
            yield Fault(file, 1, name, name, "column stands twice", "remove one of them")
        elif name not in columns:
            near = nearest(name, missing)
            mend = f"{RENAME}{near[0]}" if near else f"remove it; columns are {', '.join(columns)}"
            missing = [other for other in missing if other not in near[:1]]
            yield Fault(file, 1, name, name, "is not a column of the schema", mend)
    for name in missing:
        if columns[name].is_required:
            yield Fault(file, 1, name, "", "required column is missing", f"add it: {columns[name].description}")


def _cast(text: pl.Series, column: Column) -> tuple[pl.Series, list[int]]:
    kind = polars_type(column)
    if kind is pl.Boolean:
        value = text.replace_strict({"true": True, "false": False}, default=None, return_dtype=pl.Boolean)
    elif kind is pl.Int32:
        value = text.cast(pl.Int32, strict=False)
    elif kind is pl.Float64:
        value = text.cast(pl.Float64, strict=False)
        if not value.is_finite().all():
            value = value.set(~value.is_finite().fill_null(True), None)
    else:
        return text, []
    if value.null_count() == text.null_count():
        return value, []
    return value, (text.is_not_null() & value.is_null()).arg_true().to_list()


_EXPECTED = {
    "number": (
        "is not a finite number",
        "write digits with '.' as decimal sign and no thousands mark, or leave it empty",
    ),
    "fraction": ("is not a finite number", "write a fraction from 0 to 1; percent is never stored"),
    "integer": ("is not a whole number", "write digits alone"),
    "year": ("is not a year", "write four digits, such as 2024"),
    "boolean": ("is neither true nor false", "write true or false in lower case"),
}


def _cast_fault(file: str, column: Column, index: int, value: str) -> Fault:
    rule, mend = _EXPECTED[column.type]
    return Fault(file, index + 2, column.name, value, rule, mend)


def _read_parquet(path: Path) -> tuple[pl.DataFrame, list[Fault]]:
    columns = {column.name: column for column in schema()[path.stem]}
    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        mend = "write it again, for example with polars' write_parquet"
        return empty_table(path.stem), [Fault(path.name, None, "", str(error)[:80], NO_PARQUET, mend)]
    faults = list(_header_faults(path.name, frame.columns, columns))
    series = []
    for name, column in columns.items():
        kind = polars_type(column)
        if name in frame.columns:
            values = frame[name].cast(kind, strict=False)
            if kind is pl.Float64:
                values = values.set(~values.is_finite(), None)
            if values.null_count() > frame[name].null_count():
                bad = (values.is_null() & frame[name].is_not_null()).arg_true()
                faults.extend(_cast_fault(path.name, column, row, f"{frame[name][row]}") for row in bad)
            if column.default and values.null_count():
                values = values.fill_null(_cast(pl.Series([column.default]), column)[0][0])
            series.append(values)
        else:
            held, _ = _cast(pl.Series(name, [column.default or None], dtype=pl.String), column)
            series.append(held.new_from_index(0, frame.height))
    return pl.DataFrame(series), faults
