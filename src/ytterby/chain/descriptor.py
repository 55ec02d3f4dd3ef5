"""Writes `datapackage.json`: the package's own settings, and resources made from the schema."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import polars as pl

from ytterby.chain.schema import schema, table_descriptor


def describe_package(folder: Path) -> dict[str, Any]:
    """Return the descriptor of a package: what its datapackage.json says, with resources made anew from its files."""
    path = folder / "datapackage.json"
    descriptor: dict[str, Any] = (
        json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"name": folder.name}
    )
    files = sorted(p for p in folder.iterdir() if p.suffix in (".csv", ".parquet") and p.stem in schema())
    present = frozenset(file.stem for file in files)
    descriptor["resources"] = [_resource(file, present) for file in files]
    return descriptor


def _resource(file: Path, present: frozenset[str]) -> dict[str, Any]:
    is_csv = file.suffix == ".csv"
    if is_csv:
        with file.open(encoding="utf-8-sig") as lines:
            columns = frozenset(lines.readline().strip().split(","))
    else:
        columns = frozenset(pl.read_parquet_schema(file))
    resource: dict[str, Any] = {"name": file.stem, "path": file.name}
    resource |= {"profile": "tabular-data-resource"} if is_csv else {"format": "parquet"}
    resource |= (
        {"mediatype": "text/csv", "encoding": "utf-8"} if is_csv else {"mediatype": "application/vnd.apache.parquet"}
    )
    resource["schema"] = table_descriptor(file.stem, present=present, columns=columns)
    return resource


def write_descriptor(folder: Path) -> Path:
    """Write the descriptor of a package, whole or not at all, and return its path."""
    return write_text(
        folder / "datapackage.json", json.dumps(describe_package(folder), indent=1, ensure_ascii=False) + "\n"
    )


def write_text(path: Path, text: str) -> Path:
    """Write a text file under a temporary name, then rename it, so that no half-written file is ever seen."""
    return write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> Path:
    """Write a file under a temporary name, then rename it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path
