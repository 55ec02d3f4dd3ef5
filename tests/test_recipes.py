"""Recipes: balance by hand, alternatives, what reaches what, and the order of the chain."""

from __future__ import annotations

import polars as pl
import pytest

from ytterby.chain import load_chain
from ytterby.chain.recipes import balance, broken_paths, chain_order, reachable

TOY = load_chain("toy")
BY_HAND = {  # tonnes of Ty per tonne of main output: in, out, of which lost
    "toy-mining": (0.1, 0.1, 0.0),
    "toy-flotation": (0.625, 0.625, 0.125),
    "toy-refining": (1.0, 1.0, 0.2),
    "toy-smelting": (1.05, 1.05, 0.05),
    "toy-pressing": (1.0, 1.0, 0.0),
    "toy-remelting": (1.25, 1.25, 0.25),
}


@pytest.mark.parametrize("process", BY_HAND)
def test_balance_by_hand(process: str) -> None:
    table = balance(TOY.recipes, TOY.compositions, ["Ty"])
    row = table.filter(pl.col("process_id") == process).select("into", "out", "loss").row(0)
    assert row == pytest.approx(BY_HAND[process])


def test_balance_does_not_depend_on_the_order_of_rows() -> None:
    mixed = balance(TOY.recipes.reverse(), TOY.compositions.reverse(), ["Ty"])
    straight = balance(TOY.recipes, TOY.compositions, ["Ty"])
    assert mixed["process_id"].to_list() == straight["process_id"].to_list()
    assert mixed["into"].to_list() == pytest.approx(straight["into"].to_list())


def test_one_of_the_alternatives_serves() -> None:
    feed = TOY.recipes.filter((pl.col("process_id") == "toy-smelting") & (pl.col("role") == "feed"))
    other = feed.with_columns(material_id=pl.lit("toy-scrap"), t_per_t=pl.lit(1.05))
    rest = TOY.recipes.filter(pl.col("process_id") == "toy-smelting").join(feed, on="material_id", how="anti")
    marked = pl.concat([feed, other]).with_columns(alternative=pl.lit("feed"))
    table = balance(pl.concat([rest, marked]), TOY.compositions, ["Ty"])
    assert table.select("into", "out").row(0) == pytest.approx((1.05, 1.05))


def test_tungsten_balances() -> None:
    chain = load_chain("tungsten")
    table = balance(chain.recipes, chain.compositions, list(chain.components))
    assert table.height >= 10
    assert table["into"].to_list() == pytest.approx(table["out"].to_list(), rel=1e-6)
    assert table["loss"].min() >= 0


def test_reachable_and_broken() -> None:
    assert reachable(TOY.recipes, "toy-metal") == {"toy-metal", "toy-part", "toy-scrap"}
    assert broken_paths(TOY.recipes, ["toy-ore"], frozenset({"toy-part"})) == {}
    cut = TOY.recipes.filter(pl.col("process_id") != "toy-smelting")
    assert broken_paths(cut, ["toy-ore"], frozenset({"toy-part"})) == {"toy-ore": ["toy-oxide"]}


def test_order_is_from_deposit_to_product() -> None:
    order = chain_order(TOY)
    assert order == [
        "toy-deposit",
        "toy-ore",
        "toy-concentrate",
        "toy-oxide",
        "toy-metal",
        "toy-part",
        "toy-scrap",
    ]
    assert chain_order(TOY.with_(materials=TOY.materials.reverse(), recipes=TOY.recipes.reverse())) == order
