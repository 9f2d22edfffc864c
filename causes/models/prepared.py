"""Queries that are compiled once: the ORM says what is asked, and costs nothing when it is."""

import inspect
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection

_STAND_INS: dict[Any, Callable[[int], Any]] = {
    str: lambda number: f"stands for value {number}",
    int: lambda number: -1_000_000_007 - number,
    datetime: lambda number: datetime(1234, 5, 6, 7, 8, number, tzinfo=UTC),
}


class Prepared:
    """A function from values to a queryset, of which the SQL is made at the first call.

    The function's parameters are annotated `str`, `int` or `datetime`; what it does with
    them must not depend on what they are. Its queryset ends in `values_list`.
    """

    def __init__(self, build: Callable[..., Any]) -> None:
        self._build = build
        self._compiled: dict[str, Any] = {}
        self._compiling = threading.Lock()

    def __call__(self, *, limit: int | None = None, offset: int = 0, **given: Any) -> list[Any]:
        """The rows, as tuples; with `limit`, at most that many behind the first `offset`."""
        sql, places, compiler, converters = self._statement()
        rows = _fetch(_cut(sql, limit, offset), _filled(places, given))
        if not converters:
            return rows
        return [tuple(row) for row in compiler.apply_converters(rows, converters)]

    def within(
        self, around: str, many: list[dict[str, Any]], *, limit: int, offset: int = 0
    ) -> list[Any]:
        """The rows of `around`, in which `{query}` stands for what is found for each of `many`.

        What was found for one of them has its place among them in a first column, `place`.
        Values come as the database has them. All of it is one query.
        """
        sql, places, _, _ = self._statement()
        values = [value for given in many for value in _filled(places, given)]
        return _fetch(_joined(around, _cut(sql, limit, offset), len(many)), values)

    def _statement(self) -> Any:
        vendor = connection.vendor
        found = self._compiled.get(vendor)
        if found is None:
            with self._compiling:
                found = self._compiled[vendor] = self._compile()
        return found

    def _compile(self) -> Any:
        names = inspect.signature(self._build).parameters
        stand_ins = {
            name: _STAND_INS[parameter.annotation](number)
            for number, (name, parameter) in enumerate(names.items())
        }
        adapted = {_adapted(value): name for name, value in stand_ins.items()}
        compiler = self._build(**stand_ins).query.get_compiler(DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        places = [
            (True, adapted[value]) if value in adapted else (False, value) for value in parameters
        ]
        lost = set(names) - {name for named, name in places if named}
        if lost:
            raise TypeError(f"{self._build.__name__} makes no query of {', '.join(sorted(lost))}")
        return sql, places, compiler, compiler.get_converters([e for e, *_ in compiler.select])


def _adapted(value: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value


def _filled(places: list[tuple[bool, Any]], given: dict[str, Any]) -> list[Any]:
    values = {name: _adapted(value) for name, value in given.items()}
    return [values[what] if named else what for named, what in places]


def _cut(sql: str, limit: int | None, offset: int) -> str:
    return sql if limit is None else f"{sql} LIMIT {int(limit)} OFFSET {int(offset)}"


@lru_cache(maxsize=200)
def _joined(around: str, sql: str, number: int) -> str:
    arms = (f"SELECT {place} AS place, a{place}.* FROM ({sql}) a{place}" for place in range(number))
    return around.format(query=" UNION ALL ".join(arms))


@lru_cache(maxsize=200)
def _with_question_marks(sql: str) -> str:
    return sql.replace("%s", "?").replace("%%", "%")


def _fetch(sql: str, values: list[Any]) -> list[Any]:
    """Asks the driver itself, which costs half, unless somebody listens to what Django asks."""
    if connection.queries_logged or connection.execute_wrappers:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        if connection.vendor == "sqlite":
            found = connection.connection.cursor().execute(_with_question_marks(sql), values)
            return found.fetchall()
        with _plain_cursor(connection.connection) as cursor:
            # Planned once for a connection, not each time.
            return cursor.execute(sql, values, prepare=True).fetchall()


def _plain_cursor(server: Any) -> Any:
    from psycopg import Cursor

    return Cursor(server)
