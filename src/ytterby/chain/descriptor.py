"""Writes `datapackage.json`: the package's own settings, and resources made from the schema."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from ytterby.chain.schema import schema, table_descriptor


def describe_package(folder: Path) -> dict[str, Any]:
    """Return the descriptor of a package: what its datapackage.json says, with resources made anew from its files.

    A foreign key is declared only where every id resolves inside the package: others lead to the shared tables.
    """
    path = folder / "datapackage.json"
    text = path.read_text(encoding="utf-8") if path.is_file() else json.dumps({"name": folder.name})
    descriptor: dict[str, Any] = json.loads(text)
    files = {p.stem: p for p in sorted(folder.iterdir()) if p.suffix in (".csv", ".parquet") and p.stem in schema()}
    descriptor["resources"] = [_resource(file, files) for file in files.values()]
    return descriptor


def _resource(file: Path, files: Mapping[str, Path]) -> dict[str, Any]:
    is_csv = file.suffix == ".csv"
    columns = _header(file)
    resource: dict[str, Any] = {"name": file.stem, "path": file.name}
    resource |= {"profile": "tabular-data-resource"} if is_csv else {"format": "parquet"}
    media = {"mediatype": "text/csv", "encoding": "utf-8"}
    resource |= media if is_csv else {"mediatype": "application/vnd.apache.parquet"}
    table = table_descriptor(file.stem, present=frozenset(files), columns=columns)
    foreign = [key for key in table.pop("foreignKeys", []) if _resolves(key, file, files)]
    resource["schema"] = table | ({"foreignKeys": foreign} if foreign else {})
    return resource


def _resolves(key: Mapping[str, Any], file: Path, files: Mapping[str, Path]) -> bool:
    target = files[key["reference"]["resource"] or file.stem]
    used = _scan(file).select(pl.col(key["fields"]).alias("id")).drop_nulls()
    known = _scan(target).select(pl.col(key["reference"]["fields"]).alias("id"))
    try:
        return used.join(known, on="id", how="anti").collect().is_empty()
    except pl.exceptions.PolarsError:
        return False  # a file that cannot be read resolves nothing; the check says what is wrong with it


def _header(file: Path) -> frozenset[str]:
    if file.suffix == ".parquet":
        return frozenset(pl.read_parquet_schema(file))
    with file.open(encoding="utf-8-sig", errors="replace") as lines:
        return frozenset(lines.readline().strip().split(","))


def _scan(file: Path) -> pl.LazyFrame:
    """Return a table's cells as text."""
    if file.suffix == ".parquet":
        return pl.scan_parquet(file).select(pl.all().cast(pl.String))
    return pl.scan_csv(file, infer_schema=False, truncate_ragged_lines=True)


def write_descriptor(folder: Path) -> Path:
    """Write the descriptor of a package, whole or not at all, and return its path."""
    return write_text(
        folder / "datapackage.json", json.dumps(describe_package(folder), indent=1, ensure_ascii=False) + "\n"
    )


def write_text(path: Path, text: str) -> Path:
    """Write a text file under a temporary name, then rename it, so that no half-written file is ever seen."""
    return write_bytes(path, text.encode("utf-8"))


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let an error of the file system name the path that was asked for, not a temporary one."""
    try:
        yield
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from error


def write_bytes(path: Path, data: bytes) -> Path:
    """Write a file under a temporary name, then rename it; a link, a device or a pipe is written through."""
    if path.is_symlink() or (path.exists() and not path.is_file() and not path.is_dir()):
        path.write_bytes(data)
        return path
    with naming(path):
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
