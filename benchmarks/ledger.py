"""How long the query behind `claims list` takes with 100,000 claims in the ledger, and how long adding a document.

Each query is asked as the command asks it: the newest fifty, how many there are, and their reviews; medians of seven.
SQLite in a temporary folder, and the database of YTTERBY_BENCH_POSTGRES (a URL of an empty PostgreSQL database) where
that is set. Exits 1 where a budget is broken. Needs the extra `evidence`.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from ytterby.evidence import (
    Amount,
    Claim,
    Document,
    EventKind,
    Party,
    PartyRole,
    SourceClass,
    StatementKind,
    Status,
    claim_id,
    text_sha256,
)
from ytterby.evidence.ledger import Verdict, open_ledger
from ytterby.evidence.ledger.query import Filter
from ytterby.evidence.ledger.store import Ledger

BUDGET_S = 0.2
RUNS = 7
CLAIMS_EACH = 10
COMPANIES = 400
METALS = ("tungsten", "tantalum", "niobium", "rare-earths", "cobalt")
QUERIES = {
    "all": Filter(),
    "one metal": Filter(metal="tungsten"),
    "one party": Filter(party="company-7"),
    "metal, kind and status": Filter(metal="tungsten", event_kind="offtake", status="mou"),
    "kind, since a day": Filter(event_kind="price", since="2025-06"),
    "accepted": Filter(reviewed="accepted"),
    "not reviewed": Filter(reviewed="none", metal="niobium"),
    "nothing found": Filter(party="nobody"),
}


def document(rng: random.Random, number: int) -> tuple[Document, list[Claim]]:
    """A document with ten claims on things drawn at random."""
    sha = text_sha256(str(number))
    day = f"{rng.randint(2015, 2026)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    publisher = f"Paper {rng.randint(1, 60)}"
    source = Document(f"News {number}", "", sha, day, publisher, rng.choice(list(SourceClass)))
    claims = []
    for start in range(0, 100 * CLAIMS_EACH, 100):
        kind = rng.choice(list(EventKind))
        picked = rng.sample(range(COMPANIES), 2)
        claims.append(
            Claim(
                id=claim_id(sha, (start, start + 90), kind),
                document_sha256=sha,
                quote="The companies signed an agreement on deliveries of concentrate from the mine. " * 2,
                span=(start, start + 90),
                statement_kind=rng.choice(list(StatementKind)),
                event_kind=kind,
                status=rng.choice(list(Status)),
                parties=tuple(Party(f"Company {i}", f"company-{i}", role=PartyRole.SUBJECT) for i in picked),
                metals=(rng.choice(METALS),),
                stages=("mining",),
                amounts=(Amount(rng.randint(1, 5000), "t/a"),),
            )
        )
    return source, claims


def batches(rng: random.Random, claims: int) -> Iterator[list[tuple[Document, list[Claim]]]]:
    """Yield documents, 200 at a time."""
    numbers = range(claims // CLAIMS_EACH)
    for start in range(0, len(numbers), 200):
        yield [document(rng, number) for number in numbers[start : start + 200]]


def ask(ledger: Ledger, wanted: Filter) -> int:
    """Ask what `claims list` asks."""
    entries = ledger.select(wanted, limit=50)
    ledger.reviews([entry.id for entry in entries])
    return ledger.count(wanted)


def measure(where: str, claims: int) -> bool:
    """Fill a ledger, ask it, print; return whether a budget is broken."""
    rng = random.Random(1)
    is_over = False
    with open_ledger(where) as ledger:
        begun = time.perf_counter()
        for batch in batches(rng, claims):
            ledger.append_all(batch, with_links=False)
        filled = time.perf_counter() - begun
        for entry in ledger.select(limit=200):
            ledger.review(entry.id, rng.choice(list(Verdict)), by="a reader", why="read")
        held = ledger.count()
        print(f"{ledger.name.split(':')[0]:34} {filled:8.1f} s to add {held:,} claims without links")
        for name, wanted in QUERIES.items():
            times = []
            for _ in range(RUNS):
                begun = time.perf_counter()
                found = ask(ledger, wanted)
                times.append(time.perf_counter() - begun)
            took = statistics.median(times)
            is_over |= took > BUDGET_S
            print(f"  {name:32} {took:8.4f} {BUDGET_S:9g} {found:9,}{'  OVER' if took > BUDGET_S else ''}")
        begun = time.perf_counter()
        for number in range(10):
            ledger.append(*document(rng, claims + number))
        print(f"  {'add a document of ten, linked':32} {(time.perf_counter() - begun) / 10:8.4f}")
    return is_over


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=100_000, help="how many claims to fill the ledger with")
    claims = parser.parse_args().claims
    print(f"{'query (newest 50 and how many)':34} {'s':>8} {'budget s':>9} {'found':>9}")
    with tempfile.TemporaryDirectory() as folder:
        is_over = measure(str(Path(folder) / "ledger.sqlite"), claims)
    if url := os.environ.get("YTTERBY_BENCH_POSTGRES"):
        is_over |= measure(url, claims)
    return int(is_over)


if __name__ == "__main__":
    sys.exit(main())
