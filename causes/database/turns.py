"""Who may write: many verbs one after another, or one import alone.

A verb holds a shared lock until its transaction ends, an import an exclusive one. Whoever
finds an import there gets an error at once instead of waiting for minutes. Whoever waits for
another verb gets one after a few seconds: three in a web request, twenty in a command. The lock
belongs to a process or a session, so it is released when that is killed.
"""

import fcntl
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, transaction

from causes.database.moments import read_clock

# Two numbers that nothing else on the server uses.
_ONE_IMPORT, _ALL_WRITERS = 730_118_001, 730_118_002

_LOCK_NOT_AVAILABLE = "55P03"

_LOCK = "SELECT id FROM causes_generation WHERE id = 1 {condition} FOR UPDATE"


class Busy(Exception):
    """Somebody else is writing. Nothing was written, and the message says so."""


class ImportRunning(Busy):
    """An import is running, and nothing else can be written until it ends."""

    def __init__(self) -> None:
        super().__init__(
            "An import is running, and nothing else can be saved until it ends. "
            "Nothing of yours was written or lost: try again in a minute."
        )


class SomebodySaving(Busy):
    """Somebody else has held the write lock for longer than anybody waits."""

    def __init__(self) -> None:
        super().__init__(
            "Somebody else is saving, and it takes longer than usual. "
            "Nothing of yours was written or lost: try again in a few seconds."
        )


def lock(using: str = DEFAULT_DB_ALIAS) -> None:
    """Waits for the one write lock and holds it until the transaction ends.

    Every verb calls this first; with a single lock there can be no deadlock. On SQLite the
    IMMEDIATE transaction holds the lock already.
    """
    connection = connections[using]
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("The lock is taken inside a transaction.")
    if connection.vendor == "postgresql":
        _ask(connection, _LOCK.format(condition=""))


@contextmanager
def writing(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """One transaction under the write lock, as a verb needs it.

    Raises ImportRunning, SomebodySaving.
    """
    connection = connections[using]
    outermost = not connection.in_atomic_block
    with ExitStack() as stack:
        if connection.vendor == "sqlite" and import_running(using):
            raise ImportRunning
        with _in_turn(using if connection.vendor == "sqlite" else None):
            stack.enter_context(transaction.atomic(using=using))
            if connection.vendor == "postgresql":
                _wait_as_long_as_sqlite(connection)
                # Shared until the transaction ends, and refused while an import waits for it.
                # If it is refused, the row is not found, so there is no wait for the row lock.
                share = f"pg_try_advisory_xact_lock_shared({_ALL_WRITERS})"
                if _ask(connection, _LOCK.format(condition=f"AND {share}")) is None:
                    raise ImportRunning
        if outermost:
            read_clock(connection)
        yield


@contextmanager
def _in_turn(ask: str | None = None) -> Iterator[None]:
    """Says who holds the lock for which this waited in vain.

    `ask` is the database to ask whether that is an import. On PostgreSQL it is known before, and
    a transaction that is broken answers nothing.
    """
    try:
        yield
    except OperationalError as error:
        if not is_locked(error):
            raise
        running = ask is not None and import_running(ask)
        raise (ImportRunning if running else SomebodySaving) from error


def is_locked(error: BaseException) -> bool:
    """Whether an error of the database means that a lock was held elsewhere for too long."""
    cause = error.__cause__
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    locked = code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return locked or getattr(cause, "sqlstate", None) == _LOCK_NOT_AVAILABLE


def _wait_as_long_as_sqlite(connection: Any) -> None:
    """Limits the wait of a command for the lock; connections of web requests have a limit."""
    if connection.pulse is not None:
        return
    set_here = "set_config('lock_timeout', '20s', true)"
    _ask(connection, f"SELECT {set_here} WHERE current_setting('lock_timeout') = '0'")


@contextmanager
def importing(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """One transaction during which nobody else writes; readers go on.

    Raises ImportRunning, SomebodySaving.
    """
    connection: Any = connections[using]
    with ExitStack() as stack:
        if connection.vendor == "sqlite":
            stack.enter_context(_whole_file_lock(_lock_file(connection)))
        with _in_turn():
            stack.enter_context(transaction.atomic(using=using))
            if connection.vendor == "postgresql":
                _wait_as_long_as_sqlite(connection)
                if not _ask(connection, f"SELECT pg_try_advisory_xact_lock({_ONE_IMPORT})"):
                    raise ImportRunning
                _ask(connection, f"SELECT pg_advisory_xact_lock({_ALL_WRITERS})::text")
            lock(using)
        read_clock(connection)
        connection.has_import_turn = True
        stack.callback(setattr, connection, "has_import_turn", False)
        yield


@contextmanager
def restoring(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """The turn of an import on SQLite, without a transaction: SQLite copies a whole file.

    On PostgreSQL the transaction of the restore takes the turn (`TAKE_FOR_GOOD`). Raises
    ImportRunning.
    """
    connection: Any = connections[using]
    with ExitStack() as stack:
        if connection.vendor == "sqlite":
            stack.enter_context(_whole_file_lock(_lock_file(connection)))
        elif import_running(using):
            raise ImportRunning
        yield


TAKE_FOR_GOOD = f"""DO $$ BEGIN
    IF NOT pg_try_advisory_xact_lock({_ONE_IMPORT}) THEN
        RAISE EXCEPTION 'an import is running';
    END IF;
    PERFORM pg_advisory_xact_lock({_ALL_WRITERS});
    END $$"""
"""PostgreSQL's SQL for the turn of an import, until the transaction ends."""


def wait_until_alone(tables: Iterable[str], using: str = DEFAULT_DB_ALIAS) -> None:
    """Waits until nobody writes to these tables, and locks writers out until the end.

    On SQLite the IMMEDIATE transaction has locked them out already.
    """
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    _ask(connection, f"SELECT pg_advisory_xact_lock({_ALL_WRITERS})::text")
    present = connection.introspection.table_names()
    wanted = ", ".join(sorted(set(tables).intersection(present)))
    while True:
        try:
            # A writer that bypasses the verbs locks a table first and then waits for the row.
            # So all tables are locked at once, or the row is released again.
            with transaction.atomic(using=using):
                if "causes_generation" in present:
                    _ask(connection, "SELECT 1 FROM causes_generation FOR UPDATE")
                with connection.cursor() as cursor:
                    cursor.execute(f"LOCK TABLE {wanted} IN SHARE ROW EXCLUSIVE MODE NOWAIT")
            return
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
            time.sleep(0.05)


def import_running(using: str = DEFAULT_DB_ALIAS) -> bool:
    """Whether an import is running on another connection."""
    connection: Any = connections[using]
    if getattr(connection, "has_import_turn", False):
        return False
    if connection.vendor == "postgresql":
        held = (
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted "
            f"AND classid = 0 AND objid = {_ONE_IMPORT} AND database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database()))"
        )
        return bool(_ask(connection, held))
    path = _lock_file(connection)
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _lock_file(connection: Any) -> Path:
    return Path(f"{connection.settings_dict['NAME']}.import-lock")


@contextmanager
def _whole_file_lock(path: Path) -> Iterator[None]:
    with path.open("ab") as file:
        for attempt in range(20):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                # `import_running` holds it for microseconds.
                if attempt == 19:
                    raise ImportRunning from error
                time.sleep(0.01)
        yield


def _ask(connection: Any, question: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(question)
        row = cursor.fetchone()
    return row[0] if row else None


@contextmanager
def one_moment(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """A read transaction: it blocks nobody, and does not see later changes."""
    connection = connections[using]
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(using=using):
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
    else:
        # `atomic` would take the write lock here: transactions are IMMEDIATE.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("COMMIT")
