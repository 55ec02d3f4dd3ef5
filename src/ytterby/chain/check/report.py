"""Runs all checks over one package and reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from ytterby.chain.chain import concat_tables, data_folder, package_folder, packages_below
from ytterby.chain.check.cells import check_cells
from ytterby.chain.check.claims import check_claims
from ytterby.chain.check.context import Context
from ytterby.chain.check.keys import check_keys
from ytterby.chain.check.matter import check_matter
from ytterby.chain.check.package import check_descriptor
from ytterby.chain.check.units import check_units
from ytterby.chain.read import MAX_MB, RawPackage, read_package
from ytterby.errors import Fault


@dataclass(frozen=True)
class CheckReport:
    """Faults of a package, what was examined, and what was not."""

    package: str
    faults: tuple[Fault, ...]
    examined: dict[str, int]
    not_examined: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """True where no rule is broken."""
        return not self.faults

    def to_dict(self) -> list[dict[str, Any]]:
        """Return the faults as plain dictionaries, the shape of `check --json`."""
        return [fault.to_dict() for fault in self.faults]


def check(name_or_path: str | Path, *, max_mb: float = MAX_MB) -> CheckReport:
    """Check a package given by name or folder.

    Args:
        name_or_path: a packaged name, or the folder of a package.
        max_mb: files above this size are refused unread.

    Raises:
        UnknownNameError: no such package.
    """
    folder = package_folder(name_or_path)
    package = read_package(folder, max_mb=max_mb)
    listed = {Path(str(resource.get("path", ""))).stem for resource in package.metadata.get("resources", [])}
    package.incomplete |= listed - set(package.files)
    context = Context(package, _common(folder.name))
    for run in (check_descriptor, check_cells, check_keys, check_claims, check_units, check_matter):
        run(context)
    faults = _without_echoes(package.faults, context.faults)
    if not faults and not context.examined.get("rows"):
        faults = [Fault(folder.name, None, "", "", "nothing was examined: every table is empty", "add rows")]
    return CheckReport(folder.name, tuple(faults), dict(context.examined), _not_examined(context))


@cache
def _common(name: str) -> Mapping[str, pl.DataFrame]:
    """Return the tables with which a package is joined, as they are read: their own faults are told by their check."""
    return concat_tables([_read(below).tables for below in packages_below(name)])


@cache
def _read(name: str) -> RawPackage:
    return read_package(data_folder() / name)


def _without_echoes(form: list[Fault], meaning: list[Fault]) -> list[Fault]:
    """Return the faults in order, without those that only follow from a row that could not be read."""
    torn = {(f.file, f.row) for f in form if not f.column and f.row is not None and f.row > 1}
    kept = [*form, *(f for f in meaning if (f.file, f.row) not in torn)]
    unique = {(f.file, f.row, f.column, f.rule): f for f in kept if not f.column or (f.file, f.row) not in torn}
    return sorted(unique.values(), key=lambda f: (f.file, f.row or 0, f.column, f.rule))


def _not_examined(context: Context) -> tuple[str, ...]:
    missing = list(context.skipped)
    if context.is_untracked:
        missing.append("balance of matter: the package declares matter untracked")
    elif not context.holds("recipes"):
        missing.append("balance of matter: the package holds no recipes")
    return tuple(missing)
