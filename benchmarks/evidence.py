"""How fast the extractor reads: articles a second on one core.

The labelled articles of tests/articles, in both languages, and one of 4,000 characters made of several; the gazetteer
is built once and timed apart. CPU time of this process, median of five; yardsticks: one pass of a word-splitting
regular expression over the same texts, and three million additions in plain Python, which tell how fast the machine
is just now. Exits 1 where the budget is broken. Needs the core install.
"""

from __future__ import annotations

import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ytterby.evidence.claim import Document, text_sha256
from ytterby.evidence.extract import extract, packaged_gazetteer

ARTICLES = Path(__file__).resolve().parents[1] / "tests" / "articles"
BUDGET_PER_S = 50.0
RUNS = 5


def documents() -> list[Document]:
    """Return the labelled articles as documents."""
    found = []
    for name in ("dev.txt", "heldout.txt"):
        for block in (ARTICLES / name).read_text(encoding="utf-8").split("\n## ")[1:]:
            head, *rest = block.split("\n")
            _, language, date, publisher, _ = (part.strip() for part in head.split(" | "))
            lines = [line[3:] for line in rest if re.match(r"[TCMFB]\| ", line)]
            text = "\n".join(lines)
            found.append(Document(lines[0], text, text_sha256(text), date, publisher, language=language))
    return found


def long_documents(short: list[Document]) -> list[Document]:
    """Return documents of about 4,000 characters, each of many articles of one language."""
    found = []
    for language in ("en", "zh"):
        text = "\n".join(document.text for document in short if document.language == language)
        found += [
            Document("", piece, text_sha256(piece), "2025-06-30", "Wire", language=language)
            for piece in (text[start : start + 4_000] for start in range(0, len(text) - 3_999, 4_000))
        ]
    return found


def measure(work: Callable[[], object]) -> float:
    """Return the median CPU time of some work, in seconds."""
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)


def additions() -> int:
    """Add three million numbers, one by one."""
    total = 0
    for number in range(3_000_000):
        total += number
    return total


def main() -> int:
    """Measure and print; return the exit code."""
    start = time.process_time()
    known = packaged_gazetteer()
    size = len(known.automaton)
    built = time.process_time() - start
    print(f"gazetteer of {size} names built in {built:.2f} s")
    yard = measure(additions)
    print(f"three million additions took {yard:.2f} s")
    print(f"{'case':34} {'articles':>8} {'chars each':>10} {'a second':>9} {'x words':>8} {'additions each':>14}")
    over = False
    short = documents()
    for name, held in (("labelled articles", short), ("articles of 4,000 characters", long_documents(short))):
        words = measure(lambda held=held: [re.findall(r"\w+", document.text) for document in held])  # type: ignore[misc]
        taken = measure(lambda held=held: [extract(document, known) for document in held])  # type: ignore[misc]
        rate = len(held) / taken
        chars = sum(len(document.text) for document in held) / len(held)
        cost = taken / len(held) / yard * 3e6
        broken = rate < BUDGET_PER_S
        over = over or broken
        shown = f"{name:34} {len(held):8} {chars:10.0f} {rate:9.0f} {taken / words:8.0f} {cost:14,.0f}"
        print(f"{shown}{'  UNDER 50' if broken else ''}")
    return int(over)


if __name__ == "__main__":
    sys.exit(main())
