"""Published figures beside the ladder's: the page is what the ladder gives, and each figure is told apart honestly.

The figures in tests/golden/published.csv are shares and HHI (0 to 1) of others. No value of the ladder is stored here:
tools/make_validation.py climbs it anew and the page must follow, with the differences as they are.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest

from ytterby.chain import load_chain

INPUT_YEARS = 5


FIGURES = Path(__file__).with_name("golden") / "published.csv"
with FIGURES.open(encoding="utf-8", newline="") as lines:
    ROWS = list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def tool(load_tool: Callable[[str], ModuleType]) -> Any:
    return load_tool("make_validation")


def test_twenty_figures_of_four_metals_are_independent() -> None:
    own = [row for row in ROWS if row["independent"] == "yes"]
    assert len(own) >= 20
    assert set(Counter(row["metal"] for row in own)) == {"tungsten", "tantalum", "niobium", "rare_earths"}
    assert {row["what"] for row in own} == {"share", "hhi"}
    assert {row["independent"] for row in ROWS} == {"yes", "held", "input"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['material']}-{row['what']}-{row['place_id'][:11]}")
def test_each_figure_has_a_source_a_reason_and_the_common_tolerance(row: dict[str, str]) -> None:
    assert 0 < float(row["published"]) <= 1
    assert row["unit"] == "1"
    assert row["url"].startswith("http")
    assert row["source"]
    assert len(row["why"]) > 10
    assert float(row["tolerance"]) == (0.05 if row["stage"] in ("exploration", "mining") else 0.10)
    assert (row["what"] == "hhi") == (row["place_id"] == "")


@pytest.mark.parametrize("metal", ["tungsten", "tantalum", "niobium", "rare_earths"])
def test_no_independent_figure_stands_in_the_package(metal: str) -> None:
    shares = load_chain(metal).stage_output.filter(pl.col("measure") == "share")
    for row in ROWS:
        if row["metal"] == metal and row["independent"] == "yes" and row["what"] == "share":
            same = shares.filter(
                (pl.col("material_id") == row["material"])
                & (pl.col("place_id") == row["place_id"])
                & ((pl.col("year") - int(row["ladder_year"])).abs() <= INPUT_YEARS)
                & ((pl.col("quantity") - float(row["published"])).abs() < 0.0006)
            )
            assert same.is_empty(), f"{row['material']} {row['place_id']}: the package holds this share"


@pytest.mark.slow
def test_the_page_is_what_the_ladder_gives(tool: Any) -> None:
    assert tool.PAGE.read_text(encoding="utf-8") == tool.render(), "run: python tools/make_validation.py"


@pytest.mark.slow
def test_most_independent_figures_agree_and_the_others_are_bold(tool: Any) -> None:
    own = [row for row in ROWS if row["independent"] == "yes"]
    assert sum(map(tool.agrees, own)) >= 20
    page = tool.PAGE.read_text(encoding="utf-8")
    generated = page.partition(tool.BEGIN)[2].partition(tool.END)[0]
    assert generated.count("| **") == sum(not tool.agrees(row) for row in ROWS)


def test_a_share_of_several_places_is_their_sum(tool: Any) -> None:
    row = next(row for row in ROWS if row["place_id"] == "CHN;AUS;MMR")
    parts = [tool.computed(row | {"place_id": place}) for place in row["place_id"].split(";")]
    assert all(part > 0 for part in parts)
    assert tool.computed(row) == pytest.approx(math.fsum(parts))


def test_an_hhi_is_the_sum_of_squares_of_known_places(tool: Any) -> None:
    row = next(row for row in ROWS if (row["metal"], row["what"], row["stage"]) == ("niobium", "hhi", "mining"))
    squares = math.fsum(share.share**2 for share in tool.rung_of(row).by_place if share.id != "unknown")
    assert tool.computed(row) == pytest.approx(squares)
