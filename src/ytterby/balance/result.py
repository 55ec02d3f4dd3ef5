"""What `balance` returns: observations with their adjustments, inferred flows, losses, nodes, tests, manifest.

All tonnes are gross tonnes of the material a year, contained ones tonnes of the tracked components. An adjustment
counts in stated standard deviations, adjusted less stated; it is flagged beyond three.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from ytterby.manifest import Manifest

FLAG_SD = 3.0


@dataclass(frozen=True, eq=False)
class BalanceResult:
    """One mass-balanced year of a metal's chain."""

    metal: str
    year: int
    tables: Mapping[str, pl.DataFrame]
    chi_square: float
    dof: int
    p: float
    closure: float
    steps: int
    notes: tuple[str, ...]
    names: Mapping[str, str]
    manifest: Manifest

    @property
    def flagged(self) -> pl.DataFrame:
        """Observations adjusted by more than three standard deviations, worst first."""
        return self.tables["observations"].filter(pl.col("flag"))

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON would have it."""
        return {
            "metal": self.metal,
            "year": self.year,
            "test": {"chi_square": self.chi_square, "dof": self.dof, "p": self.p},
            "closure": self.closure,
            "steps": self.steps,
            **{name: frame.to_dicts() for name, frame in self.tables.items()},
            "summary": self.summary(),
            "notes": list(self.notes),
            "manifest": self.manifest.to_dict(),
        }

    def summary(self) -> list[str]:
        """Return plain sentences: the test, the worst offenders with their sources, what is inferred."""
        from ytterby.balance.words import sentences

        return sentences(self)
