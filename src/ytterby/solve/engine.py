"""The one place that talks to HiGHS (Huangfu and Hall 2018): fill, run, read; every return code is checked.

HiGHS says "error" in a return code, goes on with something else (another solver, the bounds as they were) and reports
an optimum of that; so no code passes unread here. Two habits of it are mended: its time limit counts all runs of one
object, and a changed number of threads makes the next run fail until its scheduler starts anew.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ytterby.solve.errors import SolveError
from ytterby.solve.model import Arrays, Floats, Ints

if TYPE_CHECKING:
    import highspy

SOLVERS = ("simplex", "ipm", "hipo")
DUAL, PRIMAL = 1, 4  # HiGHS's numbers of simplex strategies
FEASIBLE = 2  # and of a solution that keeps all rows and bounds


class Engine:
    """One HiGHS object, filled by one call."""

    def __init__(self, arrays: Arrays, *, threads: int = 1, solver: str = "simplex") -> None:
        import highspy

        self.is_quadratic = arrays.quadratic is not None
        self.is_integer = bool(arrays.integer.any())
        self.threads = threads
        make: Any = highspy.Highs.__base__  # without callbacks: those print a banner and keep a closed model alive
        self.highs = make()
        self.option("output_flag", False)
        self.option("threads", threads)
        self.option("qp_regularization_value", 0.0)  # its default shifts an optimum by more than 1e-6
        self.option("mip_rel_gap", 0.0)
        self.solver = self._choose(solver)
        self._fill(arrays)

    def option(self, name: str, value: bool | int | float | str) -> None:
        """Set an option of HiGHS."""
        self.check(self.highs.setOptionValue(name, value), f"does not take {name} = {value}")

    def check(self, status: Any, what: str) -> None:
        """Refuse a return code that says error; `what` completes "HiGHS ..."."""
        import highspy

        if status == highspy.HighsStatus.kError:
            raise SolveError(f"HiGHS {what}; see that every number of the model is finite and of sensible size")

    def run(self, *, time_limit: float | None = None, gap: float | None = None) -> str:
        """Solve and return the model status in HiGHS's words."""
        import highspy

        highs = self.highs
        self.option("time_limit", np.inf if time_limit is None else highs.getRunTime() + time_limit)
        self.option("mip_rel_gap", gap or 0.0)
        status = highs.run()
        if status == highspy.HighsStatus.kError and self.word() == "Not Set":
            highs.resetGlobalScheduler(True)  # another object in this process ran with other threads
            status = highs.run()
        if status == highspy.HighsStatus.kError:
            raise SolveError(f"HiGHS could not solve the model: it stopped with status '{self.word()}'")
        if self.word() == "Primal infeasible or unbounded":
            self.option("presolve", "off")
            self.check(highs.run(), "could not tell whether the model is infeasible or unbounded")
            self.option("presolve", "choose")
        return self.word()

    def word(self) -> str:
        """Return the model status in HiGHS's words."""
        words: str = self.highs.modelStatusToString(self.highs.getModelStatus())
        return words

    def cold(self) -> None:
        """Forget basis and solution."""
        self.check(self.highs.clearSolver(), "could not forget its last solution")
        self.option("simplex_strategy", DUAL)

    def start_from(self, basis: highspy.HighsBasis, values: Floats, *, primal: bool) -> None:
        """Take a basis to start from, or values for whole numbers; `primal` where only costs changed since."""
        if self.is_integer:
            where = np.arange(values.size, dtype=np.int32)
            self.check(self.highs.setSolution(where.size, where, values), "does not take the values of the base")
            return
        self.check(self.highs.setBasis(basis), "does not take the basis of the base")
        self.option("simplex_strategy", PRIMAL if primal else DUAL)

    def set_costs(self, where: Ints, values: Floats) -> None:
        """Change costs of columns."""
        self.check(self.highs.changeColsCost(where.size, where, values), "does not take the changed costs")

    def set_bounds(self, where: Ints, lower: Floats, upper: Floats) -> None:
        """Change bounds of columns."""
        status = self.highs.changeColsBounds(where.size, where, lower, upper)
        self.check(status, "does not take the changed bounds of columns")

    def set_row_bounds(self, where: Ints, lower: Floats, upper: Floats) -> None:
        """Change bounds of rows."""
        status = self.highs.changeRowsBounds(where.size, where, lower, upper)
        self.check(status, "does not take the changed bounds of rows")

    def set_integer(self, where: Ints, integer: bool) -> None:
        """Ask for whole numbers in the columns, or no longer."""
        kinds = np.full(where.size, int(integer), dtype=np.uint8)
        self.check(self.highs.changeColsIntegrality(where.size, where, kinds), "does not take the whole numbers")

    def linear_copy(self, integer: Ints | None = None) -> Engine:
        """Return another HiGHS object with the present bounds, without costs and without the quadratic part."""
        lp = self.highs.getLp()
        matrix = lp.a_matrix_
        arrays = Arrays(
            cost=np.zeros(lp.num_col_),
            lower=np.asarray(lp.col_lower_, dtype=np.float64),
            upper=np.asarray(lp.col_upper_, dtype=np.float64),
            row_lower=np.asarray(lp.row_lower_, dtype=np.float64),
            row_upper=np.asarray(lp.row_upper_, dtype=np.float64),
            integer=np.zeros(lp.num_col_, dtype=np.int32) if integer is None else integer,
            start=np.asarray(matrix.start_, dtype=np.int32),
            index=np.asarray(matrix.index_, dtype=np.int32),
            value=np.asarray(matrix.value_, dtype=np.float64),
            quadratic=None,
            constant=0.0,
        )
        return Engine(arrays, threads=self.threads)

    def _choose(self, solver: str) -> str:
        if solver not in SOLVERS:
            raise SolveError(f"unknown solver '{solver}'; there are: {', '.join(SOLVERS)}")
        import highspy

        if solver != "simplex" and (self.is_quadratic or self.is_integer):
            raise SolveError(f"solver '{solver}' takes linear models only; leave it out for whole numbers and squares")
        if self.highs.setOptionValue("solver", solver) == highspy.HighsStatus.kError:
            raise SolveError(
                f"solver '{solver}' is not part of this HiGHS; install the package highspy-extras of the same version, "
                "or choose simplex or ipm"
            )
        if self.is_quadratic or self.is_integer:
            self.option("solver", "choose")
        return solver

    def _fill(self, arrays: Arrays) -> None:
        import highspy

        count, row_count = arrays.cost.size, arrays.row_lower.size
        if count == 0:
            raise SolveError("the model has no columns, so there is nothing to decide")
        head = (count, row_count, arrays.value.size)
        columnwise, triangular = int(highspy.MatrixFormat.kColwise), int(highspy.HessianFormat.kTriangular)
        sense = (int(highspy.ObjSense.kMinimize), arrays.constant)
        vectors = (arrays.cost, arrays.lower, arrays.upper, arrays.row_lower, arrays.row_upper)
        matrix = (arrays.start, arrays.index, arrays.value)
        if arrays.quadratic is None:
            status = self.highs.passModel(*head, columnwise, *sense, *vectors, *matrix, arrays.integer)
        else:
            held = np.flatnonzero(arrays.quadratic).astype(np.int32)
            start = np.concatenate([[0], np.cumsum(arrays.quadratic > 0)]).astype(np.int32)
            hessian = (start, held, arrays.quadratic[held])
            formats = (columnwise, triangular)
            status = self.highs.passModel(
                *head, held.size, *formats, *sense, *vectors, *matrix, *hessian, arrays.integer
            )
        self.check(status, "does not take the model")


def at_rest(arrays: Arrays) -> Arrays:
    """Return the arrays without the matrix, as a session keeps them to compare changes with."""
    empty = np.empty(0, dtype=np.int32)
    return replace(arrays, start=empty, index=empty, value=np.empty(0))
