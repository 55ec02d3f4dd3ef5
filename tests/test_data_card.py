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
