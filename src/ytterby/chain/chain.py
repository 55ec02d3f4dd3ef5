"""A chain: what exists, as immutable tables.

`load_chain` joins a metal's package with what all metals share (the packages `shared` and `enablers`); `load_world`
gives the tables of all raw materials, joined alike.
Tables are polars frames with the columns of the schema (`ytterby.chain.schema.describe(table)`); a table that no
package holds is an empty frame. Nothing edits a chain in place: `with_` gives a new one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
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

NOT_METALS = ("enablers", "shared", "world")
COMMON = ("shared", "enablers")


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
    """Load a metal's chain, joined with the shared tables and those of the enablers.

    Raises:
        UnknownNameError: no such package.
        PackageError: the package has faults of form.
    """
    folder = package_folder(name_or_path)
    package = _accepted(read_package(folder), str(name_or_path))
    name = folder.resolve().name
    return Chain(name, package.metadata, _joined(name, package.tables), folder_digest(folder))


@cache
def load_world() -> Chain:
    """Load the tables of all raw materials: mine production, trade, governance, lines, outlines."""
    folder = data_folder() / "world"
    package = _accepted(read_package(folder))
    return Chain("world", package.metadata, _joined("world", package.tables), folder_digest(folder))


def packages_below(name: str) -> tuple[str, ...]:
    """Return the names of the packages with which a package is joined: those that come before it among the common."""
    return COMMON[: COMMON.index(name)] if name in COMMON else COMMON


@cache
def common_tables(name: str) -> Mapping[str, pl.DataFrame]:
    """Return the tables with which the package `name` is joined: what all metals share."""
    return MappingProxyType(concat_tables([_packaged(below).tables for below in packages_below(name)]))


def common_digests(name: str) -> dict[str, str]:
    """Return the digest of each package with which the package `name` is joined."""
    return {below: folder_digest(data_folder() / below) for below in packages_below(name)}


def concat_tables(parts: Iterable[Mapping[str, pl.DataFrame]]) -> dict[str, pl.DataFrame]:
    """Return tables with the rows of all parts, in the order of the parts."""
    frames: dict[str, list[pl.DataFrame]] = {}
    for part in parts:
        for table, frame in part.items():
            frames.setdefault(table, []).append(frame)
    return {table: pl.concat(held) if len(held) > 1 else held[0] for table, held in frames.items()}


def _joined(name: str, own: Mapping[str, pl.DataFrame]) -> Mapping[str, pl.DataFrame]:
    return MappingProxyType(concat_tables([common_tables(name), own]))


@cache
def _packaged(name: str) -> RawPackage:
    return _accepted(read_package(data_folder() / name))


def clear_cache() -> None:
    """Forget the common and world tables that were loaded; the next load reads them anew."""
    load_world.cache_clear()
    common_tables.cache_clear()
    _packaged.cache_clear()


def _accepted(package: RawPackage, path: str = "") -> RawPackage:
    if package.faults:
        raise PackageError(package.faults, path=path or package.name)
    return package
