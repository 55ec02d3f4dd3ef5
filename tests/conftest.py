"""What all tests share: paths, the command line as a user starts it, the browser."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

RunYtterby = Callable[..., "subprocess.CompletedProcess[str]"]
LoadTool = Callable[[str], ModuleType]


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def run_ytterby() -> RunYtterby:
    """Run the command line in a process of its own, 100 columns wide and without colour."""

    def run(*arguments: str, cwd: Path, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb", "PYTHONUTF8": "1"}
        environment.pop("FORCE_COLOR", None)
        start = "import sys; from ytterby.cli import main; sys.argv[0] = 'ytterby'; sys.exit(main())"
        command = [sys.executable, "-c", start, *arguments]
        return subprocess.run(
            command, cwd=cwd, env=environment, timeout=timeout, capture_output=True, text=True, encoding="utf-8"
        )

    return run


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; without one the test is skipped, but fails where CI is set."""
    for name in BROWSERS:
        if path := shutil.which(name):
            return path
    reason = "no Chromium on the path: sudo apt-get install chromium"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def load_tool() -> LoadTool:
    """Import a script of tools/ by name; they are no package, so that they have no other way in."""

    @cache
    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
        assert spec is not None, f"tools/ has no {name}.py"
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module  # dataclasses look their module up there
        spec.loader.exec_module(module)
        return module

    return load
