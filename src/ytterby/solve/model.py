"""A model as labelled arrays: minimise c'x + 1/2 x'Qx + constant over lower <= x <= upper, lower <= Ax <= upper.

Columns and rows are added in blocks with a name and a table of labels; entries of A come as (row, column, value) arrays
and are compressed once (Gustavson 1978, through scipy.sparse), duplicates summed. Q is diagonal and not negative.
Values carry whatever unit the caller keeps to; nothing is scaled here. Refused: an infinite cost, a NaN anywhere, an
index outside the model, labels of another length, and an entry so small that HiGHS would drop it without a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ytterby.solve.errors import SolveError

if TYPE_CHECKING:
    import polars as pl

    from ytterby.solve.session import Session

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

ROUNDING = 1e-12  # a summed entry below this is what cancelling left over
SMALLEST = 1e-9  # HiGHS's small_matrix_value: smaller entries it drops


@dataclass(frozen=True, eq=False)
class Block:
    """A run of columns or rows with one name: `count` of them from `start` on."""

    name: str
    start: int
    count: int
    labels: pl.DataFrame | None = None

    @property
    def index(self) -> Ints:
        """Numbers of its columns or rows within the model."""
        return np.arange(self.start, self.start + self.count, dtype=np.int32)

    @property
    def span(self) -> slice:
        """The same as a slice."""
        return slice(self.start, self.start + self.count)

    @property
    def table(self) -> pl.DataFrame:
        """Its labels; a block without them is refused."""
        if self.labels is None:
            raise SolveError(f"'{self.name}' has no table of labels")
        return self.labels

    def label(self, position: int) -> dict[str, object]:
        """Return the labels of its column or row at a position; where it has no table, that position as `index`."""
        return {"index": position} if self.labels is None else self.labels.row(position, named=True)


class Columns(Block):
    """A block of columns (decisions)."""


class Rows(Block):
    """A block of rows (constraints)."""


@dataclass(frozen=True)
class Arrays:
    """A compressed model, ready to be handed over: A by columns, `quadratic` the diagonal of Q or None."""

    cost: Floats
    lower: Floats
    upper: Floats
    row_lower: Floats
    row_upper: Floats
    integer: Ints
    start: Ints
    index: Ints
    value: Floats
    quadratic: Floats | None
    constant: float


class Model:
    """Collects blocks and entries; `open()` hands them to HiGHS."""

    def __init__(self, *, constant: float = 0.0) -> None:
        self.constant = constant
        self.column_blocks: list[Columns] = []
        self.row_blocks: list[Rows] = []
        self._columns: list[tuple[Floats, Floats, Floats]] = []
        self._integer: list[Ints] = []
        self._rows: list[tuple[Floats, Floats]] = []
        self._entries: list[tuple[Ints, Ints, Floats]] = []
        self._matrix: tuple[Ints, Ints, Floats] | None = None
        self._quadratic: list[tuple[Ints, Floats]] = []

    @property
    def column_count(self) -> int:
        """How many columns there are."""
        return _end(self.column_blocks)

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return _end(self.row_blocks)

    def columns(
        self,
        name: str,
        count: int,
        *,
        cost: ArrayLike = 0.0,
        lower: ArrayLike = 0.0,
        upper: ArrayLike = np.inf,
        labels: pl.DataFrame | None = None,
        integer: bool = False,
    ) -> Columns:
        """Add `count` columns; cost and bounds are one number each or an array; `integer` asks for whole numbers."""
        block = Columns(name, self.column_count, count, labels)
        _accept(block, self.column_blocks, "columns")
        costs = numbers(cost, count, f"cost of columns '{name}'")
        if not np.isfinite(costs).all():
            raise SolveError(
                f"cost of columns '{name}': {_first(block, ~np.isfinite(costs))} is infinite; give a number"
            )
        low, high = bounds(lower, upper, count, f"columns '{name}'")
        self._columns.append((costs, low, high))
        self._integer.append(np.full(count, integer, dtype=np.int32))
        self.column_blocks.append(block)
        return block

    def rows(
        self,
        name: str,
        count: int,
        *,
        lower: ArrayLike = -np.inf,
        upper: ArrayLike = np.inf,
        labels: pl.DataFrame | None = None,
    ) -> Rows:
        """Add `count` rows, lower <= Ax <= upper; equal bounds make an equation."""
        block = Rows(name, self.row_count, count, labels)
        _accept(block, self.row_blocks, "rows")
        self._rows.append(bounds(lower, upper, count, f"rows '{name}'"))
        self.row_blocks.append(block)
        return block

    def entries(self, rows: ArrayLike, columns: ArrayLike, values: ArrayLike) -> None:
        """Add coefficients at (rows, columns), numbered within the model; what falls on one place is summed."""
        row, column = (np.atleast_1d(np.asarray(given)) for given in (rows, columns))
        row, column = np.broadcast_arrays(row, column)
        within(row, self.row_count, "row")
        within(column, self.column_count, "column")
        value = numbers(values, row.size, "entries", shape=row.shape)
        if not np.isfinite(value).all():
            raise SolveError("entries: a coefficient is infinite; give a number")
        self._entries.append((row.ravel().astype(np.int32), column.ravel().astype(np.int32), value.ravel()))

    def quadratic(self, columns: Columns | ArrayLike, diagonal: ArrayLike) -> None:
        """Add 1/2 q x^2 to the objective for each of the columns; q must not be negative."""
        where = places(columns, self.column_count, "column")
        values = numbers(diagonal, where.size, "quadratic")
        if not (np.isfinite(values) & (values >= 0)).all():
            raise SolveError("quadratic: a diagonal term is negative or infinite; the objective must stay convex")
        self._quadratic.append((where, values))

    def compressed(self) -> Arrays:
        """Return the model's arrays, entries compressed by column; done once, and again only after additions."""
        if self._matrix is None or self._entries:
            self._matrix = self._compress()
            self._refuse_small(*self._matrix)
        quadratic = None
        if self._quadratic:
            quadratic = np.zeros(self.column_count)
            for where, values in self._quadratic:
                quadratic[where] += values
        cost, lower, upper = (_joined([part[place] for part in self._columns]) for place in range(3))
        row_lower, row_upper = (_joined([part[place] for part in self._rows]) for place in range(2))
        integer = _joined_integers(self._integer)
        self._columns, self._rows, self._integer = [(cost, lower, upper)], [(row_lower, row_upper)], [integer]
        start, index, value = self._matrix
        return Arrays(
            cost, lower, upper, row_lower, row_upper, integer, start, index, value, quadratic, float(self.constant)
        )

    def open(self, *, threads: int = 1, solver: str = "simplex") -> Session:
        """Hand the model to HiGHS in one call; solver is "simplex", "ipm" or "hipo" (needs highspy-extras)."""
        from ytterby.solve.session import Session

        return Session(self, threads=threads, solver=solver)

    def _compress(self) -> tuple[Ints, Ints, Floats]:
        from scipy.sparse import coo_array

        shape = (self.row_count, self.column_count)
        if self._matrix is not None:
            start, index, value = self._matrix
            self._entries.append((index, np.repeat(np.arange(start.size - 1, dtype=np.int32), np.diff(start)), value))
        row = _joined_integers([part[0] for part in self._entries])
        column = _joined_integers([part[1] for part in self._entries])
        value = _joined([part[2] for part in self._entries])
        self._entries.clear()
        matrix = coo_array((value, (row, column)), shape=shape, copy=False).tocsc()
        left_over = np.abs(matrix.data) < ROUNDING
        if left_over.any():
            matrix.data[left_over] = 0.0
            matrix.eliminate_zeros()
        return matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32, copy=False), matrix.data

    def _refuse_small(self, start: Ints, index: Ints, value: Floats) -> None:
        small = np.abs(value) < SMALLEST
        if not small.any():
            return
        at = int(np.argmax(small))
        column = int(np.searchsorted(start, at, side="right")) - 1
        where = f"{describe(self.row_blocks, int(index[at]))} and {describe(self.column_blocks, column)}"
        raise SolveError(
            f"the coefficient {value[at]:.3g} at {where} is below {SMALLEST:g} and would be ignored; "
            "state that row or column in another unit"
        )


def describe(blocks: Sequence[Block], number: int) -> str:
    """Name a column or row by block and labels."""
    block, position = locate(blocks, number)
    labels = ", ".join(f"{key}={value}" for key, value in block.label(position).items())
    return f"{block.name} ({labels})"


def locate(blocks: Sequence[Block], number: int) -> tuple[Block, int]:
    """Return the block that holds a column or row, and the position in it."""
    starts = [block.start for block in blocks if block.count]
    held = [block for block in blocks if block.count]
    block = held[int(np.searchsorted(starts, number, side="right")) - 1]
    return block, number - block.start


def places(which: Block | ArrayLike, limit: int, what: str) -> Ints:
    """Return the numbers of a block, or those given, checked to lie within the model and to be there once each."""
    if isinstance(which, Block):
        return which.index
    where = np.atleast_1d(np.asarray(which)).ravel()
    within(where, limit, what)
    if np.unique(where).size != where.size:
        raise SolveError(f"a {what} is named twice among those given; name each once")
    return where.astype(np.int32)


def within(index: NDArray[np.generic], limit: int, what: str) -> None:
    """Refuse numbers that are no integers or lie outside the model."""
    if index.size == 0:
        return
    if not np.issubdtype(index.dtype, np.integer):
        raise SolveError(f"{what} numbers must be integers, not {index.dtype}")
    low, high = int(index.min()), int(index.max())
    if low < 0 or high >= limit:
        raise SolveError(f"{what} {low if low < 0 else high} is not in the model, which has {limit}")


def numbers(given: ArrayLike, count: int, what: str, *, shape: tuple[int, ...] | None = None) -> Floats:
    """Return `given` as float64 of the wanted length; a NaN is refused: what is unknown must not enter a model."""
    values = np.asarray(given, dtype=np.float64)
    try:
        spread = np.broadcast_to(values, shape or (count,))
    except ValueError:
        raise SolveError(f"{what}: {values.shape} values for {count}; give one, or one each") from None
    if np.isnan(values).any():
        at = int(np.argmax(np.isnan(spread)))
        raise SolveError(f"{what}: value {at} is missing (NaN); fill it or leave its column or row out")
    return np.array(spread)  # a copy: what the caller does to its array later is not ours


def bounds(lower: ArrayLike, upper: ArrayLike, count: int, what: str) -> tuple[Floats, Floats]:
    """Return both bounds as arrays; crossed bounds pass, since a conflict can name them."""
    low, high = numbers(lower, count, f"lower bound of {what}"), numbers(upper, count, f"upper bound of {what}")
    if np.isposinf(low).any() or np.isneginf(high).any():
        raise SolveError(f"{what}: a lower bound of +infinity or an upper one of -infinity allows nothing")
    return low, high


def _accept(block: Columns | Rows, others: Sequence[Block], what: str) -> None:
    if any(other.name == block.name for other in others):
        raise SolveError(f"{what} '{block.name}' are there already; give each block its own name")
    if block.labels is not None and block.labels.height != block.count:
        raise SolveError(f"{what} '{block.name}': {block.labels.height} labels for {block.count}; give one row each")


def _first(block: Block, faulty: NDArray[np.bool_]) -> str:
    return str(block.label(int(np.argmax(faulty))))


def _end(blocks: Sequence[Block]) -> int:
    return blocks[-1].start + blocks[-1].count if blocks else 0


def _joined(parts: list[Floats]) -> Floats:
    return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0), *parts])


def _joined_integers(parts: list[Ints]) -> Ints:
    return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, dtype=np.int32), *parts])
