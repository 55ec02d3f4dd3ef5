"""Lines that a margin broke, joined to paragraphs again, so that a sentence is whole.

Of a PDF every line may be such; of a text only one that reads on: the next begins in lower case, it ends with a comma
or a word that ends no sentence, or the next word would not have fitted. Of Markdown every single line break is one.
"""

from __future__ import annotations

import re

NARROW, WIDE = 40, 120
_ENDS = re.compile(r"[.!?:;。！？：；]['\"”’)）]?$")
_CHINESE = re.compile("[\u3000-\u9fff\uff00-\uffef]")
_READS_ON = re.compile(
    r"(?:,|，|、|\b(?:of|the|a|an|and|or|in|on|at|to|for|from|by|with|as|its|their|that|which|than|is|are|was|has|will))$"
)
_BLOCK = re.compile(
    r"[ \t]{0,8}(?:#{1,6}\s|[-*+]\s|\d{1,9}[.)]\s|>|\||```|~~~|<|\[[^\]\n]{1,100}\]:|(?:[-*_][ \t]*){3})"
)


def join_lines(text: str) -> str:
    """Return a PDF page's text with lines that the margin broke joined."""
    lines = [line.strip() for line in text.split("\n")]
    widest = max(map(len, lines), default=0)
    return _joined(lines, [len(line) > 0.7 * widest and not _ENDS.search(line) for line in lines])


def unwrap(text: str) -> str:
    """Return a text file's text with lines that read on joined; one whose lines are paragraphs stays as it is."""
    lines = [line.strip() for line in text.split("\n")]
    widest = max(map(len, lines), default=0)
    if not NARROW <= widest <= WIDE:
        return text
    full = sum(len(line) >= widest - 2 for line in lines)
    first = next((number for number, line in enumerate(lines) if line), 0)
    breaks = []
    for number, (line, after) in enumerate(zip(lines, [*lines[1:], ""], strict=True)):
        reads_on = bool(_READS_ON.search(line)) or bool(re.match(r"[a-z]", after))
        if _CHINESE.match(line[-1:]) and _CHINESE.match(after[:1]):
            is_full = full >= 3 and len(line) >= widest - 2
        else:
            is_full = len(line) + 1 + len(after.partition(" ")[0]) > widest
        fits_not = is_full and number > first
        breaks.append(len(line) > 0.5 * widest and not _ENDS.search(line) and (reads_on or fits_not))
    return _joined(lines, breaks)


def unwrap_markdown(source: str) -> str:
    """Return Markdown with the lines of each paragraph and list item joined."""
    lines = source.split("\n")
    breaks = [
        not re.match(r"[ \t]{0,3}(?:#|\||```|~~~)", line)
        and not line.endswith(("  ", "\\"))
        and not _BLOCK.match(after)
        for line, after in zip(lines, [*lines[1:], ""], strict=True)
    ]
    return _joined([line.rstrip() for line in lines], breaks)


def _joined(lines: list[str], breaks: list[bool]) -> str:
    """Join each line to the one before it, where that was broken and neither is empty."""
    joined: list[str] = []
    for number, line in enumerate(lines):
        before = lines[number - 1] if number else ""
        if not (number and breaks[number - 1] and before and line):
            joined.append(line)
            continue
        after = line.lstrip()
        if before.endswith("-") and before[-2:-1].isalpha() and after[:1].islower():
            joined[-1] = joined[-1][:-1] + after
        else:
            blank = "" if _CHINESE.match(before[-1]) and _CHINESE.match(after[:1]) else " "
            joined[-1] += blank + after
    return "\n".join(joined)
