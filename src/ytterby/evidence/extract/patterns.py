"""The extractor's patterns, kept as tables beside it so that a reader can see, add and question each one.

`event_kinds.csv` says which words tell of which event, `statuses.csv` how far it is (rows of a ladder from the
strongest word down), `cues.csv` what sort of statement a sentence is and with what weight, `lexicon.csv` the rest.
Patterns are regular expressions over folded lower-case text.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from ytterby.evidence.claim import EventKind, StatementKind, Status


class Words:
    """Alternative patterns searched as one; those whose fixed letters the text lacks are not tried.

    A regular expression of many alternatives tries each at every place of a text; most have letters that must be there,
    and looking for those first makes the search some ten times faster. A text of many sentences is asked once, by
    `within`, for the patterns that can match in any of them.
    """

    def __init__(self, parts: Sequence[str]) -> None:
        self._tried = tuple((literals(part), re.compile(part)) for part in parts)

    def search(self, text: str) -> re.Match[str] | None:
        """Return the match that starts first, of several the earliest listed."""
        best = None
        for fixed, pattern in self._tried:
            for literal in fixed:
                if literal in text:
                    match = pattern.search(text)
                    if match and (best is None or match.start() < best.start()):
                        best = match
                    break
        return best

    def within(self, text: str) -> Words | None:
        """Return the patterns that can match in parts of a text, None where none can."""
        held = tuple(row for row in self._tried if any(literal in text for literal in row[0]))
        if not held:
            return None
        found = Words(())
        found._tried = held
        return found


def literals(pattern: str) -> tuple[str, ...]:
    """Return letters of which every match of a pattern must hold some run; an empty run where that is not known."""
    found: list[str] = []
    for part in _alternatives(pattern):
        if fixed := longest_literal(part):
            found.append(fixed)
        elif group := _group(part):
            found += literals(group)
        else:
            return ("",)
    return tuple(dict.fromkeys(found))


def _alternatives(pattern: str) -> list[str]:
    """Return the alternatives of a pattern that stand in no group."""
    parts, depth, start, at = [], 0, 0, 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 2
            continue
        if char == "[":
            at = pattern.index("]", at + 2)
        depth += (char == "(") - (char == ")")
        if char == "|" and depth == 0:
            parts.append(pattern[start:at])
            start = at + 1
        at += 1
    return [*parts, pattern[start:]]


def _group(pattern: str) -> str:
    """Return what the first plain group that must match holds, of the groups that stand in no other."""
    depth, start, at = 0, 0, 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 2
            continue
        if char == "[":
            at = pattern.index("]", at + 2)
        elif char == "(":
            start = at if depth == 0 else start
            depth += 1
        elif char == ")":
            depth -= 1
            is_plain = pattern.startswith("(?:", start) and pattern[at + 1 : at + 2] not in ("?", "*", "{")
            if depth == 0 and is_plain:
                return pattern[start + 3 : at]
        at += 1
    return ""


def longest_literal(pattern: str) -> str:
    """Return the longest run of letters that every match of a pattern without top-level alternatives must hold."""
    runs, run, depth, at = [""], "", 0, 0
    while at < len(pattern):
        char = pattern[at]
        width = 2 if char == "\\" else 1
        if char == "[" and depth == 0:
            width = pattern.index("]", at + 2) + 1 - at
        depth += (char == "(") - (char == ")")
        is_plain = width == 1 and char not in "()|.^$?*+{}[" and depth == 0
        if width == 2 and depth == 0 and not pattern[at + 1].isalnum():
            char, is_plain = pattern[at + 1], True
        following = pattern[at + width : at + width + 1]
        if is_plain and following not in ("?", "*", "{"):
            run += char
        else:
            runs.append(run)
            run = ""
            if char == "{":
                width = pattern.index("}", at) + 1 - at
        at += width
    return max([*runs, run], key=len) if "|" not in _outside_groups(pattern) else ""


def _outside_groups(pattern: str) -> str:
    """Return a pattern without its groups and classes."""
    plain = re.sub(r"\\.|\[[^\]]*\]", "", pattern)
    while (shorter := re.sub(r"\([^()]*\)", "", plain)) != plain:
        plain = shorter
    return plain


EventPatterns = tuple[tuple[EventKind, str, Words], ...]
StatusPatterns = tuple[tuple[Status, Words], ...]
CuePatterns = tuple[tuple[StatementKind, float, str, Words], ...]


@dataclass(frozen=True)
class Patterns:
    """The patterns of event kinds, statuses and statement kinds, of each language or ladder."""

    events: Mapping[str, EventPatterns]
    statuses: Mapping[str, StatusPatterns]
    cues: Mapping[str, CuePatterns]

    def within(self, text: str) -> Patterns:
        """Return those that can match in sentences of a text in folded lower case."""
        return Patterns(
            {
                of: tuple((kind, rule, held) for kind, rule, words in rows if (held := words.within(text)))
                for of, rows in self.events.items()
            },
            {
                of: tuple((status, held) for status, words in rows if (held := words.within(text)))
                for of, rows in self.statuses.items()
            },
            {
                of: tuple((kind, by, rule, held) for kind, by, rule, words in rows if (held := words.within(text)))
                for of, rows in self.cues.items()
            },
        )


@cache
def all_patterns() -> Patterns:
    """Return all patterns of the tables."""
    return Patterns(event_patterns(), status_patterns(), cue_patterns())


@cache
def event_patterns() -> Mapping[str, EventPatterns]:
    """Return for each language the patterns of event kinds with their rule's name."""
    groups: dict[tuple[str, str], list[str]] = {}
    for row in rows("event_kinds.csv"):
        groups.setdefault((row["language"], row["event_kind"]), []).append(row["pattern"])
    return {
        language: tuple(
            (EventKind(kind), f"event.{kind}.{of}", Words(parts))
            for (of, kind), parts in groups.items()
            if of == language
        )
        for language in ("en", "zh")
    }


@cache
def status_patterns() -> Mapping[str, StatusPatterns]:
    """Return for each ladder its statuses with their patterns, strongest first."""
    ladders: dict[str, dict[str, list[str]]] = {}
    for row in rows("statuses.csv"):
        ladders.setdefault(row["ladder"], {}).setdefault(row["status"], []).append(row["pattern"])
    return {
        ladder: tuple((Status(status), Words(parts)) for status, parts in held.items())
        for ladder, held in ladders.items()
    }


@cache
def cue_patterns() -> Mapping[str, CuePatterns]:
    """Return for each language the cues of statement kinds with weight and rule's name."""
    groups: dict[tuple[str, str, str, str], list[str]] = {}
    for row in rows("cues.csv"):
        key = (row["language"], row["statement_kind"], row["cue"], row["weight"])
        groups.setdefault(key, []).append(row["pattern"])
    return {
        language: tuple(
            (StatementKind(kind), float(weight), f"statement.{cue}", Words(parts))
            for (of, kind, cue, weight), parts in groups.items()
            if of in (language, "both")
        )
        for language in ("en", "zh")
    }


@cache
def word_list(kind: str) -> frozenset[str]:
    """Return the words of a kind of `words.csv` that are no names."""
    return frozenset(word for row in rows("words.csv") if row["kind"] == kind for word in row["words"].split("|"))


@cache
def lexicon(group: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return the values of a group of `lexicon.csv` with their patterns, in the order of the table."""
    held: dict[str, list[str]] = {}
    for row in rows("lexicon.csv"):
        if row["group"] == group:
            held.setdefault(row["value"], []).append(row["pattern"])
    return tuple((value, _joined(parts)) for value, parts in held.items())


def _joined(parts: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(parts))


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a table that lies beside this module."""
    text = resources.files("ytterby.evidence.extract").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
