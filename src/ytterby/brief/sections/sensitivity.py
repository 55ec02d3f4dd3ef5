"""What would change these conclusions: the documents that would settle most of each rung, and what each would settle.

The ladder gives, for each headline (a share or a concentration of a rung), the part of its variance that an input
explains. Headlines of one rung are joined, the larger effect of an input kept; inputs with the same document share a
line. Effects overlap, so that they need not add up to 100 %.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .. import format as fmt
from ..section import Cell, SectionContent, Table, Text, nothing_held
from .highlights import rung_anchor

if TYPE_CHECKING:
    from ytterby.ladder import Rung

    from ..context import BriefContext


def build(context: BriefContext) -> SectionContent:
    """The section."""
    found = tuple(context.result.sensitivity)
    if not found:
        return nothing_held("spread on any input of a headline")
    joined: dict[str, dict[str, dict[str, float]]] = {}
    for item in found:
        rung = _rung(context, item.headline)
        if rung is not None and rung not in context.principal:
            continue
        documents = joined.setdefault(rung_anchor(rung) if rung else item.headline, {})
        inputs = documents.setdefault(_document(item.settles), {})
        spoken = _spoken(context, item.input, rung)
        inputs[spoken] = max(inputs.get(spoken, 0.0), item.effect)
    heads = {rung_anchor(rung): fmt.capital(context.short(rung)) for rung in context.result.rungs}
    rows = []
    for key, documents in joined.items():
        ranked = sorted(documents.items(), key=lambda pair: (-max(pair[1].values()), pair[0]))
        for at, (document, inputs) in enumerate(ranked):
            named = heads.get(key, fmt.capital(key))
            head = Cell(text="" if at else named, href=f"#{key}" if key in heads and not at else "")
            rows.append((head, Cell(text=_effects(inputs)), Cell(text=fmt.capital(document))))
    table = Table(
        columns=("Rung", "Turns on, with the part of the variance", "Cheapest document that would settle it"),
        rows=tuple(rows),
        note="Parts of the variance of the largest place's share or of the concentration by place, whichever is more. "
        "Inputs overlap, so that the parts need not add up to 100 %.",
        is_folded=False,
    )
    text = (
        "On each rung, what moves its headlines most within the stated spread, and the document that would settle it."
    )
    return SectionContent(blocks=(Text(text=text), table))


def _document(settles: str) -> str:
    """The document alone, where the reason of a conflict goes before it."""
    found = re.search(r"[Ww]ould be settled by (.+?)\.?$", settles or "", flags=re.DOTALL)
    return found[1] if found else settles or "not known"


def _rung(context: BriefContext, headline: str) -> Rung | None:
    """The rung that a headline speaks of: the one with the longest name at its end."""
    found = [rung for rung in context.result.rungs if headline.endswith(f" of {rung.name}") or headline == rung.name]
    return max(found, key=lambda rung: len(rung.name), default=None)


def _spoken(context: BriefContext, label: str, rung: Rung | None) -> str:
    """An input in words: materials by their short names, the world as a total, the rung's own material left out."""
    text = re.sub(r"\bWORLD\b", "world total", label)
    names = sorted(context.table("materials")["name"].to_list(), key=lambda name: (-len(name), name))
    for name in names:
        for form in dict.fromkeys((name, name.split(",")[0])):
            if form in text:
                text = text.replace(form, fmt.lower(context.short_names.get(name, name)))
                break
    own = fmt.lower(context.short(rung)) if rung is not None else ""
    for whole in (f" of {own}, ", f" of {own} ") if own else ():
        text = text.replace(whole, ", " if whole.endswith(", ") else " ")
    is_bare = text.endswith("without a known place") and "tonnage" not in text
    return f"tonnage of {text}" if is_bare else text


def _effects(inputs: dict[str, float]) -> str:
    ranked = sorted(inputs.items(), key=lambda pair: (-pair[1], pair[0]))
    return "; ".join(f"{text} ({fmt.roughly(effect)})" for text, effect in ranked)
