"""What every check is given: the package as read, its tables joined with the shared ones, and where faults go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

from ytterby.chain.read import RawPackage, empty_table
from ytterby.errors import Fault

ROW = "__row__"


@dataclass
class Context:
    """A package under examination."""

    package: RawPackage
    shared: RawPackage
    faults: list[Fault] = field(default_factory=list)
    examined: dict[str, int] = field(default_factory=dict)

    def own(self, table: str) -> pl.DataFrame:
        """Return the package's own rows of a table, numbered as in the file (header is row 1)."""
        frame = self.package.tables.get(table, empty_table(table))
        return frame.with_row_index(ROW, offset=2).with_columns(pl.col(ROW).cast(pl.Int64))

    def joined(self, table: str) -> pl.DataFrame:
        """Return the package's rows of a table with the shared ones."""
        frames = [p.tables[table] for p in self._packages() if table in p.tables]
        return pl.concat(frames) if frames else empty_table(table)

    def _packages(self) -> Iterable[RawPackage]:
        return (self.package,) if self.package.name == self.shared.name else (self.shared, self.package)

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
