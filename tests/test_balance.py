"""A balanced year: toy by hand, every package closes, routes and deviations, the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ytterby.balance.balance import balance
from ytterby.balance.observed import spread_of
from ytterby.balance.result import BalanceResult
from ytterby.balance.routes import routes_of
from ytterby.chain import Chain, load_chain
from ytterby.chain.chain import packaged_metals
from ytterby.chain.recipes import chain_order
from ytterby.errors import YtterbyError

METALS = packaged_metals()


@pytest.fixture(scope="module")
def toy() -> BalanceResult:
    return balance(load_chain("toy"), year=2023)


def toy_routes(observed: frozenset[str]) -> Any:
    chain = load_chain("toy")
    stated = frozenset(["toy-concentrate", "toy-oxide", "toy-metal", "toy-part"])
    return routes_of(chain, chain_order(chain), stated, observed)


def test_routes_leave_ore_with_its_mine_and_keep_the_scrap_loop() -> None:
    found = toy_routes(frozenset(["toy-concentrate", "toy-part"]))
    assert found.materials == ("toy-concentrate", "toy-oxide", "toy-metal", "toy-part", "toy-scrap")
    assert {route.route_id: [feed.material for feed in route.feeds] for route in found.routes} == {
        "toy-flotation": [],
        "toy-refining": ["toy-concentrate"],
        "toy-smelting": ["toy-oxide"],
        "toy-remelting": ["toy-scrap"],
        "toy-pressing": ["toy-metal"],
    }
    assert {route.main: route.raw[0].material for route in found.routes if route.raw} == {"toy-concentrate": "toy-ore"}


def test_a_material_that_nobody_is_known_to_make_feeds_nothing() -> None:
    assert not toy_routes(frozenset()).routes


def test_a_route_without_loss_is_the_least_that_it_takes() -> None:
    refining = next(r for r in toy_routes(frozenset(["toy-concentrate"])).routes if r.route_id == "toy-refining")
    assert refining.feeds[0].least == pytest.approx(0.8 / 0.5)  # oxide of 80 % from concentrate of 50 %


@pytest.mark.parametrize(("confidence", "spread"), [("measured", 0.05), ("reported", 0.1), ("assumed", 0.7)])
def test_a_statement_of_the_year_has_the_spread_of_its_confidence(confidence: str, spread: float) -> None:
    assert spread_of(confidence) == pytest.approx(spread)
    assert spread_of(confidence, 3) > spread


def observation(result: BalanceResult, **what: str) -> dict[str, Any]:
    rows = result.tables["observations"].filter(*(pl.col(name) == value for name, value in what.items()))
    assert rows.height == 1
    return rows.row(0, named=True)


def test_toy_says_what_is_wrong_with_its_year(toy: BalanceResult) -> None:
    """Borland has 300 t made and 100 t bought, and 200 t for its 100 t of oxide: something must give."""
    made = observation(toy, kind="made", material_id="toy-concentrate", place_id="XBB")
    assert (made["stated"], made["stated_sd"]) == (300, pytest.approx(30))
    assert made["flag"]
    assert made["adjusted"] < 215
    bought = observation(toy, kind="ship", material_id="toy-concentrate", place_id="XAA")
    oxide = observation(toy, kind="made", material_id="toy-oxide", place_id="XBB")
    stock = observation(toy, kind="stock", material_id="toy-concentrate", place_id="XBB")
    inside = made["adjusted"] + bought["adjusted"] - 2 * oxide["adjusted"]
    assert inside == pytest.approx(stock["adjusted"], rel=1e-9)
    assert toy.p < 0.001
    assert any("toy concentrate, Borland" in line and "toy-survey" in line for line in toy.summary())


def test_toy_rivals_widen_the_deviation(toy: BalanceResult) -> None:
    """350 t and 300 t are stated of one output: wider than a tenth of 350."""
    made = observation(toy, kind="made", material_id="toy-oxide", place_id="XAA")
    assert made["stated"] == 350
    assert made["stated_sd"] > 36


def test_capacity_is_an_upper_bound_with_a_spread(toy: BalanceResult) -> None:
    for row in toy.tables["observations"].filter(pl.col("kind") == "capacity").to_dicts():
        made = observation(toy, kind="made", material_id=row["material_id"], place_id=row["place_id"])
        assert made["adjusted"] <= row["adjusted"] * (1 + 1e-9)


@pytest.mark.parametrize("metal", METALS)
def test_every_package_closes(metal: str) -> None:
    chain = load_chain(metal)
    result = balance(chain, year=2023, draws=200)
    assert result.closure < 1e-9
    flows = result.tables["flows"]
    assert flows.filter(~pl.col("kind").is_in(["net", "stock"]))["t"].min() >= 0  # type: ignore[operator]
    for _, net in flows.filter(pl.col("kind") == "net").group_by("material_id"):
        assert abs(float(net["t"].sum())) <= 1e-9 * max(1.0, float(net["t"].abs().sum()))
    assert set(flows["status"]) <= {"stated", "inferred"}
    known = flows.filter(pl.col("low_t").is_not_null() & pl.col("high_t").is_not_null())
    assert (known["low_t"] <= known["t"] + 1e-9).all()
    assert (known["t"] <= known["high_t"] + 1e-9).all()
    _matter_is_kept(result)
    json.dumps(result.to_dict(), allow_nan=False)


def _matter_is_kept(result: BalanceResult) -> None:
    """What goes into a route comes out of it or is lost, and nothing comes from nothing."""
    losses = result.tables["losses"]
    size = float(result.tables["conversions"]["contained_t"].abs().max() or 1.0)  # type: ignore[arg-type]
    assert float(losses["contained_t"].min() or 0.0) >= -1e-9 * size  # type: ignore[arg-type]


def test_the_drawing_closes() -> None:
    from ytterby.brief.figures.balance_sankey import balanced_flows

    chain = load_chain("toy")
    result = balance(chain, year=2023)
    drawn = balanced_flows(chain, result)
    kinds = dict(chain.materials.select("material_id", "kind").iter_rows())
    lost = {loss.target: loss.quantity_t for loss in drawn.losses}
    for material, made in drawn.made_t.items():
        if kinds[material] == "chain" and drawn.fed_t(material):
            assert drawn.fed_t(material) == pytest.approx(made + lost.get(material, 0.0), rel=1e-9)


def test_the_same_year_twice_is_the_same(toy: BalanceResult) -> None:
    again = balance(load_chain("toy"), year=2023)
    assert again.tables["observations"].equals(toy.tables["observations"])


def test_permuting_rows_changes_nothing(toy: BalanceResult) -> None:
    chain = load_chain("toy")
    shuffled = {name: chain.table(name).reverse() for name in ("stage_output", "facility_output", "recipes", "trade")}
    found = balance(chain.with_(overlay="shuffled", **shuffled), year=2023)
    assert found.chi_square == pytest.approx(toy.chi_square, rel=1e-9)
    key = ["kind", "material_id", "place_id", "partner_id"]
    one, two = (r.tables["observations"].sort(key).select(*key, "adjusted") for r in (toy, found))
    assert one.select(key).equals(two.select(key))
    assert (one["adjusted"] - two["adjusted"]).abs().max() < 1e-6  # type: ignore[operator]


def without(chain: Chain, table: str) -> Chain:
    return chain.with_(overlay=f"no {table}", **{table: chain.table(table).clear()})


def test_what_cannot_be_balanced_is_refused_in_one_sentence() -> None:
    chain = load_chain("toy")
    with pytest.raises(YtterbyError, match="no recipes"):
        balance(without(chain, "recipes"), year=2023)
    with pytest.raises(YtterbyError, match="nearest: 2023"):
        balance(chain, year=1990)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["toy", "--year", "1990"], "nothing is stated near 1990"),
        (["lithium"], "no recipes"),
        (["no-such-metal"], "unknown metal"),
    ],
)
def test_the_command_refuses_in_one_line(arguments: list[str], says: str, run_ytterby: Any, tmp_path: Path) -> None:
    done = run_ytterby("balance", *arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_command_writes_json_and_a_drawing(run_ytterby: Any, tmp_path: Path) -> None:
    done = run_ytterby(
        "balance", "toy", "--year", "2023", "--json", "--out", "b.json", "--figures", "figures", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["test"]["dof"] > 0
    assert json.loads((tmp_path / "b.json").read_text(encoding="utf-8"))["observations"] == printed["observations"]
    assert (tmp_path / "figures" / "balance-toy-2023.svg").read_text(encoding="utf-8").startswith("<svg")
