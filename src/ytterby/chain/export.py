"""Writes a chain for other tools: a folder of CSV or Parquet files, or one Excel workbook.

Every table of the chain is written, with the shared rows that it needs; the table `columns` says what each column is,
in which unit. Folders carry a `datapackage.json`. Everything is written under a temporary name and renamed at the end:
a reader sees all or nothing. Refuses a folder that holds anything.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ytterby.chain.chain import Chain
from ytterby.chain.descriptor import naming, write_descriptor, write_text
from ytterby.chain.needed import needed_tables
from ytterby.chain.schema import schema
from ytterby.errors import UnknownNameError, YtterbyError

KINDS = ("csv", "parquet", "xlsx")


def export_chain(chain: Chain, target: Path, kind: str) -> Path:
    """Write all tables of a chain to a folder (csv, parquet) or to a workbook (xlsx), and return its path.

    Raises:
        UnknownNameError: no such kind.
        YtterbyError: the target exists and may not be replaced, or the extra that writes workbooks is missing.
    """
    if kind not in KINDS:
        raise UnknownNameError("kind of export", kind, KINDS)
    tables = needed_tables(chain)
    tables["columns"] = column_table(tables)
    if kind == "xlsx":
        return _write_workbook(tables, target)
    return _write_folder(chain, tables, target, kind)


def column_table(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return what each column of the tables is: table, column, type, unit, status, reference, values, description."""
    rows = [
        (c.table, c.name, c.type, c.unit or None, c.status, " ".join(c.reference) or None, c.description)
        for name in tables
        for c in schema().get(name, ())
    ]
    names = ["table", "column", "type", "unit", "status", "reference", "description"]
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def _write_folder(chain: Chain, tables: Mapping[str, pl.DataFrame], folder: Path, kind: str) -> Path:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise YtterbyError(f"'{folder}' exists and is not an empty folder; name a new one")
    with naming(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        for name, frame in tables.items():
            if kind == "csv":
                frame.write_csv(made / f"{name}.csv")
            else:
                frame.write_parquet(made / f"{name}.parquet", compression="zstd")
        metadata = {**chain.metadata, "name": chain.name}
        write_text(made / "datapackage.json", json.dumps(metadata, indent=1, ensure_ascii=False) + "\n")
        write_descriptor(made)
        made.chmod(0o755)
        made.replace(folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return folder


def _write_workbook(tables: Mapping[str, pl.DataFrame], path: Path) -> Path:
    try:
        from xlsxwriter import Workbook
    except ImportError as error:
        raise YtterbyError("writing xlsx needs the extra: pip install 'ytterby[xlsx]'") from error
    if path.is_dir():
        raise YtterbyError(f"'{path}' is a folder; name the workbook, such as {path.name}/{path.name}.xlsx")
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    try:
        draft = made / "draft.xlsx"
        with Workbook(draft, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
            for name, frame in tables.items():
                frame.write_excel(book, worksheet=name, freeze_panes=(1, 0), column_formats=_formats(frame))
        draft.replace(path)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return path


def _formats(frame: pl.DataFrame) -> dict[Any, str]:
    """Return cell formats without thousands marks and without rounding: years are no amounts."""
    integers, numbers = (
        [name for name, held in frame.schema.items() if held == kind] for kind in (pl.Int32, pl.Float64)
    )
    return dict.fromkeys(integers, "0") | dict.fromkeys(numbers, "General")
