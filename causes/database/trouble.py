"""Faults of the database and of the disk that are nobody's mistake, told apart by their codes."""

import errno
import sqlite3
from collections.abc import Iterator
from enum import Enum

from django.db import Error, InterfaceError, OperationalError

from causes.database.limits import Unreachable
from causes.database.turns import Busy


class Trouble(Enum):
    """Why the site cannot do something at the moment.

    Each is a title and a sentence for people, seconds to wait, and a line for the health check.
    They may be shown to anybody: they name no path and no user.
    """

    UNREACHABLE = (
        "The database cannot be reached",
        "The site cannot read its database at the moment.",
        5,
        "the database cannot be reached",
    )
    LOCKED = (
        "Somebody else is saving",
        "Somebody else is saving at the moment, and it takes longer than usual.",
        5,
        "the database is locked by another process",
    )
    SLOW = (
        "This took too long",
        "The database took too long to answer, so the site stopped waiting.",
        10,
        "the database took too long to answer",
    )
    READ_ONLY = (
        "Nothing can be saved at the moment",
        "The site’s database can only be read: its disk or its file is write-protected.",
        60,
        "the database cannot be written",
    )
    FULL = (
        "Nothing can be saved at the moment",
        "The disk of the site is full.",
        60,
        "the disk of the database is full",
    )
    DAMAGED = (
        "The database is damaged",
        "The site’s database is damaged, and must be restored from a backup.",
        60,
        "the database is damaged: restore a backup",
    )
    UNREADABLE = (
        "The database cannot be read",
        "The disk of the site’s database cannot be read.",
        60,
        "the disk of the database cannot be read",
    )
    REFUSED = (
        "The database cannot be used",
        "The database refuses the site’s own user.",
        60,
        "the database refuses the site's user",
    )

    def __init__(self, title: str, sentence: str, retry_after: int, health: str) -> None:
        self.title = title
        self.sentence = sentence
        self.retry_after = retry_after
        self.health = health

    @property
    def saved_nothing(self) -> str:
        return "Nothing of yours was written or lost: try again in a few seconds."


# PostgreSQL's, from https://www.postgresql.org/docs/current/errcodes-appendix.html
_SQLSTATES = {
    "55P03": Trouble.LOCKED,  # lock_not_available
    "40P01": Trouble.LOCKED,  # deadlock_detected
    "57014": Trouble.SLOW,  # query_canceled
    "25006": Trouble.READ_ONLY,  # read_only_sql_transaction
    "53100": Trouble.FULL,  # disk_full
    "XX001": Trouble.DAMAGED,  # data_corrupted
    "XX002": Trouble.DAMAGED,  # index_corrupted
    "58030": Trouble.UNREADABLE,  # io_error
    "42501": Trouble.REFUSED,  # insufficient_privilege
    "28000": Trouble.REFUSED,  # invalid_authorization_specification
    "28P01": Trouble.REFUSED,  # invalid_password
}
# Classes: connections, resources (such as too many connections), operators, failures of the system.
_CLASSES = ("08", "53", "57", "58")

# https://www.sqlite.org/rescode.html
_SQLITE = {
    sqlite3.SQLITE_BUSY: Trouble.LOCKED,
    sqlite3.SQLITE_LOCKED: Trouble.LOCKED,
    sqlite3.SQLITE_READONLY: Trouble.READ_ONLY,
    sqlite3.SQLITE_PERM: Trouble.READ_ONLY,
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_CANTOPEN: Trouble.UNREACHABLE,
    sqlite3.SQLITE_IOERR: Trouble.UNREADABLE,
    sqlite3.SQLITE_CORRUPT: Trouble.DAMAGED,
    sqlite3.SQLITE_NOTADB: Trouble.DAMAGED,
}
_FILES = {
    errno.ENOSPC: Trouble.FULL,
    errno.EDQUOT: Trouble.FULL,
    errno.EFBIG: Trouble.FULL,
    errno.EROFS: Trouble.READ_ONLY,
}


def trouble_of(error: BaseException) -> Trouble | None:
    """The trouble behind an error, or None if the error is a defect or somebody's mistake."""
    for cause in _chain(error):
        if isinstance(cause, Busy):
            return Trouble.LOCKED
        if isinstance(cause, sqlite3.Error):
            # The low byte is the kind, the rest says more about it.
            return _SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF)
        if isinstance(cause, OSError) and cause.errno in _FILES:
            return _FILES[cause.errno]
        if isinstance(error, Error) and hasattr(cause, "sqlstate"):
            return _of_postgresql(error, cause.sqlstate)
    return Trouble.UNREACHABLE if isinstance(error, Unreachable) else None


def _of_postgresql(error: BaseException, code: str | None) -> Trouble | None:
    if code is None:
        # Not the server's: the driver could not send, or got no answer.
        lost = isinstance(error, OperationalError | InterfaceError)
        return Trouble.UNREACHABLE if lost else None
    return _SQLSTATES.get(code, Trouble.UNREACHABLE if code.startswith(_CLASSES) else None)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
