"""Sentences of English and Chinese text, as spans that quote it exactly.

A sentence ends at a line break, at one of 。！？ and at . ! ? before a space and a capital, a digit or a quotation
mark; not after an abbreviation, an initial or a number's decimal point. Closing quotes and brackets stay with it.
"""

from __future__ import annotations

import re

from ytterby.evidence.extract.patterns import word_list

_END = re.compile(r"[。！？!?]+[”’\"'」』）)]*|\.+[”’\"'）)]*(?=\s|$)|\n+")
_WORD_BEFORE = re.compile(r"([A-Za-z][A-Za-z.]*)$")


def sentences(text: str) -> list[tuple[int, int]]:
    """Return the spans of the sentences of a text, without space around them."""
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _END.finditer(text):
        if text[match.start()] == "." and _goes_on(text, match.start(), match.end()):
            continue
        _add(spans, text, start, match.end())
        start = match.end()
    _add(spans, text, start, len(text))
    return spans


def _goes_on(text: str, dot: int, end: int) -> bool:
    word = _WORD_BEFORE.search(text[max(0, dot - 12) : dot])
    following = text[end : end + 12].lstrip(" \t")
    if following[:1].islower():
        return True
    if not word or "\n" in text[end : end + 1]:
        return False
    stem = word.group(1).lower()
    if stem in ("inc", "corp", "ltd", "co", "plc", "u.s", "u.k", "pty", "llc"):
        return not re.match(r"(The|It|In|This|Under|A|An|At|On|We|But|Its)\b", following)
    return stem in word_list("abbreviation") or (len(stem) == 1 and word.group(1).isupper())


def _add(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    left = start + len(piece) - len(piece.lstrip())
    right = start + len(piece.rstrip())
    if right > left:
        spans.append((left, right))
