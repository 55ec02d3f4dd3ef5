"""Bad input and limits: each one sentence that names the row; a limit reached returns the best found, marked so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from plan_package import Package, rows_of
from test_plan_shapes import PLAIN, solved
from test_plan_toy import crewed, targeted, toy
from test_plan_toy import solved as toy_solved
from ytterby.chain import load_chain
from ytterby.errors import UnknownNameError, YtterbyError
from ytterby.plan import plan


def press(**parameters: float) -> Package:
    package = Package().material("ore", "mining").material("widget")
    package.process("dig", {}, {"ore": 1}, stage="mining", opex=1).plant("ore", "FRA", 100)
    return package.process("press", {"ore": 2}, {"widget": 1}, **{"opex": 1, **parameters}).plant("widget", "FRA", 100)


def test_a_use_that_no_route_serves_is_named(tmp_path: Path) -> None:
    package = press().use("widget", "FRA", 3).use("widget", "JPN", 2).shortage("widget", 10)
    result = solved(package, tmp_path)
    (note,) = [n for n in result.notes if n.startswith("No route serves")]
    assert "widget in Japan (table demand)" in note
    assert "no open lane leads there from FRA (table lanes)" in note
    assert result.objective_usd == pytest.approx(2 * (3 * 3 + 2 * 10), rel=1e-9)


def test_a_use_of_what_nobody_makes_is_named(tmp_path: Path) -> None:
    package = press().material("gadget").use("gadget", "FRA", 1).use("widget", "FRA", 3)
    result = solved(package.shortage("widget", 10).shortage("gadget", 10), tmp_path)
    assert any("use of gadget in France" in n and "tables recipes and facility_output" in n for n in result.notes)


def test_plant_without_its_feed_is_named(tmp_path: Path) -> None:
    package = Package().material("ore", "mining").material("widget").process("press", {"ore": 2}, {"widget": 1}, opex=1)
    package.plant("widget", "FRA", 5).use("widget", "FRA", 1).shortage("widget", 10)
    assert any("its makers lack ore" in note for note in solved(package, tmp_path).notes)


def test_capacity_that_nobody_states_is_named(tmp_path: Path) -> None:
    package = Package().material("ore", "mining").material("widget").process("press", {"ore": 2}, {"widget": 1}, opex=1)
    package.process("dig", {}, {"ore": 1}, stage="mining", opex=1).plant("widget", "FRA", 5)
    notes = solved(package.use("widget", "FRA", 1).shortage("widget", 10), tmp_path).notes
    assert any(note.startswith("No capacity of ore is stated") for note in notes)


def test_a_loop_that_gains_is_refused(tmp_path: Path) -> None:
    package = press().process("grind", {"widget": 1}, {"ore": 2.5}, opex=1).use("widget", "FRA", 1)
    with pytest.raises(YtterbyError, match="the loop of grind, press gives more than it takes"):
        solved(package.shortage("widget", 10), tmp_path)


def test_a_loop_that_loses_is_not(tmp_path: Path) -> None:
    package = press().process("grind", {"widget": 1}, {"ore": 1.5}, opex=1).use("widget", "FRA", 1)
    assert solved(package.shortage("widget", 10), tmp_path).status == "optimal"


def test_a_recipe_that_gains_is_refused(tmp_path: Path) -> None:
    package = press().use("widget", "FRA", 1).shortage("widget", 10)
    package.settings |= {"components": {"W": ["W"]}, "matter": "tracked"}
    for material, fraction in (("ore", 0.4), ("widget", 0.9)):
        package.add("compositions", material_id=material, component="W", mass_fraction=fraction)
    with pytest.raises(YtterbyError, match=r"process press gives 0\.9 t of W and takes 0\.8 t"):
        solved(package, tmp_path)


def test_a_missing_value_of_lost_use_is_refused(tmp_path: Path) -> None:
    with pytest.raises(YtterbyError, match="no value of lost use for widget; add a row to table lost_use"):
        solved(press().use("widget", "FRA", 1), tmp_path)


def test_a_missing_price_under_a_tariff_is_refused(tmp_path: Path) -> None:
    package = press().use("widget", "USA", 1).shortage("widget", 10).lane("widget", "FRA", "USA", tariff_share=0.1)
    with pytest.raises(YtterbyError, match="ad valorem tariff on widget, of which no price is stated; add a row"):
        solved(package, tmp_path)


def test_a_missing_opex_is_refused(tmp_path: Path) -> None:
    package = press().material("bolt").process("turn", {"ore": 1}, {"bolt": 1}).plant("bolt", "FRA", 5)
    package.use("bolt", "FRA", 1).shortage("bolt", 10)
    with pytest.raises(YtterbyError, match="process_parameters has no opex for turn"):
        solved(package, tmp_path)


def test_nothing_used_is_refused(tmp_path: Path) -> None:
    with pytest.raises(YtterbyError, match="nothing is used: table demand has no quantity"):
        solved(press(), tmp_path)


def test_no_base_year_is_refused(tmp_path: Path) -> None:
    package = press().use("widget", "FRA", 1).shortage("widget", 10)
    package.settings["base_year"] = 0
    with pytest.raises(YtterbyError, match="states no base_year"):
        solved(package, tmp_path)


@pytest.mark.parametrize(("until", "words"), [(2024, "name a later year"), (2200, "longer than 100 years")])
def test_a_horizon_without_sense_is_refused(tmp_path: Path, until: int, words: str) -> None:
    with pytest.raises(YtterbyError, match=words):
        solved(press().use("widget", "FRA", 1).shortage("widget", 10), tmp_path, until=until)


def test_unknown_names_offer_the_nearest(tmp_path: Path) -> None:
    package = press().use("widget", "FRA", 1).shortage("widget", 10)
    with pytest.raises(UnknownNameError):
        solved(package, tmp_path, blocs=("FRAN",))
    with pytest.raises(UnknownNameError):
        solved(package, tmp_path, target="no-such-act")


def test_a_target_without_materials_is_refused(tmp_path: Path) -> None:
    package = press().use("widget", "FRA", 1).shortage("widget", 10)
    with pytest.raises(YtterbyError, match="target_materials names no material for 'crma'"):
        solved(package, tmp_path, target="crma")


def test_a_target_for_a_stage_that_the_package_lacks_is_named(tmp_path: Path) -> None:
    package = press().use("widget", "FRA", 1).shortage("widget", 10)
    package.add("target_materials", group="crma", material_id="widget", stage="manufacturing")
    with pytest.raises(YtterbyError, match=r"target crma-\w+ .*stage \w+"):
        solved(package, tmp_path, target="crma")


def test_a_bloc_without_schools_is_named() -> None:
    bare = crewed().with_(schools=rows_of("schools"), workforce=rows_of("workforce"))
    notes = toy_solved(bare, people=True).notes
    assert any("neither a school nor people stated for presser (tables schools and workforce)" in n for n in notes)


def test_what_cannot_be_reached_is_said_with_what_can() -> None:
    chain = targeted("output_share", 5.0, "smelting", "toy-metal")
    result = toy_solved(chain, target="toy-act")
    assert result.status == "relaxed"
    (sentence,) = result.relaxed
    assert sentence.startswith("Toy target: 500 % of Ty cannot be reached in 2026 to 2027")
    assert "infeasible" not in " ".join(result.summary())


def test_whole_plants_stop_within_a_gap() -> None:
    chain = toy(plant={"toy-part": 100}, built=("toy-pressing",))
    exact = toy_solved(chain, whole_plants=True)
    rough = toy_solved(chain, whole_plants=True, gap=0.9)
    assert exact.status == "optimal"
    assert rough.status in ("optimal", "gap_limit")
    assert rough.objective_usd >= exact.objective_usd * (1 - 1e-9)
    sizes = exact.tables["builds"]["capacity_t_per_a"].to_list()
    assert all(t % 100 == pytest.approx(0, abs=1e-6) for t in sizes)


def test_a_time_limit_that_is_too_short_is_said() -> None:
    with pytest.raises(YtterbyError, match="time limit was reached before any plan was found"):
        plan(load_chain("tungsten"), replace(PLAIN, blocs=("EU",), until=2045, time_limit=1e-4), worth=False)
