"""Trade of a bloc: flows without a quantity, prices of another material, and the spread of content."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from ytterby.chain import Chain, load_chain, load_world
from ytterby.chain.uncertainty import Sampler
from ytterby.ladder.trade import MOSTLY_SOLD, NO_USE, NOTHING, Trade, bloc_trade, reliance, trade_flows, withheld

MATERIAL = "tungsten-concentrate"
FLOWS = [
    ("CHN", "AUT", 10.0, 150.0),
    ("RWA", "AUT", 10.0, 150.0),
    ("ESP", "CHN", 6.0, 90.0),
    ("FRA", "VNM", 2.0, 6.0),
    ("DEU", "VNM", None, 5.0),
]


def world_of(flows: list[tuple[str, str, float | None, float]] = FLOWS) -> Chain:
    """The world tables with these flows of ores alone."""
    rows: list[dict[str, Any]] = [
        {"hs6": "261100", "year": 2022, "exporter": a, "importer": b, "quantity_t": t, "value_kusd": value}
        for a, b, t, value in flows
    ]
    world = load_world()
    frame = pl.DataFrame(rows, infer_schema_length=None).with_columns(
        pl.col("year").cast(pl.Int32), source_id=pl.lit("baci"), confidence=pl.lit("reported")
    )
    return world.with_(world_trade=frame.select(world.world_trade.columns))


@pytest.fixture(scope="module")
def chain() -> Chain:
    return load_chain("tungsten")


MEMBERS = frozenset({"AUT", "ESP", "FRA", "DEU"})


def test_flows_without_a_quantity_stay_empty_and_are_counted(chain: Chain) -> None:
    flows, why = trade_flows(chain, world_of(), MATERIAL, 2022)
    assert why == ""
    assert flows.filter(exporter="DEU")["t"].to_list() == [None]
    trade = bloc_trade(chain, world_of(), MATERIAL, MEMBERS, 2022)
    assert (sum(trade.imports.values()), trade.exports) == (20.0, 8.0)
    assert "1 flow without a quantity not counted" in trade.note


def test_exports_priced_as_another_material_are_flagged_not_removed(chain: Chain) -> None:
    trade = bloc_trade(chain, world_of(), MATERIAL, MEMBERS, 2022)
    assert trade.note.startswith("25 % of exports have a price more than 3 times above or below the median")
    near = [(a, b, t, 0.34 * 15 * t if a == "FRA" and t else value) for a, b, t, value in FLOWS]
    assert "price" not in bloc_trade(chain, world_of(near), MATERIAL, MEMBERS, 2022).note


def test_content_of_what_is_traded_widens_the_interval(chain: Chain) -> None:
    trade = bloc_trade(chain, world_of(), MATERIAL, MEMBERS, 2022)
    row = chain.compositions.filter(material_id=MATERIAL, component="W").row(0, named=True)
    bounds = (row["mass_fraction_low"] / row["mass_fraction"], row["mass_fraction_high"] / row["mass_fraction"])
    assert trade.grade == pytest.approx(bounds)
    widths = []
    for grade in ((1.0, 1.0), trade.grade):
        found, _ = reliance(
            Trade(trade.imports, trade.exports, grade=grade), 20.0, np.full(2000, 20.0), Sampler(2000, 1), MATERIAL
        )
        assert found.value == pytest.approx(12 / 32)
        assert found.low is not None
        assert found.high is not None
        widths.append(found.high - found.low)
    assert widths[1] > 1.2 * widths[0]


@pytest.mark.parametrize(
    ("made", "bought", "sold", "why"),
    [
        (100.0, 20.0, 10.0, ""),
        (100.0, 0.0, 50.0, ""),
        (100.0, 0.0, 51.0, MOSTLY_SOLD),
        (100.0, 0.0, 100.0, NO_USE),
        (0.0, 0.0, 0.0, NOTHING),
    ],
)
def test_what_is_withheld(made: float, bought: float, sold: float, why: str) -> None:
    assert withheld(made, bought, sold) == why
    found, _ = reliance(Trade({"XAA": bought}, sold), made, np.full(4, made), Sampler(4, 0), "ore")
    assert (found.value is None) == bool(why)
    assert found.why == why
