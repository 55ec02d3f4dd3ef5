"""Solve: hand-solved programmes with duals, warm equals cold, conflicts and relaxations by name, and other solvers."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ytterby.errors import YtterbyError
from ytterby.solve import Columns, Model, Rows, Session, SolveError

INF = np.inf


def works() -> tuple[Model, Columns, Rows, Rows]:
    """Two works, two months: 3 and 5 a tonne, at most 40 and 100 t a month; 60 and 30 t are wanted.

    By hand: month 1 runs 40 + 20, month 2 runs 30 + 0: 120 + 100 + 90 = 310. One more tonne wanted costs 5, then 3; one
    more tonne of the first works in month 1 saves 5 - 3 = 2.
    """
    model = Model()
    keys = pl.DataFrame({"works": ["a", "b", "a", "b"], "month": [1, 1, 2, 2]})
    run = model.columns("run", 4, cost=[3.0, 5.0, 3.0, 5.0], labels=keys)
    want = model.rows("want", 2, lower=[60.0, 30.0], labels=pl.DataFrame({"month": [1, 2]}))
    capacity = model.rows("capacity", 4, upper=[40.0, 100.0, 40.0, 100.0], labels=keys)
    model.entries(want.index[[0, 0, 1, 1]], run.index, 1.0)
    model.entries(capacity.index, run.index, 1.0)
    return model, run, want, capacity


def test_by_hand_with_duals() -> None:
    model, run, want, capacity = works()
    solution = model.open().solve()
    assert solution.status == "optimal"
    assert solution.is_optimal
    assert solution.gap == 0
    assert solution.objective == pytest.approx(310, abs=1e-9)
    assert solution.value(run) == pytest.approx([40, 20, 30, 0], abs=1e-9)
    assert solution.dual(want) == pytest.approx([5, 3], abs=1e-9)
    assert solution.dual(capacity) == pytest.approx([-2, 0, 0, 0], abs=1e-9)
    assert solution.reduced_cost(run) == pytest.approx([0, 0, 0, 2], abs=1e-9)
    assert solution.activity(capacity) == pytest.approx([40, 20, 30, 0], abs=1e-9)


def test_answers_carry_their_labels() -> None:
    model, run, want, _ = works()
    solution = model.open().solve()
    frame = solution.frame(run)
    assert frame.columns == ["works", "month", "value", "reduced_cost"]
    assert frame.filter(works="b", month=1)["value"].item() == pytest.approx(20)
    assert solution.dual_frame(want).columns == ["month", "activity", "dual"]


def test_a_block_without_labels_is_numbered() -> None:
    model = Model(constant=2.5)
    x = model.columns("x", 2, cost=1.0, lower=[1.0, 2.0])
    solution = model.open().solve()
    assert solution.objective == pytest.approx(5.5)
    assert solution.frame(x)["index"].to_list() == [0, 1]


def test_entries_on_one_place_are_summed_and_may_come_later() -> None:
    model = Model()
    x = model.columns("x", 1, cost=1.0)
    r = model.rows("r", 1, lower=12.0)
    model.entries([0, 0, 0], [0, 0, 0], [1.0, 2.5, 1e-17])
    assert model.open().solve().value(x) == pytest.approx([12 / 3.5])
    model.entries(r.index, x.index, 0.5)
    assert model.open().solve().value(x) == pytest.approx([3.0])
    assert model.compressed().value.tolist() == [4.0]


def test_what_the_caller_does_to_its_arrays_later_changes_nothing() -> None:
    model = Model()
    cost = np.array([1.0, 2.0])
    x = model.columns("x", 2, cost=cost, lower=1.0)
    cost[:] = 99.0
    session = model.open()
    assert session.solve().objective == pytest.approx(3.0)
    session.change_costs(x, 7.0)
    assert model.open().solve().objective == pytest.approx(3.0), "another session of the same model"
    session.reset()
    assert session.solve().objective == pytest.approx(3.0)


def test_what_cancels_leaves_no_entry() -> None:
    model = Model()
    model.columns("x", 1, cost=1.0)
    model.rows("r", 1, lower=0.0)
    model.entries([0, 0, 0], [0, 0, 0], [0.1, 0.2, -0.3])
    assert model.compressed().value.size == 0


# Changed and solved again


@pytest.mark.parametrize("warm", ["base", "last", None])
def test_warm_equals_cold(warm: str | None) -> None:
    model, run, want, capacity = works()
    session = model.open()
    base = session.solve()
    session.change_row_bounds(want, lower=[90.0, 45.0])
    changed = session.solve(warm=warm)  # type: ignore[arg-type]
    # 40 x 3 + 50 x 5 + 40 x 3 + 5 x 5 = 515
    assert changed.objective == pytest.approx(515, abs=1e-9)
    assert changed.dual(capacity) == pytest.approx([-2, 0, -2, 0], abs=1e-9)
    session.change_costs(run.index[:1], 6.0)
    # Month 1: 90 x 5, since the first works costs 6 now: 450 + 145 = 595.
    assert session.solve(warm=warm).objective == pytest.approx(595, abs=1e-9)  # type: ignore[arg-type]
    session.reset()
    assert session.solve(warm=warm).objective == pytest.approx(base.objective, abs=1e-9)  # type: ignore[arg-type]


def test_only_costs_changed() -> None:
    model, run, *_ = works()
    session = model.open()
    session.solve()
    session.change_costs(run, [9.0, 5.0, 9.0, 5.0])
    solution = session.solve(warm="base")
    assert not solution.stayed
    assert solution.objective == pytest.approx(450, abs=1e-9)


def test_no_solve_where_every_changed_bound_is_slack() -> None:
    model, run, want, capacity = works()
    session = model.open()
    base = session.solve()
    assert session.would_stay()
    assert session.would_stay(capacity, upper=[40.0, 21.0, 35.0, 50.0])
    assert not session.would_stay(capacity, upper=[41.0, 100.0, 40.0, 100.0]), "a tight capacity that grows"
    assert not session.would_stay(capacity, upper=[40.0, 19.0, 40.0, 100.0]), "a capacity below what runs"
    both = session.would_stay(capacity, upper=[[40.0, 21.0, 35.0, 50.0], [41.0, 100.0, 40.0, 100.0]])
    assert np.asarray(both).tolist() == [True, False]
    session.change_row_bounds(capacity, upper=[40.0, 21.0, 35.0, 50.0])
    session.change_costs(run.index[3:], 4.0)
    solution = session.solve(warm="base")
    assert solution.stayed
    assert solution.iterations == 0
    assert solution.value(run) == pytest.approx(base.value(run))
    assert solution.reduced_cost(run) == pytest.approx([0, 0, 0, 1])
    session.change_row_bounds(want, lower=[61.0, 30.0])
    assert not session.would_stay()
    assert session.solve(warm="base").objective == pytest.approx(315)


def test_a_lower_cost_of_what_runs_is_solved_again() -> None:
    model, run, *_ = works()
    session = model.open()
    session.solve()
    session.change_costs(run.index[:1], 2.0)
    kept = session.solve(warm="base")
    assert not kept.stayed, "what runs between its bounds is solved again"
    assert kept.objective == pytest.approx(270)


def test_rebase_moves_the_base() -> None:
    model, _, want, _ = works()
    session = model.open()
    session.solve()
    session.change_row_bounds(want, lower=[90.0, 45.0])
    assert session.rebase().objective == pytest.approx(515)
    assert session.would_stay()
    session.change_row_bounds(want, lower=[1.0, 1.0])
    session.reset()
    assert session.solve().objective == pytest.approx(515)


def test_no_warm_start_without_a_base() -> None:
    with pytest.raises(SolveError, match="no base yet"):
        works()[0].open().solve(warm="base")


# Squares


def test_least_squares_closed_form() -> None:
    # Two flows must be equal; observed 10 (sd 1) and 13 (sd 2): weights 1 and 1/4 give 10.6 for both.
    model = Model()
    observed, weight = np.array([10.0, 13.0]), np.array([1.0, 0.25])
    x = model.columns("x", 2, cost=-weight * observed)
    r = model.rows("closes", 1, lower=0.0, upper=0.0)
    model.entries(0, x.index, [1.0, -1.0])
    model.quadratic(x, weight)
    session = model.open()
    solution = session.solve()
    assert solution.value(x) == pytest.approx([10.6, 10.6], abs=1e-9)
    assert solution.dual(r) == pytest.approx([0.6], abs=1e-9)
    assert solution.objective == pytest.approx(float((weight * (0.5 * 10.6**2 - observed * 10.6)).sum()), abs=1e-9)
    session.change_bounds(x, upper=[10.0, 100.0])
    assert session.solve(warm="base").value(x) == pytest.approx([10.0, 10.0], abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_least_squares_agree_with_linear_algebra(seed: int) -> None:
    # Without bounds in the way the adjusted values are x0 - W A' (A W A')^-1 A x0.
    rng = np.random.default_rng(seed)
    count, closing = 12, 4
    matrix = rng.choice([-1.0, 0.0, 1.0], size=(closing, count))
    matrix[np.arange(closing), np.arange(closing)] = 1.0
    matrix[np.tril_indices(closing, -1)] = 0.0
    observed, sd = rng.lognormal(2, 1, count), rng.uniform(0.1, 3, count)
    model = Model()
    x = model.columns("x", count, cost=-observed / sd**2, lower=-INF)
    model.rows("closes", closing, lower=0.0, upper=0.0)
    at = np.nonzero(matrix)
    model.entries(*at, matrix[at])
    model.quadratic(x, 1 / sd**2)
    spread = np.diag(sd**2) @ matrix.T
    wanted = observed - spread @ np.linalg.solve(matrix @ spread, matrix @ observed)
    assert model.open().solve().value(x) == pytest.approx(wanted, rel=1e-8, abs=1e-8)


# Whole numbers


def plants() -> tuple[Model, Columns, Columns, Rows]:
    """Plants of 50 t at 100 each, running at 1 a tonne; 120 t are wanted: three plants, 420."""
    model = Model()
    build = model.columns("build", 1, cost=100.0, integer=True)
    run = model.columns("run", 1, cost=1.0)
    want = model.rows("want", 1, lower=120.0)
    held = model.rows("capacity", 1, upper=0.0)
    model.entries([want.start, held.start, held.start], [run.start, run.start, build.start], [1.0, 1.0, -50.0])
    return model, build, run, want


def test_whole_numbers_and_their_duals() -> None:
    model, build, run, want = plants()
    session = model.open()
    solution = session.solve()
    assert solution.status == "optimal"
    assert solution.objective == pytest.approx(420)
    assert solution.value(build) == pytest.approx([3])
    assert solution.frame(run).columns == ["index", "value"]
    with pytest.raises(SolveError, match="fix_integers"):
        solution.dual(want)
    fixed = session.fix_integers()
    assert fixed.objective == pytest.approx(420)
    assert fixed.dual(want) == pytest.approx([1.0]), "with three plants standing, a tonne costs its running only"
    assert session.fix_integers().objective == pytest.approx(420), "and again"
    assert session.solve().value(build) == pytest.approx([3]), "the session is as it was"
    session.change_row_bounds(want, lower=140.0)
    assert session.solve(warm="base").objective == pytest.approx(440)


def test_whole_numbers_stay_only_under_tighter_bounds() -> None:
    model, build, _, _ = plants()
    session = model.open()
    session.solve()
    assert session.would_stay(build, lower=1.0, upper=10.0)
    assert not session.would_stay(build, lower=-1.0)


def test_gap_limit_is_marked() -> None:
    rng = np.random.default_rng(7)
    model = Model()
    x = model.columns("x", 60, cost=-rng.integers(20, 60, 60).astype(float), upper=1.0, integer=True)
    model.rows("weight", 5, upper=200.0)
    row, column = np.indices((5, 60))
    model.entries(row, column, rng.integers(10, 60, (5, 60)).astype(float))
    stopped = model.open().solve(gap=0.5)
    assert stopped.status in ("gap_limit", "optimal")
    assert stopped.gap <= 0.5
    assert stopped.bound <= stopped.objective + 1e-6
    assert stopped.value(x) == pytest.approx(np.round(stopped.value(x)), abs=1e-6)
    if stopped.gap > 1e-6:
        assert stopped.status == "gap_limit"


def knapsacks(seed: int = 3) -> Model:
    rng = np.random.default_rng(seed)
    model = Model()
    model.columns("x", 200, cost=-rng.uniform(20, 60, 200), upper=1.0, integer=True)
    model.rows("weight", 40, upper=3_000.0)
    row, column = np.indices((40, 200))
    model.entries(row, column, rng.uniform(10, 60, (40, 200)))
    return model


def test_time_limit_returns_the_best_found() -> None:
    session = knapsacks().open()
    solution = session.solve(time_limit=1.0)
    assert solution.status == "time_limit"
    assert not solution.is_optimal
    assert solution.has_values
    assert solution.bound < solution.objective < 0
    assert session.base is None
    again = session.solve(time_limit=1.0)
    assert again.has_values, "the limit counts from the start of each solve"


def test_time_limit_before_any_solution() -> None:
    model, run, *_ = works()
    solution = model.open().solve(time_limit=0.0)
    assert solution.status in ("time_limit", "optimal")
    if not solution.has_values:
        with pytest.raises(SolveError, match="time_limit"):
            solution.value(run)


# No optimum


def test_unbounded() -> None:
    model = Model()
    x = model.columns("x", 2, cost=[-1.0, 1.0])
    model.rows("r", 1, lower=0.0)
    model.entries(0, x.index, [1.0, -1.0])
    session = model.open()
    solution = session.solve()
    assert solution.status == "unbounded"
    with pytest.raises(SolveError, match="unbounded"):
        solution.value(x)
    assert session.conflict() == []


def test_unbounded_with_whole_numbers() -> None:
    model = Model()
    x = model.columns("x", 2, cost=[-1.0, 1.0], integer=True)
    model.rows("r", 1, lower=0.0)
    model.entries(0, x.index, [1.0, -1.0])
    session = model.open()
    assert session.solve().status == "unbounded"
    with pytest.raises(SolveError, match="unbounded"):
        session.fix_integers()


def test_changing_nothing() -> None:
    model, *_ = works()
    session = model.open()
    session.solve()
    session.change_costs([], 1.0)
    session.change_bounds(np.array([], dtype=int), lower=[])
    session.change_row_bounds([], upper=1.0)
    assert session.would_stay()
    assert session.solve(warm="base").stayed


def short() -> tuple[Session, Rows, Rows]:
    """`works` with a month in which 150 t are wanted of 140, and one row more that has no part in it."""
    model, _, want, capacity = works()
    session = model.open()
    session.change_row_bounds(want, lower=[150.0, 30.0])
    return session, want, capacity


def test_infeasible_names_the_rows() -> None:
    session, want, capacity = short()
    assert session.solve().status == "infeasible"
    found = session.conflict()
    assert {(c.name, c.label["month"], c.label.get("works"), c.side) for c in found} == {
        ("want", 1, None, "lower"),
        ("capacity", 1, "a", "upper"),
        ("capacity", 1, "b", "upper"),
    }
    assert {c.bound for c in found} == {150.0, 40.0, 100.0}
    session.change_row_bounds(want, lower=[140.0, 30.0])
    assert session.conflict() == []
    assert session.solve().is_optimal
    assert capacity.count == 4


def test_conflict_of_bounds() -> None:
    model = Model()
    x = model.columns("x", 2, cost=1.0, upper=[5.0, INF], labels=pl.DataFrame({"place": ["AUT", "PRT"]}))
    model.rows("r", 1, lower=10.0)
    model.entries(0, x.index[:1], 1.0)
    found = model.open().conflict()
    assert {(c.name, c.side, c.is_row) for c in found} == {("x", "upper", False), ("r", "lower", True)}
    assert [c.label for c in found if not c.is_row] == [{"place": "AUT"}]


def test_crossed_bounds_are_a_conflict() -> None:
    model = Model()
    model.columns("x", 1, cost=1.0, lower=3.0, upper=1.0)
    session = model.open()
    assert session.solve().status == "infeasible"
    assert {(c.name, c.side) for c in session.conflict()} == {("x", "lower"), ("x", "upper")}


def test_conflict_of_whole_numbers_alone() -> None:
    model = Model()
    x = model.columns("x", 1, integer=True)
    model.rows("r", 1, lower=0.4, upper=0.6)
    model.entries(0, x.index, 1.0)
    session = model.open()
    assert session.solve().status == "infeasible"
    with pytest.raises(SolveError, match="only whole numbers"):
        session.conflict()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_conflict_is_irreducible(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count, rows = 8, 12
    matrix = rng.integers(-2, 3, (rows, count)).astype(float)
    lower = rng.integers(0, 12, rows).astype(float)
    model = Model()
    x = model.columns("x", count, upper=3.0)
    r = model.rows("r", rows, lower=lower)
    at = np.nonzero(matrix)
    model.entries(*at, matrix[at])
    session = model.open()
    if session.solve().status == "optimal":
        assert session.conflict() == []
        return
    found = session.conflict()

    def status(kept: list[object]) -> str:
        test = model.open()
        test.change_bounds(x, lower=-INF, upper=INF)
        test.change_row_bounds(r, lower=-INF)
        for clash in kept:
            at = [clash.label["index"]]  # type: ignore[attr-defined]
            change = test.change_row_bounds if clash.is_row else test.change_bounds  # type: ignore[attr-defined]
            change(at, **{clash.side: clash.bound})  # type: ignore[attr-defined]
        return test.solve().status

    assert status(list(found)) == "infeasible"
    for clash in found:
        assert status([other for other in found if other is not clash]) == "optimal"


def test_smallest_relaxation_by_hand() -> None:
    session, want, capacity = short()
    assert session.solve().status == "infeasible"
    assert session.relax(want) == pytest.approx([10.0, 0.0], abs=1e-9), "ten tonnes short"
    assert session.relax(capacity) == pytest.approx([-10.0, 0, 0, 0], abs=1e-9) or session.relax(
        capacity
    ) == pytest.approx([0, -10.0, 0, 0], abs=1e-9)
    dear = session.relax(capacity, [5.0, 1.0, 1.0, 1.0])
    assert dear == pytest.approx([0, -10.0, 0, 0], abs=1e-9), "the cheaper capacity gives way"
    both = session.relax([want, capacity], np.array([1.0, 1.0, 9.0, 9.0, 9.0, 9.0]))
    assert both == pytest.approx([10.0, 0, 0, 0, 0, 0], abs=1e-9)
    assert session.solve().status == "infeasible", "the session is as it was"
    assert session.relax(want.index[:1]) == pytest.approx([10.0])


def test_relaxation_that_cannot_help() -> None:
    session, want, _ = short()
    with pytest.raises(SolveError, match="name more rows"):
        session.relax(want.index[1:])
    with pytest.raises(SolveError, match="not positive"):
        session.relax(want, 0.0)


def test_relaxation_keeps_squares_and_whole_numbers_out_of_it() -> None:
    model, build, _, want = plants()
    session = model.open()
    session.change_bounds(build, upper=2.0)
    assert session.solve().status == "infeasible"
    assert session.relax(want) == pytest.approx([20.0])
    model = Model()
    x = model.columns("x", 1, upper=3.0)
    model.quadratic(x, 1.0)
    r = model.rows("r", 1, lower=5.0)
    model.entries(0, 0, 1.0)
    session = model.open()
    assert session.solve().status == "infeasible"
    assert session.relax(r) == pytest.approx([2.0])
    assert len(session.conflict()) == 2
    session.change_row_bounds(r, lower=2.0)
    assert session.solve().objective == pytest.approx(2.0)


# Refusals, one sentence each


def test_refusals() -> None:
    model = Model()
    x = model.columns("x", 2, labels=pl.DataFrame({"place": ["AUT", "PRT"]}))
    r = model.rows("r", 1, labels=pl.DataFrame({"year": [2030]}))
    for wrong, match in (
        (lambda: model.columns("x", 1), "there already"),
        (lambda: model.columns("y", 2, cost=[1.0, np.nan]), r"value 1 is missing \(NaN\)"),
        (lambda: model.columns("y", 2, cost=[1.0, INF]), "infinite"),
        (lambda: model.columns("y", 2, cost=[1.0, 2.0, 3.0]), "values for 2"),
        (lambda: model.columns("y", 1, lower=INF), "allows nothing"),
        (lambda: model.columns("y", 3, labels=pl.DataFrame({"a": [1]})), "1 labels for 3"),
        (lambda: model.entries([1], [0], 1.0), "row 1 is not in the model, which has 1"),
        (lambda: model.entries([0], [-1], 1.0), "column -1 is not"),
        (lambda: model.entries([0.5], [0], 1.0), "must be integers"),
        (lambda: model.entries([0], [0], np.nan), "missing"),
        (lambda: model.entries([0], [0], INF), "infinite"),
        (lambda: model.quadratic(x, -1.0), "convex"),
        (lambda: model.quadratic([0, 0], 1.0), "named twice"),
        (lambda: Model().open(), "no columns"),
    ):
        with pytest.raises(SolveError, match=match) as caught:
            wrong()
        assert isinstance(caught.value, YtterbyError)
    model.entries(r.index, x.index[1:], 1e-10)
    with pytest.raises(SolveError, match=r"1e-10 at r \(year=2030\) and x \(place=PRT\)"):
        model.open()


def test_a_return_code_that_says_error_is_never_passed_over() -> None:
    model, *_ = works()
    session = model.open()
    session.engine.check(session.engine.highs.changeColCost(0, 1.0), "does this")
    with pytest.raises(SolveError, match="HiGHS does not take 'what'"):
        session.engine.check(session.engine.highs.changeColCost(99, 1.0), "does not take 'what'")
    with pytest.raises(SolveError, match="does not take no_such_option"):
        session.engine.option("no_such_option", 1)
    huge = Model()
    huge.columns("x", 1)
    huge.rows("r", 1)
    huge.entries(0, 0, 1e20)
    with pytest.raises(SolveError, match="does not take the model"):
        huge.open()


@pytest.mark.skipif(find_spec("highspy_extras") is not None, reason="highspy-extras is installed")
def test_hipo_without_its_package_is_refused() -> None:
    with pytest.raises(SolveError, match="install the package highspy-extras"):
        works()[0].open(solver="hipo")


def test_other_solvers() -> None:
    assert works()[0].open(solver="ipm").solve().objective == pytest.approx(310, abs=1e-6)
    with pytest.raises(SolveError, match="unknown solver 'cplex'"):
        works()[0].open(solver="cplex")
    with pytest.raises(SolveError, match="linear models only"):
        plants()[0].open(solver="ipm")


def test_sessions_with_other_numbers_of_threads() -> None:
    assert [works()[0].open(threads=threads).solve().status for threads in (1, 2, 1)] == ["optimal"] * 3


def test_import_is_light() -> None:
    code = "import ytterby, sys\nassert 'highspy' not in sys.modules\nimport ytterby.solve\n"
    code += "assert not {'highspy', 'scipy', 'polars'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_solver_prints_nothing_and_leaves_with_its_session() -> None:
    code = (
        "from ytterby.solve import Model\nimport gc, weakref\ngc.disable()\n"
        "model = Model(); model.columns('x', 1, cost=1.0, lower=0.5, integer=True)\n"
        "session = model.open(); assert session.solve().objective == 1.0; session.fix_integers()\n"
        "gone = weakref.ref(session.engine); del session\nassert gone() is None\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# Other people's solvers and models


def transport(seed: int, origins: int, places: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    wanted = rng.integers(1, 50, places).astype(float)
    offered = rng.integers(1, 50, origins).astype(float)
    offered *= max(1.0, 1.2 * wanted.sum() / offered.sum())
    return rng.uniform(1, 20, (origins, places)).round(2), offered, wanted


def transport_model(cost: np.ndarray, offered: np.ndarray, wanted: np.ndarray) -> tuple[Model, Columns, Rows, Rows]:
    model = Model()
    row, column = (at.ravel() for at in np.indices(cost.shape))
    ship = model.columns("ship", cost.size, cost=cost.ravel(), labels=pl.DataFrame({"from": row, "to": column}))
    offer = model.rows("offer", offered.size, upper=offered)
    want = model.rows("want", wanted.size, lower=wanted)
    model.entries(offer.index[row], ship.index, 1.0)
    model.entries(want.index[column], ship.index, 1.0)
    return model, ship, offer, want


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 6))
def test_transport_agrees_with_scipy(seed: int, origins: int, places: int) -> None:
    from scipy.optimize import linprog

    cost, offered, wanted = transport(seed, origins, places)
    model, ship, offer, want = transport_model(cost, offered, wanted)
    session = model.open()
    solution = session.solve()
    into, out = np.kron(np.ones((1, origins)), np.eye(places)), np.kron(np.eye(origins), np.ones((1, places)))
    check = linprog(cost.ravel(), np.vstack([out, -into]), np.concatenate([offered, -wanted]), method="highs-ipm")
    assert solution.objective == pytest.approx(check.fun, rel=1e-7)
    dual = float(solution.dual(offer) @ offered + solution.dual(want) @ wanted)
    assert dual == pytest.approx(solution.objective, rel=1e-9), "strong duality"
    assert solution.value(ship) @ cost.ravel() == pytest.approx(solution.objective, rel=1e-9)
    session.change_row_bounds(want, lower=wanted * 0.9)
    warm = session.solve(warm="base")
    assert warm.objective == pytest.approx(session.solve().objective, rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.7, 1.1))
def test_what_stays_is_what_a_solve_finds(seed: int, factor: float) -> None:
    cost, offered, wanted = transport(seed, 4, 5)
    model, ship, offer, _ = transport_model(cost, offered, wanted)
    session = model.open()
    session.solve()
    rng = np.random.default_rng(seed)
    session.change_bounds(ship, upper=rng.uniform(10, 60, ship.count))
    session.change_row_bounds(offer, upper=offered * np.where(rng.random(4) < 0.5, 1.0, factor + 0.3))
    session.change_costs(ship.index[:3], cost.ravel()[:3] * factor)
    warm, cold = session.solve(warm="base"), session.solve()
    assert warm.status == cold.status
    if cold.is_optimal:
        assert warm.objective == pytest.approx(cold.objective, rel=1e-8)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_same_model_in_linopy() -> None:
    linopy = pytest.importorskip("linopy")
    cost, offered, wanted = transport(11, 5, 7)
    model, _, _, want = transport_model(cost, offered, wanted)
    solution = model.open().solve()
    other = linopy.Model()
    import xarray as xr

    ship = other.add_variables(lower=0, coords=[range(5), range(7)], dims=["from", "to"], name="ship")
    other.add_constraints(ship.sum("to") <= xr.DataArray(offered, dims=["from"]), name="offer")
    other.add_constraints(ship.sum("from") >= xr.DataArray(wanted, dims=["to"]), name="want")
    other.add_objective((ship * xr.DataArray(cost, dims=["from", "to"])).sum())
    other.solve(solver_name="highs", io_api="direct", output_flag=False)
    assert solution.objective == pytest.approx(float(other.objective.value), rel=1e-9)
    assert solution.dual(want) == pytest.approx(other.constraints["want"].dual.values, abs=1e-9)
