"""Packages of other shapes, each against a cost reckoned by hand: two years at no discount unless a case says more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from plan_package import Package
from ytterby.plan import Options, PlanResult, plan

PLAIN = Options(
    ("FRA",),
    until=2025,
    discount=0.0,
    draws=0,
    people=False,
    money=False,
    controls=False,
    build_rates=False,
    calibrate=False,
    fit=False,
)


def solved(package: Package, folder: Path, **options: object) -> PlanResult:
    return plan(package.chain(folder / "widget"), replace(PLAIN, **options), worth=False)  # type: ignore[arg-type]


def any_of() -> tuple[Package, float]:
    """20 t of alloy from scrap (1.2 t at 1, 12 t a year) or metal (1 t at 5): 20 x 2 + 12 x 1 + 10 x 5 = 102."""
    package = Package().material("scrap", "recycling", kind="scrap").material("metal").material("alloy")
    package.process("sort", {}, {"scrap": 1}, stage="recycling", opex=1).plant("scrap", "FRA", 12)
    package.process("smelt", {}, {"metal": 1}, opex=5).plant("metal", "FRA", 100)
    package.process("melt", {"scrap": (1.2, "feed"), "metal": (1, "feed")}, {"alloy": 1}, opex=2)
    return package.plant("alloy", "FRA", 50).use("alloy", "FRA", 20).shortage("alloy", 900), 102


def locked(**of_side: float) -> Package:
    package = (
        Package().material("main").material("side", **of_side).process("split", {}, {"main": 1, "side": 2}, opex=4)
    )
    package.plant("main", "FRA", 50).shortage("main", 100).shortage("side", 100)
    return package


def free_to_leave() -> tuple[Package, float]:
    """10 t of the main output are wanted: 10 x 4; 15 t of the side product go free."""
    return locked().use("main", "FRA", 10).use("side", "FRA", 5), 40


def paid_to_leave() -> tuple[Package, float]:
    """As before, but leaving a tonne costs 3: 40 + 15 x 3 = 85."""
    return locked(disposal_usd_per_t=3).use("main", "FRA", 10).use("side", "FRA", 5), 85


def nowhere_to_leave() -> tuple[Package, float]:
    """30 t of the side product are wanted, but the main one cannot be left: 10 runs, 10 t short: 40 + 1000."""
    return locked().use("main", "FRA", 10).use("side", "FRA", 30), 1040


def main_left_free() -> tuple[Package, float]:
    """As before with the main output free to leave (a disposal cost of 0): 15 runs, 60."""
    package = Package().material("main", disposal_usd_per_t=0).material("side")
    package.process("split", {}, {"main": 1, "side": 2}, opex=4).plant("main", "FRA", 50)
    return package.use("main", "FRA", 10).use("side", "FRA", 30).shortage("main", 100).shortage("side", 100), 60


def competing() -> tuple[Package, float]:
    """A run gives 1 t of gas or 0.8 t of oil: 6 t and 4 t take 11 runs, 10 are there, and gas is cheapest to lose.

    10 x 2 + 1 x 50 = 70.
    """
    package = Package().material("gas").material("oil")
    package.process("crack", {}, {"gas": (1, "cut"), "oil": (0.8, "cut")}, opex=2).plant("gas", "FRA", 10)
    return package.use("gas", "FRA", 6).use("oil", "FRA", 4).shortage("gas", 50).shortage("oil", 70), 70


def two_works() -> tuple[Package, float]:
    """Two processes at one place, each within its own site: 10 x 1 + 20 x 9 = 190."""
    package = Package().material("widget").process("cheap", {}, {"widget": 1}, opex=1)
    package.process("dear", {}, {"widget": 1}, opex=9)
    package.plant("widget", "FRA", 10, process="cheap").plant("widget", "FRA", 100, process="dear")
    return package.use("widget", "FRA", 30).shortage("widget", 900), 190


def side_output_held_back() -> tuple[Package, float]:
    """A site that can give 12 t of the side product runs 6 times: 6 x 4, and 4 t of the main one are short: 424."""
    package = locked().plant("side", "FRA", 12, process="split")
    return package.use("main", "FRA", 10), 424


def by_use() -> tuple[Package, float]:
    """10 t for 8 + 8 t: what is short is short in the cheaper use, 10 x 1 + 6 x 20 = 130."""
    package = Package().material("widget").process("press", {}, {"widget": 1}, opex=1).plant("widget", "FRA", 10)
    package.use("widget", "FRA", 8, end_use="lamps").use("widget", "FRA", 8, end_use="tools")
    return package.shortage("widget", 20, end_use="lamps").shortage("widget", 70, end_use="tools"), 130


def by_place() -> tuple[Package, float]:
    """6 t for 5 t at either place, the dearer served first: 6 x 1 + 1 x 2 freight + 4 x 30 = 128."""
    package = Package().material("widget").process("press", {}, {"widget": 1}, opex=1).plant("widget", "FRA", 6)
    package.use("widget", "FRA", 5).use("widget", "USA", 5).lane("widget", "FRA", "USA", 2)
    return package.shortage("widget", 50, place="FRA").shortage("widget", 30, place="USA"), 128


def tariffs() -> tuple[Package, float]:
    """From the USA 7 + 4 specific, from Japan 3 + 10 ad valorem on 100, 6 t at most by the first: 6 x 11 + 4 x 13."""
    package = Package().material("widget").process("press", {}, {"widget": 1}, opex=0)
    package.plant("widget", "USA", 50).plant("widget", "JPN", 50).price("widget", 100)
    package.lane("widget", "USA", "FRA", 7, tariff_usd_per_t=4, capacity_t_per_a=6)
    package.lane("widget", "JPN", "FRA", 3, tariff_share=0.1)
    return package.use("widget", "FRA", 10).shortage("widget", 900), 118


def one_bloc() -> tuple[Package, float]:
    """Uses of two countries of one bloc are added: 5 x 3 + 7 x 3 + 2 x 40 short = 110 with 12 t of plant for 14 t."""
    package = Package().material("widget").process("press", {}, {"widget": 1}, opex=3).plant("widget", "DEU", 12)
    return package.use("widget", "FRA", 5).use("widget", "DEU", 9).shortage("widget", 40), 116


@pytest.mark.parametrize(
    "case",
    [
        any_of,
        free_to_leave,
        paid_to_leave,
        nowhere_to_leave,
        main_left_free,
        competing,
        two_works,
        side_output_held_back,
        by_use,
        by_place,
        tariffs,
    ],
)
def test_cost_of_a_shape(case: Callable[[], tuple[Package, float]], tmp_path: Path) -> None:
    package, yearly = case()
    result = solved(package, tmp_path)
    assert result.status == "optimal"
    assert result.objective_usd == pytest.approx(2 * yearly, rel=1e-9)
    assert sum(result.cost_breakdown.values()) == pytest.approx(result.objective_usd, rel=1e-12)
    assert result.undiscounted_usd == pytest.approx(result.objective_usd, rel=1e-12)


def test_countries_of_a_bloc_are_added(tmp_path: Path) -> None:
    package, yearly = one_bloc()
    assert solved(package, tmp_path, blocs=("EU",)).objective_usd == pytest.approx(2 * yearly, rel=1e-9)


def test_capacity_yield_use_and_lane_by_year(tmp_path: Path) -> None:
    """Plant grows from 4 to 6 t in 2026, ore a tonne falls from 2 to 1.5; use rises to 8 in 2025, a lane opens in 2026.

    2024: 3 used, 3 x (1 + 2 x 5) = 33. 2025: 8 used, 4 made at 11, 4 short at 100: 444.
    2026: 6 made at 1 + 1.5 x 5 = 8.5, 1 t by the lane at 20 + 0, 1 short: 51 + 20 + 100 = 171.
    """
    package = Package().material("ore", "mining").material("widget", "manufacturing")
    package.process("dig", {}, {"ore": 1}, stage="mining", opex=5).plant("ore", "FRA", 100)
    package.process("press", {"ore": 2}, {"widget": 1}, opex=1)
    for year, t in ((2024, 4), (2026, 6)):
        package.plant("widget", "FRA", t, year=year, process="press")
    package.plant("widget", "USA", 9, process="make").process("make", {}, {"widget": 1}, opex=0)
    package.add("recipe_years", process_id="press", material_id="ore", direction="in", year=2026, t_per_t=1.5)
    package.lane("widget", "USA", "FRA", 20, capacity_t_per_a=1, year_from=2026)
    package.use("widget", "FRA", 3).use("widget", "FRA", 8, year=2025).shortage("widget", 100)
    result = solved(package, tmp_path, until=2026)
    assert result.undiscounted_usd == pytest.approx(33 + 444 + 171, rel=1e-9)
    discounted = solved(package, tmp_path, until=2026, discount=0.1)
    assert discounted.objective_usd == pytest.approx(33 + 444 / 1.1 + 171 / 1.21, rel=1e-9)


def test_demand_of_several_years_grows_between_its_rows(tmp_path: Path) -> None:
    """10 t grow by 10 % to 11 t, then 20 t are stated and stay: 10 + 11 + 20 + 20."""
    package = Package().material("widget").process("press", {}, {"widget": 1}, opex=1).plant("widget", "FRA", 90)
    package.use("widget", "FRA", 10, growth_per_a=0.1).use("widget", "FRA", 20, year=2026).shortage("widget", 9)
    result = solved(package, tmp_path, until=2027)
    assert result.tables["use"]["t"].to_list() == pytest.approx([10, 11, 20, 20], rel=1e-12)
    assert result.objective_usd == pytest.approx(61, rel=1e-9)


@pytest.mark.parametrize(("least", "most", "expected"), [(0, 99, 5 + 20 + 10), (0, 3, 5 + 18 + 6 + 2 * 50)])
def test_stock_carries_over_at_its_cost(tmp_path: Path, least: float, most: float, expected: float) -> None:
    """Plant of 10 t for 5, 5 and 15 t: five tonnes wait a year at 2, or the three that the store takes."""
    package = Package().material("widget").process("press", {}, {"widget": 1}, opex=1).plant("widget", "FRA", 10)
    package.use("widget", "FRA", 5).use("widget", "FRA", 15, year=2026).shortage("widget", 50)
    stock = {"material_id": "widget", "place_id": "FRA", "holder": "government", "year": 2024, "quantity": 0}
    package.add("stocks", **stock, unit="t", quantity_low=least, quantity_high=most, holding_usd_per_t_a=2)
    result = solved(package, tmp_path, until=2026)
    assert result.objective_usd == pytest.approx(expected, rel=1e-9)


def test_least_stock_is_held(tmp_path: Path) -> None:
    """4 t are held at the start, 1 t must stay: 3 t come free, the rest is made; holding 4 + 1 + 1 t at 2."""
    package = Package().material("widget").process("press", {}, {"widget": 1}, opex=10).plant("widget", "FRA", 10)
    package.use("widget", "FRA", 5).shortage("widget", 50)
    stock = {"material_id": "widget", "place_id": "FRA", "holder": "exchange", "year": 2024, "quantity": 4}
    package.add("stocks", **stock, unit="t", quantity_low=1, quantity_high=9, holding_usd_per_t_a=2)
    assert solved(package, tmp_path, until=2026).objective_usd == pytest.approx(10 * (5 + 2 + 5) + 2 * 6, rel=1e-9)


def test_tracked_matter_is_kept(tmp_path: Path) -> None:
    """Units of contained metal: 8 t of metal in widgets of 80 % are 10 t; 2 t of ore of half metal, 0.2 lost."""
    package = Package(components={"W": ["W"]}, matter="tracked").material("ore", "mining").material("widget")
    package.material("dross", kind="loss")
    for material, fraction in (("ore", 0.5), ("widget", 0.8), ("dross", 1.0)):
        package.add("compositions", material_id=material, component="W", mass_fraction=fraction)
    package.process("dig", {}, {"ore": 1}, stage="mining", opex=5).plant("ore", "FRA", 100)
    package.process("press", {"ore": 2}, {"widget": 1, "dross": 0.2}, opex=1).plant("widget", "FRA", 100)
    package.use("widget", "FRA", 8, unit="t W").shortage("widget", 900)
    assert solved(package, tmp_path).objective_usd == pytest.approx(2 * 10 * 11, rel=1e-9)


def test_a_build_is_paid_by_the_year_it_stands(tmp_path: Path) -> None:
    """1 t/a costs 100, lives 4 years, takes 1 year: decided 2025, there 2026 and 2027, paid 25 in each at no interest.

    2024 and 2025 are 5 t short at 60; then 5 t run at 2: 600 + 2 x (5 x 25 + 10) = 870.
    """
    package = Package().material("widget")
    package.process("press", {}, {"widget": 1}, opex=2, capex=100, build_time=1, life=4)
    package.use("widget", "FRA", 5).shortage("widget", 60)
    result = solved(package, tmp_path, until=2027)
    assert result.objective_usd == pytest.approx(870, rel=1e-9)
    assert result.tables["builds"].select("year_decided", "year_ready", "capacity_t_per_a").rows() == [
        (2025, 2026, 5.0)
    ]
    assert result.cost_breakdown == pytest.approx({"operation": 20, "investment": 250, "unmet": 600}, rel=1e-9)
    assert any("cost of capital" in note for note in result.notes)


def test_order_of_rows_changes_nothing(tmp_path: Path) -> None:
    package, _ = tariffs()
    first = solved(package, tmp_path / "one")
    for rows in package.rows.values():
        rows.reverse()
    again = solved(package, tmp_path / "two")
    assert again.objective_usd == first.objective_usd
    assert again.tables["flows"].equals(first.tables["flows"])
    assert again.tables["prices"].equals(first.tables["prices"])


def test_everything_in_one_year_blocks(tmp_path: Path) -> None:
    """Periods of two years weigh their years: 10 a year over 2024 to 2028 is 50 either way."""
    package = Package().material("widget").process("press", {}, {"widget": 1}, opex=1).plant("widget", "FRA", 90)
    package.use("widget", "FRA", 10).shortage("widget", 9)
    yearly = solved(package, tmp_path, until=2028)
    blocks = solved(package, tmp_path, until=2028, period=2)
    assert yearly.objective_usd == pytest.approx(50, rel=1e-9)
    assert blocks.objective_usd == pytest.approx(50, rel=1e-9)
    assert isinstance(blocks.tables["flows"], pl.DataFrame)
