"""Queries that are compiled once: the ORM says what is asked, and costs nothing when it is."""

import inspect
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections

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
        connection = connections[DEFAULT_DB_ALIAS]
        sql, places, convert = self._statement(connection)
        values = _filled(connection, places, given)
        rows = _fetch(connection, _cut(sql, limit, offset), values)
        return convert(connection, rows) if convert else rows

    def within(
        self, around: str, many: list[dict[str, Any]], *, limit: int, offset: int = 0
    ) -> list[Any]:
        """The rows of `around`, in which `{query}` stands for what is found for each of `many`.

        What was found for one of them has its place among them in a first column, `place`.
        Values come as the database has them. All of it is one query.
        """
        connection = connections[DEFAULT_DB_ALIAS]
        sql, places, _ = self._statement(connection)
        values = [value for given in many for value in _filled(connection, places, given)]
        return _fetch(connection, _joined(around, _cut(sql, limit, offset), len(many)), values)

    def _statement(self, connection: Any) -> Any:
        found = self._compiled.get(connection.vendor)
        if found is None:
            with self._compiling:
                found = self._compiled[connection.vendor] = self._compile(connection)
        return found

    def _compile(self, connection: Any) -> Any:
        names = inspect.signature(self._build).parameters
        stand_ins = {
            name: _STAND_INS[parameter.annotation](number)
            for number, (name, parameter) in enumerate(names.items())
        }
        adapted = {_adapted(connection, value): name for name, value in stand_ins.items()}
        compiler = self._build(**stand_ins).query.get_compiler(DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        places = [(adapted.get(value), value) for value in parameters]
        lost = set(names) - {name for name, _ in places}
        if lost:
            raise TypeError(f"{self._build.__name__} makes no query of {', '.join(sorted(lost))}")
        converters = compiler.get_converters([expression for expression, *_ in compiler.select])
        return sql, places, partial(_converted, converters) if converters else None


def _converted(converters: Any, connection: Any, rows: list[Any]) -> list[Any]:
    made = []
    for row in rows:
        values = list(row)
        for place, (functions, expression) in converters.items():
            for function in functions:
                values[place] = function(values[place], expression, connection)
        made.append(tuple(values))
    return made


def _adapted(connection: Any, value: Any) -> Any:
    if type(value) is datetime:
        return _moment(connection.vendor, value)
    return value


@lru_cache(maxsize=64)
def _moment(vendor: str, value: datetime) -> Any:
    # The same for all the queries of one page, and dear enough to be made once.
    return connections[DEFAULT_DB_ALIAS].ops.adapt_datetimefield_value(value)


def _filled(connection: Any, places: list[tuple[str | None, Any]], given: dict[str, Any]) -> Any:
    values = {name: _adapted(connection, value) for name, value in given.items()}
    return [what if name is None else values[name] for name, what in places]


def _cut(sql: str, limit: int | None, offset: int) -> str:
    return sql if limit is None else f"{sql} LIMIT {int(limit)} OFFSET {int(offset)}"


@lru_cache(maxsize=200)
def _joined(around: str, sql: str, number: int) -> str:
    arms = (f"SELECT {place} AS place, a{place}.* FROM ({sql}) a{place}" for place in range(number))
    return around.format(query=" UNION ALL ".join(arms))


@lru_cache(maxsize=200)
def _with_question_marks(sql: str) -> str:
    return sql.replace("%s", "?").replace("%%", "%")


def _fetch(connection: Any, sql: str, values: list[Any]) -> list[Any]:
    """Asks the driver itself, which costs half, unless somebody listens to what Django asks."""
    if connection.queries_logged or connection.execute_wrappers:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            found: list[Any] = cursor.fetchall()
            return found
    try:
        return _ask(connection, sql, values)
    except (InterfaceError, OperationalError):
        # A server that was started again: Django would have looked before it asked, each time.
        if connection.in_atomic_block or connection.is_usable():
            raise
        connection.close()
        return _ask(connection, sql, values)


def _ask(connection: Any, sql: str, values: list[Any]) -> list[Any]:
    connection.ensure_connection()
    with connection.wrap_database_errors:
        if connection.vendor == "sqlite":
            asked = connection.connection.cursor().execute(_with_question_marks(sql), values)
            return list(asked.fetchall())
        # Planned once for a connection, not each time.
        asked = _plain_cursor(connection.connection).execute(sql, values, prepare=True)
        return list(asked.fetchall())


def _plain_cursor(server: Any) -> Any:
    """psycopg's own cursor, one for a connection: a new one costs a third of what asking does."""
    from psycopg import Cursor

    if not hasattr(server, "plain_cursor"):
        server.plain_cursor = Cursor(server)
    return server.plain_cursor
