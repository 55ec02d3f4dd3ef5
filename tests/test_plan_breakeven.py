"""What people and money cost, and where each begins to bind, against plans solved anew; toy's figures are by hand.

Free of people, 100 t of new plant run from 2026 with 20 pressers, of which 10 are there: they bind down to crews of
half their size, and (20 - 10) / 3 places a year from 2024 on would man it. The plant costs 0.1 million over two years.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from test_plan_toy import GAIN, OPTIONS, crewed, solved, toy
from ytterby.chain import load_world
from ytterby.plan.breakeven import break_even
from ytterby.plan.plan import solve_setup
from ytterby.plan.setup import set_up


def crossings(chain, **options) -> dict[tuple[str, str], tuple[float, str]]:  # type: ignore[no-untyped-def]
    asked = replace(OPTIONS, people=True, money=True, **options)
    setup = set_up(chain, load_world(), asked)
    session, solution, _ = solve_setup(setup, asked)
    table = break_even(setup, session, longest_s=20)
    assert session.solve(warm="base").objective == solution.objective
    rows = table.select("family", "what", "value", "words").iter_rows()
    return {(family, what): (value, words) for family, what, value, words in rows}


def test_people_that_bind() -> None:
    chain = crewed()
    found = crossings(chain)
    expected = 60 * (GAIN - 100) + 8 * 500
    assert found["people", "difference"][0] == pytest.approx(expected, rel=1e-6)
    with_people, without = solved(chain, people=True), solved(chain)
    assert with_people.objective_usd - without.objective_usd == pytest.approx(expected, rel=1e-9)
    size, words = found["people", "crew size"]
    assert 0.5 <= size <= 0.5 * 1.02
    assert words == f"People bind: with crews of {size:.2f} times their size they would begin to."
    assert found["people", "places"][0] == pytest.approx(10 / 3, rel=1e-9)


def test_people_that_do_not_bind_cost_nothing() -> None:
    """With 50 pressers crews may be 2.5 times as large; no school is needed."""
    chain = crewed()
    found = crossings(chain.with_(workforce=chain.workforce.with_columns(pl.lit(50.0).alias("headcount"))))
    assert found["people", "difference"] == (0.0, "Without the rows of people the plan costs the same.")
    size, words = found["people", "crew size"]
    assert 2.5 <= size <= 2.5 * 1.02
    assert words == f"People begin to bind with crews {size:.2f} times as large."
    assert found["people", "places"][0] == 0.0
    assert "do not bind even without a place" in found["people", "places"][1]


def test_money_begins_to_bind_below_what_the_plan_spends() -> None:
    chain = toy(plant={"toy-part": 100}, built=("toy-pressing",))
    found = crossings(chain)
    assert found["money", "difference"] == (0.0, "Without the rows of money the plan costs the same.")
    value, _ = found["money", "budget"]
    assert 0.05 / 1.02 <= value <= 0.05
    free = solved(chain).objective_usd
    assert solved(chain, money=True, budget_musd=0.05).objective_usd == pytest.approx(free, rel=1e-9)
    assert solved(chain, money=True, budget_musd=0.045).objective_usd > free * (1 + 1e-6)


def test_money_that_binds_costs_its_difference() -> None:
    """0.02 million a year: 40 t are decided in 2024, none in 2025, so that 60 t lack in 2026 and 2027."""
    found = crossings(toy(plant={"toy-part": 100}, built=("toy-pressing",)), budget_musd=0.02)
    assert found["money", "difference"][0] == pytest.approx(2 * 60 * (GAIN - 100), rel=1e-6)
    assert 0.05 / 1.02 <= found["money", "budget"][0] <= 0.05


def test_a_plan_holds_its_break_even() -> None:
    from ytterby.plan import plan

    result = plan(crewed(), replace(OPTIONS, people=True, money=True))
    assert set(result.tables["break_even"]["family"]) == {"people", "money"}
    assert result.tables["break_even"].columns == ["family", "what", "place", "value", "unit", "words"]
