"""Every example of README.md and docs/ runs, and its output is what the page says.

Fences: `python` blocks of one page run in order and share their names (or are doctests where they contain `>>>`); what
one prints is in the `output` block after it. `console` blocks hold `$ ytterby ...` commands, each with its output. In
both, a line `...` stands for any lines and `...` inside a line for any text. The blocks of a page share one empty
folder. `<!-- not run: REASON -->` on the line before a fence leaves it out. Other languages hold no example: commands
of a shell need that reason, data must parse, and a language outside the list is refused, so that no example escapes.
"""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
RUN = {"python", "console"}
PARSED = {"json": json.loads, "yaml": yaml.safe_load}
SHELL = {"sh", "bash", "shell"}
PROSE = {"text", "csv", "toml", "bibtex", "html"}
SKIP = re.compile(r"<!-- not run: \S.* -->")
FENCE = re.compile(r"^(\s*)```(\S*)\s*$")


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, first line number, text, and whether a reason not to run it stands before it."""

    language: str
    line: int
    text: str
    is_excused: bool = False
    output: str | None = None


def fences(page: Path) -> Iterator[Block]:
    """Yield every fenced block of a page."""
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
        excused = number > 0 and SKIP.search(lines[number - 1]) is not None
        text = "\n".join(line.removeprefix(indent) for line in lines[first:end]) + "\n"
        yield Block(language, first + 1, text, excused)
        number = end + 1


def read_blocks(page: Path) -> list[Block]:
    """Return the blocks of a page that are to be run, each python block with the output that follows it."""
    kept: list[Block] = []
    before = None
    for block in fences(page):
        if block.language == "output":
            assert before is not None, f"{page.name}:{block.line}: output of nothing"
            assert before.language == "python", f"{page.name}:{block.line}: output of what is not python"
            if not before.is_excused:
                kept[-1] = replace(kept[-1], output=block.text)
        elif block.language in RUN and not block.is_excused:
            kept.append(block)
        before = block
    return kept


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
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(source, str(page), "exec"), names)
    except Exception as error:  # noqa: BLE001 - whatever an example raises is the finding
        return f"{page.name}:{block.line}: {type(error).__name__}: {error}"
    if (block.output is None and printed.getvalue()) or not matches(block.output or "", printed.getvalue()):
        return f"{page.name}:{block.line}: printed\n{printed.getvalue()}\nnot\n{block.output}"
    return ""


def run_console(block: Block, page: Path, run_ytterby: Any, folder: Path) -> Iterator[str]:
    """Run the commands of a block; yield what went wrong."""
    for line, command, expected in commands(block):
        words = shlex.split(command)
        assert words[0] == "ytterby", f"{page.name}:{line}: console blocks run ytterby only; use ```sh for the rest"
        done = run_ytterby(*words[1:], cwd=folder)
        if done.returncode:
            yield f"{page.name}:{line}: `{command}` exits {done.returncode}\n{done.stdout}{done.stderr}"
        elif not matches(expected, done.stdout):
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


def compares(block: Block) -> bool:
    """Return whether an example says what must come out: an output that is more than `...`, or an assertion."""
    if block.language == "console":
        return all(_says_something(expected) for _, _, expected in commands(block))
    if block.output is not None:
        return _says_something(block.output)
    return ">>>" in block.text or any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(block.text)))


def _says_something(expected: str) -> bool:
    return any(line.strip() not in ("", "...") for line in expected.splitlines())


def uncovered(page: Path) -> Iterator[str]:
    """Yield the blocks of a page that are neither run and compared nor left out for a reason."""
    run = read_blocks(page)
    for block in run:
        prepares = block.language == "python" and block.output is None and block is not run[-1]
        if not compares(block) and not prepares:
            yield f"{page.name}:{block.line}: runs, but nothing that it gives is compared"
    for block in fences(page):
        where = f"{page.name}:{block.line}"
        if block.language not in RUN | SHELL | PROSE | set(PARSED) | {"output"}:
            yield f"{where}: unknown language '{block.language}'"
        elif block.language in SHELL and not block.is_excused:
            yield f"{where}: say why it is not run: <!-- not run: REASON -->"
        elif block.language in PROSE and re.search(
            r"^(\$ |>>> |import ytterby|from ytterby)", block.text, re.MULTILINE
        ):
            yield f"{where}: an example in a block that is not run"
        elif block.language in PARSED:
            PARSED[block.language](block.text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_of_a_page_is_compared_or_excused(page: Path) -> None:
    assert list(uncovered(page)) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("```console\n$ ytterby metals\n```\n", "nothing that it gives is compared"),
        ("```console\n$ ytterby metals\n...\n```\n", "nothing that it gives is compared"),
        ("```python\nx = 1\n```\n", "nothing that it gives is compared"),
        ("```python\nprint(1)\n```\n\n```output\n...\n```\n", "nothing that it gives is compared"),
        ("```sh\nmake run\n```\n", "say why it is not run"),
        ("```pyhton\nx = 1\n```\n", "unknown language"),
        ("```text\n$ ytterby metals\n```\n", "an example in a block that is not run"),
        ("<!-- not run: needs a network -->\n```python\nx = 1\n```\n", ""),
        ("```python\nx = 1\n```\n\n```python\nassert x == 1\n```\n", ""),
    ],
)
def test_a_block_that_is_not_covered_is_found(text: str, fault: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    found = list(uncovered(page))
    assert len(found) == bool(fault)
    assert all(fault in line for line in found)


def test_a_printed_line_without_an_output_block_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```python\nprint(1)\n```\n", encoding="utf-8")
    assert "printed\n1" in run_python(read_blocks(page)[0], page, {})
    page.write_text("```python\nprint(1)\n```\n\n```output\n2\n```\n", encoding="utf-8")
    assert "printed\n1" in run_python(read_blocks(page)[0], page, {})


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
    page.write_text(
        "```python\nassert 1 == 2\n```\n\n```console\n$ ytterby no-such-command\nno\n```\n", encoding="utf-8"
    )
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


@pytest.mark.parametrize(
    "name", ["make_schema_docs", "make_cli_docs", pytest.param("make_coverage", marks=pytest.mark.slow)]
)
def test_a_generated_page_is_what_its_tool_writes(name: str, load_tool: Any) -> None:
    tool = load_tool(name)
    assert tool.PAGE.read_text(encoding="utf-8") == tool.render(), f"run: python tools/{name}.py"


def test_reference_of_commands_agrees_with_help(run_ytterby: Any, load_tool: Any, tmp_path: Path) -> None:
    commands = load_tool("make_cli_docs").commands()
    listed = run_ytterby("--help", cwd=tmp_path).stdout.partition("Commands:")[2]
    assert set(re.findall(r"^  ([a-z][a-z-]*)", listed, re.MULTILINE)) == {name.split()[0] for name in commands}
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    for name in commands:
        section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        shown = set(re.findall(r"^\| `(--[a-z-]+)`", section, re.MULTILINE))
        helped = run_ytterby(*name.split(), "--help", cwd=tmp_path).stdout.partition("Options:")[2]
        assert set(re.findall(r"^ +(--[a-z-]+)", helped, re.MULTILINE)) - {"--help"} == shown, name


def test_every_page_is_in_the_navigation() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    shown = re.findall(r": ([a-z_/-]+\.md)$", text.partition("\nnav:\n")[2], re.MULTILINE)
    assert sorted(shown) == sorted(page.relative_to(ROOT / "docs").as_posix() for page in PAGES[1:])


def test_equations_are_numbered_in_order() -> None:
    text = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
    numbers = [int(number) for number in re.findall(r"\\tag\{(\d+)\}", text)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 15
