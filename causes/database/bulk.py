"""Writes many rows at once, without the models: for content that was validated before.

The triggers still see each row. Values are written as in a fixture: moments as
`2026-11-23T09:00:00.000Z`, UUIDs with hyphens.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections

Row = Sequence[Any]

CACHE = 16_000
"""KiB of pages that SQLite keeps in memory during a long transaction; its default is 2,000."""


@contextmanager
def room() -> Iterator[None]:
    """Gives SQLite more memory for pages, which it would otherwise read again and again."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA cache_size")
        before = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA cache_size = -{CACHE}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA cache_size = {before}")


def insert(table: str, columns: str, rows: Iterable[Row]) -> None:
    """Adds rows to a table. `columns` are names separated by blanks, without `id`."""
    names = columns.split()
    if connection.vendor == "postgresql":
        copy = f"COPY {table} ({', '.join(names)}) FROM STDIN"
        with connection.cursor() as cursor, cursor.copy(copy) as sink:
            for row in rows:
                sink.write_row(row)
        return
    marks = ", ".join(["%s"] * len(names))
    _many(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)


def update(table: str, columns: str, rows: Iterable[Row]) -> None:
    """Changes rows. Each of `rows` has the new values of the columns, then the id."""
    changes = ", ".join(f"{name} = %s" for name in columns.split())
    _many(f"UPDATE {table} SET {changes} WHERE id = %s", rows)


def delete(table: str, ids: Iterable[int]) -> None:
    _many(f"DELETE FROM {table} WHERE id = %s", [(pk,) for pk in ids])


def _many(statement: str, rows: Iterable[Row]) -> None:
    rows = list(rows)
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)


def analyze(using: str = DEFAULT_DB_ALIAS) -> None:
    """Updates PostgreSQL's statistics.

    Until its daemon has done that, it plans queries as if the tables were small, and a page
    can take minutes after a large import.
    """
    connection = connections[using]
    if connection.vendor == "postgresql":
        tables = [name for name in connection.introspection.table_names() if "causes_" in name]
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {', '.join(sorted(tables))}")


def moment(value: datetime | str | None) -> Any:
    """A moment as the engine compares it."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if value is None or connection.vendor == "postgresql":
        return value
    # As Django writes it: without a fraction of zero.
    fraction = "" if value[19:23] == ".000" else f"{value[19:23]}000"
    return f"{value[:10]} {value[11:19]}{fraction}"


def uuid(value: str | None) -> str | None:
    """A UUID as the engine stores it."""
    return value.replace("-", "") if value and connection.vendor == "sqlite" else value


def ids(table: str, column: str, values: Sequence[str]) -> dict[str, int]:
    """The ids of rows that have one of these values in a column, by the value."""
    if not values:
        return {}
    marks = ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column}, id FROM {table} WHERE {column} IN ({marks})", values)
        return {str(value): pk for value, pk in cursor.fetchall()}
