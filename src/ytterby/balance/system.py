"""The balances of a year as labelled columns and rows, ready for `reconcile`.

Each column is a flow (or a coefficient) with what is stated of it, each row a balance with its label; nothing here
knows what a chain is. Refuses a column that is named twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from ytterby.balance.quadratic import Array
from ytterby.balance.reconcile import Measurements, Products, Reconciled, linearised, reconcile
from ytterby.errors import YtterbyError

Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Stated:
    """What is stated of a column: value and standard deviation (None: nothing), and who says so."""

    value: float | None = None
    sd: float | None = None
    source_id: str = ""
    confidence: str = ""
    basis: str = ""


NOTHING = Stated()


@dataclass
class System:
    """Columns, rows and products, collected one by one."""

    keys: dict[Key, int] = field(default_factory=dict)
    stated: list[Stated] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    scale: list[float] = field(default_factory=list)
    rows: dict[Key, int] = field(default_factory=dict)
    entries: list[tuple[int, int, float]] = field(default_factory=list)
    products: list[tuple[int, int, int, float]] = field(default_factory=list)

    def column(self, key: Key, *, stated: Stated = NOTHING, lower: float = 0.0, scale: float = 1.0) -> int:
        """Add a column: (kind, material or route, place, partner); return its number.

        Raises:
            YtterbyError: the column is there already.
        """
        if key in self.keys:
            raise YtterbyError(f"the flow {' '.join(filter(None, key))} is named twice")
        self.keys[key] = len(self.stated)
        self.stated.append(stated)
        self.lower.append(lower)
        self.scale.append(max(scale, 1e-9))
        return self.keys[key]

    def row(self, key: Key) -> int:
        """Return the number of a row (kind, material, place, ''), adding it where it is new."""
        return self.rows.setdefault(key, len(self.rows))

    def entry(self, row: Key, column: int, value: float) -> None:
        """Add value x column to a row."""
        self.entries.append((self.row(row), column, value))

    def product(self, row: Key, coefficient: int, flow: int, factor: float) -> None:
        """Add factor x coefficient x flow to a row."""
        self.products.append((self.row(row), coefficient, flow, factor))

    def solve(self) -> Reconciled:
        """Return the reconciled columns."""
        matrix, terms = self.matrices()
        return reconcile(matrix, np.zeros(len(self.rows)), self.measurements(), terms)

    def matrices(self) -> tuple[Any, Products]:
        """Return the linear terms and the products."""
        from scipy.sparse import csr_array

        where = np.array([(r, c) for r, c, _ in self.entries], dtype=np.int64).reshape(-1, 2)
        shape = (len(self.rows), len(self.stated))
        values = [value for _, _, value in self.entries]
        parts = list(zip(*self.products, strict=True)) if self.products else [(), (), (), ()]
        return csr_array((values, (where[:, 0], where[:, 1])), shape=shape), Products(*parts)

    def tangent(self, value: Array) -> tuple[Any, Array]:
        """Return rows and right sides of the linearised balances at a point."""
        matrix, terms = self.matrices()
        return linearised(matrix, np.zeros(len(self.rows)), terms, value)

    def measurements(self) -> Measurements:
        """Return what is stated of every column; a constant is a statement with deviation 0."""
        empty = float("nan")
        value = [empty if s.value is None or s.sd is None else s.value for s in self.stated]
        sd = [empty if s.value is None or s.sd is None else s.sd for s in self.stated]
        return Measurements.of(value, sd, self.lower, np.inf, self.scale)

    def frame(self, found: Reconciled) -> pl.DataFrame:
        """Return the columns with what is stated of them and what was found."""
        kind, material, place, partner = (list(part) for part in zip(*self.keys, strict=True))
        given = self.measurements()
        checked = found.redundancy.checked
        normal = np.where(checked > 1e-9, found.residual / np.sqrt(np.maximum(checked, 1e-9)), np.nan)
        return pl.DataFrame(
            {
                "kind": kind,
                "subject": material,
                "place_id": place,
                "partner_id": partner,
                "stated": given.measured,
                "stated_sd": given.sd,
                "adjusted": found.value,
                "adjusted_sd": found.sd,
                "adjustment_sd": np.where(np.isfinite(given.sd), -found.residual, np.nan),
                "normalised": -normal,
                "redundancy": found.redundancy.kind.tolist(),
                "source_id": [s.source_id for s in self.stated],
                "confidence": [s.confidence for s in self.stated],
                "basis": [s.basis for s in self.stated],
            }
        ).with_columns(pl.selectors.float().fill_nan(None))
