"""The command line end to end: each command as installed, its JSON, its exit codes, and what it says of bad input."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest

from ytterby.chain.chain import data_folder
from ytterby.cli import main

COMMANDS = ("metals", "check", "new", "ladder", "brief", "sources", "export")
PACKAGES = ("toy", "tungsten", "shared", "world")
CLAIMS = ("by_place", "by_owner", "by_owner_equity", "by_contract")
INDICES = ("hhi", "hhi_owner", "hhi_governance", "top1", "top3", "import_reliance", "eu_supply_risk")
GEOPOLRISK = {"score", "hhi", "import_risk", "price_kusd_per_t", "characterisation_factor"}


class Told(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Told]


@pytest.fixture
def installed(tmp_path: Path) -> Run:
    """Run the console script that was installed beside the interpreter, in an empty folder."""
    script = Path(sys.executable).with_name("ytterby.exe" if os.name == "nt" else "ytterby")
    assert script.is_file(), "the package is not installed: pip install -e ."
    environment = os.environ | {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb", "PYTHONUTF8": "1"}
    environment.pop("FORCE_COLOR", None)

    def run(*arguments: str | Path) -> Told:
        command = [str(word) for word in (script, *arguments)]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=120
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Told(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process: the same entry point, without the start of an interpreter."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*arguments: str | Path) -> Told:
        monkeypatch.setattr(sys, "argv", ["ytterby", *(str(word) for word in arguments)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        return Told(code, captured.out, captured.err)

    return run


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the toy package, to break."""
    folder = tmp_path / "copied"
    shutil.copytree(data_folder() / "toy", folder)
    return folder


def held(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


# One command each, as installed ------------------------------------------------------------------------------------


def test_metals(installed: Run) -> None:
    code, out, _ = installed("metals", "--json")
    told = json.loads(out)
    assert code == 0
    assert {"toy", "tungsten"} <= {package["metal"] for package in told["packages"]}
    assert len(told["raw_materials"]) == 65


def test_check(installed: Run) -> None:
    code, out, _ = installed("check", "toy")
    assert code == 0
    assert out.startswith("toy: no fault; examined ")


def test_new_then_check_then_ladder(installed: Run, run: Run, tmp_path: Path) -> None:
    code, out, _ = installed("new", "cobalt", "mine/cobalt", "--json")
    told = json.loads(out)
    assert code == 0
    assert told["package"] == str(Path("mine/cobalt"))
    assert {"README.md", "datapackage.json", "materials.csv"} <= set(told["files"])
    assert run("check", tmp_path / "mine" / "cobalt").code == 0
    climbed = run("ladder", Path("mine") / "cobalt", "--draws", "2", "--json")
    assert climbed.code == 0
    assert json.loads(climbed.out)["metal"] == "cobalt"


def test_ladder_has_the_fixed_shape(installed: Run, tmp_path: Path) -> None:
    code, out, err = installed("ladder", "tungsten", "--for", "JPN", "--year", "2022", "--draws", "10", "--json")
    assert code == 0
    assert err == ""
    told = json.loads(out)
    assert (told["metal"], told["year"], told["for"]) == ("tungsten", 2022, "JPN")
    assert {"mining", "refining", "smelting", "processing", "manufacturing"} <= {s["stage"] for s in told["stages"]}
    for stage in told["stages"]:
        assert_stage(stage)
    assert set(told["geopolrisk"]) == GEOPOLRISK
    assert all(isinstance(value, float) for value in told["geopolrisk"].values())
    assert {"capability", "packages", "options", "seed", "versions", "made_at"} <= told["manifest"].keys()
    assert told["manifest"]["options"]["bloc"] == "JPN"
    assert not list(tmp_path.iterdir()), "nothing is written unasked"


def assert_stage(stage: dict[str, Any]) -> None:
    assert {"stage", "material", "total_t", "basis", "evidence", *CLAIMS, *INDICES} <= stage.keys()
    for claim in CLAIMS:
        assert stage[claim][-1]["id"] == "unknown"
        assert sum(share["share"] for share in stage[claim]) == pytest.approx(1.0, abs=1e-9)
        for share in stage[claim]:
            assert (
                {"id", "name", "share", "low", "high"}
                <= share.keys()
                <= {"id", "name", "share", "low", "high", "state"}
            )
    for name in INDICES:
        assert {"value", "low", "high"} <= stage[name].keys()
        assert stage[name]["value"] is not None or stage[name]["why"]
    assert set(stage["evidence"]) == {"independent", "interested", "state_affiliated", "unknown"}


def test_ladder_of_all_raw_materials(installed: Run, tmp_path: Path) -> None:
    code, out, _ = installed("ladder", "--all", "--for", "all", "--years", "2021:2022", "--to", "out.parquet")
    assert code == 0
    table = pl.read_parquet(tmp_path / "out.parquet")
    assert out.strip() == f"out.parquet: {table.height:,} rows"
    assert table.select("raw_material_id", "region_id", "year").is_unique().all()
    assert table["raw_material_id"].n_unique() == 65
    assert sorted(table["year"].unique()) == [2021, 2022]
    assert {"EU", "JPN", "DEU"} <= set(table["region_id"])


def test_brief(installed: Run, tmp_path: Path) -> None:
    code, out, _ = installed("brief", "toy", "--for", "The Allies", "--draws", "10", "--out", "pages", "--json")
    assert code == 0
    told = json.loads(out)
    page = tmp_path / told["html"]
    assert page.name == "toy-ALLIES.html"
    assert "<html" in page.read_text(encoding="utf-8")
    assert (tmp_path / told["md"]).is_file()
    assert told["figures"]
    assert all((tmp_path / figure).is_file() for figure in told["figures"])


def test_sources(installed: Run) -> None:
    code, out, err = installed("sources", "toy", "--json")
    assert code == 0
    assert err == ""
    rows = json.loads(out)
    assert len(rows) > 50
    assert all(row["source_id"] and row["class"] and row["value"] is not None for row in rows)


def test_export(installed: Run, tmp_path: Path) -> None:
    code, out, _ = installed("export", "toy", "--to", "csv")
    assert code == 0
    assert out.strip() == "toy-tables"
    written = {p.name for p in (tmp_path / "toy-tables").iterdir()}
    assert {"columns.csv", "stage_output.csv", "datapackage.json"} <= written


# The same in one process -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command: str, run: Run) -> None:
    code, out, _ = run(command, "--help")
    assert code == 0
    assert re.search(rf"Examples?:\s+ytterby\s+{command}", out)
    assert "--json" in out


def test_help_without_a_command_lists_all(run: Run) -> None:
    told = run("--help")
    assert told.code == 0
    assert all(command in told.out for command in COMMANDS)
    assert run("--version").out.startswith("ytterby ")


def test_metals_are_listed_for_people(run: Run) -> None:
    code, out, _ = run("metals")
    assert code == 0
    assert "Metals with a chain package" in out
    assert "Raw materials of the world tables (65): aluminium, antimony" in out


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_that_ship_have_no_fault(package: str, run: Run) -> None:
    code, out, _ = run("check", package, "--json")
    assert json.loads(out) == []
    assert code == 0


def test_check_reports_each_fault_with_row_and_mend(run: Run, copied: Path) -> None:
    path = copied / "stage_output.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("XBB,2023,production,150", "XBB,2023,production,-150"))
    code, out, _ = run("check", copied, "--json")
    assert code == 1
    (fault,) = json.loads(out)
    assert set(fault) == {"file", "row", "column", "value", "rule", "mend"}
    assert (fault["file"], fault["row"], fault["column"]) == ("stage_output.csv", 3, "quantity")
    assert fault["rule"]
    assert fault["mend"]
    assert "1 fault(s)" in run("check", copied).out


def test_check_refuses_large_files(run: Run, copied: Path) -> None:
    code, out, _ = run("check", copied, "--max-mb", "0.0001")
    assert code == 1
    assert "raise the limit with --max-mb" in out


@pytest.mark.parametrize("by", ["place", "owner", "equity", "contract"])
def test_ladder_by_each_claim_says_why_it_differs(by: str, run: Run) -> None:
    code, out, _ = run("ladder", "toy", "--for", "ALLIES", "--by", by, "--draws", "5")
    assert code == 0
    assert f"toy, 2023, by {by}" in out
    assert "refining: toy-oxide" in out
    assert ("differs from place" in out) is (by != "place")


def test_ladder_corroborated_differs_and_says_why(run: Run) -> None:
    plain = run("ladder", "toy", "--by", "owner", "--draws", "5").out
    told = run("ladder", "toy", "--by", "owner", "--draws", "5", "--corroborated")
    assert told.code == 0
    assert told.out != plain
    assert "corroborated sources alone" in told.out
    assert "Left out as resting on state-affiliated or single interested sources alone: " in told.out
    assert "rows of facility_output" in told.out


def test_ladder_of_a_raw_material(run: Run) -> None:
    code, out, _ = run("ladder", "antimony", "--for", "EU", "--year", "2022", "--draws", "5", "--json")
    assert code == 0
    told = json.loads(out)
    (stage,) = told["stages"]
    assert_stage(stage)
    assert stage["by_place"][0]["id"] == "CHN"
    assert set(told["geopolrisk"]) == GEOPOLRISK


def test_ladder_of_all_as_csv_and_json(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("ladder", "--all", "--for", "Japan", "--years", "2022", "--to", "out.csv", "--json")
    assert code == 0
    assert json.loads(out) == {"rows": 65, "path": "out.csv"}
    assert pl.read_csv(tmp_path / "out.csv")["region_id"].unique().to_list() == ["JPN"]
    rows = json.loads(run("ladder", "--all", "--for", "EU", "--years", "2022", "--json").out)
    assert len(rows) == 65
    assert {"raw_material_id", "region_id", "year", "hhi", "score", "import_reliance"} <= rows[0].keys()


def test_method_of_the_reference_differs_on_purpose(run: Run) -> None:
    options = ("ladder", "antimony", "--for", "EU", "--year", "2022", "--draws", "1", "--json")
    ours, theirs = (json.loads(run(*options, "--method", m).out) for m in ("ytterby", "geopolrisk-py"))
    assert ours["geopolrisk"] != theirs["geopolrisk"]
    assert ours["geopolrisk"]["hhi"] == pytest.approx(theirs["geopolrisk"]["hhi"], rel=1e-3)


@pytest.mark.parametrize(("kind", "name"), [("parquet", "out"), ("xlsx", "out.xlsx")])
def test_export_in_each_format(kind: str, name: str, run: Run, tmp_path: Path) -> None:
    code, out, _ = run("export", "toy", "--to", kind, "--out", name, "--json")
    assert code == 0
    assert json.loads(out) == {"path": name}
    if kind == "parquet":
        frame = pl.read_parquet(tmp_path / name / "stage_output.parquet")
        assert frame.height == pl.read_csv(data_folder() / "toy" / "stage_output.csv").height
    else:
        assert (tmp_path / name).stat().st_size > 5_000


def test_sources_of_one_table(run: Run) -> None:
    code, out, _ = run("sources", "toy", "--table", "prices")
    assert code == 0
    assert "toy-survey" in out
    told = run("sources", "toy", "--table", "price")
    assert told.code == 1
    assert "nearest: prices" in told.err


# Bad input: said clearly, exit code 1, nothing written -------------------------------------------------------------

BAD = [
    (("ladder", "tungstn"), "unknown metal 'tungstn'; nearest: tungsten"),
    (("brief", "antimny"), "nearest: antimony"),
    (("sources", "tugsten"), "nearest: tungsten"),
    (("export", "cobblt"), "nearest: cobalt"),
    (("check", "tungstn"), "unknown package 'tungstn'; nearest: tungsten"),
    (("ladder", "toy", "--for", "Jpan"), "nearest: Japan"),
    (("brief", "toy", "--for", "Jpan"), "nearest: Japan"),
    (("ladder", "toy", "--year", "1950"), "nearest: 2023"),
    (("brief", "toy", "--year", "1950"), "nearest: 2023"),
    (("ladder", "antimony", "--year", "1950"), "nearest: 2018"),
    (("ladder", "--all", "--years", "1990", "--to", "out.csv"), "unknown year '1990'; nearest: 2018"),
    (("ladder", "--all", "--for", "Jpan", "--to", "out.csv"), "nearest: Japan"),
    (("ladder", "--all", "--for", "EU", "--years", "2022", "--to", "out.txt"), "unknown file ending '.txt'"),
    (("ladder", "--all", "--for", "EU", "--years", "2022", "--to", "a-file/out.csv"), "a-file"),
    (("brief", "toy", "--draws", "5", "--out", "a-file"), "a-file"),
    (("export", "toy", "--out", "a-file"), "exists and is not an empty folder"),
    (("export", "toy", "--out", "a-file/within"), "a-file"),
    (("export", "toy", "--to", "xlsx", "--out", "full"), "is a folder"),
    (("export", "toy", "--out", "full"), "exists and is not an empty folder"),
    (("new", "cobalt", "full"), "exists and is not an empty folder"),
    (("new", "cobalt", "a-file"), "exists and is not an empty folder"),
    (("new", "!!!", "fresh"), "makes no id"),
    (("ladder", "./full"), "every package has a datapackage.json"),
    (("ladder", "./full"), "all of them: ytterby check ./full"),
    (("ladder", "full"), "unknown metal 'full'"),
    (("ladder", "tungsten", "--year", "2036"), "the last published output of tungsten is of 2025"),
    (("brief", "tungsten", "--year", "2036"), "the last published output of tungsten is of 2025"),
    (("check", "/nonexistent"), "there is no folder '/nonexistent'"),
    (("new", "toy", "fresh"), "is the name of a package that ships with Ytterby"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD, ids=[" ".join(arguments) for arguments, _ in BAD])
def test_bad_input(arguments: tuple[str, ...], words: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "a-file").write_text("kept", encoding="utf-8")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("kept", encoding="utf-8")
    before = held(tmp_path)
    code, out, err = run(*arguments)
    assert code == 1
    assert words in err
    assert err.startswith("error: ")
    assert out == ""
    assert held(tmp_path) == before, "no partial output"
    assert not [p.name for p in tmp_path.iterdir() if p.name not in ("a-file", "full")]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that nobody may write to")
@pytest.mark.parametrize(
    "arguments",
    [
        ("export", "toy", "--out", "/proc/toy"),
        ("ladder", "--all", "--for", "EU", "--years", "2022", "--to", "/proc/out.csv"),
        ("new", "cobalt", "/proc/cobalt"),
    ],
    ids=["export", "ladder", "new"],
)
def test_unwritable_folder(arguments: tuple[str, ...], run: Run) -> None:
    code, out, err = run(*arguments)
    assert code == 1
    assert err.startswith("error: ")
    assert err.strip().endswith(f": {arguments[-1]}"), "the path that was asked for"
    assert out == ""


USAGE = [
    ("ladder",),
    ("ladder", "toy", "--by", "nobody"),
    ("ladder", "toy", "--draws", "0"),
    ("ladder", "toy", "--year", "soon"),
    ("ladder", "toy", "--method", "another"),
    ("ladder", "toy", "--to", "out.csv"),
    ("ladder", "toy", "--all", "--to", "out.csv"),
    ("ladder", "--all"),
    ("ladder", "--all", "--years", "soon", "--to", "out.csv"),
    ("ladder", "--all", "--years", "2018:2017", "--to", "out.csv"),
    ("ladder", "--all", "--for", "WORLD", "--to", "out.csv"),
    ("ladder", "toy", "--years", "2022"),
    ("brief",),
    ("export", "toy", "--to", "pdf"),
    ("check", "toy", "--max-mb", "-1"),
    ("new", "cobalt"),
    ("no-such-command",),
    ("metals", "--no-such-option"),
]


@pytest.mark.parametrize("arguments", USAGE, ids=[" ".join(arguments) for arguments in USAGE])
def test_wrong_usage(arguments: tuple[str, ...], run: Run, tmp_path: Path) -> None:
    code, out, err = run(*arguments)
    assert code == 2
    assert "Usage: ytterby" in err
    assert out == ""
    assert not list(tmp_path.iterdir())


def test_bad_input_as_installed_is_one_message(installed: Run, tmp_path: Path) -> None:
    code, out, err = installed("ladder", "tungstn", "--json")
    assert (code, out) == (1, "")
    assert err == "error: unknown metal 'tungstn'; nearest: tungsten\n"
    assert not list(tmp_path.iterdir())


# A broken package given by its folder ------------------------------------------------------------------------------

Breaking = Callable[[Path], str]


def swap(table: str, old: str, new: str) -> Breaking:
    """Replace text in a table; the name of the file must be in the report."""

    def break_it(folder: Path) -> str:
        path = folder / f"{table}.csv"
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), encoding="utf-8", newline="")
        return path.name

    return break_it


def as_bytes(change: Callable[[bytes], bytes]) -> Breaking:
    def break_it(folder: Path) -> str:
        path = folder / "materials.csv"
        path.write_bytes(change(path.read_bytes()))
        return path.name

    return break_it


def no_descriptor(folder: Path) -> str:
    (folder / "datapackage.json").unlink()
    return "datapackage.json"


BREAKS: dict[str, Breaking] = {
    "a broken row": swap(
        "stage_output", "toy-concentrate,XBB,2023,production,150,,,t Ty,,", "toy-concentrate,XBB,2023,"
    ),
    "no number": swap("stage_output", "XBB,2023,production,150", "XBB,2023,production,many"),
    "not finite": swap("stage_output", "XBB,2023,production,150", "XBB,2023,production,inf"),
    "shares over 1": swap("ownership", "yonder,xenon-mining,,equity,0.2", "yonder,xenon-mining,,equity,0.4"),
    "a group that owns itself": swap("ownership", "xenon-mining,yonder,,equity,0.3", "xenon-mining,yonder,,equity,1.3"),
    "metal from nothing": swap(
        "recipes", "toy-smelting,toy-oxide,in,feed,1.3125", "toy-smelting,toy-oxide,in,feed,0.5"
    ),
    "lost leading zero": swap("material_hs6", "toy-concentrate,261790", "toy-concentrate,26179"),
    "mixed units": swap("stage_output", "XBB,2023,production,150,,,t Ty", "XBB,2023,production,150,,,t or kg"),
    "unknown source": swap(
        "stage_output", "XBB,2023,production,150,,,t Ty,,toy-survey", "XBB,2023,production,150,,,t Ty,,x"
    ),
    "a byte-order mark": as_bytes(lambda data: b"\xef\xbb\xbf" + data),
    "Windows line ends": as_bytes(lambda data: data.replace(b"\n", b"\r\n")),
    "not UTF-8": as_bytes(lambda data: data.replace(b"Toy scrap", b"Toy scr\xe4p")),
    "no descriptor": no_descriptor,
}


@pytest.mark.parametrize("what", BREAKS)
def test_ladder_of_a_broken_package_lists_its_faults(what: str, run: Run, copied: Path, tmp_path: Path) -> None:
    file = BREAKS[what](copied)
    before = held(tmp_path)
    code, out, err = run("ladder", copied, "--json", "--draws", "2")
    assert code == 1
    assert out == ""
    assert "fault(s) in the package" in err
    assert file in err
    assert held(tmp_path) == before


@pytest.mark.parametrize("command", ["brief", "sources", "export"])
def test_no_command_uses_a_broken_package(command: str, run: Run, copied: Path, tmp_path: Path) -> None:
    file = BREAKS["shares over 1"](copied)
    before = held(tmp_path)
    code, out, err = run(command, copied)
    assert code == 1
    assert out == ""
    assert f"{file}, row" in err
    assert held(tmp_path) == before


def test_sound_package_by_folder_is_the_packaged_one(run: Run, copied: Path) -> None:
    by_folder, by_name = (json.loads(run("ladder", p, "--draws", "3", "--json").out) for p in (copied, "toy"))
    for told in (by_folder, by_name):
        told.pop("manifest")
    assert by_folder == by_name
