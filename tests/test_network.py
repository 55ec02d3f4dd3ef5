"""The network: nodes, lanes and plant of toy and of packages taken at their word; matrices close where recipes do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from plan_package import Package
from ytterby.chain import Chain, load_chain, load_world
from ytterby.network import Network, compile_network


def toy(**more: object) -> Network:
    return compile_network(load_chain("toy"), load_world(), blocs=("ALLIES",), **more)  # type: ignore[arg-type]


def widgets(folder: Path, **settings: object) -> Chain:
    package = Package(**settings).material("ore", "mining").material("widget")
    package.process("dig", {}, {"ore": 1}, stage="mining", opex=5).plant("ore", "FRA", 100).plant("ore", "CHL", 1)
    package.process("press", {"ore": 2}, {"widget": 1}, opex=7).plant("widget", "FRA", 30)
    package.lane("ore", "CHL", "FRA", 3).use("widget", "FRA", 10).use("widget", "JPN", 10)
    return package.shortage("widget", 100).chain(folder / "widget")


def test_a_lane_starts_where_its_material_is_made() -> None:
    network = toy()
    made = network.nodes.filter(side="made").select("material", "region")
    lanes = network.lanes.select("material", pl.col("exporter").alias("region")).unique()
    assert lanes.join(made, on=["material", "region"], how="anti").is_empty()


def test_columns_of_lanes_and_recipes_close() -> None:
    network = toy()
    incidence, technology = network.incidence.toarray(), network.technology.toarray()
    assert np.allclose(incidence.sum(axis=0), 0)
    assert set(np.abs(incidence[incidence != 0])) == {1.0}
    contained = np.array([network.contained(m) for m in network.nodes["material"]])
    lost = dict(
        network.chain.recipes.filter(role="loss").group_by("process_id").agg(pl.col("t_per_t").sum()).iter_rows()
    )
    for row in network.activities.filter(pl.col("process_id") != "toy-mining").iter_rows(named=True):
        into_and_out = float(contained @ technology[:, row["activity"]])
        assert into_and_out == pytest.approx(-lost.get(row["process_id"], 0.0), abs=1e-9), row["process_id"]


def test_capacity_is_never_below_output() -> None:
    groups = toy().groups
    assert (groups["capacity_t_per_a"] >= groups["output_t"] * (1 - 1e-9)).all()


def test_more_neighbours_give_more_lanes() -> None:
    assert toy(nearest=1).lanes.height <= toy(nearest=3).lanes.height


def test_a_package_taken_at_its_word_has_no_plant_that_nobody_states(tmp_path: Path) -> None:
    network = compile_network(widgets(tmp_path), load_world(), blocs=("FRA",))
    rows = network.groups.select("material", "region", "capacity_t_per_a").iter_rows()
    plant = {(material, region): t for material, region, t in rows}
    assert plant == {("ore", "CHL"): 1.0, ("ore", "FRA"): 100.0, ("widget", "FRA"): 30.0}
    abroad = network.lanes.filter(pl.col("exporter") != pl.col("importer"))
    assert abroad.select("material", "exporter", "importer").rows() == [("ore", "CHL", "FRA")]


def test_a_user_whom_no_maker_would_reach_buys_from_the_nearest(tmp_path: Path) -> None:
    network = compile_network(widgets(tmp_path, lanes="open"), load_world(), blocs=("FRA",), nearest=1)
    assert ("widget", "FRA", "JPN") in set(network.lanes.select("material", "exporter", "importer").iter_rows())


def test_money_of_another_year_is_brought_to_the_base(tmp_path: Path) -> None:
    package = Package().material("widget").process("press", {}, {"widget": 1}, opex=1).plant("widget", "USA", 9)
    package.lane("widget", "USA", "FRA", 10, money_year=2015, tariff_usd_per_t=4)
    package.use("widget", "FRA", 1).shortage("widget", 100)
    chain = package.chain(tmp_path / "widget")
    levels = dict(chain.price_levels.select("year", "index").iter_rows())
    lane = compile_network(chain, load_world(), blocs=("FRA",)).lanes.filter(importer="FRA", exporter="USA")
    factor = levels[2024] / levels[2015]
    assert lane["freight_usd_per_t"].to_list() == pytest.approx([10 * factor], rel=1e-12)
    assert lane["tariff_usd_per_t"].to_list() == pytest.approx([4 * factor], rel=1e-12)
