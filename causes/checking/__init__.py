"""Checks every promise of the site about its stored rows: `manage.py check_content`.

All of it is from one moment, and nothing is written. Memory stays flat.
"""

from collections.abc import Iterator

from django.db import Error, connection

from causes import database
from causes.checking import derived, rows
from causes.checking.derived import repair
from causes.checking.findings import Finding

__all__ = ["Finding", "check", "repair"]

CHECKS = (
    rows.intact,
    derived.objects,
    rows.promised,
    rows.sort_keys,
    rows.texts,
    derived.lists,
    derived.search_index,
)


def check() -> Iterator[Finding]:
    """Everything that breaks a promise, as it is found."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
    try:
        with database.one_moment():
            database.generation()  # the first query fixes the moment
            for one in CHECKS:
                yield from one()
        yield from derived.fts_intact()
    except Error as error:
        yield rows.unreadable(error)
