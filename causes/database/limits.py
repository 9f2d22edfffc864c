"""How long a process waits for the database: one that serves people not as long as a command."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections

from causes.database.files import identity


class Unreachable(OperationalError):
    """There is no database at the moment."""


def serve_people(using: str = DEFAULT_DB_ALIAS) -> None:
    """From now on this process waits for the database as long as somebody at a browser may.

    The limits are in DATABASES["default"]["WEB"]; denervation_site/database_url.py explains them.
    """
    connection: Any = connections[using]
    if connection.vendor == "postgresql":
        connection.serve_people()
    else:
        # All threads share these settings.
        connection.settings_dict["OPTIONS"] |= connection.settings_dict["WEB"]


def check_reachable(connection: Any) -> None:
    """Raises an OperationalError if the database is not there, within a second.

    SQLite would make an empty file in the place of one that is missing.
    """
    if connection.vendor == "postgresql":
        connection.check_reachable()
    elif identity(connection) is None and not connection.is_in_memory_db():
        raise Unreachable("there is no file at the path of the database")


@contextmanager
def unhurried(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """For a long task of a web request: no statement is too long."""
    connection: Any = connections[using]
    if connection.vendor != "postgresql":
        yield
        return
    with connection.unhurried():
        yield
