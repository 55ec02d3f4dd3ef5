"""The command `plan` end to end, as installed: its fixed shape, its files, its replay, what it says of bad input."""

from __future__ import annotations

import csv
import importlib.util
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from plan_package import Package
from ytterby.chain import load_chain
from ytterby.chain.descriptor import write_descriptor
from ytterby.plan import Options, plan
from ytterby.plan.iamc import KEYS, iamc_table

RunYtterby = Callable[..., "subprocess.CompletedProcess[str]"]

SHAPE: dict[str, dict[str, type | tuple[type, ...]]] = {
    "unmet": {"material": str, "end_use": str, "place": str, "year": int, "t": float},
    "builds": {
        "process": str,
        "place": str,
        "year_decided": int,
        "year_ready": int,
        "capacity_t_per_a": float,
        "share_of_draws": (float, type(None)),
    },
    "flows": {"material": str, "from": str, "to": str, "year": int, "t": float},
    "prices": {"material": str, "place": str, "year": int, "usd_per_t": float},
    "binding": {"constraint": str, "place": str, "year": int, "shadow_price_usd": float, "unit": str},
    "targets": {"target": str, "required": float, "reached": float, "met_in": (int, type(None)), "slack": float},
}
NUMBERS = ("objective_usd", "undiscounted_usd", "bloc_bill_usd", "assumed_share")


def widget(folder: Path) -> Path:
    """20 t of metal a year for France, none made there; smelters of it take a year to build, ore is at hand."""
    package = (
        Package().material("ore", "mining").material("metal").process("dig", {}, {"ore": 1}, stage="mining", opex=1)
    )
    package.process("smelt", {"ore": 2}, {"metal": 1}, opex=5, capex=10, build_time=1, life=5)
    package.plant("ore", "FRA", 200).plant("metal", "CHN", 10).use("metal", "FRA", 20).shortage("metal", 900)
    for row in package.rows["process_parameters"]:
        row["money_year"] = 2024
    package.write(folder)
    write_descriptor(folder)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, run_ytterby: RunYtterby) -> Path:
    """A folder with a package, and everything that one run of the command writes."""
    folder = tmp_path_factory.mktemp("plan")
    widget(folder / "widget")
    done = run_ytterby(
        *(
            "plan",
            "./widget",
            "--for",
            "FRA",
            "--until",
            "2030",
            "--discount",
            "0",
            "--draws",
            "2",
            "--plain",
            "--json",
        ),
        *("--to", "plan.json", "--iamc", "plan.csv", "--figures", "drawn"),
        cwd=folder,
    )
    assert (done.returncode, done.stderr) == (0, "")
    (folder / "printed.json").write_text(done.stdout, encoding="utf-8")
    return folder


def strict(text: str) -> Any:
    """Read JSON, refusing the numbers that it has no place for."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


def check_shape(told: dict[str, Any]) -> None:
    assert told["status"] in ("optimal", "relaxed", "time_limit", "gap_limit")
    assert all(isinstance(told[name], float) for name in NUMBERS)
    assert 0 <= told["assumed_share"] <= 1
    parts = told["cost_breakdown"]
    assert all(isinstance(value, float) for value in parts.values())
    assert math.isclose(sum(parts.values()), told["objective_usd"], rel_tol=1e-9)
    for name, columns in SHAPE.items():
        for row in told[name]:
            assert list(row) == list(columns), name
            assert all(isinstance(row[key], kind) for key, kind in columns.items()), (name, row)
    assert told["manifest"]["capability"] == "plan"


def test_a_package_of_a_users_own(made: Path) -> None:
    told = strict((made / "printed.json").read_text(encoding="utf-8"))
    check_shape(told)
    assert told == strict((made / "plan.json").read_text(encoding="utf-8"))
    assert [(b["process"], b["year_decided"], b["year_ready"]) for b in told["builds"]] == [("smelt", 2025, 2026)]
    assert told["builds"][0]["capacity_t_per_a"] == pytest.approx(20)
    assert told["builds"][0]["share_of_draws"] == 1.0
    assert {(u["year"], u["t"]) for u in told["unmet"]} == {(2024, 20.0), (2025, 20.0)}
    # unmet 2 x 20 x 900; five years of 20 x (5 + 2 x 1); five payments of 20 x 10 / 5, life being the five years
    assert told["objective_usd"] == pytest.approx(36_000 + 5 * 140 + 5 * 40)


def test_files_are_whole_and_no_others(made: Path) -> None:
    names = {str(path.relative_to(made)) for path in made.rglob("*") if path.is_file() and "widget/" not in str(path)}
    drawn = {name for name in names if name.startswith("drawn")}
    assert {"drawn/plan-widget-FRA-gantt.svg", "drawn/plan-widget-FRA-prices.svg"} <= drawn
    assert names - drawn == {"plan.json", "plan.csv", "printed.json"}
    assert all((made / name).read_text(encoding="utf-8").rstrip().endswith("</svg>") for name in drawn)


def test_tables_for_people(made: Path, run_ytterby: RunYtterby) -> None:
    done = run_ytterby(
        *("plan", "widget", "--for", "FRA", "--until", "2030", "--discount", "0", "--draws", "0", "--plain"), cwd=made
    )
    assert done.returncode == 0
    assert done.stdout.startswith("widget for FRA, 2024 to 2030: optimal\n")
    assert "Use of FRA that is not met: metal 40 t in 2024 to 2025." in done.stdout
    assert "smelt" in done.stdout.partition("Builds")[2]


# Replay -------------------------------------------------------------------------------------------------------------


def test_a_plan_replays_from_its_manifest(made: Path, run_ytterby: RunYtterby) -> None:
    done = run_ytterby("plan", "./widget", "--replay", "plan.json", "--json", cwd=made)
    told = strict(done.stdout)
    assert (done.returncode, told["agrees"], told["builds"], told["differing"]) == (0, True, 1, [])
    assert told["objective_usd"] == pytest.approx(told["held_objective_usd"], rel=1e-9)


def test_a_replay_of_other_figures_says_what_differs(made: Path, run_ytterby: RunYtterby, tmp_path: Path) -> None:
    told = strict((made / "plan.json").read_text(encoding="utf-8"))
    told["builds"][0]["capacity_t_per_a"] = 19.0
    (tmp_path / "other.json").write_text(json.dumps(told), encoding="utf-8")
    done = run_ytterby("plan", str(made / "widget"), "--replay", "other.json", cwd=tmp_path)
    assert done.returncode == 1
    assert "smelt in FRA, decided 2025: 19.0 t/a then, 20.0 t/a now" in done.stdout


def test_a_replay_on_other_data_is_refused(made: Path, run_ytterby: RunYtterby, tmp_path: Path) -> None:
    folder = widget(tmp_path / "widget")
    uses = (folder / "demand.csv").read_text(encoding="utf-8")
    (folder / "demand.csv").write_text(uses.replace(",20,", ",21,"), encoding="utf-8")
    write_descriptor(folder)
    done = run_ytterby("plan", "./widget", "--replay", str(made / "plan.json"), cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: not as they were when the plan was made: widget; ")


# IAMC ---------------------------------------------------------------------------------------------------------------


def test_iamc_has_the_columns_of_the_format(made: Path) -> None:
    with (made / "plan.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [*KEYS, *map(str, range(2024, 2031))]
    assert len({tuple(row[key] for key in KEYS) for row in rows}) == len(rows)
    made_t = {row["variable"]: [row[str(year)] for year in (2024, 2025, 2026)] for row in rows}
    assert made_t["Production|Widget|Processing|Smelt"] == ["0.0", "0.0", "20.0"]
    assert made_t["Unmet Use|Widget|Metal|Total"] == ["20.0", "20.0", "0.0"]
    assert made_t["Price|Widget|Metal"][0] == "900.0"


def test_iamc_is_read_back_by_pyam(made: Path, tmp_path: Path) -> None:
    """Pyam is heavy and holds other libraries back, so that it may live in an environment of its own: PYAM_PYTHON."""
    python = os.environ.get("PYAM_PYTHON") or (sys.executable if importlib.util.find_spec("pyam") else "")
    if not python:
        pytest.skip("no pyam: name an interpreter that has it in PYAM_PYTHON")
    read = "import pyam, sys; d = pyam.IamDataFrame(sys.argv[1])"
    read += "; d.timeseries().reset_index().to_csv(sys.argv[2], index=False)"
    done = subprocess.run(
        [python, "-W", "ignore", "-c", read, "plan.csv", str(tmp_path / "back.csv")],
        cwd=made,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    back = pl.read_csv(tmp_path / "back.csv").sort("variable")
    ours = pl.read_csv(made / "plan.csv").sort("variable")
    assert back["variable"].to_list() == ours["variable"].to_list()
    for year in map(str, range(2024, 2031)):
        assert back[year].fill_null(0.0).to_list() == pytest.approx(ours[year].fill_null(0.0).to_list())


def test_names_shared_by_two_ids_are_not_summed(made: Path) -> None:
    options = Options(("FRA",), until=2026, discount=0.0, draws=0, people=False, calibrate=False, fit=False)
    result = plan(load_chain(made / "widget"), options, worth=False)
    table = iamc_table(result, {"ore": "Matter", "metal": "Matter"})
    assert {"Price|Widget|Ore", "Price|Widget|Metal"} <= set(table["variable"])


# A package that ships -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tungsten(tmp_path_factory: pytest.TempPathFactory, run_ytterby: RunYtterby) -> Path:
    folder = tmp_path_factory.mktemp("tungsten")
    done = run_ytterby(
        *("plan", "tungsten", "--for", "EU", "--until", "2040", "--target", "crma", "--draws", "2", "--json"),
        *("--to", "plan.json", "--figures", "drawn"),
        cwd=folder,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return folder


def test_fixed_shape_of_a_package_that_ships(tungsten: Path) -> None:
    told = strict((tungsten / "plan.json").read_text(encoding="utf-8"))
    check_shape(told)
    assert all(told[name] for name in ("builds", "flows", "prices", "binding", "targets"))
    assert {row["place"] for row in told["builds"]} == {"EU"}
    assert len({row["target"] for row in told["targets"]}) == len(told["targets"])


def test_brief_gains_the_plan_and_refuses_that_of_another(tungsten: Path, run_ytterby: RunYtterby) -> None:
    done = run_ytterby(
        *("brief", "tungsten", "--for", "EU", "--draws", "20", "--plan", "plan.json", "--json"),
        cwd=tungsten,
        timeout=300,
    )
    told = strict(done.stdout)
    page = (tungsten / told["html"]).read_text(encoding="utf-8")
    assert 'id="plan"' in page
    assert "plan-gantt" in "".join(told["figures"])
    assert page.index('id="plan"') < page.index('id="plan-binding"') < page.index('id="method"')
    other = run_ytterby("brief", "tungsten", "--for", "USA", "--plan", "plan.json", cwd=tungsten)
    assert other.returncode == 1
    assert other.stderr == "error: 'plan.json' is a plan for EU; ask for the brief --for EU\n"


OVERLAPS = """() => {
  const texts = [...document.querySelectorAll('svg text')].map(t => [t.textContent, t.getBoundingClientRect()]);
  const sheet = document.querySelector('svg').getBoundingClientRect();
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3;
  const out = texts.filter(([, a]) => a.left < sheet.left - 1 || a.right > sheet.right + 1).map(([t]) => [t, 'edge']);
  texts.forEach(([one, a], at) => texts.slice(at + 1).forEach(([two, b]) => { if (meet(a, b)) out.push([one, two]); }));
  return out;
}"""


@pytest.mark.browser
def test_no_text_of_a_drawing_overlaps(tungsten: Path, chromium: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1000, "height": 900})
        for drawing in sorted((tungsten / "drawn").glob("*.svg")):
            page.set_content(f"<body style='width:960px'>{drawing.read_text(encoding='utf-8')}</body>")
            assert page.evaluate(OVERLAPS) == [], drawing.name
        browser.close()


# Bad input ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("tungsten", "--for", "Frnce"), 1, "error: unknown place or bloc 'Frnce'; nearest: France"),
        (("tungsten", "--with", "Frnce"), 1, "error: unknown place or bloc 'Frnce'; nearest: France"),
        (("tungstn",), 1, "error: unknown metal 'tungstn'; nearest: tungsten"),
        (("tungsten", "--target", "crna"), 1, "error: unknown target 'crna'; nearest: crma"),
        (("tungsten", "--until", "2020"), 1, "cannot end in 2020; name a later year with --until"),
        (("tungsten", "--periods", "0"), 1, "error: a period of 0 years is too short; write 1 or more"),
        (("tungsten", "--discount", "-2"), 1, "error: a discount rate of -2.0 a year has no meaning"),
        (("tungsten", "--iamc", "plan.txt"), 1, "error: unknown file ending '.txt'"),
        (("--replay", "none.json"), 1, "error: No such file or directory: none.json"),
        ((), 2, "name a metal or the folder of a package"),
        (("tungsten", "--controller-cap", "2"), 2, "Invalid value for '--controller-cap'"),
        (("tungsten", "--draws", "few"), 2, "Invalid value for '--draws'"),
    ],
)
def test_bad_input_is_a_sentence(
    arguments: tuple[str, ...], code: int, said: str, run_ytterby: RunYtterby, tmp_path: Path
) -> None:
    done = run_ytterby("plan", *arguments, cwd=tmp_path)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no JSON file"),
        ("[1]", "holds no results"),
        ("{}", "the file is no plan: it has no manifest of a plan"),
        ('{"manifest": {"capability": "plan", "options": {"blocs": ["EU"], "until": 2045, "colour": 1}}}', "colour"),
        ('{"manifest": {"capability": "plan", "overlays": ["mine"], "options": {}}}', "made with overlays (mine)"),
    ],
)
def test_a_file_that_is_no_plan_is_refused(text: str, said: str, run_ytterby: RunYtterby, tmp_path: Path) -> None:
    (tmp_path / "held.json").write_text(text, encoding="utf-8")
    done = run_ytterby("plan", "tungsten", "--replay", "held.json", cwd=tmp_path)
    assert done.returncode == 1
    assert said in done.stderr
