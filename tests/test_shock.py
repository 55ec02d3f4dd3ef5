"""Shock kernels: answers that are known, matter, properties, the compiled kernel beside the reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ytterby.errors import YtterbyError
from ytterby.shock import Rules, compiled, kernel
from ytterby.shock.rules import Draws, Exposure, Paths, ario_output
from ytterby.shock.scenarios import severity
from ytterby.shock.system import Parts, System, assemble

QUICK = settings(max_examples=25, deadline=None)


def web(
    levels: int = 4,
    width: int = 4,
    fan: int = 2,
    *,
    seed: int = 0,
    spare: float = 1.3,
    cover: float = 1.0,
    delay: int = 1,
) -> Parts:
    """Random levels of nodes, each fed by `fan` of the level above; the last level are uses."""
    rng = np.random.default_rng(seed)
    level = np.repeat(np.arange(levels), width)
    is_use = level == levels - 1
    base = np.where(is_use, rng.uniform(1, 10, level.size), 0.0)
    slot_node, good_node = np.flatnonzero(level > 0), np.flatnonzero(~is_use)
    need = rng.uniform(0.5, 2, slot_node.size)
    goods, slots, flows = [], [], []
    for node in reversed(slot_node.tolist()):
        above = np.flatnonzero(level == level[node] - 1)
        weights = rng.dirichlet(np.ones(fan))
        slot = int(np.searchsorted(slot_node, node))
        for maker, weight in zip(rng.choice(above, fan, replace=False), weights, strict=True):
            flow = weight * need[slot] * base[node]
            base[maker] += flow
            goods.append(int(np.searchsorted(good_node, maker)))
            slots.append(slot)
            flows.append(flow)
    count = len(goods)
    return Parts(
        level=level,
        base=base,
        capacity=base * np.where(is_use, 1.0, spare),
        is_use=is_use,
        slot_node=slot_node,
        slot_need=need,
        slot_cover=np.full(slot_node.size, cover),
        slot_kind=np.zeros(slot_node.size, dtype=np.int64),
        good_node=good_node,
        good_per_t=np.ones(good_node.size),
        arc_good=np.array(goods),
        arc_slot=np.array(slots),
        arc_flow=np.array(flows),
        arc_delay=rng.integers(0, delay + 1, count),
        arc_factor=np.ones(count),
        arc_priority=rng.choice([0.0, 0.5, 1.0], count),
        arc_limit=np.full(count, np.inf),
    )


def line(cover: float, stages: int = 3) -> Parts:
    """One node a stage; only the use holds stock."""
    parts = web(stages, 1, 1, cover=0.0, delay=0, spare=1.0)
    return replace(parts, slot_cover=np.where(parts.is_use[parts.slot_node], cover, 0.0))


def draws(course: np.ndarray, *, cover: float = 1.0, shift: float = 0.5) -> Draws:
    count = course.shape[1]
    return Draws(
        course, np.zeros(count, dtype=np.int64), np.full((1, count), cover), np.ones(count), np.full(count, shift)
    )


def stop(
    months: float | list[float], depth: float | list[float] = 1.0, horizon: int = 24, start: float = 2.0
) -> np.ndarray:
    many = np.broadcast_arrays(np.atleast_1d(np.asarray(months, float)), np.atleast_1d(np.asarray(depth, float)))
    return severity(many[0], many[1], start, 0.0, horizon)


def reach(system: System, *, first: bool = True) -> Exposure:
    """Stop the first level, or nothing."""
    nodes = ((system.level == 0) & first).astype(float)[None, :]
    return Exposure(nodes, np.zeros((1, system.arc_good.size)))


def lost(system: System, paths: Paths) -> np.ndarray:
    use = system.base[system.uses] * paths.served.shape[0]
    result: np.ndarray = 1.0 - paths.served.sum(axis=(0, 1)) / use.sum()
    return result


def test_vector_13_of_ario() -> None:
    wanted, required, output = ario_output(100, 0.3, 100, 0.2, 90, 0.8, 900)
    assert (wanted, required, output) == pytest.approx((70, 1008, 62.5))


@pytest.mark.parametrize("run", [kernel.propagate, compiled.propagate])
def test_the_kernels_are_held_by_capacity_and_by_stock(run) -> None:  # type: ignore[no-untyped-def]
    """A maker of 100 that loses 30 % makes 70, or less where psi and its stock say so."""
    parts = replace(web(3, 1, 1, delay=0), slot_need=np.array([0.2, 1.0]), slot_cover=np.array([90.0, 0.0]))
    base = np.array([20.0, 100.0, 100.0])
    parts = replace(
        parts,
        base=base,
        capacity=base,
        arc_flow=np.where(parts.arc_slot == 1, 100.0, 20.0),
        arc_delay=np.zeros(2, dtype=np.int64),
    )
    system = assemble(parts)
    nodes = np.array([[1.0 / 0.3, 1.0, 0.0]]) * 0.3  # the supplier stands still, the maker loses 30 %
    given_draws = replace(draws(np.ones((1, 1))), cover=np.full((1, 1), 0.5))  # 90 d wanted become 45 of which 900 t
    psi = Rules(psi=0.8)
    paths = run(system, replace(given_draws, cover=np.ones((1, 1))), Exposure(nodes, np.zeros((1, 2))), psi)
    assert paths.served[0, 0, 0] == pytest.approx(70.0)  # 1,800 t of stock do not bind
    halved = replace(system, slot_cover=np.where(system.slot_cover > 0, 45.0, 0.0))
    paths = run(halved, given_draws, Exposure(nodes, np.zeros((1, 2))), psi)
    assert paths.served[0, 0, 0] == pytest.approx(min(70.0, 450 / (0.2 * 0.8 * 22.5)))


@pytest.mark.parametrize("cover", [0.25, 1.0, 2.6, 7.0])
@pytest.mark.parametrize("run", [kernel.propagate, compiled.propagate])
def test_a_single_line_survives_as_long_as_its_stock(run, cover: float) -> None:  # type: ignore[no-untyped-def]
    system = assemble(line(cover))
    paths = run(system, draws(stop(20, start=2.0)), reach(system), Rules())
    assert paths.first[0, 0] == pytest.approx(2.0 + cover, abs=1e-5)
    whole = system.base[system.uses][0]
    assert paths.served[:22, 0, 0].sum() == pytest.approx(whole * (2.0 + cover), rel=1e-5)


@QUICK
@given(seed=st.integers(0, 10_000), cover=st.floats(0.0, 4.0), overtime=st.sampled_from([0.0, 0.2]))
def test_no_shock_no_loss(seed: int, cover: float, overtime: float) -> None:
    system = assemble(web(seed=seed, cover=cover, delay=2))
    paths = kernel.propagate(system, draws(np.zeros((18, 1))), reach(system), Rules(overtime=overtime))
    use = system.base[system.uses][:, None]
    assert np.abs(paths.served / use - 1).max() < 1e-10
    assert np.isinf(paths.first).all()


@QUICK
@given(
    seed=st.integers(0, 10_000), months=st.floats(0.5, 12), depth=st.floats(0.05, 1), rule=st.sampled_from([0.0, 0.7])
)
def test_matter_is_conserved_and_kernels_agree(seed: int, months: float, depth: float, rule: float) -> None:
    system = assemble(web(seed=seed, delay=2))
    rules = Rules(overtime=0.1, psi=rule)
    course = draws(stop(months, depth))
    reference = kernel.propagate(system, course, reach(system), rules)
    quick = compiled.propagate(system, course, reach(system), rules, check=True)
    assert reference.residual.max() < 1e-10
    assert quick.residual.max() < 1e-5
    assert kernel.relative_difference(quick.served, reference.served) < 1e-4
    assert (reference.served <= system.base[system.uses][:, None] * (1 + 1e-12)).all()


@QUICK
@given(
    cover=st.floats(0, 5),
    months=st.floats(1, 10),
    depth=st.floats(0.1, 0.9),
    deeper=st.floats(0, 0.1),
    longer=st.floats(0, 6),
)
def test_a_deeper_or_longer_stop_never_loses_less(
    cover: float, months: float, depth: float, deeper: float, longer: float
) -> None:
    system = assemble(line(cover, 4))
    course = draws(stop([months, months + longer, months], [depth, depth, depth + deeper]))
    found = lost(system, kernel.propagate(system, course, reach(system), Rules()))
    assert found[1] >= found[0] - 1e-9
    assert found[2] >= found[0] - 1e-9


@QUICK
@given(cover=st.floats(0, 5), more=st.floats(0, 5), months=st.floats(1, 20))
def test_more_stock_never_shortens_survival(cover: float, more: float, months: float) -> None:
    times = []
    for held in (cover, cover + more):
        system = assemble(line(held, 4))
        times.append(kernel.propagate(system, draws(stop(months)), reach(system), Rules()).first[0, 0])
    assert times[1] >= times[0] - 1e-9


@QUICK
@given(seed=st.integers(0, 10_000))
def test_permuting_nodes_changes_nothing(seed: int) -> None:
    parts = web(seed=seed, delay=2)
    rng = np.random.default_rng(seed)
    order = rng.permutation(parts.base.size)
    place = np.argsort(order)
    moved = replace(
        parts,
        level=parts.level[order],
        base=parts.base[order],
        capacity=parts.capacity[order],
        is_use=parts.is_use[order],
        slot_node=place[parts.slot_node],
        good_node=place[parts.good_node],
    )
    one, other = assemble(parts), assemble(moved)
    course = draws(stop(8, 0.8))
    served = [kernel.propagate(s, course, reach(s), Rules()).served.sum(axis=(0, 2)) for s in (one, other)]
    named = [
        dict(zip(ids, values, strict=True))
        for ids, values in zip((one.order[one.uses], order[other.order[other.uses]]), served, strict=True)
    ]
    assert named[0] == pytest.approx(named[1], rel=1e-9)


def test_orders_shift_to_a_supplier_with_room() -> None:
    parts = web(2, 2, 2, spare=3.0, cover=1.0, delay=0)
    system = assemble(replace(parts, arc_priority=np.zeros(4)))
    half = Exposure(np.array([[1.0, 0.0, 0.0, 0.0]]), np.zeros((1, 4)))
    course = stop(20)
    stays = lost(system, kernel.propagate(system, draws(course, shift=0.0), half, Rules(shift=0.0)))
    moves = lost(system, kernel.propagate(system, draws(course, shift=0.9), half, Rules()))
    assert moves[0] < 0.5 * stays[0]


def test_a_released_stockpile_is_used_up() -> None:
    parts = line(1.0)
    use = parts.is_use[parts.slot_node]
    system = assemble(
        replace(parts, slot_reserve=np.where(use, 3.0 * parts.slot_need * parts.base[parts.slot_node], 0.0))
    )
    first = [
        kernel.propagate(system, draws(stop(20)), reach(system), Rules(release=part)).first[0, 0] for part in (0.0, 0.5)
    ]
    assert first == pytest.approx([3.0, 6.0])


def test_a_closed_lane_stops_what_it_carries() -> None:
    system = assemble(line(0.0))
    shut = Exposure(np.zeros((1, 3)), np.array([[0.0, 0.5]]))
    for run in (kernel.propagate, compiled.propagate):
        paths = run(system, draws(stop(4, start=0.0, horizon=4)), shut, Rules())
        assert lost(system, paths)[0] == pytest.approx(0.5, abs=1e-4)


def test_scenarios_do_not_depend_on_the_block() -> None:
    system = assemble(web())
    depth = np.linspace(0.1, 1, 300)
    course = draws(severity(np.full(300, 6.0), depth, 1.0, 2.0, 24))
    whole = compiled.propagate(system, course, reach(system), Rules()).served
    parts = [
        compiled.propagate(system, course.part(a, b), reach(system), Rules()).served for a, b in ((0, 77), (77, 300))
    ]
    assert (np.concatenate(parts, axis=2) == whole).all()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"slot_cover": -1.0}, "slot_cover has a missing or negative"),
        ({"base": 0.0}, "nothing is used"),
        ({"arc_flow": 0.0}, "not steady"),
        ({"capacity": 0.5}, "beyond its capacity"),
    ],
)
def test_bad_parts_are_refused(change: dict[str, float], word: str) -> None:
    parts = web()
    filled = {name: np.full(getattr(parts, name).shape, value) for name, value in change.items()}
    with pytest.raises(YtterbyError, match=word):
        assemble(replace(parts, **filled))


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"psi": 2}, "psi is a part"),
        ({"rationing": "loudest"}, "nearest|unknown rationing"),
        ({"overtime": -1}, "overtime"),
        ({"restore_months": 0.5}, "1 month or more"),
    ],
)
def test_bad_rules_are_refused(options: dict[str, object], word: str) -> None:
    with pytest.raises(YtterbyError, match=word):
        Rules(**options)  # type: ignore[arg-type]
