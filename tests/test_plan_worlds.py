"""Research gates and two worlds, against hand calculations on packages of a few rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plan_package import BASE, Package
from ytterby.chain import load_chain, load_world
from ytterby.errors import YtterbyError
from ytterby.plan import Options, plan
from ytterby.plan.fragmented import Projects, Switches, fragment
from ytterby.plan.market import Market
from ytterby.plan.plan import plan_setup
from ytterby.plan.setup import set_up
from ytterby.plan.worlds import Account, shapley, two_worlds

PLAIN = {"people": False, "money": False, "controls": False, "build_rates": False, "fit": False, "calibrate": False}


def options(until: int, **more: Any) -> Options:
    return Options(blocs=("FRA",), until=until, discount=0.0, draws=0, **{**PLAIN, **more})


def laboratory(*, odds: float = 0.5, budget_musd: float = 0.01, adoption: str = "open") -> Package:
    """100 t a year of a part, made at 100 USD a tonne; a variant makes it at 40 once a programme of two years delivers.

    Delivered in 2027, decided then, ready in 2028: seven years to 2034. Each saves (100 - 40) x 100 = 6,000 USD and
    pays back 100 x 100 / 10 = 1,000 USD of capital: 35,000 USD in all.
    """
    package = Package()
    package.material("ore", stage="mining", kind="deposit", form="in the ground").material("part")
    package.process("make", {"ore": 1.0}, {"part": 1.0}, opex=100.0)
    package.process("make-well", {"ore": 1.0}, {"part": 1.0}, opex=40.0, capex=100.0, build_time=1.0, life=10.0)
    package.rows["processes"][-1]["trl"] = 5
    package.add("deposits", deposit_id="hill", name="Hill", place_id="FRA", material_id="ore", category="resource")
    package.plant("part", "FRA", 100.0, process="make").use("part", "FRA", 100.0).shortage("part", 1000.0)
    package.add(
        "research",
        research_id="better",
        name="A better way",
        base_process_id="make",
        variant_process_id="make-well",
        trl_now=5,
        trl_needed=8,
        duration_a=2.0,
        odds=odds,
        budget_musd=budget_musd,
        adoption=adoption,
    )
    return package


def test_a_programme_by_hand(tmp_path: Path) -> None:
    chain = laboratory().chain(tmp_path / "laboratory")
    result = plan(chain, options(2034), worth=False)
    row = result.tables["research"].row(0, named=True)
    assert row["is_funded"]
    assert row["worth_usd"] == pytest.approx(0.5 * 35_000 - 10_000, rel=1e-9)
    assert row["break_even_odds"] == pytest.approx(10_000 / 35_000, rel=1e-9)
    # shown is the plan in which it delivers: 11 years at 100, less what is saved, and the budget
    assert result.objective_usd == pytest.approx(11 * 10_000 - 35_000 + 10_000, rel=1e-9)
    assert result.cost_breakdown["research"] == pytest.approx(10_000, rel=1e-9)
    assert result.tables["builds"]["year_decided"].to_list() == [2027]


def test_a_programme_that_does_not_pay_is_not_funded(tmp_path: Path) -> None:
    chain = laboratory(odds=0.2).chain(tmp_path / "poor")
    result = plan(chain, options(2034), worth=False)
    row = result.tables["research"].row(0, named=True)
    assert not row["is_funded"]
    assert row["worth_usd"] == pytest.approx(0.2 * 35_000 - 10_000, rel=1e-9)
    assert result.objective_usd == pytest.approx(11 * 10_000, rel=1e-9)
    assert result.tables["builds"].is_empty()


def test_without_research_nothing_of_it_is_left(tmp_path: Path) -> None:
    chain = laboratory().chain(tmp_path / "without")
    result = plan(chain, options(2034, research="none"), worth=False)
    assert result.objective_usd == pytest.approx(11 * 10_000, rel=1e-9)
    assert result.tables["research"].is_empty()


def test_outcomes_value_hedging_and_knowing(tmp_path: Path) -> None:
    chain = laboratory().chain(tmp_path / "outcomes")
    result = plan(chain, options(2034, research="outcomes"), worth=False)
    value = dict(result.tables["outcomes"].iter_rows())
    assert value["value of the stochastic solution"] >= -1e-6
    # nothing can be decided before the programme ends, so that nothing is lost by not knowing
    assert value["value of perfect information"] == pytest.approx(0.0, abs=1e-6)
    assert value["expected cost, hedged"] == pytest.approx(value["expected cost, outcomes known"], rel=1e-12)


def test_partners_alone_adopt(tmp_path: Path) -> None:
    package = laboratory(adoption="partners")
    result = plan(package.chain(tmp_path / "closed"), options(2034), worth=False)
    assert not result.tables["research"]["is_funded"][0]
    package.add("companies", company_id="lab", name="Lab", place_id="FRA", kind="private")
    package.add(
        "partnerships", partnership_id="pair", name="Pair", party_id="lab", research_id="better", status="definitive"
    )
    result = plan(package.chain(tmp_path / "member"), options(2034), worth=False)
    assert result.tables["research"]["is_funded"][0]


def test_research_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    with pytest.raises(YtterbyError, match=r"odds of 1\.5 lie outside 0 to 1|outside"):
        plan(laboratory(odds=1.5).chain(tmp_path / "odds"), options(2034), worth=False)
    with pytest.raises(YtterbyError, match="programme 'worse' has no variant"):
        plan(laboratory().chain(tmp_path / "name"), options(2034, programmes=("worse",)), worth=False)
    many = laboratory()
    for number in range(6):
        many.add("research", **{**many.rows["research"][0], "research_id": f"more-{number}"})
    with pytest.raises(YtterbyError, match="7 programmes make 128 choices, more than 64; name up to 6"):
        plan(many.chain(tmp_path / "many"), options(2034), worth=False)


def chain_of_two() -> Package:
    """Two stages without plant, each worth nothing alone: metal that nobody presses, a press that nobody feeds."""
    package = Package()
    package.material("ore", stage="mining", kind="deposit", form="in the ground")
    package.material("metal", stage="smelting").material("part", stage="manufacturing")
    package.process(
        "smelt", {"ore": 1.0}, {"metal": 1.0}, stage="smelting", opex=10.0, capex=100.0, build_time=1.0, life=10.0
    )
    package.process(
        "press", {"metal": 1.0}, {"part": 1.0}, stage="manufacturing", opex=10.0, capex=100.0, build_time=1.0, life=10.0
    )
    package.add("deposits", deposit_id="hill", name="Hill", place_id="FRA", material_id="ore", category="resource")
    return package.use("part", "FRA", 100.0).shortage("part", 1000.0)


def test_a_hold_up_by_hand(tmp_path: Path) -> None:
    # integrated: both decided in 2025, ready in 2026; three years of 100 t at 20 USD, and 2 x 10 USD a tonne of
    # capital; two years of 100 t missed at 1,000 USD. Fragmented: nobody moves first, five years are missed.
    chain = chain_of_two().chain(tmp_path / "pair")
    result = two_worlds(chain, options(BASE + 4))
    assert result.integrated.objective_usd == pytest.approx(2 * 100_000 + 3 * 100 * (20 + 20), rel=1e-9)
    assert result.fragmented.objective_usd == pytest.approx(5 * 100_000, rel=1e-9)
    assert result.total_usd == pytest.approx(300_000 - 12_000, rel=1e-9)
    assert result.unmet_t == pytest.approx(300.0, rel=1e-9)
    assert sum(result.split.values()) == pytest.approx(result.total_usd, rel=1e-9)


def test_with_the_press_there_the_smelter_comes_alone(tmp_path: Path) -> None:
    # the press stands and goes short: metal has a price, so that the owner of a smelter sees it and builds
    package = chain_of_two().plant("part", "FRA", 100.0, process="press").plant("metal", "FRA", 0.0, process="smelt")
    result = two_worlds(package.chain(tmp_path / "half"), options(BASE + 4))
    assert result.total_usd == pytest.approx(0.0, abs=1e-6)
    assert result.fragmented.tables["builds"]["process"].to_list() == ["smelt"]


def test_an_umbrella_gives_each_member_its_share(tmp_path: Path) -> None:
    chain = chain_of_two().chain(tmp_path / "umbrella")
    result = two_worlds(chain, options(BASE + 4), umbrella=("FRA",))
    assert result.umbrella["shares"]["FRA"] == pytest.approx(result.total_usd, rel=1e-9)
    with pytest.raises(YtterbyError, match="DEU does not plan here"):
        two_worlds(chain, options(BASE + 4), umbrella=("DEU",))


def test_shapley_of_a_game_known_by_heart() -> None:
    # glove game: one left glove, two right ones (Shapley 1953): 2/3, 1/6, 1/6
    groups = ["", "l", "r", "s", "lr", "ls", "rs", "lrs"]
    value = {frozenset(group): float("l" in group and len(group) > 1) for group in groups}
    assert shapley("lrs", value) == pytest.approx({"l": 2 / 3, "r": 1 / 6, "s": 1 / 6})


@pytest.mark.slow
@pytest.mark.parametrize(("metal", "bloc"), [("tungsten", "EU"), ("rare_earths", "USA")])
def test_what_owners_build_can_be_replayed_and_is_never_cheaper(metal: str, bloc: str) -> None:
    chain, world = load_chain(metal), load_world()
    setup = set_up(chain, world, Options(blocs=(bloc,), until=2034, draws=0))
    _, solution = plan_setup(setup, chain, world)
    foresight = np.zeros((setup.horizon.count, setup.network.nodes.height))
    alone = fragment(setup, Market(setup), Projects(setup), foresight, Switches(), margin=0.1)
    judged, kept = Account(setup).judge(alone.builds)
    assert alone.builds
    assert set(kept) <= set(alone.builds)
    assert judged.is_optimal
    assert judged.objective >= solution.objective * (1 - 1e-9)
