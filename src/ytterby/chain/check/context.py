"""What every check is given: the package as read, its tables joined with the common ones, and where faults go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from ytterby.chain.read import RawPackage, empty_table
from ytterby.errors import Fault

ROW = "__row__"


@dataclass
class Context:
    """A package under examination."""

    package: RawPackage
    common: Mapping[str, pl.DataFrame]
    faults: list[Fault] = field(default_factory=list)
    examined: dict[str, int] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    _numbered: dict[str, pl.DataFrame] = field(default_factory=dict)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The package's own settings."""
        settings = self.package.metadata.get("ytterby", {})
        return settings if isinstance(settings, Mapping) else {}

    @property
    def components(self) -> dict[str, frozenset[str]]:
        """Tracked components, each with its elements."""
        declared = self.settings.get("components")
        held = declared if isinstance(declared, Mapping) else {}
        return {name: frozenset(elements) for name, elements in held.items()}

    @property
    def is_untracked(self) -> bool:
        """True where the package declares that its matter is not balanced."""
        return bool(self.settings.get("matter") == "untracked")

    def own(self, table: str) -> pl.DataFrame:
        """Return the package's own rows of a table, numbered as in the file (header is row 1)."""
        if table not in self._numbered:
            frame = self.package.tables.get(table, empty_table(table))
            self._numbered[table] = frame.with_row_index(ROW, offset=2).with_columns(pl.col(ROW).cast(pl.Int64))
        return self._numbered[table]

    def sound(self, table: str) -> pl.DataFrame:
        """Return the package's own rows of a table in which nothing is wrong so far."""
        faulty = self.faulty_rows(table)
        return self.own(table).filter(~pl.col(ROW).is_in(faulty)) if faulty else self.own(table)

    def faulty_rows(self, table: str) -> list[int]:
        """Return the rows of a table that have a fault already, so that one cause is told once."""
        file = self.package.files.get(table)
        faults = (*self.package.faults, *self.faults)
        return sorted({fault.row for fault in faults if fault.file == file and fault.row is not None})

    def doubtful(self, table: str, key: str) -> list[str]:
        """Return the ids of which a row has a fault already; where the id itself is at fault, its neighbours' ids."""
        rows = set(self.faulty_rows(table))
        file = self.package.files.get(table)
        lost = {f.row for f in self.faults if f.file == file and f.column == key and f.row is not None}
        rows |= {row + step for row in lost for step in (-1, 1)}
        return sorted(set(self.own(table).filter(pl.col(ROW).is_in(sorted(rows)))[key].drop_nulls()))

    def is_whole(self, table: str) -> bool:
        """Return whether a table was read with all its rows and keys; what names a lost row is no fault of its own."""
        return table not in self.package.incomplete

    def joined_sound(self, table: str) -> pl.DataFrame:
        """Return the sound rows of a table with the common ones, without row numbers."""
        frames = [self.sound(table).drop(ROW)]
        if table in self.common:
            frames.insert(0, self.common[table])
        return pl.concat(frames)

    def joined(self, table: str) -> pl.DataFrame:
        """Return the package's rows of a table with the common ones."""
        frames = [tables[table] for tables in (self.common, self.package.tables) if table in tables]
        return pl.concat(frames) if frames else empty_table(table)

    def holds(self, table: str) -> bool:
        """Return whether the package itself holds a table."""
        return table in self.package.tables

    def add(self, table: str, row: int | None, column: str, value: object, rule: str, mend: str) -> None:
        """Record a fault of a table."""
        file = self.package.files.get(table, f"{table}.csv")
        self.faults.append(Fault(file, row, column, "" if value is None else f"{value}", rule, mend))

    def count(self, what: str, number: int) -> None:
        """Record how many things a check examined."""
        self.examined[what] = self.examined.get(what, 0) + number
