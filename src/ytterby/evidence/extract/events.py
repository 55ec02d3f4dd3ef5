"""Which event a sentence tells of, and how far it is.

Patterns in both languages over folded lower-case text, from `event_kinds.csv` and `statuses.csv`.
Statuses are read from the strongest word down: a denial beats a signature, "non-binding" is never binding, a condition
beats a completed signature. Where no word tells the status it stays None.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ytterby.evidence.claim import EventKind, Status
from ytterby.evidence.extract.normalise import has_chinese
from ytterby.evidence.extract.patterns import Patterns, all_patterns

_DEAL = frozenset(
    (
        EventKind.OFFTAKE,
        EventKind.JOINT_VENTURE,
        EventKind.ACQUISITION,
        EventKind.RESEARCH_COOPERATION,
        EventKind.TALENT_PROGRAMME,
    )
)
_RULE = frozenset((EventKind.QUOTA, EventKind.EXPORT_CONTROL, EventKind.POLICY))
# What a kind also looks like, and is not where the other is there.
_HIDES: dict[EventKind, tuple[EventKind, ...]] = {
    EventKind.EXPORT_CONTROL: (EventKind.POLICY,),
    EventKind.QUOTA: (EventKind.POLICY, EventKind.CAPACITY),
    EventKind.PRICE: (EventKind.CAPACITY, EventKind.POLICY, EventKind.QUOTA),
    EventKind.JOINT_VENTURE: (EventKind.ACQUISITION,),
    EventKind.TALENT_PROGRAMME: (),
    EventKind.POLICY: (EventKind.FINANCING, EventKind.CONSTRUCTION),
    EventKind.OFFTAKE: (EventKind.CAPACITY,),
}
# Shares have prices too.
_SHARES = re.compile(
    r"\bapiece\b|per share|\bshares? (?:of|offering|issued|edged|rose|fell|price)|placement|股价|每股|股票"
)
_NON_BINDING = re.compile(r"non-?binding|not binding|不具(?:有)?约束力|无约束力")
_LADDER = {EventKind.FINANCING: "financing", EventKind.CONSTRUCTION: "construction", EventKind.OPENING: "opening"}
_LADDER[EventKind.CAPACITY] = "capacity"


@dataclass(frozen=True)
class FoundEvent:
    """An event kind found in a sentence, with its trigger's place and the rules for kind and status."""

    kind: EventKind
    start: int
    end: int
    rule: str
    status: Status | None
    status_rule: str


def events(sentence: str, patterns: Patterns | None = None) -> list[FoundEvent]:
    """Return the events that a sentence in folded lower case tells of, strongest first.

    Args:
        sentence: the sentence.
        patterns: those that can match in its text; all where none are given.
    """
    held = patterns or all_patterns()
    hits: dict[EventKind, tuple[int, int, str]] = {}
    for kind, rule, pattern in held.events["zh" if has_chinese(sentence) else "en"]:
        if kind not in hits and (match := pattern.search(sentence)):
            hits[kind] = (match.start(), match.end(), rule)
    if EventKind.PRICE in hits and _SHARES.search(sentence):
        del hits[EventKind.PRICE]
    for kind in tuple(hits):
        for other in _HIDES.get(kind, ()):
            hits.pop(other, None)
    found = []
    for kind, (start, end, rule) in hits.items():
        status, status_rule = status_of(kind, sentence, held)
        found.append(FoundEvent(kind, start, end, rule, status, status_rule))
    return found


def status_of(kind: EventKind, sentence: str, patterns: Patterns | None = None) -> tuple[Status | None, str]:
    """Return how far an event of a kind is by the words of a sentence, and the rule that tells it."""
    if kind is EventKind.PRICE:
        return None, ""
    statuses = (patterns or all_patterns()).statuses
    words = _NON_BINDING.sub(" ", sentence)
    ladder = _LADDER.get(kind) or ("rule" if kind in _RULE else "deal")
    for name in ("end", ladder) if kind in _DEAL or ladder in ("rule", "financing") else (ladder,):
        for status, pattern in statuses[name]:
            if pattern.search(words):
                return status, f"status.{name}.{status.value}"
    return None, ""
