"""A fifth metal by the steps of docs/add-a-metal.md alone: cobalt, mined and refined, as data and without code.

The tables in tests/fifth_metal hold published figures: mine output of 2018 and 2021 (World Mining Data, t Co) and
shares of refined output (EU study of 2023, mean of 2016 to 2020). Shares and HHI are worked out here from the same
rows with the standard library and compared with the ladder's; an unknown part counts as nobody's.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ytterby.chain import load_chain

TABLES = Path(__file__).with_name("fifth_metal")
YEAR = "2018"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def rows(table: str) -> list[dict[str, str]]:
    with (TABLES / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def by_hand(material: str, measure: str) -> dict[str, float]:
    """Amounts by country as printed; a country with bounds only is left out."""
    return {
        row["place_id"]: float(row["quantity"])
        for row in rows("stage_output")
        if (row["material_id"], row["measure"], row["year"]) == (material, measure, YEAR) and row["quantity"]
    }


def follow_the_page(folder: Path, run: Run) -> Path:
    """The steps of the page: template, own tables for its tables, two settings, check with --describe."""
    made = run("new", "cobalt", "my-cobalt", cwd=folder)
    assert made.returncode == 0, made.stderr
    package = folder / "my-cobalt"
    for table in package.glob("*.csv"):
        table.unlink()
    for table in TABLES.glob("*.csv"):
        shutil.copy(table, package)
    settings = package / "datapackage.json"
    text = settings.read_text(encoding="utf-8")
    text = text.replace('"matter": "tracked"', '"matter": "untracked"')
    settings.write_text(text.replace('"base_year": 2024', f'"base_year": {YEAR}'), encoding="utf-8")
    checked = run("check", "my-cobalt", "--describe", cwd=folder)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    return package


@pytest.fixture(scope="module")
def climbed(tmp_path_factory: pytest.TempPathFactory, run_ytterby: Run) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("fifth")
    follow_the_page(folder, run_ytterby)
    done = run_ytterby("check", "my-cobalt", cwd=folder)
    assert "no fault" in done.stdout
    done = run_ytterby("ladder", "my-cobalt", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_cobalt_has_two_rungs_of_its_year(climbed: dict[str, Any]) -> None:
    assert (climbed["metal"], climbed["year"]) == ("cobalt", int(YEAR))
    assert [(rung["stage"], rung["material"]) for rung in climbed["stages"]] == [
        ("mining", "cobalt-mined"),
        ("refining", "cobalt-refined"),
    ]


def test_mining_is_as_by_hand(climbed: dict[str, Any]) -> None:
    tonnes = by_hand("cobalt-mined", "production")
    world = sum(tonnes.values())
    rung = climbed["stages"][0]
    assert rung["total_t"] == pytest.approx(world)
    assert rung["by_place"][0]["id"] == "COD" == max(tonnes, key=lambda place: tonnes[place])
    assert rung["by_place"][0]["share"] == pytest.approx(tonnes["COD"] / world)
    assert rung["hhi"]["value"] == pytest.approx(sum((value / world) ** 2 for value in tonnes.values()))
    assert rung["by_place"][0]["share"] == pytest.approx(0.70, abs=0.03)


def test_refining_is_as_by_hand(climbed: dict[str, Any]) -> None:
    shares = by_hand("cobalt-refined", "share")
    assert sum(shares.values()) == pytest.approx(0.986)
    rung = climbed["stages"][1]
    ladder = {place["id"]: place["share"] for place in rung["by_place"]}
    assert next(iter(ladder)) == "CHN" == max(shares, key=lambda place: shares[place])
    assert rung["total_t"] == pytest.approx(117_000)
    assert {place: ladder[place] for place in shares} == pytest.approx(shares)
    assert rung["hhi"]["value"] == pytest.approx(sum(value**2 for value in shares.values()), abs=1e-5)
    assert 0.012 < ladder["unknown"] <= 0.014 + 1e-9, "0.986 is known, and at most 0.001 each of two more countries"


def test_no_row_of_the_template_and_no_code_is_left(tmp_path: Path, run_ytterby: Run) -> None:
    package = follow_the_page(tmp_path, run_ytterby)
    assert "cobalt-template" not in "".join(path.read_text(encoding="utf-8") for path in package.glob("*.csv"))
    assert {path.suffix for path in package.iterdir()} == {".csv", ".json", ".md"}
    chain = load_chain(package)
    assert set(chain.stage_output["confidence"]) <= {"measured", "reported", "estimated"}
    used = {source for row in chain.stage_output["source_id"] for source in row.split(";")}
    assert used <= {row["source_id"] for row in rows("sources")}
    assert all(row["url"].startswith("https://") for row in rows("sources"))


def test_no_module_names_the_fifth_metal(root: Path) -> None:
    code = [path for path in (root / "src").rglob("*.py") if re.search(r"cobalt-(?:mined|refined)", path.read_text())]
    assert not code


def test_a_wrong_figure_is_refused(tmp_path: Path, run_ytterby: Run) -> None:
    package = follow_the_page(tmp_path, run_ytterby)
    table = package / "stage_output.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("share,0.596,", "share,59.6,"), encoding="utf-8")
    done = run_ytterby("check", "my-cobalt", cwd=tmp_path)
    assert done.returncode != 0
    assert "stage_output.csv" in done.stdout + done.stderr
    assert "59.6" in done.stdout + done.stderr
