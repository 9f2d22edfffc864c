"""Makes a backup, restores it into a database of its own, and compares the two.

Only then does it get its name. A full disk, a kill or a difference leaves no file of that name.
"""

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, Error, connections

from causes.backups import archive, contents, postgresql, sqlite
from causes.backups.archive import About, NoBackup
from causes.clock import now
from causes.database import faults

ENGINES: dict[str, Any] = {"sqlite": sqlite, "postgresql": postgresql}

NAMES = "denervation-*.tar"
"""The backups in a folder that `keep` counts."""

_DAY = 24 * 3600


def name_of(kind: str = "denervation") -> str:
    """The name of a backup that is made now: the time is in UTC."""
    return f"{kind}-{now():%Y-%m-%dT%H%M%SZ}.tar"


def make(path: Path, using: str = DEFAULT_DB_ALIAS) -> About:
    """Makes a backup under a name that must be free. Raises NoBackup."""
    if path.exists():
        raise NoBackup(f"{path} exists already: choose another name. Backups are never replaced.")
    wrapper: Any = connections[using]
    try:
        with working_folder(path.parent) as folder:
            about, member = ENGINES[wrapper.vendor].take(wrapper, folder)
            made = folder / path.name
            archive.write(made, about, member)
            member.unlink()
            _check(wrapper, made, folder)
            made.rename(path)
            _sync(path.parent)
    except (Error, sqlite3.Error) as error:
        raise NoBackup(f"No backup was made. {faults.sentence(error, wrapper)}") from error
    except OSError as error:
        raise NoBackup(
            f"No backup was made: {path} cannot be written ({error.strerror})."
        ) from error
    return about


@contextmanager
def working_folder(beside: Path) -> Iterator[Path]:
    """A folder for unfinished files on the disk of the finished one, removed at the end."""
    beside.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in beside.glob(".backup-*"):
        if left.stat().st_mtime < time.time() - _DAY:  # of a process that was killed
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=beside) as name:
        yield Path(name)


def _check(wrapper: Any, made: Path, folder: Path) -> None:
    """Raises NoBackup unless the database that is restored from a backup is the same."""
    unpacked = folder / "unpacked"
    unpacked.mkdir()
    about, member = archive.read(made, unpacked)
    engine = ENGINES[wrapper.vendor]
    with engine.scratch(wrapper, member, "backup_check") as name:
        compare(about, engine.tables(wrapper, name))


def compare(about: About, tables: archive.Tables) -> None:
    """Raises NoBackup if the tables of a restored database are not those of the backup."""
    differing = contents.difference(about.tables, tables)
    if differing:
        raise NoBackup(
            f"The backup was restored to check it, and these tables differ: {differing}. It is "
            "not good: use another one."
        )


def _sync(folder: Path) -> None:
    """Writes the name of a new file to the disk, as POSIX's fsync(2) does for a folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def prune(folder: Path, keep: int) -> list[Path]:
    """Deletes all backups in a folder but the newest ones; returns those deleted."""
    old = sorted(folder.glob(NAMES))[:-keep]
    for path in old:
        path.unlink()
    return old
