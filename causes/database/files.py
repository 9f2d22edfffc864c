"""Whether the SQLite file that a connection reads is still the one at its path.

Somebody may move another file there while the site runs, to restore a backup. A
connection that is open goes on reading the old file, and never says so.
"""

import os
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections


def identity(wrapper: Any) -> tuple[int, int] | None:
    """Inode and device of the file at the path of a connection, or None without one.

    There is none with PostgreSQL, with a database in memory, and while a file is being
    replaced.
    """
    if wrapper.vendor != "sqlite":
        return None
    try:
        return os.stat(wrapper.settings_dict["NAME"])[1:3]
    except OSError:
        return None


def follow(using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Closes this thread's connection if another file has come; Django opens it again.

    A receiver of request_started, and called before anything is read outside a request.
    """
    connection: Any = connections[using]
    found = identity(connection)
    if found is None or connection.in_atomic_block:
        return
    # Noted before the connection is opened: a file that comes in between shows next time.
    if found != getattr(connection, "file_noted", None):
        connection.close()
        connection.file_noted = found
