"""Opens the database of a ledger: SQLite unless a URL names PostgreSQL, tables made on first use, never changed.

SQLite: write-ahead log, synchronous FULL, writers queue (BEGIN IMMEDIATE, 30 s). PostgreSQL: synchronous commit,
writers queue on an advisory lock, so that each sees what the one before it added. In both, triggers refuse every
UPDATE and DELETE (PostgreSQL: TRUNCATE too; SQLite: REPLACE too). Other databases are refused: without such triggers
a ledger that promises to lose nothing cannot be kept in them.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, exc, inspect, select, text
from sqlalchemy.engine import URL, make_url

from ytterby.evidence.ledger.records import LedgerError, now
from ytterby.evidence.ledger.tables import KEYS, METADATA, SCHEMA, VERSION

BUSY_S = 30
LOCK = 0x79747462  # number of the advisory lock under which writers of a PostgreSQL ledger queue
REFUSAL = "the ledger is append-only"


def default_path() -> Path:
    """Return where the ledger lies unless told otherwise: in the user's data folder."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "ytterby" / "ledger.sqlite"


def ledger_url(where: str | Path) -> URL:
    """Return the database URL of a path or URL.

    Raises:
        LedgerError: no URL, or one of a database that cannot keep a ledger.
    """
    if "://" not in str(where):
        return URL.create("sqlite", database=str(where))
    try:
        url = make_url(str(where))
    except (exc.ArgumentError, ValueError) as error:
        raise LedgerError("the ledger's URL cannot be read; write a path or postgresql://USER@HOST/NAME") from error
    name = url.get_backend_name()
    if name in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if name != "sqlite":
        raise LedgerError(
            f"a ledger is kept in SQLite or PostgreSQL, not in {name}, where nothing keeps rows as they are"
        )
    return url


def connect(where: str | Path, *, create: bool) -> Engine:
    """Return the engine of a ledger whose tables are there.

    Args:
        where: path of a file, or URL of a database.
        create: make the tables, and the file, where they are not there.

    Raises:
        LedgerError: cannot be opened, is no ledger, or has tables of another version.
    """
    url = ledger_url(where)
    shown = shown_name(url)
    is_file = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
    if is_file:
        path = Path(str(url.database))
        if not create and not path.is_file():
            raise LedgerError(f"there is no ledger at '{shown}'; `ytterby read` or `ytterby claims import` starts one")
        if not path.parent.is_dir():
            raise LedgerError(f"there is no folder '{path.parent}' for the ledger")
    engine = _engine(url)
    try:
        with translated(shown):
            if is_file and create:
                _use_write_ahead_log(engine)
            _prepare(engine, create=create, shown=shown)
    except LedgerError:
        engine.dispose()
        raise
    return engine


def shown_name(url: URL) -> str:
    """Return a URL for messages: the path alone for a file, a password never."""
    return str(url.database or ":memory:") if url.get_backend_name() == "sqlite" else url.render_as_string()


@contextmanager
def translated(shown: str) -> Iterator[None]:
    """Turn what a database says into one sentence.

    Raises:
        LedgerError: whatever the database refused.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise LedgerError(f"no driver for '{shown}'; install it with: pip install 'ytterby[evidence]'") from error
    except exc.SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).strip()
        said = cause.splitlines()[0] if cause else type(error).__name__
        if "locked" in said:
            said = f"another writer has held it for {BUSY_S} s; try again"
        raise LedgerError(f"the ledger '{shown}': {said}") from error


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that is alone in writing, committed at the end of the block."""
    with engine.execution_options(writes=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK})
        yield connection


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        with translated(shown_name(url)):
            engine = create_engine(url, pool_pre_ping=True)
        event.listen(engine, "connect", _make_durable)
        return engine
    engine = create_engine(url, connect_args={"timeout": BUSY_S})
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def _make_durable(connection: Any, _: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION synchronous_commit TO on")
    connection.commit()


def _set_pragmas(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # the driver starts no transaction of its own; `_begin` does
    for pragma in ("synchronous = FULL", "fullfsync = ON", "foreign_keys = ON", f"busy_timeout = {BUSY_S * 1000}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _use_write_ahead_log(engine: Engine) -> None:
    """Switch a file to the write-ahead log; the switch does not wait for other writers by itself."""
    until = time.monotonic() + BUSY_S
    raw = engine.raw_connection()
    try:
        while True:
            cursor = raw.cursor()
            try:
                if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                    cursor.execute("PRAGMA journal_mode = WAL")
                return
            except engine.dialect.dbapi.OperationalError as error:  # type: ignore[union-attr]
                if "locked" not in str(error) or time.monotonic() > until:
                    raise exc.OperationalError(None, None, error) from error
                time.sleep(0.02)
            except engine.dialect.dbapi.DatabaseError as error:  # type: ignore[union-attr]
                raise exc.DatabaseError(None, None, error) from error
    finally:
        raw.close()


def _prepare(engine: Engine, *, create: bool, shown: str) -> None:
    """Make the tables where they are not there, and compare their version."""
    with engine.connect() as connection:
        names = set(inspect(connection).get_table_names())
    if not create and SCHEMA.name not in names:
        raise LedgerError(f"'{shown}' is no ledger of Ytterby")
    if SCHEMA.name not in names:
        with writing(engine) as connection:
            names = set(inspect(connection).get_table_names())
            if SCHEMA.name not in names:
                if strangers := names & {table.name for table in KEYS}:
                    raise LedgerError(f"'{shown}' has tables of something else: {', '.join(sorted(strangers))}")
                METADATA.create_all(connection)
                _forbid_changes(connection)
                connection.execute(SCHEMA.insert().values(version=VERSION, created_at=now()))
    with engine.connect() as connection:
        found = connection.execute(select(SCHEMA.c.version)).scalars().all()
    if found != [VERSION]:
        raise LedgerError(f"'{shown}' is a ledger of version {found}; this release reads version {VERSION}")


def _forbid_changes(connection: Connection) -> None:
    """Make the database itself refuse to change or remove a row."""
    if connection.dialect.name == "sqlite":
        for table, key in KEYS.items():
            for verb in ("UPDATE", "DELETE"):
                connection.exec_driver_sql(
                    f"CREATE TRIGGER {table.name}_{verb.lower()} BEFORE {verb} ON {table.name} "
                    f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
                )
            same = " AND ".join(f"{column} = NEW.{column}" for column in key)
            same = f"({same}) OR seq = NEW.seq" if "seq" in table.c else same
            connection.exec_driver_sql(
                f"CREATE TRIGGER {table.name}_replace BEFORE INSERT ON {table.name} "
                f"WHEN EXISTS (SELECT 1 FROM {table.name} WHERE {same}) BEGIN SELECT RAISE(IGNORE); END"
            )
        return
    connection.exec_driver_sql(
        "CREATE OR REPLACE FUNCTION ytterby_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    for table in KEYS:
        for when in ("UPDATE OR DELETE", "TRUNCATE"):
            each = "STATEMENT" if when == "TRUNCATE" else "ROW"
            connection.exec_driver_sql(
                f"CREATE TRIGGER {table.name}_{when.split()[0].lower()} BEFORE {when} ON {table.name} "
                f"FOR EACH {each} EXECUTE FUNCTION ytterby_append_only()"
            )
