"""The ledger of costs: what each column of the programme costs, why, and which figure the cost rests on.

One entry is (column, category, figure, discounted dollars a unit, undiscounted dollars a unit). The cost vector, the
breakdown, the bill of a region, the part that rests on assumed figures and every draw of the costs follow from the
entries, so that they cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Category(StrEnum):
    """Lines of the cost breakdown."""

    OPERATION = "operation"
    INVESTMENT = "investment"
    FREIGHT = "freight"
    TARIFF = "tariff"
    MARKUP = "markup"
    STOCK = "stock"
    COLLECTION = "collection"
    DISPOSAL = "disposal"
    TRAINING = "training"
    HIRING = "hiring"
    RESEARCH = "research"
    SUBSIDY = "subsidy"
    UNMET = "unmet"


CATEGORIES = tuple(Category)
NO_FIGURE = -1


@dataclass
class Ledger:
    """Cost entries, appended in blocks."""

    _parts: list[tuple[Ints, Ints, Ints, Array, Array]] = field(default_factory=list)

    def add(
        self,
        category: Category,
        columns: npt.ArrayLike,
        discounted: npt.ArrayLike,
        undiscounted: npt.ArrayLike,
        figures: npt.ArrayLike = NO_FIGURE,
    ) -> None:
        """Append entries; scalars are spread over the columns, entries of no cost are left out."""
        where = np.atleast_1d(np.asarray(columns, dtype=np.int64))
        cost = np.broadcast_to(np.asarray(discounted, dtype=np.float64), where.shape)
        plain = np.broadcast_to(np.asarray(undiscounted, dtype=np.float64), where.shape)
        rests = np.broadcast_to(np.asarray(figures, dtype=np.int64), where.shape)
        kept = cost != 0
        code = np.full(int(kept.sum()), CATEGORIES.index(category), dtype=np.int64)
        self._parts.append((where[kept], code, rests[kept], cost[kept], plain[kept]))

    def closed(self) -> Costs:
        """Return the entries as arrays."""
        parts = [np.concatenate([part[k] for part in self._parts]) for k in range(5)]
        return Costs(*parts)


@dataclass(frozen=True)
class Costs:
    """Entries of a ledger as arrays of one length."""

    columns: Ints
    categories: Ints
    figures: Ints
    discounted: Array
    undiscounted: Array

    def vector(self, count: int, factors: Array | None = None) -> Array:
        """Return the cost of each of `count` columns; `factors` scales each figure, shape (figures,)."""
        cost = self.discounted if factors is None else self.discounted * self._scale(factors)
        result: Array = np.bincount(self.columns, weights=cost, minlength=count).astype(np.float64)
        return result

    def breakdown(self, values: Array, *, is_discounted: bool = True) -> dict[str, float]:
        """Return dollars by category at a solution."""
        amounts = (self.discounted if is_discounted else self.undiscounted) * values[self.columns]
        sums = np.bincount(self.categories, weights=amounts, minlength=len(CATEGORIES))
        return {category.value: float(total) for category, total in zip(CATEGORIES, sums, strict=True) if total != 0}

    def by_figure(self, values: Array, count: int) -> Array:
        """Return discounted dollars that rest on each of `count` figures, at a solution; the last is without one."""
        amounts = self.discounted * values[self.columns]
        where = np.where(self.figures < 0, count, self.figures)
        result: Array = np.bincount(where, weights=amounts, minlength=count + 1).astype(np.float64)
        return result

    def of_columns(self, values: Array, chosen: npt.NDArray[np.bool_], *, but: tuple[Category, ...] = ()) -> float:
        """Return discounted dollars of chosen columns at a solution, some categories left out."""
        codes = [CATEGORIES.index(category) for category in but]
        kept = chosen[self.columns] & ~np.isin(self.categories, codes)
        return float((self.discounted[kept] * values[self.columns[kept]]).sum())

    def _scale(self, factors: Array) -> Array:
        return np.where(self.figures < 0, 1.0, factors[np.maximum(self.figures, 0)])
