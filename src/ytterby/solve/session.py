"""A session: one HiGHS object that is filled once, changed, and solved again from the basis of its base.

The base is the first solve that ended optimal, with the costs and bounds it had; `rebase()` moves it. Starting every
scenario from the base basis makes answers independent of the order of scenarios. Bounds and costs are in the units of
the model. Refused: a warm start without a base, changes outside the model, NaN.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ytterby.solve.engine import FEASIBLE, Engine, at_rest
from ytterby.solve.errors import SolveError
from ytterby.solve.model import Arrays, Columns, Floats, Ints, Model, Rows, numbers, places
from ytterby.solve.solution import Solution
from ytterby.solve.stay import holds, tighter

if TYPE_CHECKING:
    from ytterby.solve.conflict import Clash

Warm = Literal["base", "last"]

STATUS_OF = {
    "Optimal": "optimal",
    "Time limit reached": "time_limit",
    "Infeasible": "infeasible",
    "Unbounded": "unbounded",
    "Empty": "optimal",
}
PROVEN = 1e-6  # a relative gap below it counts as none


class Session:
    """HiGHS with one model in it."""

    def __init__(self, model: Model, *, threads: int = 1, solver: str = "simplex") -> None:
        self.model = model
        arrays = model.compressed()
        self.engine = Engine(arrays, threads=threads, solver=solver)
        self._now: Arrays = at_rest(arrays)
        self._opened: Arrays = self._now
        self._base: tuple[Solution, Any, Arrays] | None = None
        self._last: Solution | None = None
        self._own: set[str] = set()  # arrays of _now that are no longer shared with the base

    @property
    def base(self) -> Solution | None:
        """The solution of the base; None before a solve ended optimal."""
        return self._base[0] if self._base else None

    def solve(self, *, warm: Warm | None = None, time_limit: float | None = None, gap: float | None = None) -> Solution:
        """Solve the model as it is now.

        warm        None: from nothing; "base": from the basis of the base, and without a solve where its optimum
                    stays; "last": from wherever the solve before ended
        time_limit  seconds; the best found by then is returned with status "time_limit"
        gap         relative, for whole numbers: stop once the objective is proven to lie within it
        """
        if warm == "base":
            base, basis, _ = self._need_base()
            if base.columns is None or self.would_stay():
                self._last = self._stayed()
                return self._last
            self.engine.start_from(basis, base.columns, primal=self._only_costs_changed())
        elif warm is None:
            self.engine.cold()
        start = time.perf_counter()
        word = self.engine.run(time_limit=time_limit, gap=gap)
        self._last = solution = self._read(word, time.perf_counter() - start, gap)
        if self._base is None and solution.is_optimal:
            self._set_base(solution)
        return solution

    def rebase(self, *, time_limit: float | None = None) -> Solution:
        """Make the model as it is now the base: solve it and keep its basis, costs and bounds."""
        solution = self.solve(warm="last", time_limit=time_limit)
        if not solution.is_optimal:
            raise SolveError(f"the changed model cannot be a base: its status is {solution.status}")
        self._set_base(solution)
        return solution

    def change_costs(self, x: Columns | ArrayLike, values: ArrayLike) -> None:
        """Give columns other costs."""
        where = places(x, self.model.column_count, "column")
        costs = numbers(values, where.size, "changed costs")
        self.engine.set_costs(where, costs)
        self._note("cost", where, costs)

    def change_bounds(
        self, x: Columns | ArrayLike, lower: ArrayLike | None = None, upper: ArrayLike | None = None
    ) -> None:
        """Give columns other bounds; None leaves that side as it is."""
        where = places(x, self.model.column_count, "column")
        low, high = self._sides(where, lower, upper, "lower", "upper")
        self.engine.set_bounds(where, low, high)
        self._note("lower", where, low)
        self._note("upper", where, high)

    def change_row_bounds(
        self, r: Rows | ArrayLike, lower: ArrayLike | None = None, upper: ArrayLike | None = None
    ) -> None:
        """Give rows other bounds; None leaves that side as it is."""
        where = places(r, self.model.row_count, "row")
        low, high = self._sides(where, lower, upper, "row_lower", "row_upper")
        self.engine.set_row_bounds(where, low, high)
        self._note("row_lower", where, low)
        self._note("row_upper", where, high)

    def reset(self) -> None:
        """Bring costs and bounds back to those of the base, or of the opened model before there is one."""
        target = self._base[2] if self._base else self._opened
        now = self._now
        changed = np.flatnonzero(now.cost != target.cost).astype(np.int32)
        if changed.size:
            self.engine.set_costs(changed, target.cost[changed])
        changed = np.flatnonzero((now.lower != target.lower) | (now.upper != target.upper)).astype(np.int32)
        if changed.size:
            self.engine.set_bounds(changed, target.lower[changed], target.upper[changed])
        rows = (now.row_lower != target.row_lower) | (now.row_upper != target.row_upper)
        changed = np.flatnonzero(rows).astype(np.int32)
        if changed.size:
            self.engine.set_row_bounds(changed, target.row_lower[changed], target.row_upper[changed])
        self._now = target
        self._own.clear()

    def would_stay(
        self,
        which: Columns | Rows | ArrayLike | None = None,
        lower: ArrayLike | None = None,
        upper: ArrayLike | None = None,
        *,
        rows: bool = False,
    ) -> bool | NDArray[np.bool_]:
        """Say whether the optimum of the base holds, so that no solve is needed.

        Without arguments: under all changes made so far. With a block (or numbers; `rows` says of what): if those
        bounds of the base became `lower` and `upper`, nothing else changed; a leading axis of bounds is one scenario
        each, and the answer has that axis.
        """
        solution, _, base = self._need_base()
        if which is None:
            return self._stays(solution, base)
        is_rows = rows or isinstance(which, Rows)
        if is_rows:
            where = places(which, self.model.row_count, "row")
            value, dual, olds = solution.activities, solution.duals, (base.row_lower, base.row_upper)
        else:
            where = places(which, self.model.column_count, "column")
            value, dual, olds = solution.columns, solution.reduced, (base.lower, base.upper)
        old_lower, old_upper = olds[0][where], olds[1][where]
        low = old_lower if lower is None else np.asarray(lower, dtype=np.float64)
        high = old_upper if upper is None else np.asarray(upper, dtype=np.float64)
        answers = _holding(value, dual, where, low, high, old_lower, old_upper).all(axis=-1)
        return answers if isinstance(answers, np.ndarray) else bool(answers)

    def fix_integers(self, *, time_limit: float | None = None) -> Solution:
        """Return the optimum with whole numbers held at their last values: a linear programme, so it has duals.

        The session is as it was afterwards.
        """
        if not self.engine.is_integer:
            raise SolveError("the model has no whole numbers to fix")
        last = self._last
        if last is None or last.columns is None:
            raise SolveError(f"there are no whole numbers to fix: {last.status if last else 'nothing is solved yet'}")
        where = np.flatnonzero(self._now.integer).astype(np.int32)
        held = np.round(last.columns[where])
        low, high = self._now.lower[where], self._now.upper[where]
        self.engine.set_integer(where, False)
        self.engine.set_bounds(where, held, held)
        word = self.engine.run(time_limit=time_limit)
        solution = self._read(word, 0.0, None, whole=False)
        self.engine.set_integer(where, True)
        self.engine.set_bounds(where, low, high)
        return solution

    def conflict(self, *, time_limit: float = 60.0) -> list[Clash]:
        """Return rows and bounds that cannot hold together and of which none is needless; empty if all can hold."""
        from ytterby.solve.conflict import find_conflict

        return find_conflict(self, time_limit=time_limit)

    def relax(
        self, rows: Rows | Sequence[Rows] | ArrayLike, weights: ArrayLike = 1.0, *, time_limit: float | None = None
    ) -> Floats:
        """Return for each of the rows by how much it must give way, so that the weighted sum is least.

        In the row's unit; positive: short of its lower bound; negative: above its upper one. The session is untouched.
        """
        from ytterby.solve.relax import smallest_relaxation

        return smallest_relaxation(self, rows, weights, time_limit=time_limit)

    def integer_columns(self) -> Ints | None:
        """Return 1 for columns of whole numbers; None if there are none."""
        return self._now.integer if self.engine.is_integer else None

    def row_bounds(self, where: Ints) -> tuple[Floats, Floats]:
        """Return the present bounds of rows."""
        return self._now.row_lower[where], self._now.row_upper[where]

    def _need_base(self) -> tuple[Solution, Any, Arrays]:
        if self._base is None:
            raise SolveError("there is no base yet: solve once to an optimum before starting from it")
        return self._base

    def _set_base(self, solution: Solution) -> None:
        self._base = (solution, self.engine.highs.getBasis(), self._now)
        self._own.clear()

    def _note(self, name: str, where: Ints, values: Floats) -> None:
        array = getattr(self._now, name)
        if name not in self._own:
            array = array.copy()
            self._now = replace(self._now, **{name: array})
            self._own.add(name)
        array[where] = values

    def _sides(
        self, where: Ints, lower: ArrayLike | None, upper: ArrayLike | None, low: str, high: str
    ) -> tuple[Floats, Floats]:
        return (
            getattr(self._now, low)[where] if lower is None else numbers(lower, where.size, "changed lower bounds"),
            getattr(self._now, high)[where] if upper is None else numbers(upper, where.size, "changed upper bounds"),
        )

    def _only_costs_changed(self) -> bool:
        now, base = self._now, self._need_base()[2]
        return now.cost is not base.cost and all(
            getattr(now, name) is getattr(base, name) for name in ("lower", "upper", "row_lower", "row_upper")
        )

    def _stays(self, solution: Solution, base: Arrays) -> bool:
        now = self._now
        moved = now.cost - base.cost if now.cost is not base.cost else None
        if moved is not None and moved.any() and self.engine.is_integer:
            return False
        reduced = solution.reduced
        if moved is not None and reduced is not None:
            reduced = reduced + moved
        touched = (now.lower != base.lower) | (now.upper != base.upper)
        if moved is not None:
            touched |= moved != 0
        where = np.flatnonzero(touched)
        olds = (base.lower[where], base.upper[where])
        if not _holding(solution.columns, reduced, where, now.lower[where], now.upper[where], *olds).all():
            return False
        where = np.flatnonzero((now.row_lower != base.row_lower) | (now.row_upper != base.row_upper))
        olds = (base.row_lower[where], base.row_upper[where])
        news = (now.row_lower[where], now.row_upper[where])
        return bool(_holding(solution.activities, solution.duals, where, *news, *olds).all())

    def _stayed(self) -> Solution:
        solution, _, base = self._need_base()
        moved = self._now.cost - base.cost
        objective = solution.objective + float(moved @ solution.columns) if solution.columns is not None else np.nan
        reduced = None if solution.reduced is None else solution.reduced + moved
        return replace(
            solution, objective=objective, bound=objective, iterations=0, seconds=0.0, reduced=reduced, stayed=True
        )

    def _read(self, word: str, seconds: float, gap: float | None, *, whole: bool = True) -> Solution:
        if word not in STATUS_OF:
            raise SolveError(f"HiGHS stopped without an answer: {word.lower()}")
        status = STATUS_OF[word]
        info, found = self.engine.highs.getInfo(), self.engine.highs.getSolution()
        has_values = status in ("optimal", "time_limit") and info.primal_solution_status == FEASIBLE
        is_whole = self.engine.is_integer and whole
        objective = float(info.objective_function_value) if has_values else np.nan
        bound = float(info.mip_dual_bound) if is_whole else (objective if status == "optimal" else -np.inf)
        if status == "optimal" and is_whole and gap and info.mip_gap > PROVEN:
            status = "gap_limit"
        has_duals = has_values and status == "optimal" and not is_whole and bool(found.dual_valid)
        return Solution(
            status=status,
            objective=objective,
            bound=bound,
            iterations=max(0, info.simplex_iteration_count)
            + max(0, info.qp_iteration_count)
            + max(0, info.ipm_iteration_count),
            seconds=seconds,
            columns=np.array(found.col_value) if has_values else None,
            activities=np.array(found.row_value) if has_values else None,
            reduced=np.array(found.col_dual) if has_duals else None,
            duals=np.array(found.row_dual) if has_duals else None,
        )


def _holding(
    value: Floats | None,
    dual: Floats | None,
    where: NDArray[np.integer[Any]],
    lower: Floats,
    upper: Floats,
    old_lower: Floats,
    old_upper: Floats,
) -> NDArray[np.bool_]:
    """Apply the test that the base's solution allows: with duals, or for whole numbers without."""
    if value is None:
        raise SolveError("the base has no values to compare with")
    if dual is None:
        return tighter(value[where], lower, upper, old_lower, old_upper)
    return holds(value[where], dual[where], lower, upper, old_lower, old_upper)
