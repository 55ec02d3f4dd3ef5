"""The built wheel, installed into an empty environment, works from an empty folder with its own dependencies only."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = [pytest.mark.wheel, pytest.mark.slow]


def run(*command: str | Path, cwd: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=environment | {"PYTHONUTF8": "1"}, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (built,) = folder.glob("ytterby-*.whl")
    return built


@pytest.fixture(scope="module")
def bin_folder(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that holds the wheel and what it asks for, nothing else."""
    environment = tmp_path_factory.mktemp("empty") / "venv"
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.is_file() else shutil.which("uv")
    programs = environment / ("Scripts" if os.name == "nt" else "bin")
    if uv:
        run(uv, "venv", "--quiet", "--python", sys.executable, environment, cwd=wheel.parent)
        run(uv, "pip", "install", "--quiet", "--python", programs / "python", wheel, cwd=wheel.parent)
    else:
        run(sys.executable, "-m", "venv", environment, cwd=wheel.parent)
        run(programs / "python", "-m", "pip", "install", "--quiet", wheel, cwd=wheel.parent)
    return programs


def test_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    source = ROOT / "src"
    wanted = {
        str(path.relative_to(source))
        for path in (source / "ytterby").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert len(wanted) > 10
    assert not wanted - names
    assert {Path(entry).name for entry in names if "/licenses/" in entry} == {"LICENSE", "LICENSE-DATA", "NOTICE"}


def test_commands_run_from_an_empty_folder(bin_folder: Path, tmp_path: Path) -> None:
    assert "tungsten" in run(bin_folder / "ytterby", "metals", cwd=tmp_path)
    told = json.loads(run(bin_folder / "ytterby", "ladder", "toy", "--json", cwd=tmp_path))
    assert told["metal"] == "toy"
    assert told["stages"]
    assert not list(tmp_path.iterdir()), "nothing is written unasked"


def test_brief_is_written_with_the_core_only(bin_folder: Path, tmp_path: Path) -> None:
    run(bin_folder / "ytterby", "brief", "toy", "--for", "EU", cwd=tmp_path)
    assert (tmp_path / "toy-EU.html").stat().st_size > 10_000
    assert (tmp_path / "toy-EU.md").is_file()
