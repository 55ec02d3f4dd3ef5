"""Every example of README.md and docs/ runs, and its output is what the page says.

Fences: `python` blocks of one page run in order and share their names (or are doctests where they contain `>>>`);
`console` blocks hold `$ ytterby ...` commands, each with the output that it must print, where a line `...` stands for
any lines and `...` inside a line for any text; no output means that only success is asked for. The blocks of a page
share one empty folder. `<!-- not run: REASON -->` on the line before a fence leaves it out. Others are not run;
a language outside the list is refused, so that no example escapes by a typing error.
"""

from __future__ import annotations

import doctest
import importlib.util
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
NOT_RUN = {"", "sh", "text", "json", "csv", "yaml", "toml", "bibtex", "html", "math"}
SKIP = re.compile(r"<!-- not run: \S.* -->")
FENCE = re.compile(r"^(\s*)```(\S*)\s*$")


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, first line number and text."""

    language: str
    line: int
    text: str


def read_blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page that are to be run."""
    lines = page.read_text(encoding="utf-8").splitlines()
    number = 0
    while number < len(lines):
        fence = FENCE.match(lines[number])
        if not fence:
            number += 1
            continue
        indent, language = fence.groups()
        first = number + 1
        end = next(i for i in range(first, len(lines)) if lines[i].strip() == "```")
        skipped = number > 0 and SKIP.search(lines[number - 1])
        assert language in NOT_RUN | {"python", "console"}, f"{page.name}:{first}: unknown language '{language}'"
        if not skipped and language not in NOT_RUN:
            yield Block(language, first + 1, "\n".join(line.removeprefix(indent) for line in lines[first:end]) + "\n")
        number = end + 1


def commands(block: Block) -> Iterator[tuple[int, str, str]]:
    """Yield line number, command and expected output of a console block."""
    current: list[Any] | None = None
    for offset, line in enumerate(block.text.splitlines()):
        if line.startswith("$ "):
            if current:
                yield current[0], current[1], "\n".join(current[2])
            current = [block.line + offset, line[2:], []]
        else:
            assert current, f"line {block.line + offset}: output before any command"
            current[2].append(line)
    assert current, f"line {block.line}: a console block without a command"
    yield current[0], current[1], "\n".join(current[2])


def matches(expected: str, printed: str) -> bool:
    """Compare output line by line, trailing blanks aside; `...` is any text, a line of its own any lines."""
    want = [line.rstrip() for line in expected.strip().splitlines()]
    got = [line.rstrip() for line in printed.strip().splitlines()]
    pattern = "".join(
        r"(?:[^\n]*\n)*" if line.strip() == "..." else re.escape(line).replace(r"\.\.\.", r"[^\n]*") + r"\n"
        for line in want
    )
    return re.fullmatch(pattern, "".join(line + "\n" for line in got)) is not None


def run_python(block: Block, page: Path, names: dict[str, Any]) -> str:
    """Run a block; return what went wrong, or nothing."""
    source = "\n" * (block.line - 1) + block.text
    if ">>>" in block.text:
        test = doctest.DocTestParser().get_doctest(block.text, names, page.name, str(page), block.line - 1)
        said: list[str] = []
        options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        doctest.DocTestRunner(optionflags=options, verbose=False).run(test, out=said.append, clear_globs=False)
        names.update(test.globs)
        return "".join(said)
    try:
        exec(compile(source, str(page), "exec"), names)
    except Exception as error:  # noqa: BLE001 - whatever an example raises is the finding
        return f"{page.name}:{block.line}: {type(error).__name__}: {error}"
    return ""


def run_console(block: Block, page: Path, run_ytterby: Any, folder: Path) -> Iterator[str]:
    """Run the commands of a block; yield what went wrong."""
    for line, command, expected in commands(block):
        words = shlex.split(command)
        assert words[0] == "ytterby", f"{page.name}:{line}: console blocks run ytterby only; use ```sh for the rest"
        done = run_ytterby(*words[1:], cwd=folder)
        if done.returncode:
            yield f"{page.name}:{line}: `{command}` exits {done.returncode}\n{done.stdout}{done.stderr}"
        elif expected.strip() and not matches(expected, done.stdout):
            yield f"{page.name}:{line}: `{command}` printed\n{done.stdout}\nnot\n{expected}"


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples_of_a_page_run(page: Path, run_ytterby: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "example"}
    faults: list[str] = []
    for block in read_blocks(page):
        if block.language == "python":
            faults.append(run_python(block, page, names))
        else:
            faults.extend(run_console(block, page, run_ytterby, tmp_path))
    faults = [fault for fault in faults if fault]
    assert not faults, "\n\n".join(faults)


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ("a\nb", "a\nb\n", True),
        ("a\nb", "a\nc\n", False),
        ("a\n...\nd", "a\nb\nc\nd\n", True),
        ("a\n...", "a\n", True),
        ("took ... s", "took 0.3 s\n", True),
        ("took ... s", "took 0.3\ns\n", False),
        ("...", "anything\nat all\n", True),
    ],
)
def test_output_is_compared_with_wildcards(expected: str, printed: str, same: bool) -> None:
    assert matches(expected, printed) is same


def test_a_wrong_example_is_found(tmp_path: Path, run_ytterby: Any) -> None:
    page = tmp_path / "page.md"
    page.write_text("```python\nassert 1 == 2\n```\n\n```console\n$ ytterby no-such-command\n```\n", encoding="utf-8")
    python, console = read_blocks(page)
    assert "page.md:2: AssertionError" in run_python(python, page, {})
    assert "exits" in next(run_console(console, page, run_ytterby, tmp_path))


def test_relative_links_lead_somewhere() -> None:
    pages = [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
    targets = [
        (page, target)
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not re.match(r"[a-z]+:", target)
    ]
    assert len(targets) > 5
    lost = [f"{page.name}: {target}" for page, target in targets if not (page.parent / target).exists()]
    assert not lost


def _schema_tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_schema_docs", ROOT / "tools" / "make_schema_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_table_reference_follows_the_schema() -> None:
    tool = _schema_tool()
    assert tool.PAGE.read_text(encoding="utf-8") == tool.render(), "run: python tools/make_schema_docs.py"
