"""The ledger's promises on each database: append-only, idempotent, several writers, nothing lost to a kill.

PostgreSQL is a cluster of the tests' own: made with initdb, reached by a socket, removed again. Without its programs
these tests are skipped, but fail where CI is set. YTTERBY_KILLS sets how many writers are killed (40 unless set).
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sqlmodel")
from sqlalchemy import exc, text

from ytterby.evidence import Claim, Document, EventKind, Party, StatementKind, Status, claim_id, text_sha256
from ytterby.evidence.ledger import LedgerError, LinkKind, Review, Verdict, open_ledger
from ytterby.evidence.ledger.store import Ledger
from ytterby.evidence.ledger.tables import KEYS

KILLS = int(os.environ.get("YTTERBY_KILLS", "40"))


def postgres_programs() -> Path:
    """The folder of initdb and pg_ctl; without them the test is skipped, but fails where CI is set."""
    if path := shutil.which("initdb"):
        return Path(path).resolve().parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parent.parent.name))
    if found:
        return found[-1].parent
    reason = "no PostgreSQL: sudo apt-get install postgresql"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL of the tests' own."""

    programs: Path
    folder: Path
    user: str | None

    def run(self, *command: str) -> None:
        """Run one of its programs as the user who owns it; PostgreSQL refuses to run as root."""
        words = [str(self.programs / command[0]), *command[1:]]
        done = subprocess.run(words, user=self.user, cwd=self.folder, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> None:
        """Start the server; it listens on a socket in its folder alone."""
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}'"
        log = str(self.folder / "log")
        self.run("pg_ctl", "start", "-w", "-D", str(self.folder / "data"), "-l", log, "-o", options)

    def stop(self, mode: str) -> None:
        """Stop the server; 'immediate' is as if it were killed."""
        self.run("pg_ctl", "stop", "-w", "-D", str(self.folder / "data"), "-m", mode)

    def url(self, database: str) -> str:
        """The URL of one of its databases."""
        return f"postgresql://ytterby@/{database}?host={self.folder}"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL cluster that is made for the tests and removed after them."""
    programs = postgres_programs()
    folder = Path(tempfile.mkdtemp(prefix="ytterby-pg-"))
    user = None
    if os.geteuid() == 0:
        user = next(name for name in ("postgres", "nobody") if name in {entry.pw_name for entry in pwd.getpwall()})
        shutil.chown(folder, user)
    made = Cluster(programs, folder, user)
    try:
        made.run("initdb", "-D", str(folder / "data"), "-U", "ytterby", "--auth=trust", "--encoding=UTF8", "--locale=C")
        made.start()
        yield made
        made.stop("fast")
    finally:
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new ledger may be kept: a file, or a database of the cluster."""
    if request.param == "sqlite":
        return str(tmp_path / "ledger.sqlite")
    made: Cluster = request.getfixturevalue("cluster")
    name = f"t{os.getpid()}_{len(list(made.folder.glob('used-*')))}"
    (made.folder / f"used-{name}").touch()
    made.run("createdb", "-h", str(made.folder), "-U", "ytterby", name)
    return made.url(name)


def article(number: int, claims: int = 2) -> tuple[Document, list[Claim]]:
    """A document with claims on one offtake of its own."""
    sha = text_sha256(f"article {number}")
    document = Document(title=f"Article {number}", text="body", sha256=sha, date="2026-03-02", publisher="The Post")
    parties = (Party("Seller", f"seller-{number}"), Party("买方\ud800\0", f"buyer-{number}"))
    kind = EventKind.OFFTAKE
    made = [
        Claim(
            id=claim_id(sha, (i, i + 5), kind),
            document_sha256=sha,
            quote="“agreed”\0",
            span=(i, i + 5),
            statement_kind=StatementKind.CLAIM,
            event_kind=kind,
            status=Status.MOU,
            parties=parties,
            metals=("tungsten",),
        )
        for i in range(claims)
    ]
    return document, made


def test_reading_twice_adds_nothing(where: str) -> None:
    with open_ledger(where) as ledger:
        first = ledger.append(*article(1))
        again = ledger.append(*article(1))
        document, claims = article(1)
        assert (first.documents, first.claims, again.to_dict()) == (1, 2, dict.fromkeys(first.to_dict(), 0))
        assert ledger.append(document, article(1, claims=3)[1]).claims == 1
        entries = ledger.entries([claim.id for claim in claims])
        assert [entries[claim.id].claim for claim in claims] == claims, "claims come back as they were"
        assert entries[claims[0].id].document.title == "Article 1"
        assert not entries[claims[0].id].document.text


def test_the_database_refuses_to_change_rows(where: str) -> None:
    changes = ("UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE")
    with open_ledger(where) as ledger:
        ids = fill(ledger)
        for change in changes[: 2 if "://" not in where else 3]:
            for table in KEYS:
                statement = change.format(table.name, f'"{list(table.c)[-1].name}"')
                with pytest.raises(exc.DBAPIError, match="append-only"), ledger._engine.begin() as connection:
                    connection.execute(text(statement))
        assert sorted(ledger.entries(ids)) == sorted(ids)


def fill(ledger: Ledger) -> list[str]:
    """Put at least one row into every table; return the ids of the claims."""
    document, claims = article(1)
    ledger.append(document, claims)
    ids = [claim.id for claim in claims]
    ledger.review(ids[0], Verdict.ACCEPTED, by="an analyst", why="read the filing")
    ledger.link(LinkKind.SUPPORTS, *ids, by="an analyst", why="same page")
    return ids


def test_sqlite_does_not_replace_rows(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "ledger.sqlite") as ledger:
        fill(ledger)
        before = ledger.select()
        with ledger._engine.begin() as connection:
            for table in ("claims", "documents", "links", "reviews", "terms"):
                connection.execute(text(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"))
            connection.execute(
                text(
                    "INSERT OR REPLACE INTO claims SELECT seq, 'other', document_sha256, day, event_kind,"
                    " status, statement_kind, source_class, recorded_at, '{}' FROM claims"
                )
            )
        assert ledger.select() == before


def test_a_refused_claim_leaves_nothing_of_its_document(where: str) -> None:
    with open_ledger(where) as ledger:
        document, claims = article(1)
        stranger = article(2)[1][0]
        with pytest.raises(LedgerError, match="another document"):
            ledger.append(document, [*claims, stranger])
        with pytest.raises(LedgerError, match="another document"):
            ledger.append_all([article(3), (document, [stranger])])
        assert ledger.count() == 0
        assert not ledger.documents()
        with pytest.raises(LedgerError, match="not in the ledger"):
            ledger.add_records(reviews=[Review("0" * 32, Verdict.ACCEPTED, "someone", "why", "2026-01-01")])


def test_several_writers_add_the_same_once(where: str) -> None:
    def write(_: int) -> int:
        with open_ledger(where) as ledger:  # they also race to make the tables
            return sum(ledger.append(*article(number)).claims for number in range(6))

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(write, range(4)))
    with open_ledger(where, create=False) as ledger:
        assert sum(counts) == ledger.count() == 12
        assert len(ledger.links(kind=LinkKind.SAME_EVENT)) == 6


def kill(where: str, kills: int, root: Path) -> dict[str, Any]:
    """Run the script that kills writers; return what it counted."""
    command = [sys.executable, str(root / "tests" / "kill_writers.py"), where, str(kills), "7"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stderr
    counted: dict[str, Any] = json.loads(done.stdout)
    return counted


@pytest.mark.slow
def test_killed_writers_lose_nothing_acknowledged(where: str, root: Path) -> None:
    counted = kill(where, KILLS, root)
    assert counted["kills"] >= KILLS
    assert counted["acknowledged_documents"] > 0, "nothing was acknowledged, so nothing was tested"
    assert {name: counted[name] for name in ("lost", "twice", "half", "without_terms", "unsound")} == dict.fromkeys(
        ("lost", "twice", "half", "without_terms", "unsound"), 0
    )


@pytest.mark.slow
def test_a_killed_server_loses_nothing_acknowledged(cluster: Cluster) -> None:
    with open_ledger(cluster.url("postgres")) as ledger:
        ids = fill(ledger)
    cluster.stop("immediate")
    cluster.start()
    with open_ledger(cluster.url("postgres"), create=False) as ledger:
        assert sorted(ledger.entries(ids)) == sorted(ids)
        assert len(ledger.reviews()) == 1
