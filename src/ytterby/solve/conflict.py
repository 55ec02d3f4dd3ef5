"""Which rows and bounds cannot hold together: an irreducible infeasible subset (IIS), named by its labels.

HiGHS proposes a subset; a deletion filter (Chinneck and Dravnieks 1991) then proves on a copy of the model that the
subset is infeasible by itself, and drops what is not needed for that. Costs, squares and whole numbers play no part.
Refused: a model that is infeasible only because numbers must be whole, which no set of rows explains.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ytterby.solve.engine import Engine
from ytterby.solve.errors import SolveError
from ytterby.solve.model import Ints, locate

if TYPE_CHECKING:
    from ytterby.solve.session import Session

FROM_LP, IRREDUCIBLE = 2, 4  # HiGHS's IIS strategies
LOWER, UPPER, BOXED = 2, 3, 4  # and its names for the sides of a bound
MOST = 2_000  # larger subsets are not filtered: nobody reads them

_FREE = {"lower": -np.inf, "upper": np.inf}

Element = tuple[bool, int, str]  # of a row, its number, "lower" or "upper"


class Clash(NamedTuple):
    """One side of one row or of one column's bounds that takes part in a conflict."""

    name: str
    label: dict[str, object]
    side: str
    bound: float
    is_row: bool


class _Sides:
    """A copy of a model of which single sides of bounds can be freed and held again."""

    def __init__(self, copy: Engine) -> None:
        lp = copy.highs.getLp()
        self.copy = copy
        self.bounds = {
            (True, "lower"): np.asarray(lp.row_lower_),
            (True, "upper"): np.asarray(lp.row_upper_),
            (False, "lower"): np.asarray(lp.col_lower_),
            (False, "upper"): np.asarray(lp.col_upper_),
        }
        self.now = {side: np.full(bound.size, _FREE[side[1]]) for side, bound in self.bounds.items()}

    def keep_only(self, elements: list[Element]) -> None:
        """Free every side that is not among the elements."""
        for is_row, at, side in elements:
            self.now[is_row, side][at] = self.bounds[is_row, side][at]
        for is_row in (True, False):
            where = np.arange(self.now[is_row, "lower"].size, dtype=np.int32)
            self._set(is_row, where)

    def free(self, element: Element) -> None:
        """Let one side go."""
        is_row, at, side = element
        self.now[is_row, side][at] = _FREE[side]
        self._set(is_row, np.array([at], dtype=np.int32))

    def hold(self, element: Element) -> None:
        """Put one side back."""
        is_row, at, side = element
        self.now[is_row, side][at] = self.bounds[is_row, side][at]
        self._set(is_row, np.array([at], dtype=np.int32))

    def are_infeasible(self) -> bool:
        """Whether what is held cannot hold together."""
        return self.copy.run() == "Infeasible"

    def _set(self, is_row: bool, where: Ints) -> None:
        change = self.copy.set_row_bounds if is_row else self.copy.set_bounds
        change(where, self.now[is_row, "lower"][where], self.now[is_row, "upper"][where])


def find_conflict(session: Session, *, time_limit: float) -> list[Clash]:
    """Return the conflict of the session's model as it is now; empty where the rows can hold together."""
    until = time.monotonic() + time_limit
    copy = session.engine.linear_copy()
    word = copy.run(time_limit=time_limit)
    if word in ("Optimal", "Empty"):
        whole = session.integer_columns()
        if whole is not None and session.engine.linear_copy(whole).run(time_limit=time_limit) == "Infeasible":
            raise SolveError("only whole numbers make the model infeasible: in fractions all rows can hold together")
        return []
    if word != "Infeasible":
        raise SolveError(f"no conflict was found within {time_limit:g} s; allow more time")
    sides = _Sides(copy)
    elements = _needed(sides, _proposed(copy, until), until)
    return [_clash(session, sides, element) for element in elements]


def _proposed(copy: Engine, until: float) -> list[Element]:
    """Ask HiGHS for a subset."""
    copy.option("iis_strategy", FROM_LP + IRREDUCIBLE)
    copy.option("iis_time_limit", max(0.1, until - time.monotonic()))
    status, iis = copy.highs.getIis()
    copy.check(status, "could not find a conflict")
    sides = {LOWER: ("lower",), UPPER: ("upper",), BOXED: ("lower", "upper")}
    rows = zip(iis.row_index_, iis.row_bound_, strict=True)
    columns = zip(iis.col_index_, iis.col_bound_, strict=True)
    return [(True, at, side) for at, bound in rows for side in sides.get(bound, ())] + [
        (False, at, side) for at, bound in columns for side in sides.get(bound, ())
    ]


def _needed(sides: _Sides, elements: list[Element], until: float) -> list[Element]:
    """See that the elements are infeasible by themselves, and drop one after the other that this does not need."""
    sides.keep_only(elements)
    if not elements or not sides.are_infeasible():
        raise SolveError("HiGHS named no conflict although the model is infeasible; relax() shows what would help")
    if len(elements) > MOST:
        return elements
    needed = list(elements)
    for element in elements:
        if time.monotonic() > until or len(needed) == 1:
            break
        sides.free(element)
        if sides.are_infeasible():
            needed.remove(element)
        else:
            sides.hold(element)
    return needed


def _clash(session: Session, sides: _Sides, element: Element) -> Clash:
    is_row, at, side = element
    block, position = locate(session.model.row_blocks if is_row else session.model.column_blocks, at)
    return Clash(block.name, block.label(position), side, float(sides.bounds[is_row, side][at]), is_row)
