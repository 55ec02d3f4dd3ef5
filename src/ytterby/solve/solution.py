"""A solution: status, objective, and per block the values with their labels.

Signs of duals, as HiGHS has them, for a minimisation: the dual of a row (and the reduced cost of a column) is what the
objective rises by when its active bound is raised by one unit. So a row held at its lower bound (a demand) has a dual
of zero or more: one more unit of demand costs that; a row held at its upper bound (a capacity) has zero or less: one
more unit of capacity saves minus the dual. An equation may have either. Units: objective unit per unit of the row.
Refused: values where none were found, duals of a programme with whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ytterby.solve.errors import SolveError
from ytterby.solve.model import Block, Columns, Floats, Rows

if TYPE_CHECKING:
    import polars as pl

STATUSES = ("optimal", "time_limit", "gap_limit", "infeasible", "unbounded")


@dataclass(frozen=True, eq=False)
class Solution:
    """What a solve found.

    status      one of STATUSES; "gap_limit": whole numbers, stopped within the gap asked for, not proven best
    objective   at the values found; NaN without values
    bound       no solution has a lower objective; equals `objective` at an optimum
    iterations  of the simplex method or of the quadratic solver; 0 where the optimum of the base stayed
    stayed      True where the base optimum holds and nothing was solved
    """

    status: str
    objective: float
    bound: float
    iterations: int
    seconds: float
    columns: Floats | None
    activities: Floats | None
    reduced: Floats | None
    duals: Floats | None
    stayed: bool = False

    @property
    def is_optimal(self) -> bool:
        """Proven to be the best."""
        return self.status == "optimal"

    @property
    def has_values(self) -> bool:
        """Whether values were found that keep all rows and bounds."""
        return self.columns is not None

    @property
    def gap(self) -> float:
        """How far the objective may lie above the best, relative to it."""
        return abs(self.objective - self.bound) / max(1e-10, abs(self.objective))

    def value(self, x: Columns) -> Floats:
        """Return the values of a block of columns."""
        return self._part(self.columns, x, "values")

    def activity(self, r: Rows) -> Floats:
        """Return what the rows of a block add up to."""
        return self._part(self.activities, r, "activities")

    def dual(self, r: Rows) -> Floats:
        """Return the duals of a block of rows; their sign is explained at the top of this module."""
        return self._part(self.duals, r, "duals")

    def reduced_cost(self, x: Columns) -> Floats:
        """Return the reduced costs of a block of columns, signed like duals."""
        return self._part(self.reduced, x, "reduced costs")

    def frame(self, x: Columns) -> pl.DataFrame:
        """Return labels, `value` and, where there are duals, `reduced_cost`."""
        import polars as pl

        series = [pl.Series("value", self.value(x))]
        if self.reduced is not None:
            series.append(pl.Series("reduced_cost", self.reduced_cost(x)))
        return labels_of(x).with_columns(series)

    def dual_frame(self, r: Rows) -> pl.DataFrame:
        """Return labels, `activity` and `dual`."""
        import polars as pl

        return labels_of(r).with_columns(pl.Series("activity", self.activity(r)), pl.Series("dual", self.dual(r)))

    def _part(self, values: Floats | None, block: Block, what: str) -> Floats:
        if values is not None:
            return values[block.span]
        if self.columns is None:
            raise SolveError(f"there are no {what} of '{block.name}': the status is {self.status}")
        raise SolveError(
            f"there are no {what} of '{block.name}': whole numbers or a limit leave none; fix_integers() gives them"
        )


def labels_of(block: Block) -> pl.DataFrame:
    """Return the labels of a block; its positions as `index` where it has none."""
    import polars as pl

    return pl.DataFrame({"index": np.arange(block.count)}) if block.labels is None else block.labels
