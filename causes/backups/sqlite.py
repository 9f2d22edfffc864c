"""SQLite's half of backups. A file is copied through SQLite itself, never by its bytes."""

import gzip
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from causes.backups import contents
from causes.backups.archive import About, NoBackup, Tables
from causes.database import sqlite

MEMBER = "site.sqlite3.gz"

PATIENCE = 60
"""Seconds for which a restore waits for somebody who writes."""


def take(wrapper: Any, folder: Path) -> tuple[About, Path]:
    """Copies the database as it is at one moment; returns what it holds, and the copy."""
    copy, made, packed = folder / "copy", folder / "made.sqlite3", folder / MEMBER
    with closing(_open(wrapper.settings_dict["NAME"])) as live:
        # A read transaction, which blocks nobody: both the hashes and the copy are of it.
        live.execute("BEGIN")
        tables, sealed = contents.of_sqlite(live), _sealed(live)
        with closing(_open(copy)) as target:
            live.backup(target)
    with closing(_open(copy)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
        for table in contents.LEFT_OUT:
            if db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [table]).fetchone():
                db.execute(f"DELETE FROM {table}")
        # Pages that are free may still hold the words of a text that was withheld.
        db.execute("VACUUM INTO ?", [str(made)])
    other = named(wrapper, copy)
    about = contents.about(other, tables, sealed)
    other.close()
    copy.unlink()
    with made.open("rb") as source, gzip.open(packed, "wb", compresslevel=1) as sink:
        shutil.copyfileobj(source, sink, 1 << 20)
    made.unlink()
    return about, packed


def _sealed(live: sqlite3.Connection) -> bool:
    try:
        row = live.execute("SELECT seal FROM causes_generation").fetchone()
    except sqlite3.OperationalError:  # an older version has no such column, or no such table
        return False
    return bool(row) and str(row[0]) == str(live.execute(sqlite.SEAL).fetchone()[0])


def _open(path: str | Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, timeout=PATIENCE)


def named(wrapper: Any, name: str | Path) -> Any:
    """A connection like another one, to another database."""
    other = wrapper.copy()
    other.settings_dict["NAME"] = str(name)
    return other


@contextmanager
def scratch(wrapper: Any, member: Path, purpose: str) -> Iterator[str]:
    """Unpacks a copy as a database of its own; yields its name. Raises NoBackup."""
    path = member.with_name(f"{purpose}.sqlite3")
    with gzip.open(member) as source, path.open("wb") as sink:
        shutil.copyfileobj(source, sink, 1 << 20)
    with closing(_open(path)) as db:
        (found,) = db.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise NoBackup(f"The copy of the database is damaged ({found}).")
    try:
        yield str(path)
    finally:
        path.unlink(missing_ok=True)


def tables(wrapper: Any, name: str) -> Tables:
    with closing(_open(name)) as db:
        return contents.of_sqlite(db)


def replace(wrapper: Any, name: str, folder: Path) -> None:
    """Puts another database in the place of the site's, in one transaction of SQLite.

    Readers go on with the old pages until it ends, and a kill in between leaves the old ones.
    """
    began = time.monotonic()

    def wait(status: int, remaining: int, total: int) -> None:
        if status == sqlite3.SQLITE_BUSY and time.monotonic() - began > PATIENCE:
            raise NoBackup(
                f"Somebody has been writing to the database for {PATIENCE} seconds. Nothing was "
                "changed: try again."
            )

    wrapper.close()
    with closing(_open(name)) as source, closing(_open(wrapper.settings_dict["NAME"])) as live:
        live.execute("PRAGMA synchronous = FULL")
        source.backup(live, pages=-1, progress=wait, sleep=0.1)
