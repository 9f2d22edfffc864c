"""The files of the site: who may read them, and SQLite's file and its log (WAL).

Somebody may move another file to the path of the database while the site runs, to restore a
backup, or copy one over it. An open connection goes on reading the old pages without an error,
so connections are opened again when the file has changed.
"""

import os
import pwd
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600

_OF_THE_SITE = ("secret-key", "site.sqlite3", "imports", "backups")
"""A folder with one of these is a data folder, whatever its name."""


def identity(wrapper: Any) -> tuple[int, int] | None:
    """Inode and device of the file at the path of a connection, or None if there is no file.

    PostgreSQL and a database in memory have no file, nor is there one while it is replaced.
    """
    found = found_at(wrapper)
    return found[1:3] if found else None


def found_at(wrapper: Any) -> os.stat_result | None:
    """What the disk tells of the file of a connection; None if there is none."""
    if wrapper.vendor != "sqlite":
        return None
    try:
        return os.stat(wrapper.settings_dict["NAME"])
    except OSError:
        return None


def contents(found: os.stat_result) -> tuple[int, ...]:
    """Changes when somebody moves or copies another file to the path, and at every checkpoint."""
    return found.st_ino, found.st_dev, found.st_size, found.st_mtime_ns


def follow(using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Closes this thread's connection if the file was written; Django opens it again.

    It is a receiver of request_started; code that reads outside a request calls it first.
    """
    connection: Any = connections[using]
    found = found_at(connection)
    if found is None or connection.in_atomic_block:
        return
    if contents(found) != getattr(connection, "file_noted", None):
        connection.close()  # which may write SQLite's log into the file
        # Noted before opening: a file that is replaced in between is noticed next time.
        found = found_at(connection)
        connection.file_noted = found and contents(found)


def fold_in_log(using: str = DEFAULT_DB_ALIAS) -> bool:
    """Writes SQLite's log (WAL) into the file and empties it, so that the file alone is whole.

    Does nothing for PostgreSQL. Returns False if somebody else still uses the file.
    """
    wrapper: Any = connections[using]
    if found_at(wrapper) is None:
        return True
    wrapper.close()
    with closing(sqlite3.connect(wrapper.settings_dict["NAME"], timeout=5)) as own:
        try:
            busy, *_ = own.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.DatabaseError:
            return False
    return not busy


# Who may read them ------------------------------------------------------------------------


def make_private(folder: Path, database: Path | None) -> Iterator[str]:
    """Takes the data folder and its files from other users; yields a sentence for each that stays.

    Older versions made them readable for everybody. The static files are public anyway.
    `database` is SQLite's file, which may be elsewhere.
    """
    if not any((folder / name).exists() for name in _OF_THE_SITE):
        return
    if folder.stat().st_mode & stat.S_ISVTX:
        yield (
            f"The data folder {folder} is shared by all users of this machine: set DATA_DIR to a "
            "folder for the site alone."
        )
        return
    yield from _restrict(folder)
    for place, folders, files in os.walk(folder):
        if Path(place) == folder and "static" in folders:
            folders.remove("static")
        for name in (*folders, *files):
            yield from _restrict(Path(place, name))
    for ending in ("", "-wal", "-shm", ".import-lock") if database else ():
        yield from _restrict(Path(f"{database}{ending}"))


def _restrict(path: Path) -> Iterator[str]:
    with suppress(FileNotFoundError):  # SQLite removes its log when it is closed
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode) or not stat.S_IMODE(found.st_mode) & 0o077:
            return
        try:
            path.chmod(PRIVATE_FOLDER if stat.S_ISDIR(found.st_mode) else PRIVATE_FILE)
        except PermissionError:
            yield (
                f"{path} belongs to the user {owner(found.st_uid)}, and other users can read it: "
                f"run  chmod -R go= {path}  as that user, or give it to the user of the site."
            )


def owner(uid: int) -> str:
    """The name of a user, or its number if it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
