"""Checks that the SQLite file that a connection reads is still the one at its path.

Somebody may move another file to that path while the site runs, to restore a backup. An open
connection goes on reading the old file without an error.
"""

import os
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections


def identity(wrapper: Any) -> tuple[int, int] | None:
    """Inode and device of the file at the path of a connection, or None if there is no file.

    PostgreSQL and a database in memory have no file, nor is there one while it is replaced.
    """
    if wrapper.vendor != "sqlite":
        return None
    try:
        return os.stat(wrapper.settings_dict["NAME"])[1:3]
    except OSError:
        return None


def follow(using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Closes this thread's connection if the file was replaced; Django opens it again.

    It is a receiver of request_started; code that reads outside a request calls it first.
    """
    connection: Any = connections[using]
    found = identity(connection)
    if found is None or connection.in_atomic_block:
        return
    # Noted before opening: a file that is replaced in between is noticed next time.
    if found != getattr(connection, "file_noted", None):
        connection.close()
        connection.file_noted = found
