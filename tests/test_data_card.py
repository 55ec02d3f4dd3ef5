"""The data card of a metal is what its package gives, and says what it must."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from ytterby.chain import load_chain

ROOT = Path(__file__).resolve().parents[1]


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_data_card", ROOT / "tools" / "make_data_card.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOOL = _tool()


@pytest.mark.parametrize("metal", TOOL.METALS)
def test_card_follows_the_package(metal: str) -> None:
    page = TOOL.CARDS / f"{metal}.md"
    assert page.read_text(encoding="utf-8") == TOOL.render(metal), "run: python tools/make_data_card.py"


@pytest.mark.parametrize("metal", TOOL.METALS)
def test_card_names_every_conflict_and_gap(metal: str) -> None:
    chain = load_chain(metal)
    lines = (TOOL.CARDS / f"{metal}.md").read_text(encoding="utf-8").splitlines()
    assert chain.conflicts.height > 0
    assert [c for c in chain.conflicts["conflict_id"] if not any(line.startswith(f"| `{c}` |") for line in lines)] == []
    gaps = lines[lines.index("## Gaps") :]
    assert sum(line.startswith("|") for line in gaps) == chain.gaps.height + 2


def test_every_packaged_metal_but_the_toy_has_a_card_in_the_navigation() -> None:
    assert "tungsten" in TOOL.METALS
    assert "toy" not in TOOL.METALS
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert text == TOOL.navigation(text), "run: python tools/make_data_card.py"
    assert [line.split("data/")[1] for line in text.splitlines() if ": data/" in line] == [
        f"{metal}.md" for metal in TOOL.METALS
    ]


@pytest.mark.parametrize("metal", TOOL.METALS)
def test_card_names_each_site_without_a_figure_where_a_material_falls_short(metal: str) -> None:
    result = TOOL.ladder(load_chain(metal), draws=1)
    card = (TOOL.CARDS / f"{metal}.md").read_text(encoding="utf-8")
    part = card.partition("### Not reached")[2].partition("\n## ")[0]
    for rung in result.rungs:
        if any("have a figure" in line for line in TOOL._shortfalls(rung)):
            sites = TOOL._sites_without_figure(load_chain(metal), rung.material, result.year)
            assert sites.height == rung.sites - rung.sites_with_figure
            assert [name for name in sites["name"] if f"    - {name}: " not in part] == []


def test_what_is_not_reached_in_tungsten_is_settled_by_a_document() -> None:
    part = (
        (TOOL.CARDS / "tungsten.md").read_text(encoding="utf-8").partition("### Not reached")[2].partition("\n## ")[0]
    )
    for material in ("apt", "cemented-carbide", "tungsten-heavy-alloy"):
        assert f"`{material}`" in part
    lines = [line for line in part.splitlines() if line.startswith("    - ")]
    assert lines
    assert [line for line in lines if "searched: " not in line or "Would settle it: " not in line] == []
