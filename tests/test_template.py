"""The template of `ytterby new`: it passes the check, climbs the ladder, explains itself, and refuses to overwrite."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from ytterby.chain import check, load_chain
from ytterby.chain.schema import schema
from ytterby.chain.template import component_of, write_template
from ytterby.errors import YtterbyError
from ytterby.ladder import ladder


@pytest.mark.parametrize("metal", ["cobalt", "Platinum group", "solder"])
def test_a_template_passes_and_gives_a_ladder(metal: str, tmp_path: Path) -> None:
    folder = write_template(metal, tmp_path / "mine")
    report = check(folder)
    assert report.faults == ()
    assert report.not_examined == ()
    assert report.examined["recipe balances"] == 3
    result = ladder(load_chain(folder), draws=20)
    assert [rung.total_t for rung in result.rungs][:3] == pytest.approx([160, 100, 70])
    assert sorted(tmp_path.iterdir()) == [folder]


def test_ids_carry_the_name_and_numbers_are_assumed(tmp_path: Path) -> None:
    chain = load_chain(write_template("cobalt", tmp_path / "cobalt"))
    for table in ("materials", "processes", "facilities", "demand"):
        assert all(name.startswith("cobalt-") for name in chain.table(table).to_series(0))
    for table in ("compositions", "recipes", "facility_output", "stage_output", "demand"):
        frame = chain.table(table)
        assert frame["confidence"].unique().to_list() == ["assumed"]
        assert frame["note"].str.contains("replace").all()
    assert chain.components == {"Co": frozenset({"Co"})}
    assert chain.settings["raw_material"] == "cobalt"
    assert set(chain.facilities["place_id"]) <= {"XAA", "XBB"}


def test_the_readme_explains_every_column(tmp_path: Path) -> None:
    folder = write_template("cobalt", tmp_path / "cobalt")
    text = (folder / "README.md").read_text(encoding="utf-8")
    tables = sorted(path.stem for path in folder.glob("*.csv"))
    assert len(tables) == 11
    for table in tables:
        section = text.partition(f"## {table}.csv\n")[2].partition("\n## ")[0]
        assert [f"`{column.name}`" in section for column in schema()[table]] == [True] * len(schema()[table])
        assert pl.read_csv(folder / f"{table}.csv").columns == [column.name for column in schema()[table]]
    assert all(f"`{table}`" in text for table in schema() if table not in tables)


@pytest.mark.parametrize(
    ("metal", "symbol"),
    [("cobalt", "Co"), ("tungsten", "W"), ("aluminum", "Al"), ("sulphur", "S"), ("solder", "Solder")],
)
def test_component(metal: str, symbol: str) -> None:
    assert component_of(metal) == symbol


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(YtterbyError, match="not an empty folder"):
        write_template("cobalt", tmp_path / "full")
    with pytest.raises(YtterbyError, match="not an empty folder"):
        write_template("cobalt", tmp_path / "full" / "notes.txt")
    assert [path.name for path in tmp_path.rglob("*")] == ["full", "notes.txt"]
    (tmp_path / "empty").mkdir()
    assert check(write_template("cobalt", tmp_path / "empty")).is_sound


@pytest.mark.parametrize("name", ["", "  ", "../cobalt", "-", "7up", "kobalt, deutsch", "钨"])
def test_a_name_that_makes_no_id_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(YtterbyError, match="makes no id"):
        write_template(name, tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["toy", "Tungsten", "world"])
def test_the_name_of_a_package_that_ships_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(YtterbyError, match="ships with Ytterby"):
        write_template(name, tmp_path / "x")
    assert list(tmp_path.iterdir()) == []
