"""Faults of the database and of the disk that are nobody's mistake, told apart by their codes."""

import errno
import sqlite3
from collections.abc import Iterator
from enum import Enum

from django.db import Error, InterfaceError, OperationalError

from causes.database.limits import Unreachable
from causes.database.turns import Busy


class Trouble(Enum):
    """Why the site cannot do something at the moment: (title, sentence, seconds to wait)."""

    UNREACHABLE = (
        "The database cannot be reached",
        "The site cannot read its database at the moment.",
        5,
    )
    LOCKED = (
        "Somebody else is saving",
        "Somebody else is saving at the moment, and it takes longer than usual.",
        5,
    )
    SLOW = (
        "This took too long",
        "The database took too long to answer, so the site stopped waiting.",
        10,
    )
    READ_ONLY = (
        "Nothing can be saved at the moment",
        "The site’s database can only be read: its disk or its file is write-protected.",
        60,
    )
    FULL = (
        "Nothing can be saved at the moment",
        "The disk of the site is full.",
        60,
    )

    @property
    def title(self) -> str:
        return self.value[0]

    @property
    def sentence(self) -> str:
        return self.value[1]

    @property
    def saved_nothing(self) -> str:
        return "Nothing of yours was written or lost: try again in a few seconds."

    @property
    def retry_after(self) -> int:
        return self.value[2]


# PostgreSQL's, from https://www.postgresql.org/docs/current/errcodes-appendix.html
_SQLSTATES = {
    "55P03": Trouble.LOCKED,  # lock_not_available
    "40P01": Trouble.LOCKED,  # deadlock_detected
    "57014": Trouble.SLOW,  # query_canceled
    "25006": Trouble.READ_ONLY,  # read_only_sql_transaction
    "53100": Trouble.FULL,  # disk_full
}
# Classes: connections, resources (such as too many connections), operators, failures of the system.
_CLASSES = ("08", "53", "57", "58")

_SQLITE = {
    sqlite3.SQLITE_BUSY: Trouble.LOCKED,
    sqlite3.SQLITE_LOCKED: Trouble.LOCKED,
    sqlite3.SQLITE_READONLY: Trouble.READ_ONLY,
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_CANTOPEN: Trouble.UNREACHABLE,
    sqlite3.SQLITE_IOERR: Trouble.UNREACHABLE,
    sqlite3.SQLITE_CORRUPT: Trouble.UNREACHABLE,
    sqlite3.SQLITE_NOTADB: Trouble.UNREACHABLE,
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
