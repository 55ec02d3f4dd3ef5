"""Raw materials outside the packages: all 65 have a concentration, all 53 with a trade line a score for everyone."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ytterby.chain import load_world
from ytterby.chain.template import write_template
from ytterby.errors import PackageError, UnknownNameError, YtterbyError
from ytterby.ladder import LadderResult, find_chain, ladder, world_ladder
from ytterby.ladder.geopolrisk import NO_LINE
from ytterby.ladder.result import CLAIMS, INDICES
from ytterby.ladder.scores import geopolrisk_of
from ytterby.ladder.world import raw_material_chain, raw_materials, write_table

YEAR = 2022
SOME = ("antimony", "germanium", "gold", "natural-gas", "rare-earths", "sulphur", "diamonds-gem", "potash")


@cache
def table() -> pl.DataFrame:
    return world_ladder(years=[YEAR], places=["EU", "JPN", "KOR", "USA"])


@cache
def climbed(material: str) -> LadderResult:
    return ladder(raw_material_chain(material), year=YEAR, bloc="EU", draws=8)


def row(material: str, region: str = "EU") -> dict[str, Any]:
    return table().filter((pl.col("raw_material_id") == material) & (pl.col("region_id") == region)).row(0, named=True)


def with_line() -> set[str]:
    """Raw materials for which the trade table holds a primary line."""
    lines = load_world().raw_material_hs6
    return set(lines.filter(pl.col("is_held") & (pl.col("role") == "primary"))["raw_material_id"])


def test_all_raw_materials_have_a_concentration() -> None:
    assert len(raw_materials()) == 65
    shares = table().filter(pl.col("region_id") == "EU").select("raw_material_id", "hhi")
    assert sorted(shares["raw_material_id"]) == list(raw_materials())
    assert all(0 < value <= 1 for value in shares["hhi"])


def test_every_raw_material_with_a_line_has_a_score_everywhere() -> None:
    assert len(with_line()) == 53
    for held in table().iter_rows(named=True):
        if held["raw_material_id"] in with_line():
            assert held["score"] is not None, held
            assert 0 <= held["import_risk"] <= 1
            assert held["score"] == pytest.approx(held["hhi"] * held["import_risk"])
        else:
            assert held["score"] is None
            assert held["import_reliance_why"] == NO_LINE


def test_import_reliance_is_there_or_says_why() -> None:
    for held in table().iter_rows(named=True):
        assert (held["import_reliance"] is None) == (held["import_reliance_why"] is not None), held
        assert held["import_reliance"] is None or math.isfinite(held["import_reliance"])
    known = table().filter(pl.col("import_reliance").is_not_null())
    assert known.height > 100
    assert (known["import_reliance"] <= 1 + 1e-9).all()


@pytest.mark.parametrize(("material", "missing"), [("sulphur", "250390"), ("cadmium", "283030")])
def test_raw_materials_with_a_line_missing_are_flagged(material: str, missing: str) -> None:
    assert row(material)["note"] == f"trade without line {missing}, which is not held"
    lines = load_world().raw_material_hs6.filter(pl.col("raw_material_id") == material)
    assert lines.filter(pl.col("hs6") == missing)["is_held"].to_list() == [False]
    assert any(missing in note for note in climbed(material).notes), "a single ladder says so too"


def test_every_country_and_bloc_has_a_row() -> None:
    everyone = world_ladder(years=[YEAR], materials=["antimony", "potash"])
    regions = set(everyone["region_id"])
    assert {"EU", "JPN", "USA", "CHN", "DEU"} <= regions
    assert len(regions) > 150
    assert everyone.height == 2 * len(regions)


@pytest.mark.parametrize("material", SOME)
def test_single_ladder_agrees_with_the_table(material: str) -> None:
    result, held = climbed(material), row(material)
    for name in ("score", "hhi", "import_risk", "price_kusd_per_t", "characterisation_factor"):
        assert result.geopolrisk[name] == (held[name] if held[name] is None else pytest.approx(held[name], rel=1e-12))
    (rung,) = result.rungs
    assert rung.hhi.value == pytest.approx(held["hhi"])
    if held["import_reliance"] is None:
        assert rung.import_reliance.value is None
        assert rung.import_reliance.why
    else:
        assert rung.import_reliance.value == pytest.approx(held["import_reliance"])


@pytest.mark.parametrize("material", raw_materials())
def test_reliance_of_a_single_ladder_is_that_of_the_table(material: str) -> None:
    chain = raw_material_chain(material)
    for region in ("EU", "JPN", "USA"):
        (rung,) = ladder(chain, year=YEAR, bloc=region, draws=1).rungs
        found, held = rung.import_reliance, row(material, region)
        if held["import_reliance"] is None:
            assert found.value is None
            assert found.why
        else:
            assert found.value == pytest.approx(held["import_reliance"], rel=1e-9)
            assert -1 <= found.value <= 1


def test_reliance_of_the_package_of_tungsten_is_near_that_of_the_table() -> None:
    held = world_ladder(years=[2024], materials=["tungsten"], places=["EU"])["import_reliance"][0]
    rungs = ladder(find_chain("tungsten"), year=2024, bloc="EU", draws=50).rungs
    ore = next(rung for rung in rungs if rung.material == "tungsten-concentrate").import_reliance
    assert ore.value == pytest.approx(held, abs=0.01), "the packages' output and content may differ by rounding"
    assert ore.low is not None
    assert ore.low < held < (ore.high or 0.0)
    assert "% of exports have a price more than 3 times above or below the median" in ore.why
    assert "1 flow without a quantity not counted" in ore.why


@pytest.mark.parametrize(
    ("bloc", "year", "words"),
    [("EU", 2017, "held for 2018 to 2024"), ("WORLD", 2022, "imports nothing"), ("EU", 2022, NO_LINE)],
)
def test_missing_geopolrisk_says_why(bloc: str, year: int, words: str) -> None:
    told = geopolrisk_of(load_world(), raw_material_chain("gallium"), bloc, year)
    assert told["score"] is None
    assert words in told["why"]
    assert "why" not in geopolrisk_of(load_world(), raw_material_chain("antimony"), "EU", YEAR)


def test_antimony_has_the_shape_of_any_ladder() -> None:
    told = json.loads(json.dumps(climbed("antimony").to_dict(), allow_nan=False))
    assert (told["metal"], told["year"], told["for"]) == ("antimony", YEAR, "EU")
    (stage,) = told["stages"]
    assert stage["stage"] == "mining"
    for claim in CLAIMS:
        assert sum(share["share"] for share in stage[claim]) == pytest.approx(1.0)
        assert stage[claim][-1]["id"] == "unknown"
    assert set(INDICES) <= stage.keys()
    assert stage["by_place"][0]["id"] == "CHN"
    assert stage["hhi"]["low"] <= stage["hhi"]["high"]
    assert stage["by_owner"] == [{"id": "unknown", "name": "unknown", "share": 1.0, "low": 1.0, "high": 1.0}]
    assert stage["hhi_owner"]["value"] is None
    assert "no owner is known" in stage["hhi_owner"]["why"]
    assert isinstance(told["geopolrisk"]["score"], float)


@pytest.mark.parametrize(
    ("material", "unit", "is_mass"),
    [
        ("natural-gas", "million m3", False),
        ("diamonds-gem", "carats (of 0.2 g)", True),
        ("gold", "kg Au", True),
        ("rare-earths", "t REO", True),
    ],
)
def test_unit_of_the_publisher_is_noted(material: str, unit: str, is_mass: bool) -> None:
    (rung,) = climbed(material).rungs
    assert rung.basis_note.endswith(f"published in {unit}")
    assert [rung.total_t is None, rung.total_low is None, rung.total_high is None] == [not is_mass] * 3
    published = load_world().mine_production.filter((pl.col("raw_material_id") == material) & (pl.col("year") == YEAR))[
        "quantity"
    ]
    if is_mass:
        factor = {"diamonds-gem": 2e-7, "gold": 1e-3}.get(material, 1.0)
        assert rung.total_t == pytest.approx(float(published.sum()) * factor)
        assert rung.total_low < rung.total_t < rung.total_high


def test_rung_of_every_raw_material_is_whole() -> None:
    for material in raw_materials()[::6]:
        (rung,) = climbed(material).rungs
        assert sum(share.share for share in rung.by_place) == pytest.approx(1.0)
        assert rung.material == material
        assert rung.source_ids


def test_find_chain_takes_any_spelling() -> None:
    assert find_chain("Rare Earths").settings["raw_material"] == "rare-earths"
    assert find_chain("natural_gas").metal == "natural-gas"
    assert find_chain("TUNGSTEN").name == "tungsten", "the package comes before the raw material"
    with pytest.raises(UnknownNameError, match="nearest: antimony"):
        find_chain("antimny")


def test_a_known_name_comes_before_a_folder_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("antimony", "toy", "mine"):
        Path(name).mkdir()
    assert find_chain("antimony").name == "antimony"
    assert find_chain("toy").name == "toy"
    with pytest.raises(UnknownNameError, match="unknown metal 'mine'"):
        find_chain("mine")
    with pytest.raises(YtterbyError, match=r"there is no folder './theirs'"):
        find_chain("./theirs")
    write_template("cobalt", Path("mine"))
    assert find_chain("mine").metal == find_chain("./mine").metal == "cobalt"
    Path("mine/sources.csv").unlink()
    with pytest.raises(PackageError, match=r"all of them: ytterby check ./mine"):
        find_chain("./mine")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"years": [1990]}, "unknown year '1990'; nearest: 2018"),
        ({"years": []}, "unknown year"),
        ({"years": [YEAR], "materials": ["unobtainium"]}, "unknown raw material 'unobtainium'"),
        ({"years": [YEAR], "places": ["XYZ"]}, "unknown place or bloc 'XYZ'"),
        ({"years": [YEAR], "method": "another"}, "unknown method 'another'"),
    ],
)
def test_unknown_names_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        world_ladder(**options)
    assert words in str(caught.value)


def test_table_is_written_whole_in_each_format(tmp_path: Any) -> None:
    few = table().head(5)
    for ending, read in ((".parquet", pl.read_parquet), (".csv", pl.read_csv)):
        path = write_table(few, tmp_path / f"out{ending}")
        assert read(path).height == 5
    with pytest.raises(UnknownNameError, match="unknown file ending"):
        write_table(few, tmp_path / "out.txt")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.csv", "out.parquet"]
