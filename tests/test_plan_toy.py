"""Each family of constraints binds in a plan of toy, by hand: cost, and what one more unit is worth, to 1e-9.

Toy's own recipes, with plant, use and costs laid over it. The Allies use 200 t of parts a year; a part takes 1 t of
metal, 1.3125 t of oxide, 2.625 t of concentrate, 16.40625 t of ore (1.640625 t of Ty in the ground). At a cost of 1,
10, 100, 1000 and 2000 USD/t for ore to part, a part costs

    2000 + 1000 + 1.3125 x (100 + 2 x (10 + 6.25 x 1)) = 3142.65625 + 31.25 = 3173.90625     (remelting is dearer)

A part that is lacking costs 10,000, so a part more is worth 6826.09375. Money is not discounted, so capex of 1000 over
a life of 10 years is 100 a year that the plant stands. Base year 2023; a plan ends in 2027.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from plan_package import rows_of
from ytterby.chain import Chain, load_chain, load_world
from ytterby.chain.read import empty_table
from ytterby.plan import Options, PlanResult, plan
from ytterby.plan.plan import solve_setup
from ytterby.plan.setup import set_up

PART, LACKING = 3173.90625, 10_000.0
GAIN = LACKING - PART
OPEX = {
    "toy-mining": 1,
    "toy-flotation": 10,
    "toy-refining": 100,
    "toy-smelting": 1000,
    "toy-pressing": 2000,
    "toy-remelting": 50_000,
}
PLANT = {"toy-ore": 5000, "toy-concentrate": 900, "toy-oxide": 900, "toy-metal": 900, "toy-part": 900}
OPTIONS = Options(
    ("ALLIES",),
    until=2027,
    discount=0.0,
    draws=0,
    people=False,
    money=False,
    controls=False,
    build_rates=False,
    calibrate=False,
    fit=False,
)


def parameters(process: str, **values: float) -> list[dict[str, Any]]:
    units = {"opex": "USD/t", "capex": "USD/(t/a)", "build_time": "a", "life": "a"}
    return [{"process_id": process, "parameter": k, "value": v, "unit": units[k]} for k, v in values.items()]


def toy(*, plant: dict[str, float] | None = None, built: tuple[str, ...] = (), **tables: pl.DataFrame) -> Chain:
    """Return toy with plant at Borland alone, one use, no trade and no norms; `built` may be built in two years."""
    held = {**PLANT, **(plant or {})}
    costs = [row for process, usd in OPEX.items() for row in parameters(process, opex=usd)]
    costs += [row for process in built for row in parameters(process, capex=1000, build_time=2, life=10)]
    output = [
        {"material_id": m, "place_id": "XBB", "year": 2023, "measure": "capacity", "quantity": t, "unit": "t"}
        for m, t in held.items()
    ]
    use = {"material_id": "toy-part", "end_use": "total", "year": 2023, "quantity": 200, "unit": "t"}
    lost = {"material_id": "toy-part", "end_use": "total", "region_id": "WORLD", "value_usd_per_t": LACKING}
    names = ("norms", "trade", "prices", "facility_output", "facilities", "facility_status", "offtakes", "policies")
    empty = {name: empty_table(name) for name in (*names, "crew_mix", "targets", "deposits", "projects")}
    laid: dict[str, pl.DataFrame] = {
        **empty,
        "process_parameters": rows_of("process_parameters", *costs),
        "stage_output": rows_of("stage_output", *output),
        "demand": rows_of("demand", {"demand_id": "a", "region_id": "ALLIES", **use}),
        "lost_use": rows_of("lost_use", lost),
    }
    chain = load_chain("toy")
    settings = {**chain.metadata["ytterby"], "demand": "complete"}
    return replace(chain, metadata={**chain.metadata, "ytterby": settings}).with_(**{**laid, **tables})


def solved(chain: Chain, **options: Any) -> PlanResult:
    return plan(chain, replace(OPTIONS, **options), worth=False)


def worth(result: PlanResult, constraint: str) -> dict[int, float]:
    """Return the shadow price of a constraint by year."""
    rows = result.tables["binding"].filter(pl.col("constraint").str.starts_with(constraint))
    return dict(rows.select("year", "shadow_price_usd").iter_rows())


def norm(parameter: str, value: float, unit: str, **cells: Any) -> dict[str, Any]:
    return {"norm_id": parameter.replace("_", "-"), "parameter": parameter, "value": value, "unit": unit, **cells}


def close(value: Any) -> Any:
    return pytest.approx(value, rel=1e-9)


def test_nothing_binds() -> None:
    result = solved(toy())
    assert result.objective_usd == close(5 * 200 * PART)
    assert result.tables["binding"].is_empty()
    assert result.tables["unmet"].is_empty()


def test_capacity_binds() -> None:
    """150 t of metal: 50 t of parts lack each year; a tonne of plant is worth what a part is, in each year."""
    result = solved(toy(plant={"toy-metal": 150}))
    assert result.objective_usd == close(5 * (150 * PART + 50 * LACKING))
    assert worth(result, "capacity") == close(dict.fromkeys(range(2023, 2028), GAIN))


def test_lead_time_binds() -> None:
    """100 t lack until what is decided in 2024 is ready in 2026; a year sooner serves 2025 too."""
    chain = toy(plant={"toy-part": 100}, built=("toy-pressing",))
    result = solved(chain)
    assert result.objective_usd == close(5 * 100 * PART + 3 * 100 * LACKING + 2 * 100 * (PART + 100))
    build = result.tables["builds"].row(0, named=True)
    assert (build["year_decided"], build["year_ready"], build["capacity_t_per_a"]) == (2024, 2026, close(100.0))
    sooner = solved(chain, years_sooner=1.0)
    assert result.objective_usd - sooner.objective_usd == close(100 * (GAIN - 100))


def test_ramp_up_binds() -> None:
    """Half of a new plant runs in its first year: 50 t more lack in 2026, none if twice as much is worth building."""
    ramp = rows_of("norms", norm("ramp_first_year", 0.5, "1"), norm("ramp_second_year", 1, "1"))
    result = solved(toy(plant={"toy-part": 100}, built=("toy-pressing",), norms=ramp))
    # a tonne more decided in 2024 serves half a part in 2026 and none in 2027: 0.5 x 6826 > 2 x 100, so 200 t are built
    assert result.objective_usd == close(5 * 100 * PART + 3 * 100 * LACKING + 2 * 100 * PART + 2 * 200 * 100)


def test_build_rate_binds() -> None:
    """30 % of 100 t may be decided a year: 30 t serve 2026, 60 t 2027; a tonne more decided in 2024 serves both."""
    rate = rows_of("norms", norm("build_rate", 0.3, "1/a"))
    result = solved(toy(plant={"toy-part": 100}, built=("toy-pressing",), norms=rate), build_rates=True)
    served = 30 + 60
    assert result.objective_usd == close(5 * 100 * PART + (5 * 100 - served) * LACKING + served * (PART + 100))
    assert worth(result, "build_rate") == close({2024: 2 * (GAIN - 100), 2025: GAIN - 100})


def test_budget_binds() -> None:
    """0.02 million in 2024 begin 40 t, of which half the 1000 USD is paid then; 60 t follow a year later.

    A million more in 2024 begins 2000 t a year earlier: each serves 2026 too, and pays 100 for that year.
    """
    budgets = [{"bloc_id": "ALLIES", "year": year, "musd": musd} for year, musd in ((2024, 0.02), (2025, 9.0))]
    chain = toy(plant={"toy-part": 100}, built=("toy-pressing",), budgets=rows_of("budgets", *budgets))
    result = solved(chain, money=True)
    served = 40 + 100
    assert result.objective_usd == close(5 * 100 * PART + (5 * 100 - served) * LACKING + served * (PART + 100))
    assert worth(result, "budget") == close({2024: 2000 * (GAIN - 100)})
    free = solved(chain)
    assert result.objective_usd - free.objective_usd == close(60 * (GAIN - 100))


def test_no_budget_builds_nothing_and_is_said() -> None:
    result = solved(toy(plant={"toy-part": 100}, built=("toy-pressing",)), money=True, budget_musd=0.0)
    assert result.objective_usd == close(5 * (100 * PART + 100 * LACKING))
    assert any(note.startswith("The budget of ALLIES is 0") for note in result.notes)


def crewed(**more: Any) -> Chain:
    """Return toy where 1 t of parts takes 0.1 presser; 10 are there, 2 may be hired a year, study takes 4 years."""
    press = {"occupation_id": "presser", "name": "Presser", "study_a": 3, "competence_a": 1}
    return toy(
        plant={"toy-part": 100},
        built=("toy-pressing",),
        occupations=rows_of("occupations", press),
        crews=rows_of(
            "crews", {"process_id": "toy-pressing", "occupation_id": "presser", "phase": "run", "fte_per_kt": 100}
        ),
        workforce=rows_of("workforce", {"place_id": "XBB", "occupation_id": "presser", "year": 2023, "headcount": 10}),
        norms=rows_of(
            "norms",
            norm("hiring_limit", 0.2, "1/a"),
            norm("hiring_cost", 500, "USD"),
            norm("training_cost", 300, "USD"),
        ),
        **more,
    )


def test_crew_binds() -> None:
    """Two are hired a year: six by 2026 and eight by 2027 run 60 and 80 t; one more in a year runs 10 t more."""
    result = solved(crewed(), people=True)
    served = 60 + 80
    expected = 5 * 100 * PART + (5 * 100 - served) * LACKING + served * (PART + 100) + 8 * 500
    assert result.objective_usd == close(expected)
    assert worth(result, "crew") == close(dict.fromkeys((2026, 2027), 10 * (GAIN - 100)))
    assert result.cost_breakdown["hiring"] == close(8 * 500)
    assert result.tables["people"].filter(year=2027)["staff"].to_list() == close([18.0])
    free = solved(crewed())
    assert free.objective_usd == close(expected - (200 - served) * (GAIN - 100) - 8 * 500)


def test_cohort_binds_through_the_years_of_study() -> None:
    """To 2028: who begins in 2024 is there in 2028, for 300 instead of 500, so training fills what hiring leaves.

    20 are needed. Hired: 2 a year, 2024 to 2028, make 20 in 2028 alone; with training the last two are trained, at 300.
    """
    result = solved(crewed(), people=True, until=2028)
    served = 60 + 80 + 100
    expected = 6 * 100 * PART + (6 * 100 - served) * LACKING + served * (PART + 100) + 8 * 500 + 2 * 300
    assert result.objective_usd == close(expected)
    assert result.tables["people"]["trained"].sum() == close(2.0)


def test_places_of_study_are_worth_what_they_bring() -> None:
    """Three graduates a year from the start, of a school that options add to the stated people: no hiring at all."""
    result = solved(crewed(), people=True, places={"presser": 3.0})
    served = 90 + 100  # 9 more by 2026, 10 by 2027, of which the last is a graduate
    expected = 5 * 100 * PART + (5 * 100 - served) * LACKING + served * (PART + 100)
    hired = 1  # the tenth in 2026
    assert result.objective_usd == close(expected - hired * 10 * (GAIN - 100) + hired * 500)


def test_ore_binds() -> None:
    """1000 t of Ty in the ground are 609.52 of the 1000 t of parts wanted; a tonne is worth 6826.09 / 1.640625."""
    hill = {"deposit_id": "hill", "name": "Hill", "place_id": "XBB", "material_id": "toy-deposit", "year": 2023}
    ground = rows_of("deposits", {**hill, "category": "reserve", "quantity": 1000, "unit": "t Ty"})
    result = solved(toy(deposits=ground))
    parts = 1000 / 1.640625
    assert result.objective_usd == close(parts * PART + (1000 - parts) * LACKING)
    assert list(worth(result, "ore").values()) == close([GAIN / 1.640625])


def controlled(**policy: Any) -> Chain:
    """Return toy whose oxide comes from Ardal alone, 300 t in the base year, under an act from 2025 on."""
    at = {"year": 2023, "measure": "capacity", "unit": "t"}
    output = [{"material_id": m, "place_id": "XBB", "quantity": PLANT[m], **at} for m in ("toy-metal", "toy-part")]
    output += [
        {"material_id": m, "place_id": "XAA", "quantity": PLANT[m], **at}
        for m in ("toy-ore", "toy-concentrate", "toy-oxide")
    ]
    sold = {
        "material_id": "toy-oxide",
        "year": 2023,
        "exporter": "XAA",
        "importer": "XBB",
        "quantity": 300,
        "unit": "t",
    }
    act = {"policy_id": "act", "name": "Act", "imposed_by": "XAA", "against": "WORLD", **policy}
    return toy(
        stage_output=rows_of("stage_output", *[{**row, "unit": "t"} for row in output]),
        trade=rows_of("trade", sold),
        policies=rows_of("policies", act),
        policy_status=rows_of("policy_status", {"policy_id": "act", "date": "2025-01-01", "status": "in_force"}),
        policy_materials=rows_of("policy_materials", {"policy_id": "act", "material_id": "toy-oxide"}),
    )


@pytest.mark.parametrize(
    "policy", [{"instrument": "ban", "value": 0.5, "unit": "1"}, {"instrument": "quota", "value": 150, "unit": "t"}]
)
def test_export_ban_and_quota_bind(policy: dict[str, Any]) -> None:
    """150 t of oxide a year from 2025 on are 114.29 t of parts; a tonne of oxide more is worth 6826.09 / 1.3125."""
    chain = controlled(**policy)
    result = solved(chain, controls=True)
    parts = 150 / 1.3125
    assert result.objective_usd == close(2 * 200 * PART + 3 * (parts * PART + (200 - parts) * LACKING))
    assert worth(result, policy["instrument"]) == close(dict.fromkeys((2025, 2026, 2027), GAIN / 1.3125))
    assert solved(chain).objective_usd == close(5 * 200 * PART)


def test_export_tax_is_paid() -> None:
    """20 % ad valorem on a price of 10,000: 2000 on each of 262.5 t of oxide, from 2025 on."""
    chain = controlled(instrument="tariff", value=0.2, unit="ad valorem")
    price = {"material_id": "toy-oxide", "date": "2023", "market": "toy market", "price_usd_per_t": 10_000}
    result = solved(chain.with_(prices=rows_of("prices", price)), controls=True)
    assert result.cost_breakdown["tariff"] == close(3 * 262.5 * 2000)


def targeted(measure: str, value: float, stage: str, material: str, **more: pl.DataFrame) -> Chain:
    """Return toy where Ardal sells metal at 100 less than the Allies' own smelters cost, under a target from 2026."""
    at = {"year": 2023, "measure": "capacity", "unit": "t"}
    output = [{"material_id": m, "place_id": "XBB", "quantity": PLANT[m], **at} for m in PLANT]
    output += [{"material_id": m, "place_id": "XAA", "quantity": PLANT[m], **at} for m in PLANT if m != "toy-part"]
    cheap = [{"process_id": "toy-smelting", "parameter": "opex", "place_id": "XAA", "value": 900, "unit": "USD/t"}]
    costs = [row for process, usd in OPEX.items() for row in parameters(process, opex=usd)]
    target = {"target_id": "toy-target", "group": "toy-act", "name": "Toy target", "bloc_id": "ALLIES", "year": 2026}
    return toy(
        stage_output=rows_of("stage_output", *output),
        process_parameters=rows_of("process_parameters", *costs, *cheap),
        trade=rows_of(
            "trade",
            {
                "material_id": "toy-metal",
                "year": 2023,
                "exporter": "XAA",
                "importer": "XBB",
                "quantity": 9,
                "unit": "t",
            },
        ),
        targets=rows_of("targets", {**target, "measure": measure, "stage": stage, "value": value, "unit": "1"}),
        target_materials=rows_of("target_materials", {"group": "toy-act", "material_id": material, "stage": stage}),
        **more,
    )


def test_output_target_binds() -> None:
    """40 % of 200 x 0.9 t of Ty in use are 72 t of own metal, each 100 dearer than Ardal's: so is a tonne of target."""
    chain = targeted("output_share", 0.4, "smelting", "toy-metal")
    free, held = solved(chain), solved(chain, target="toy-act")
    assert free.objective_usd == close(5 * 200 * (PART - 100))
    assert held.objective_usd - free.objective_usd == pytest.approx(2 * 72 * 100, rel=1e-7)
    assert worth(held, "target") == close({2026: 100.0, 2027: 100.0})
    row = held.tables["targets"].row(0, named=True)
    assert (row["required"], row["met_in"]) == (0.4, 2026)
    assert row["reached"] == close(0.4)
    assert row["slack"] == pytest.approx(0, abs=1e-9)


def test_one_country_target_binds() -> None:
    """At most 65 % of the metal from Ardal: 70 of 200 t are made at home, at 100 more."""
    chain = targeted("country_share", 0.65, "smelting", "toy-metal")
    held = solved(chain, target="toy-act")
    assert held.objective_usd == close(5 * 200 * (PART - 100) + 2 * 70 * 100)
    assert worth(held, "target") == close({2026: 100.0, 2027: 100.0})


def test_recycling_target_binds() -> None:
    """Scrap of toy is new scrap alone: none of it counts, so the target gives way wholly and says what is possible."""
    chain = targeted("recycled_share", 0.25, "recycling", "toy-scrap")
    held = solved(chain, target="toy-act")
    assert held.status == "relaxed"
    (sentence,) = held.relaxed
    assert "25 % of Ty cannot be reached" in sentence
    assert "0.0 %" in sentence


def test_cover_binds() -> None:
    """73 days of 200 t are 40 t in stock by 2028, made in the last year, held at 2 % of a price of 5000 a year."""
    price = {"material_id": "toy-part", "date": "2023", "market": "toy market", "price_usd_per_t": 5000}
    chain = toy(prices=rows_of("prices", price), norms=rows_of("norms", norm("holding_share", 0.02, "1/a")))
    result = solved(chain, until=2028, cover_days=73.0)
    assert result.objective_usd == close(6 * 200 * PART + 40 * (PART + 100))
    assert worth(result, "target") == close({2028: PART + 100})
    assert result.tables["stock"].filter(year=2028)["t"].to_list() == close([40.0])


def test_duals_are_those_of_a_dearer_solve() -> None:
    """A tonne more of each plant, solved again, saves what its dual says."""
    setup = set_up(toy(plant={"toy-metal": 150}), load_world(), OPTIONS)
    session, solution, _ = solve_setup(setup, OPTIONS)
    rows = setup.programme.rows["capacity"]
    chosen = rows.index[
        (rows.labels["material"] == "toy-metal").to_numpy() & (rows.labels["region"] == "ALLIES").to_numpy()
    ]
    _, high = session.row_bounds(chosen)
    session.change_row_bounds(chosen, None, high + 1.0)
    again = session.solve(warm="base")
    dual = solution.duals[chosen].sum() if solution.duals is not None else np.nan
    assert again.objective - solution.objective == close(dual)
