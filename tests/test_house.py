"""The house: imports point downward, files and functions stay short, public names are complete, imports stay light."""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "ytterby"
MODULES = sorted(PACKAGE.rglob("*.py"))

# From the ground up. A part may import parts of lower layers and itself; never its own layer's neighbours.
LAYERS = (
    ("errors",),
    ("data",),
    ("chain",),
    ("manifest",),
    ("tonnage",),
    ("network", "solve"),
    ("ladder", "balance", "plan", "shock", "flowsheet", "pipeline", "explore", "value", "evidence"),
    ("brief",),
    ("testing",),
    ("cli", "app"),
    ("__main__",),
)
RANK = {part: rank for rank, layer in enumerate(LAYERS) for part in layer}
HEAVY = ("numpy", "polars", "matplotlib", "pint", "frictionless", "molmass", "jinja2", "scipy", "highspy")
PUBLIC = (
    "ytterby",
    *(f"ytterby.{p.parent.name}" for p in MODULES if p.parent.parent == PACKAGE and p.stem == "__init__"),
)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def dotted(path: Path) -> tuple[str, ...]:
    """The module's dotted name; a package's own name for its __init__."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and full name of everything that a module imports, wherever in the file it does."""
    here = dotted(path) if path.name == "__init__.py" else dotted(path)[:-1]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(here[: len(here) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def part_of(full_name: str) -> str | None:
    """The part of the house a full name belongs to; None for the package itself and for other libraries."""
    words = full_name.split(".")
    return words[1] if words[0] == "ytterby" and len(words) > 1 else None


def upward_imports(paths: list[Path]) -> list[str]:
    faults = []
    for path in paths:
        part = part_of(".".join(dotted(path)))
        if part is None:
            continue  # the package's own __init__ only names what others offer
        if part not in RANK:
            faults.append(f"{name(path)}: '{part}' has no layer; give it one in LAYERS")
            continue
        for line, full_name in imported(path):
            target = part_of(full_name)
            if target is None or target == part:
                continue
            if target not in RANK:
                faults.append(f"{name(path)}:{line}: imports '{full_name}', which has no layer; import from its home")
            elif RANK[target] >= RANK[part]:
                faults.append(f"{name(path)}:{line}: {part} imports {target}, which is not below it")
    return faults


def test_imports_point_downward() -> None:
    assert len(MODULES) > 3
    assert not upward_imports(MODULES)


@pytest.mark.parametrize(
    ("statement", "ok"),
    [
        ("from ytterby.errors import YtterbyError", True),
        ("from ytterby.ladder.indices import hhi", True),
        ("from . import indices", True),
        ("from ..chain import Chain", True),
        ("from ..brief import brief", False),
        ("def f():\n    import ytterby.cli", False),
        ("from ytterby.shock import shock", False),
        ("from ytterby import brief", False),
        ("from ytterby import load_chain", False),
    ],
)
def test_an_upward_import_is_found(statement: str, ok: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    path = PACKAGE / "ladder" / "imagined.py"
    monkeypatch.setattr(sys.modules[__name__], "tree", lambda _: ast.parse(statement))
    assert (not upward_imports([path])) is ok


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_module_keeps_house_rules(path: Path) -> None:
    faults = []
    length = len(path.read_text(encoding="utf-8").splitlines())
    if length > 400:
        faults.append(f"{length} lines; 400 is the limit")
    if not ast.get_docstring(tree(path)):
        faults.append("no docstring")
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > 60:
                faults.append(f"line {node.lineno}: {node.name} has {lines} lines; 60 is the limit")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            faults.append(f"line {node.lineno}: print")
        elif isinstance(node, ast.ExceptHandler) and _is_broad(node):
            faults.append(f"line {node.lineno}: a broad except")
    assert not faults, f"{name(path)}: " + "; ".join(faults)


def _is_broad(handler: ast.ExceptHandler) -> bool:
    """True where everything is caught and not raised again after cleaning up."""
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    everything = {None, "Exception", "BaseException"}
    broad = any(kind is None or (isinstance(kind, ast.Name) and kind.id in everything) for kind in caught)
    last = handler.body[-1]
    return broad and not (isinstance(last, ast.Raise) and last.exc is None)


@pytest.mark.parametrize("module_name", PUBLIC)
def test_public_names_are_complete_and_sorted(module_name: str) -> None:
    module = importlib.import_module(module_name)
    names = list(module.__all__)
    assert names == sorted(set(names)), "sorted, each once"
    missing = [public for public in names if not hasattr(module, public)]
    assert not missing, "named in __all__ but not there"
    defined = {
        public
        for public, value in vars(module).items()
        if not public.startswith("_") and str(getattr(value, "__module__", "")).startswith("ytterby")
    }
    assert defined <= set(names), f"public but not in __all__: {sorted(defined - set(names))}"


def loaded_by(statement: str) -> set[str]:
    """The modules in memory after a statement, in an interpreter of its own."""
    code = f"{statement}\nimport json, sys\nsys.stdout.write(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("statement", ["import ytterby", "import ytterby.errors", "import ytterby.cli"])
def test_import_is_light(statement: str) -> None:
    assert not loaded_by(statement) & set(HEAVY)


def test_names_resolve_in_any_order() -> None:
    for first in ("", "import ytterby.ladder", "from ytterby.ladder import ladder", "import ytterby.brief"):
        code = (
            f"{first}\nimport inspect\nfrom ytterby import brief, ladder, load_chain\nimport ytterby.ladder as home\n"
            "assert callable(ladder) and callable(brief) and home.LadderResult\n"
            "assert inspect.signature(ladder) == inspect.signature(home.ladder)\n"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.returncode == 0, f"{first}: {done.stderr}"


def project() -> dict[str, object]:
    with (ROOT / "pyproject.toml").open("rb") as stream:
        return tomllib.load(stream)["project"]


def test_what_is_imported_is_declared() -> None:
    meta = project()
    extras = meta["optional-dependencies"]
    declared = json.dumps([meta["dependencies"], extras["xlsx"], extras["evidence"], extras["shock"]])  # type: ignore[index]
    words = {word.lower().replace("-", "_") for word in re.findall(r'"([A-Za-z0-9-]+)', declared)}
    known = words | set(sys.stdlib_module_names)
    strangers = {
        f"{name(path)}:{line}: {full_name}"
        for path in MODULES
        for line, full_name in imported(path)
        if full_name.split(".")[0] not in known | {"ytterby"}
    }
    assert not strangers


def test_version_is_one_and_in_the_changelog() -> None:
    import ytterby

    version = project()["version"]
    assert ytterby.__version__ == version
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"version: {version}" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_readme_shows_every_command() -> None:
    from ytterby.cli import app

    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    commands = [command.name or command.callback.__name__ for command in app.registered_commands if command.callback]
    assert commands
    assert not [command for command in commands if f"ytterby {command}" not in text]


def test_packaged_tables_stay_small() -> None:
    files = [path for path in (PACKAGE / "data").rglob("*") if path.is_file()]
    assert files
    assert not [name(path) for path in files if path.stat().st_size > 5_000_000]
