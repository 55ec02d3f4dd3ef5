"""A chain: what exists, as immutable tables.

`load_chain` joins a metal's package with what all metals share; `load_world` gives the tables of all raw materials.
Tables are polars frames with the columns of the schema (`ytterby.chain.schema.describe(table)`); a table that no
package holds is an empty frame. Nothing edits a chain in place: `with_` gives a new one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from ytterby.chain.read import RawPackage, empty_table, read_package
from ytterby.chain.schema import schema
from ytterby.errors import PackageError, UnknownNameError, YtterbyError

NOT_METALS = ("shared", "world")


@dataclass(frozen=True, eq=False)
class Chain:
    """Tables of one metal's chain, joined with what all metals share."""

    name: str
    metadata: Mapping[str, Any]
    tables: Mapping[str, pl.DataFrame]
    digest: str
    overlays: tuple[str, ...] = field(default=())

    def __getattr__(self, table: str) -> pl.DataFrame:
        """Return a table by name; empty where the package holds none."""
        if table.startswith("_") or table not in schema():
            raise AttributeError(f"a chain has no table '{table}'")
        return self.table(table)

    def table(self, name: str) -> pl.DataFrame:
        """Return a table by name; empty where the package holds none."""
        if name not in schema():
            raise UnknownNameError("table", name, schema())
        return self.tables[name] if name in self.tables else empty_table(name)

    @property
    def metal(self) -> str:
        """Metal that the chain is of."""
        return str(self.settings.get("metal", self.name))

    @property
    def settings(self) -> Mapping[str, Any]:
        """The package's own settings: metal, raw_material, components, matter, base_year."""
        value: Mapping[str, Any] = self.metadata.get("ytterby", {})
        return value

    @cached_property
    def components(self) -> Mapping[str, frozenset[str]]:
        """Tracked components, each with its elements."""
        declared = self.settings.get("components", {})
        return MappingProxyType({name: frozenset(elements) for name, elements in declared.items()})

    @property
    def is_tracked(self) -> bool:
        """True where matter is balanced; a package may declare `matter: untracked`."""
        return str(self.settings.get("matter", "tracked")) == "tracked"

    def with_(self, *, overlay: str = "scenario", **tables: pl.DataFrame) -> Chain:
        """Return a chain with tables replaced; `overlay` names the change and enters the manifest.

        Raises:
            UnknownNameError: a keyword is not a table of the schema.
            YtterbyError: a frame lacks columns of the schema.
        """
        for name, frame in tables.items():
            missing = set(empty_table(name).columns) - set(frame.columns) if name in schema() else None
            if missing is None:
                raise UnknownNameError("table", name, schema())
            if missing:
                raise YtterbyError(f"table {name} lacks the columns {', '.join(sorted(missing))}")
        changed = {name: frame.select(empty_table(name).columns) for name, frame in tables.items()}
        parts = [self.digest, *(f"{name}:{_frame_digest(frame)}" for name, frame in sorted(changed.items()))]
        digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        return Chain(
            self.name, self.metadata, MappingProxyType({**self.tables, **changed}), digest, (*self.overlays, overlay)
        )


def _frame_digest(frame: pl.DataFrame) -> str:
    return hashlib.sha256(frame.write_csv().encode()).hexdigest()


def data_folder() -> Path:
    """Return the folder of the packages that ship with Ytterby."""
    return Path(str(resources.files("ytterby"))) / "data"


def packaged_metals() -> tuple[str, ...]:
    """Return the names of the metal packages that ship with Ytterby."""
    folders = (p for p in data_folder().iterdir() if (p / "datapackage.json").is_file())
    return tuple(sorted(p.name for p in folders if p.name not in NOT_METALS))


def is_path(name: str) -> bool:
    """Return whether a name is written as a path: it has a separator, or is . or .. alone."""
    return any(mark in name for mark in ("/", "\\")) or name in (".", "..")


def package_folder(name_or_path: str | Path) -> Path:
    """Return the folder of a package given by name or path.

    Raises:
        UnknownNameError: neither a packaged name nor a folder.
        YtterbyError: a path that leads to no folder.
    """
    name = str(name_or_path)
    known = (*packaged_metals(), *NOT_METALS)
    if name.lower().replace("-", "_").replace(" ", "_") in known:
        return data_folder() / name.lower().replace("-", "_").replace(" ", "_")
    path = Path(name_or_path)
    if path.is_dir():
        return path
    if is_path(name):
        raise YtterbyError(f"there is no folder '{name}'")
    raise UnknownNameError("package", name, known)


def folder_digest(folder: Path) -> str:
    """Return the SHA-256 over the names and bytes of a package's files."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*")):
        if path.suffix in (".csv", ".parquet", ".json"):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def load_chain(name_or_path: str | Path) -> Chain:
    """Load a metal's chain, joined with the shared tables.

    Raises:
        UnknownNameError: no such package.
        PackageError: the package has faults of form.
    """
    folder = package_folder(name_or_path)
    package = _accepted(read_package(folder), str(name_or_path))
    shared = _shared()
    tables = dict(shared.tables)
    for name, frame in package.tables.items():
        tables[name] = pl.concat([shared.tables[name], frame]) if name in shared.tables else frame
    return Chain(folder.resolve().name, package.metadata, MappingProxyType(tables), folder_digest(folder))


@cache
def load_world() -> Chain:
    """Load the tables of all raw materials: mine production, trade, governance, lines, outlines."""
    folder = data_folder() / "world"
    package = _accepted(read_package(folder))
    tables = dict(_shared().tables)
    for name, frame in package.tables.items():
        tables[name] = pl.concat([tables[name], frame]) if name in tables else frame
    return Chain("world", package.metadata, MappingProxyType(tables), folder_digest(folder))


def shared_tables() -> Mapping[str, pl.DataFrame]:
    """Return the tables that all metals share."""
    return MappingProxyType(_shared().tables)


@cache
def _shared() -> RawPackage:
    return _accepted(read_package(data_folder() / "shared"))


def clear_cache() -> None:
    """Forget the shared and world tables that were loaded; the next load reads them anew."""
    load_world.cache_clear()
    _shared.cache_clear()


def _accepted(package: RawPackage, path: str = "") -> RawPackage:
    if package.faults:
        raise PackageError(package.faults, path=path or package.name)
    return package
