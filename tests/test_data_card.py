"""The data card of a metal is what its package gives, and says what it must."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ytterby.chain import load_chain, packaged_metals
from ytterby.chain.needed import needed_tables

ROOT = Path(__file__).resolve().parents[1]


METALS = [name for name in packaged_metals() if name != "toy"]


@pytest.fixture(scope="module")
def tool(load_tool: Callable[[str], ModuleType]) -> Any:
    return load_tool("make_data_card")


@pytest.mark.parametrize("metal", METALS)
def test_card_follows_the_package(metal: str, tool: Any) -> None:
    page = tool.CARDS / f"{metal}.md"
    assert page.read_text(encoding="utf-8") == tool.render(metal), "run: python tools/make_data_card.py"


@pytest.mark.parametrize("metal", METALS)
def test_card_names_every_conflict_and_gap(metal: str, tool: Any) -> None:
    chain = load_chain(metal)
    lines = (tool.CARDS / f"{metal}.md").read_text(encoding="utf-8").splitlines()
    own = needed_tables(chain)
    assert own["conflicts"].height > 0
    assert [
        c for c in own["conflicts"]["conflict_id"] if not any(line.startswith(f"| `{c}` |") for line in lines)
    ] == []
    gaps = lines[lines.index("## Gaps") :]
    assert sum(line.startswith("|") for line in gaps) == own["gaps"].height + 2


def test_every_packaged_metal_but_the_toy_has_a_card_in_the_navigation(tool: Any) -> None:
    assert list(tool.METALS) == METALS
    assert "tungsten" in METALS
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert text == tool.navigation(text), "run: python tools/make_data_card.py"
    assert [line.split("data/")[1] for line in text.splitlines() if ": data/" in line] == [
        f"{metal}.md" for metal in tool.METALS
    ]


@pytest.mark.parametrize("metal", METALS)
def test_card_names_each_site_without_a_figure_where_a_material_falls_short(metal: str, tool: Any) -> None:
    result = tool.ladder(load_chain(metal), draws=1)
    card = (tool.CARDS / f"{metal}.md").read_text(encoding="utf-8")
    part = card.partition("### Not reached")[2].partition("\n## ")[0]
    for rung in result.rungs:
        if any("have a figure" in line for line in tool._shortfalls(rung)):
            sites = tool._sites_without_figure(load_chain(metal), rung.material, result.year)
            assert sites.height == rung.sites - rung.sites_with_figure
            assert [name for name in sites["name"] if f"    - {name}: " not in part] == []


def test_what_is_not_reached_in_tungsten_is_settled_by_a_document(tool: Any) -> None:
    card = (tool.CARDS / "tungsten.md").read_text(encoding="utf-8")
    part = card.partition("### Not reached")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("    - ")]
    assert lines or "- nothing" in part
    assert [line for line in lines if "searched: " not in line or "Would settle it: " not in line] == []
