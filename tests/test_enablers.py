"""The enablers: joined to every chain, complete where a plan needs them, and honest about what is assumed."""

from __future__ import annotations

import polars as pl
import pytest

from ytterby.chain import load_chain, load_world, packaged_metals
from ytterby.chain.chain import COMMON, NOT_METALS, common_tables, data_folder, package_folder, packages_below
from ytterby.chain.check import check
from ytterby.chain.needed import needed_tables
from ytterby.chain.places import bloc_members
from ytterby.chain.read import read_package
from ytterby.chain.schema import schema

ENABLERS = load_chain("enablers")
METALS = tuple(name for name in packaged_metals() if name != "toy")
PLANNED = ("EU", "USA", "JPN", "KOR", "AUS", "GBR")
MADE = ("mining", "refining", "smelting", "processing", "manufacturing", "recycling")
JOINED = ("occupations", "crew_mix", "schools", "workforce", "norms", "targets")


def test_the_package_is_sound() -> None:
    report = check("enablers")
    assert report.faults == ()
    assert report.examined["rows"] > 500
    assert "enablers" in NOT_METALS
    assert "enablers" not in packaged_metals()
    assert package_folder("enablers") == data_folder() / "enablers"


@pytest.mark.slow
def test_frictionless_finds_nothing() -> None:
    from frictionless import Package

    report = Package.from_descriptor(str(data_folder() / "enablers" / "datapackage.json")).validate()
    assert report.flatten(["name", "rowNumber", "fieldName", "type", "note"]) == []


@pytest.mark.parametrize("metal", ["toy", *METALS])
def test_every_chain_has_them(metal: str) -> None:
    chain = load_chain(metal)
    for table in JOINED:
        own = read_package(data_folder() / metal).tables.get(table)
        assert chain.table(table).height == ENABLERS.table(table).height + (0 if own is None else own.height), table
    joined = set(ENABLERS.sources["source_id"])
    assert joined <= set(chain.sources["source_id"])
    assert chain.sources["source_id"].is_unique().all()


def test_what_is_joined_to_what() -> None:
    assert [packages_below(name) for name in COMMON] == [(), ("shared",)]
    assert packages_below("world") == packages_below("tungsten") == COMMON
    assert "norms" not in common_tables("enablers")
    assert "places" in common_tables("enablers")
    assert "norms" in common_tables("tungsten")
    assert load_world().norms.height == ENABLERS.norms.height


@pytest.mark.parametrize("metal", ["toy", "tungsten"])
def test_an_export_carries_what_the_metal_refers_to_alone(metal: str) -> None:
    tables = needed_tables(load_chain(metal))
    assert not {"norms", "schools", "workforce", "crew_mix"} & set(tables)
    own = read_package(data_folder() / metal).tables
    crews = own["crews"]["occupation_id"].unique() if "crews" in own else pl.Series([], dtype=pl.String)
    held = tables["occupations"]["occupation_id"] if "occupations" in tables else pl.Series([], dtype=pl.String)
    assert set(held) == set(crews)


def test_an_export_of_the_enablers_is_whole() -> None:
    tables = needed_tables(ENABLERS)
    assert {name: tables[name].height for name in JOINED} == {name: ENABLERS.table(name).height for name in JOINED}


def test_the_shares_of_a_crew_sum_to_one() -> None:
    sums = ENABLERS.crew_mix.group_by("stage", "phase").agg(pl.col("share").sum())
    assert sums["share"].to_list() == pytest.approx([1.0] * sums.height, abs=1e-9)
    assert {(stage, phase) for stage in MADE for phase in ("run", "build")} <= set(
        sums.select("stage", "phase").iter_rows()
    )


@pytest.mark.parametrize("bloc", PLANNED)
def test_a_bloc_has_a_school_and_people_for_every_occupation_of_a_crew(bloc: str) -> None:
    wanted = set(ENABLERS.crew_mix["occupation_id"])
    members = bloc_members(ENABLERS, bloc, 2024)
    schools = ENABLERS.schools.filter(pl.col("place_id").is_in(list(members)) & (pl.col("graduates_per_a") > 0))
    assert wanted <= set(schools["occupation_id"])
    people = ENABLERS.workforce.filter((pl.col("place_id") == bloc) & pl.col("chain_share").is_not_null())
    assert wanted <= set(people["occupation_id"])


def test_schools_of_one_country_and_occupation_are_counted_once() -> None:
    assert ENABLERS.schools.select("place_id", "occupation_id").is_unique().all()


def test_every_norm_has_a_general_row_or_says_where_it_holds() -> None:
    values = next(c.values for c in schema()["norms"] if c.name == "parameter")
    assert set(ENABLERS.norms["parameter"]) == set(values)
    money = ENABLERS.norms.filter(pl.col("unit").str.starts_with("USD"))
    assert money["money_year"].null_count() == 0
    twice = ENABLERS.norms.filter(
        pl.col("conflict_id").is_null() & ~pl.struct("parameter", "subject", "stage", "place_id", "unit").is_unique()
    )
    assert twice.is_empty(), "two rows say the same thing and share no conflict set"


def test_what_is_assumed_says_why_and_how_far() -> None:
    rows = ENABLERS.norms.filter(pl.col("confidence") == "assumed")
    assert rows.select("value_low", "value_high").null_count().row(0) == (0, 0)
    for table in ("schools", "workforce"):
        ruled = ENABLERS.table(table).filter(pl.col("confidence") == "assumed")
        assert ruled["note"].str.contains("Range .* to ").all(), table
    assert ENABLERS.norms.filter(pl.col("value") > pl.col("value_high")).is_empty()


def test_the_act_of_the_eu() -> None:
    rows = ENABLERS.targets.filter(pl.col("group") == "crma")
    levels = set(rows.select("measure", "stage", "value", "year").iter_rows())
    assert levels == {
        ("output_share", "mining", 0.10, 2030),
        ("output_share", "processing", 0.40, 2030),
        ("recycled_share", "recycling", 0.25, 2030),
        ("country_share", None, 0.65, 2030),
    }
    assert rows["is_binding"].all()


@pytest.mark.parametrize("metal", METALS)
def test_every_target_names_materials_of_every_metal(metal: str) -> None:
    chain = load_chain(metal)
    named = chain.target_materials
    assert set(named["group"]) == set(chain.targets["group"])
    crma = named.filter(pl.col("group") == "crma")
    assert {"mining", "processing", "recycling"} <= set(crma["stage"])
    assert crma["is_listed"].all() == (metal in ("tungsten", "rare_earths"))


@pytest.mark.parametrize("metal", METALS)
def test_every_demanded_product_has_a_value_of_lost_use(metal: str) -> None:
    chain = load_chain(metal)
    general = chain.lost_use.filter((pl.col("end_use") == "total") & (pl.col("region_id") == "WORLD"))
    assert set(chain.demand["material_id"]) <= set(general["material_id"])
    assert chain.lost_use.filter(pl.col("value_usd_per_t") <= 0).is_empty()
    uses = chain.lost_use.filter(pl.col("end_use") != "total").select("material_id", "end_use")
    assert uses.join(chain.demand, on=["material_id", "end_use"], how="anti").is_empty()


def test_sea_distances_are_symmetric_and_cover_the_chains() -> None:
    frame = load_world().sea_distances
    back = frame.join(frame, left_on=["exporter", "importer"], right_on=["importer", "exporter"], suffix="_back")
    assert back.height == frame.height
    assert ((back["sea_km"] - back["sea_km_back"]).abs() <= 0.2).all()
    known = set(frame["exporter"])
    for metal in METALS:
        chain = load_chain(metal)
        used = set(chain.facilities["place_id"]) | set(chain.stage_output["place_id"]) | set(chain.deposits["place_id"])
        assert {place for place in used - {"WORLD"} if place is not None} <= known, metal
    rotterdam = frame.filter((pl.col("exporter") == "CHN") & (pl.col("importer") == "NLD"))["sea_km"][0]
    assert 19_000 < rotterdam < 20_500, "by Suez"
    assert frame.filter(pl.col("exporter") == "KAZ")["land_km"].null_count() == 0
