"""A figure is the same wherever it is printed: in JSON, on the terminal, on the brief's page, in its Markdown."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ytterby.brief import brief
from ytterby.brief import format as fmt
from ytterby.chain import load_chain, load_world
from ytterby.cli import main
from ytterby.ladder import ladder, world_ladder
from ytterby.ladder.scores import geopolrisk_of

OPTIONS = {"bloc": "EU", "draws": 30, "seed": 3}
SHOWN = ("hhi", "hhi_owner", "top1", "top3", "import_reliance", "eu_supply_risk")


class Values(HTMLParser):
    """The machine-readable numbers of a page with the text that stands for each."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[float, str]] = []
        self._open: float | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "data":
            self._open = float(str(dict(attrs)["value"]))

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self.found.append((self._open, data))
            self._open = None


@pytest.fixture(scope="module", params=["toy", "tungsten"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """The JSON of a ladder, and the folder of a brief made of another run with the same options."""
    chain, folder = load_chain(request.param), tmp_path_factory.mktemp(f"agree-{request.param}")
    brief(chain, ladder(chain, **OPTIONS), bloc="EU", out=folder)
    return json.loads(json.dumps(ladder(load_chain(request.param), **OPTIONS).to_dict())), folder


def numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from numbers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from numbers(inner)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)


def is_near(value: float, known: list[float]) -> bool:
    return bool(np.isclose(known, value, rtol=1e-9, atol=1e-12).any())


def markdown_of(told: dict[str, Any], folder: Path) -> str:
    """The Markdown, its hard spaces made soft."""
    return soft((folder / f"{told['metal']}-EU.md").read_text(encoding="utf-8"))


def soft(text: str) -> str:
    return text.replace(fmt.NBSP, " ")


def bare(text: str) -> str:
    """A printed number without the marks of a bound, of a basis and of a value outside its interval."""
    return soft(text).strip().removeprefix("\u2265").rstrip("\u2020\u2021").strip()


def is_told(name: str, index: dict[str, Any]) -> bool:
    """Whether the page prints an index: a lower bound that rounds to nothing is printed as not known."""
    is_nothing = "lower bound" in index.get("why", "") and fmt.index(index["value"] or 0.0) == fmt.index(0.0)
    return index["value"] is not None and not (name in ("hhi", "hhi_owner") and is_nothing)


def test_headlines_of_the_page_stand_in_the_json(made: tuple[dict[str, Any], Path]) -> None:
    told, folder = made
    page = Values((folder / f"{told['metal']}-EU.html").read_text(encoding="utf-8"))
    printed = [value for value, _ in page.found]
    for stage in told["stages"]:
        if stage["total_t"] is not None:
            assert is_near(stage["total_t"], printed), (stage["material"], "total_t")
        for name in SHOWN:
            if is_told(name, stage[name]):
                assert is_near(stage[name]["value"], printed), (stage["material"], name)
        for share in stage["by_place"][:3]:
            assert is_near(share["share"], printed), (stage["material"], share)
        for share in stage["evidence"].values():
            assert is_near(share, printed)


def test_values_of_the_ladder_section_come_from_the_json(made: tuple[dict[str, Any], Path]) -> None:
    told, folder = made
    html = (folder / f"{told['metal']}-EU.html").read_text(encoding="utf-8")
    section = html[html.index('<section id="ladder">') :]
    page = Values(section[: section.index("</section>")])
    known = sorted(set(numbers(told)))
    assert len(page.found) >= 5 * len(told["stages"])
    for value, text in page.found:
        assert is_near(value, known), text


def test_text_is_the_value_rounded(made: tuple[dict[str, Any], Path]) -> None:
    told, folder = made
    html = (folder / f"{told['metal']}-EU.html").read_text(encoding="utf-8")
    section = html[html.index('<section id="ladder">') :]
    for value, text in Values(section[: section.index("</section>")]).found:
        assert bare(text) in {soft(fmt.share(value)), fmt.index(value), fmt.number(value)}


def test_markdown_prints_the_same_headlines(made: tuple[dict[str, Any], Path]) -> None:
    told, folder = made
    markdown = markdown_of(told, folder)
    for stage in told["stages"]:
        top = next(share for share in stage["by_place"] if share["id"] != "unknown")
        assert f"[{soft(fmt.share(top['share']))}]" in markdown
        if stage["hhi"]["value"] is not None:
            figure = fmt.index(stage["hhi"]["value"])
            assert any(bare(text) == figure for text in re.findall(r"\[([^\]]+)\]", markdown))
    assert told["manifest"]["packages"][told["metal"]] in markdown


def test_highlights_carry_the_leader_with_its_interval(made: tuple[dict[str, Any], Path]) -> None:
    told, folder = made
    markdown = markdown_of(told, folder)
    highlights = markdown[markdown.index("## Highlights") : markdown.index("## Contents")]
    phrases = {
        soft(fmt.share_with_interval(share["share"], share["low"], share["high"]))
        for stage in told["stages"]
        for share in stage["by_place"]
    }
    assert any(phrase in highlights for phrase in phrases)


def test_terminal_and_json_print_the_same(
    made: tuple[dict[str, Any], Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told, _ = made
    command = ["ytterby", "ladder", told["metal"], "--for", "EU", "--draws", "30", "--seed", "3"]
    monkeypatch.setattr(sys, "argv", command)
    main_code = 0
    try:
        main()
    except SystemExit as stop:
        main_code = int(stop.code or 0)
    assert main_code == 0
    lines = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    cells = {cell.strip() for line in lines for cell in line if cell.strip()}
    for stage in told["stages"]:
        top = next(share for share in stage["by_place"] if share["id"] != "unknown")
        percent = 100 * top["share"]
        assert (f"{percent:.0f} %" if percent >= 9.95 else f"{percent:.1f} %") in cells
        assert f"{stage['stage']}: {stage['material']}" in cells


def test_rungs_agree_among_themselves(made: tuple[dict[str, Any], Path]) -> None:
    for stage in made[0]["stages"]:
        named = [share["share"] for share in stage["by_place"] if share["id"] != "unknown"]
        if stage["top1"]["value"] is not None:
            assert stage["top1"]["value"] == pytest.approx(max(named))
            assert stage["hhi"]["value"] == pytest.approx(sum(share**2 for share in named))
        assert stage["total_low"] <= stage["total_high"]


def test_score_of_the_ladder_is_that_of_the_table() -> None:
    told = geopolrisk_of(load_world(), load_chain("tungsten"), "JPN", 2022)
    row = world_ladder(years=[2022], materials=["tungsten"], places=["JPN"]).row(0, named=True)
    for name in ("score", "hhi", "import_risk", "price_kusd_per_t", "characterisation_factor"):
        assert told[name] == pytest.approx(row[name], rel=1e-12)
