"""Kill the writers of a ledger at random instants and say what is left: a script of test_ledger_databases.py.

Two writers at a time add documents of three claims each and report each one once the ledger has acknowledged it; both
are killed (SIGKILL) at instants of their own, and the next two start over with the last document again. Prints
one JSON object: kills, acknowledged documents, and what is lost, twice there or half there, which must all be 0.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time

from sqlalchemy import func, select

from ytterby.evidence import Claim, Document, EventKind, Party, StatementKind, Status, claim_id, text_sha256
from ytterby.evidence.ledger import open_ledger
from ytterby.evidence.ledger.tables import CLAIMS, TERMS

CLAIMS_EACH = 3
AGAIN = 1
LONGEST_S = 1.0


def document(writer: int, number: int) -> tuple[Document, list[Claim]]:
    """One of the documents of a writer; three in a row are on the same parties, so that links are made too."""
    sha = text_sha256(f"{writer}/{number}")
    source = Document(
        title=f"News {number}", text="", sha256=sha, date=f"2026-01-{number % 28 + 1:02}", publisher="Post"
    )
    parties = (
        Party(f"Seller {number // 3} {writer}", f"seller-{writer}-{number // 3}"),
        Party(f"Buyer {number // 3}", f"buyer-{number // 3}"),
    )
    kind = EventKind.OFFTAKE
    claims = [
        Claim(
            id=claim_id(sha, (start, start + 9), kind),
            document_sha256=sha,
            quote="agreed to",
            span=(start, start + 9),
            statement_kind=StatementKind.CLAIM,
            event_kind=kind,
            status=Status.MOU,
            parties=parties,
            metals=("tungsten",),
        )
        for start in range(0, 20 * CLAIMS_EACH, 20)
    ]
    return source, claims


def write(where: str, writer: int, start: int, out: int) -> None:
    """Add documents for ever, from one on, and report each on a pipe once it is acknowledged."""
    with open_ledger(where) as ledger:
        for number in range(start, start + 1_000_000):
            ledger.append(*document(writer, number))
            os.write(out, f"{number}\n".encode())


def start_writer(where: str, writer: int, start: int) -> tuple[int, int]:
    """Fork a writer; return its process id and the end of the pipe that is read."""
    reads, writes = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reads)
        try:
            write(where, writer, start, writes)
        finally:
            os._exit(1)
    os.close(writes)
    return pid, reads


def acknowledged(reads: int) -> list[int]:
    """Read what a dead writer reported; the last line may be cut."""
    with os.fdopen(reads, "rb") as pipe:
        return [int(line) for line in pipe.read().split(b"\n")[:-1]]


def main(where: str, kills: int, seed: int) -> dict[str, int]:
    """Kill writers, then compare the ledger with what they were told."""
    rng = random.Random(seed)
    with open_ledger(where) as ledger:  # imports and first uses happen once, before the forks
        ledger.append(*document(2, 0))
        ledger.append(*document(2, 1))
    told: dict[int, set[int]] = {0: set(), 1: set()}
    done = idle = 0
    while done < kills:
        pair = [(w, *start_writer(where, w, max(0, max(told[w], default=0) - AGAIN))) for w in told]
        instants = sorted((rng.uniform(0, LONGEST_S), w, pid, reads) for w, pid, reads in pair)
        begun = time.monotonic()
        for instant, writer, pid, reads in instants:
            time.sleep(max(0.0, instant - (time.monotonic() - begun)))
            os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            assert os.WIFSIGNALED(status), "a writer ended by itself"
            numbers = acknowledged(reads)
            told[writer].update(numbers)
            idle += not numbers
            done += 1
    return {"kills": done, "before_any_acknowledgement": idle, **judge(where, told)}


def judge(where: str, told: dict[int, set[int]]) -> dict[str, int]:
    """Count what was acknowledged, and of it what is lost, twice there, half there."""
    with open_ledger(where, create=False) as ledger, ledger._engine.connect() as connection:
        rows = connection.execute(select(CLAIMS.c.document_sha256, CLAIMS.c.id)).all()
        termed = connection.execute(select(func.count(TERMS.c.claim_id.distinct()))).scalar_one()
        sound = (
            connection.exec_driver_sql("PRAGMA integrity_check").scalar()
            if "sqlite" in str(ledger._engine.url)
            else "ok"
        )
        links = len(ledger.links())
        stored = ledger.documents()
    held: dict[str, set[str]] = {}
    for sha, claim in rows:
        held.setdefault(sha, set()).add(claim)
    lost = sum(
        len({claim.id for claim in claims} - held.get(source.sha256, set()))
        for writer, numbers in told.items()
        for source, claims in (document(writer, number) for number in numbers)
    )
    return {
        "acknowledged_documents": sum(len(numbers) for numbers in told.values()),
        "documents": len(stored),
        "links": links,
        "lost": lost,
        "twice": len(rows) - len({claim for _, claim in rows}),
        "half": sum(len(claims) != CLAIMS_EACH for claims in held.values()) + len(stored.keys() ^ held.keys()),
        "without_terms": len(rows) - termed,
        "unsound": int(sound != "ok"),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))) + "\n")
