"""Longest match of many names in a text.

Names are grouped by their first three characters; at each place where a name may start, the longest that fits wins
and the search goes on behind it. Latin names match whole words only; Chinese names match anywhere. Where two entries
bear one name, the first by (kind's rank, id) wins, so that the order of the rows changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ytterby.evidence.extract.normalise import fold, fold_case, is_chinese

KINDS = ("ignore", "company", "school", "body", "facility", "material", "stage", "metal", "occupation", "place")


@dataclass(frozen=True, order=True)
class Entry:
    """One name of one thing; `is_cased` names match only where the text writes them as given."""

    kind: str
    id: str
    name: str
    country: str = ""
    sort: str = ""
    is_cased: bool = False


@dataclass(frozen=True)
class Mention:
    """An entry found in a text, with the span of the text."""

    entry: Entry
    start: int
    end: int


class Automaton:
    """Finds the names of its entries in texts; build it once."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._names: dict[str, Entry] = {}
        self._metals: dict[str, Entry] = {}
        lengths: dict[str, set[int]] = {}
        ranked = sorted(set(entries), key=lambda e: (KINDS.index(e.kind), e.id, e.name, e.is_cased, e.sort))
        for entry in ranked:
            key = fold_case(entry.name)
            if len(key) < 2 and not (key and is_chinese(key)):
                continue
            held = self._names.setdefault(key, entry)
            if entry.kind == "metal" and held.kind == "stage":
                self._metals.setdefault(key, entry)
            lengths.setdefault(key[:3], set()).add(len(key))
        self._lengths = {head: sorted(found, reverse=True) for head, found in lengths.items()}

    def __len__(self) -> int:
        return len(self._names)

    def find(self, text: str) -> list[Mention]:
        """Return the mentions in a text, in order and without overlap."""
        lower, printed = fold_case(text), fold(text)
        mentions: list[Mention] = []
        behind = 0
        for match in _STARTS.finditer(lower):
            at = match.start()
            if at < behind:
                continue
            lengths = self._lengths.get(lower[at : at + 3], ())
            if lengths or is_chinese(lower[at]) or lower[at : at + 2] in self._names:
                hit = self._longest(lower, printed, at, lengths)
            else:
                continue
            if hit:
                mentions.append(Mention(hit[0], at, hit[1]))
                if metal := self._metals.get(lower[at : hit[1]]):
                    mentions.append(Mention(metal, at, hit[1]))
                behind = hit[1]
        return mentions

    def _longest(self, lower: str, printed: str, at: int, lengths: Sequence[int]) -> tuple[Entry, int] | None:
        for length in (*lengths, 2, 1):
            end = at + length
            entry = self._names.get(lower[at:end])
            if entry is None or end > len(lower):
                continue
            if end < len(lower) and _is_word(lower[end]) and _is_word(lower[end - 1]):
                continue
            if entry.is_cased and printed[at:end] != entry.name:
                continue
            if entry.kind == "company" and not entry.is_cased and printed[at].islower():
                continue
            return entry, end
        return None


# Where a name may start: at a Chinese character, or at a letter or digit that no other letter or digit precedes.
_STARTS = re.compile(r"[\u3400-\u9fff]|(?<![^\W_\u3400-\u9fff])[^\W_\u3400-\u9fff]")


def _is_word(char: str) -> bool:
    return char.isalnum() and not is_chinese(char)
