"""A sentence with all that the rules find in it, and what its words say of metals and stages.

A material stands for its metal and for the stage that makes it; a site for its metal and, where its name says so (mine,
refinery), for its stage.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from ytterby.evidence.extract.automaton import Mention
from ytterby.evidence.extract.dates import FoundDate, dates
from ytterby.evidence.extract.events import FoundEvent, events
from ytterby.evidence.extract.gazetteer import Gazetteer
from ytterby.evidence.extract.normalise import has_chinese, is_chinese
from ytterby.evidence.extract.numbers import FoundAmount, amounts
from ytterby.evidence.extract.parties import PartyMention
from ytterby.evidence.extract.patterns import Patterns

_SITES = tuple(
    (stage, re.compile(word))
    for stage, word in (
        ("mining", r"mine|pit|concentrator|矿"),
        ("refining", r"refiner|separation|分离"),
        ("smelting", r"smelter|冶炼"),
    )
)


@dataclass
class Sentence:
    """What a sentence holds."""

    start: int
    end: int
    lower: str
    mentions: list[Mention]
    parties: list[PartyMention]
    amounts: list[FoundAmount]
    dates: list[FoundDate]
    events: list[FoundEvent]

    def ids(self, kind: str) -> tuple[str, ...]:
        """Return the ids of what a kind of entry names, in order."""
        return tuple(dict.fromkeys(m.entry.id for m in self.mentions if m.entry.kind == kind))


def is_heading(sentence: str, lower: str) -> bool:
    """Return whether a line is a heading: short, without end mark, and in capitals or of a few characters."""
    ended = sentence.rstrip('"”’）)')
    if ended[-1:] in ".!?。！？;；:：,，" or len(sentence) > 110 or (has_chinese(lower) and ended != sentence):
        return False
    if is_chinese(lower[:1]):
        return len(sentence) < 30 and not any(mark in sentence for mark in "，,；;")
    words = [word.lstrip('"“‘(') for word in sentence.split() if len(word) > 3]
    return bool(words) and sum(word[0].isupper() for word in words) >= 0.6 * len(words)


def metals_of(part: Sentence, known: Gazetteer) -> tuple[str, ...]:
    """Return the metals that a sentence names or whose materials it names."""
    held = dict.fromkeys(part.ids("metal"))
    for facility in part.ids("facility"):
        if not held and len(known.metal_of.get(facility, ())) == 1:
            held.setdefault(known.metal_of[facility][0])
    for material in part.ids("material"):
        metals = known.metal_of.get(material, ())
        if len(metals) == 1:
            held.setdefault(metals[0])
        elif metals and not set(metals) & set(held):
            named = [metal for metal in metals if metal.split("-")[0] in material]
            held.setdefault((named or list(metals))[0])
    return tuple(held)


def stages_of(part: Sentence, known: Gazetteer) -> tuple[str, ...]:
    """Return the stages that a sentence names or whose materials it names."""
    held = dict.fromkeys(part.ids("stage"))
    for mention in part.mentions:
        if mention.entry.kind == "facility":
            name = part.lower[mention.start - part.start : mention.end - part.start]
            held |= dict.fromkeys(stage for stage, word in _SITES if word.search(name))
    for material in part.ids("material"):
        if material in known.stage_of:
            held.setdefault(known.stage_of[material])
    return tuple(held)


def read_sentences(
    spans: Sequence[tuple[int, int]],
    lower: str,
    mentions: list[Mention],
    parties: list[PartyMention],
    date: str,
    patterns: Patterns,
) -> list[Sentence]:
    """Return the sentences at the spans of a text in folded lower case.

    Args:
        spans: of the sentences.
        lower: the text.
        mentions: what the gazetteer found, in order.
        parties: who is named, in order.
        date: date of the document.
        patterns: those that can match in the text.
    """
    at = [mention.start for mention in mentions]
    parties_at = [mention.start for mention in parties]
    return [
        Sentence(
            start,
            end,
            lower[start:end],
            mentions[bisect_left(at, start) : bisect_left(at, end)],
            parties[bisect_left(parties_at, start) : bisect_left(parties_at, end)],
            amounts(lower[start:end]),
            dates(lower[start:end], date),
            events(lower[start:end], patterns),
        )
        for start, end in spans
    ]
