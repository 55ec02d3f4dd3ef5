"""Errors that Ytterby raises.

YtterbyError
├── UnknownNameError   an id, name, place, year or option value that resolves to nothing
├── PackageError       a chain package that breaks a rule; carries every fault found
├── UnitError          a unit or a basis formula that cannot be read
└── OwnershipError     shares above one, or a group that owns itself entirely
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass


class YtterbyError(Exception):
    """Base of all errors a caller may want to catch."""


class UnknownNameError(YtterbyError):
    """A name that resolves to nothing; the nearest known names are offered."""

    def __init__(self, what: str, given: str, known: Iterable[str]) -> None:
        self.what, self.given = what, given
        self.nearest = nearest(given, known)
        hint = f"; nearest: {', '.join(self.nearest)}" if self.nearest else ""
        super().__init__(f"unknown {what} '{given}'{hint}")


@dataclass(frozen=True, order=True)
class Fault:
    """One broken rule: where it is, what was found, what the rule is and what mends it."""

    file: str
    row: int | None
    column: str
    value: str
    rule: str
    mend: str

    def to_dict(self) -> dict[str, str | int | None]:
        """Return the fault as a plain dictionary."""
        return asdict(self)

    def __str__(self) -> str:
        """Say it in one line."""
        where = self.file if self.row is None else f"{self.file}, row {self.row}"
        column = f", column {self.column}" if self.column else ""
        shown = f" '{self.value}'" if self.value else ""
        return f"{where}{column}:{shown} {self.rule}; {self.mend}"


class PackageError(YtterbyError):
    """A chain package that cannot be used; `faults` lists every broken rule, `path` is the package as it was named."""

    def __init__(self, faults: Sequence[Fault], *, path: str = "") -> None:
        self.path = path
        self.faults = tuple(faults)
        head = "\n".join(f"  {fault}" for fault in self.faults[:5])
        more = f"\n  ... and {len(self.faults) - 5} more" if len(self.faults) > 5 else ""
        more += f"\nall of them: ytterby check {path}" if path else ""
        super().__init__(f"{len(self.faults)} fault(s) in the package:\n{head}{more}")


class UnitError(YtterbyError):
    """A unit or a basis formula that cannot be read."""


class OwnershipError(YtterbyError):
    """Ownership that cannot be: shares of one entity above one, or a closed group without an outside owner."""


def nearest(given: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Return up to `count` known names closest to `given`, ignoring case; of numbers the closest in value."""
    known = [name for name in known if name]
    if given.isdecimal() and (numbers := [name for name in known if name.isdecimal()]):
        return sorted(numbers, key=lambda name: (abs(int(name) - int(given)), name))[:count]
    names = {name.lower(): name for name in known}
    return [names[hit] for hit in difflib.get_close_matches(given.lower(), names, n=count, cutoff=0.6)]
