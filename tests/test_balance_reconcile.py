"""Data reconciliation: the worked example of the literature, an independent Gauss-Newton, and what must always hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from ytterby.balance import Measurements, Products, reconcile
from ytterby.balance.reconcile import _closed
from ytterby.errors import YtterbyError

NAN = float("nan")

# F1 + F2 = F5, F4 = k F3, F3 = F4 + F5; columns F1 F2 F3 F4 F5 k
MATRIX = np.array([[1, 1, 0, 0, -1, 0], [0, 0, 0, 1, 0, 0], [0, 0, 1, -1, -1, 0]], dtype=float)
MEASURED = [100, 50, 300, NAN, 160, 0.5]
SD = [10, 0, 30, NAN, 16, 0.05]
SPLIT = Products((1,), (5,), (2,), (-1.0,))


def example() -> Any:
    return reconcile(MATRIX, np.zeros(3), Measurements.of(MEASURED, SD), SPLIT)


def test_the_worked_example_to_its_printed_digits() -> None:
    found = example()
    assert [f"{value:.3f}" for value in found.value[:5]] == ["102.426", "50.000", "302.416", "149.990", "152.426"]
    assert [f"{sd:.3f}" for sd in found.sd[:5]] == ["7.883", "0.000", "22.609", "21.213", "7.883"]
    assert f"{found.value[5]:.6f} {found.sd[5]:.6f}" == "0.495973 0.037681"
    assert found.dof == 2
    assert found.redundancy.kind.tolist() == [
        "redundant", "constant", "redundant", "determined", "redundant", "redundant",
    ]  # fmt: skip
    assert found.closure < 1e-12


def test_it_agrees_with_an_independent_gauss_newton() -> None:
    """F1, F3 and k free; F2 = 50, F5 = F1 + 50, and F3 (1 - k) = F5 by a multiplier: Newton on the Lagrangian."""

    def stationarity(z: np.ndarray) -> np.ndarray:
        f1, f3, k, m = z
        return np.array(
            [
                (f1 - 100) / 100 + (f1 + 50 - 160) / 256 - m,
                (f3 - 300) / 900 + m * (1 - k),
                (k - 0.5) / 0.0025 - m * f3,
                f3 * (1 - k) - f1 - 50,
            ]
        )

    z = np.array([100.0, 300.0, 0.5, 0.0])
    for _ in range(50):
        here, step = stationarity(z), 1e-6
        slope = np.array([(stationarity(z + step * unit) - here) / step for unit in np.eye(4)]).T
        z = z - np.linalg.solve(slope, here)
    found = example()
    # the successive linearisation satisfies the balances exactly and the stationarity of its own tangent
    f1, f3, k = found.value[0], found.value[2], found.value[5]
    assert np.allclose([f1, f3, k], z[:3], rtol=1e-6)


def test_the_chi_square_and_the_test_of_each_measurement() -> None:
    found = example()
    residual = [(100 - found.value[0]) / 10, (300 - found.value[2]) / 30]
    residual += [(160 - found.value[4]) / 16, (0.5 - found.value[5]) / 0.05]
    assert found.chi_square == pytest.approx(sum(r * r for r in residual), rel=1e-9)
    assert found.p == pytest.approx(np.exp(-found.chi_square / 2), rel=1e-9)  # the tail of two degrees of freedom
    shown = np.sqrt(1 - (found.sd[0] / 10) ** 2)
    assert np.sqrt(found.redundancy.checked[0]) == pytest.approx(shown, rel=1e-9)


def test_nothing_redundant_leaves_everything_as_it_is() -> None:
    found = reconcile([[1.0, 1.0, -1.0]], np.zeros(1), Measurements.of([10, 20, NAN], [1, 2, NAN]))
    assert found.value == pytest.approx([10, 20, 30])
    assert found.sd == pytest.approx([1, 2, np.sqrt(5)])
    assert (found.dof, found.p) == (0, 1.0)
    assert found.redundancy.kind.tolist() == ["not redundant", "not redundant", "determined"]


def test_what_no_balance_reaches_is_not_determined() -> None:
    found = reconcile([[1.0, -1.0, -1.0]], np.zeros(1), Measurements.of([10, NAN, NAN], [1, NAN, NAN]))
    assert found.redundancy.kind.tolist() == ["not redundant", "not determined", "not determined"]
    assert np.isnan(found.sd[1:]).all()


def test_a_flow_that_would_be_negative_is_held_at_nothing() -> None:
    """In 10 +- 1, out 12 +- 1 and a loss that cannot be negative: 11 = 11 + 0."""
    found = reconcile([[1.0, -1.0, -1.0]], np.zeros(1), Measurements.of([10, 12, NAN], [1, 1, NAN]))
    assert found.value == pytest.approx([11, 11, 0], abs=1e-9)
    assert found.at_bound.tolist() == [0, 0, -1]
    assert found.dof == 1
    assert found.chi_square == pytest.approx(2)


def test_it_agrees_with_the_quadratic_programme_of_highs() -> None:
    from ytterby.solve import Model

    matrix, measured, sd = _network(np.random.default_rng(3), nodes=12, flows=40)
    found = reconcile(matrix, np.zeros(12), Measurements.of(measured, sd))
    model = Model()
    x = model.columns("x", 40, cost=-measured / sd, lower=0.0)
    r = model.rows("balance", 12, lower=0.0, upper=0.0)
    rows, columns = np.nonzero(matrix)
    model.entries(r.index[rows], x.index[columns], matrix[rows, columns] * sd[columns])
    model.quadratic(x, np.ones(40))
    highs = model.open().solve()
    assert highs.is_optimal
    assert np.any(found.at_bound)
    assert np.allclose(highs.value(x) * sd, found.value, atol=1e-5 * measured.max())


@pytest.mark.parametrize(
    ("measured", "sd", "says"),
    [
        ([10.0, 5.0], [1.0, -1.0], "below 0"),
        ([10.0, NAN], [1.0, 1.0], "not finite"),
        ([10.0, 5.0], [0.0, 0.0], "contradicts"),
    ],
)
def test_what_cannot_be_reconciled_is_refused(measured: list[float], sd: list[float], says: str) -> None:
    with pytest.raises(YtterbyError, match=says):
        reconcile([[1.0, -1.0]], np.zeros(1), Measurements.of(measured, sd))


def _network(rng: np.random.Generator, *, nodes: int, flows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    matrix = np.zeros((nodes, flows))
    for flow in range(flows):
        source, target = rng.choice(nodes, 2, replace=False)
        matrix[source, flow], matrix[target, flow] = -1, 1
    measured = rng.lognormal(3, 1.5, flows)
    return matrix, measured, measured * rng.choice([0.05, 0.1, 0.3], flows)


seeds = st.integers(0, 10_000)


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_balances_close(seed: int) -> None:
    matrix, measured, sd = _network(np.random.default_rng(seed), nodes=6, flows=20)
    found = reconcile(matrix, np.zeros(6), Measurements.of(measured, sd))
    assert found.closure < 1e-9
    assert found.value.min() >= 0
    assert np.all(found.sd <= sd * (1 + 1e-9))


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_permuting_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix, measured, sd = _network(rng, nodes=6, flows=20)
    rows, columns = rng.permutation(6), rng.permutation(20)
    one = reconcile(matrix, np.zeros(6), Measurements.of(measured, sd))
    shuffled = Measurements.of(measured[columns], sd[columns])
    two = reconcile(matrix[rows][:, columns], np.zeros(6), shuffled)
    assert np.allclose(one.value[columns], two.value, rtol=1e-8, atol=1e-8 * measured.max())
    assert one.chi_square == pytest.approx(two.chi_square, rel=1e-8, abs=1e-9)
    assert one.dof == two.dof


@settings(max_examples=25, deadline=None)
@given(seeds, st.sampled_from([1e-3, 7.0, 1e6]))
def test_scaling_units_scales_results(seed: int, factor: float) -> None:
    matrix, measured, sd = _network(np.random.default_rng(seed), nodes=6, flows=20)
    one = reconcile(matrix, np.zeros(6), Measurements.of(measured, sd))
    two = reconcile(matrix, np.zeros(6), Measurements.of(measured * factor, sd * factor))
    assert np.allclose(one.value * factor, two.value, rtol=1e-8, atol=1e-8 * measured.max() * factor)
    assert one.chi_square == pytest.approx(two.chi_square, rel=1e-8, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_consistent_observations_stay(seed: int) -> None:
    rng = np.random.default_rng(seed)
    flow = np.tile(rng.lognormal(3, 1, 5), (6, 1))  # five rings through six nodes: what enters leaves
    matrix = np.zeros((6, 30))
    for node in range(6):
        for ring in range(5):
            matrix[node, node * 5 + ring] = -1
            matrix[(node + 1) % 6, node * 5 + ring] = 1
    measured = flow.ravel()
    found = reconcile(matrix, np.zeros(6), Measurements.of(measured, 0.1 * measured))
    assert np.allclose(found.value, measured, rtol=1e-9)
    assert found.chi_square == pytest.approx(0, abs=1e-12)


def test_a_row_that_carries_next_to_nothing_moves_nothing() -> None:
    """Its gap is rounding; closing it over its own size once moved flows by a tenth and opened other rows."""
    slope = csr_array(np.array([[1.0, -1.0, 0.0], [0.0, 2e-15, -1e-15]]))
    value = np.array([100.0, 100.0 + 1e-7, 30.0])
    closed = _closed(slope, np.array([0.0, 1.3e-13]), value, value)
    assert closed == pytest.approx(value, rel=1e-8)
    assert closed[0] == pytest.approx(closed[1], rel=1e-14)
