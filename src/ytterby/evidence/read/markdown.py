"""Markdown into text: marks taken off, words kept; title, date and publisher from its front matter.

Front matter is read line by line as `key: value` and never as YAML, so that nothing in it can be built or run.
"""

from __future__ import annotations

import re

from ytterby.evidence.read.parts import Parts
from ytterby.evidence.read.wrap import unwrap_markdown

_FRONT = re.compile(r"\A---[ \t]*\n((?:[^\n]{0,500}\n){0,60}?)(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_KEYS = {"title": "title", "date": "date", "publisher": "publisher", "source": "publisher", "url": "url"}
_RULES = tuple(
    (re.compile(pattern, re.MULTILINE), new)
    for pattern, new in (
        (r"<!--[^<>]{0,2000}-->", ""),
        (r"!\[[^\[\]\n]{0,500}\]\([^()\n]{0,2000}\)", ""),
        (r"\[([^\[\]\n]{1,500})\]\([^()\n]{0,2000}\)", r"\1"),
        (r"\[([^\[\]\n]{1,500})\]\[[^\[\]\n]{0,100}\]", r"\1"),
        (r"^[ \t]{0,3}\[[^\]\n]{1,100}\]:[^\n]{0,2000}$", ""),
        (r"^[ \t]{0,3}(?:```|~~~)[^\n]{0,100}$", ""),
        (r"^[ \t]{0,3}(?:[-*_][ \t]{0,3}){3,40}$", ""),
        (r"^[ \t]{0,3}#{1,6}[ \t]+(.{0,1000}?)[ \t]*#{0,6}$", r"\1"),
        (r"^[ \t]{0,3}>[ \t]?", ""),
        (r"^[ \t]{0,8}[*+][ \t]+", "- "),
        (r"(\*\*|__)(?=\S)([^\n]{1,1000}?)(?<=\S)\1", r"\2"),
        (r"(?<![\w*])[*_](?=\S)([^\n*_]{1,1000})(?<=\S)[*_](?![\w*])", r"\1"),
        (r"`([^`\n]{1,500})`", r"\1"),
        (r"</?[a-zA-Z][^<>\n]{0,500}>", ""),
        (r"\\([\\`*_{}\[\]()#+.!>-])", r"\1"),
    )
)


def parse_markdown(source: str) -> Parts:
    """Return the words of a Markdown file, and what its front matter and first heading say."""
    held: dict[str, str] = {}
    front = _FRONT.match(source)
    if front:
        for line in front[1].split("\n"):
            key, colon, value = line.partition(":")
            if colon and (name := _KEYS.get(key.strip().lower())):
                held.setdefault(name, value.strip().strip("'\""))
    text = source[front.end() :] if front else source
    heading = re.search(r"^#[ \t]+(\S[^\n]{0,300}?)[ \t#]*$", text, re.MULTILINE)
    text = unwrap_markdown(text)
    for pattern, new in _RULES:
        text = pattern.sub(new, text)
    title = held.pop("title", "") or (_plain(heading[1]) if heading else "")
    return Parts(text=text, title=title, **held)


def _plain(line: str) -> str:
    for pattern, new in _RULES:
        line = pattern.sub(new, line)
    return line.strip()
