"""Queries that are compiled once: written with the ORM, without its cost for each request."""

import inspect
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

_PLACEHOLDERS: dict[Any, Callable[[int], Any]] = {
    str: lambda number: f"placeholder of value {number}",
    int: lambda number: -1_000_000_007 - number,
    datetime: lambda number: datetime(1234, 5, 6, 7, 8, number, tzinfo=UTC),
}
"""Values that no query holds by itself: they show where the real values belong."""


class Prepared:
    """A function from values to a queryset, whose SQL is made at the first call.

    The parameters of the function are annotated `str`, `int` or `datetime`; the shape of the
    query must not depend on their values. The queryset ends in `values_list`.
    """

    def __init__(self, build: Callable[..., Any]) -> None:
        self._build = build
        self._compiled: dict[str, Any] = {}
        self._compiling = threading.Lock()

    def __call__(self, *, limit: int | None = None, offset: int = 0, **given: Any) -> list[Any]:
        """The rows, as tuples: with `limit`, at most that many after the first `offset`."""
        connection = connections[DEFAULT_DB_ALIAS]
        sql, places, convert = self._statement(connection)
        values = _filled(connection, places, given)
        rows = _fetch(connection, _cut(sql, limit, offset), values)
        return convert(connection, rows) if convert else rows

    def within(
        self, around: str, many: list[dict[str, Any]], *, limit: int, offset: int = 0
    ) -> list[Any]:
        """Runs the query for each of `many` sets of values, inside one statement.

        `around` is SQL in which `{query}` is replaced by the rows of all sets. Their first
        column, `place`, is the number of the set. Values are returned as the database has them.
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
        placeholders = {
            name: _PLACEHOLDERS[parameter.annotation](number)
            for number, (name, parameter) in enumerate(names.items())
        }
        adapted = {_adapted(connection, value): name for name, value in placeholders.items()}
        compiler = self._build(**placeholders).query.get_compiler(DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        places = [(adapted.get(value), value) for value in parameters]
        lost = set(names) - {name for name, _ in places}
        if lost:
            raise TypeError(
                f"{self._build.__name__} does not use {', '.join(sorted(lost))} in its query"
            )
        converters = compiler.get_converters([expression for expression, *_ in compiler.select])
        return sql, places, partial(_converted, converters) if converters else None


def _converted(converters: Any, connection: Any, rows: list[Any]) -> list[Any]:
    converted = []
    for row in rows:
        values = list(row)
        for place, (functions, expression) in converters.items():
            for function in functions:
                values[place] = function(values[place], expression, connection)
        converted.append(tuple(values))
    return converted


def _adapted(connection: Any, value: Any) -> Any:
    if type(value) is datetime:
        return _moment(connection.vendor, value)
    return value


@lru_cache(maxsize=64)
def _moment(vendor: str, value: datetime) -> Any:
    # All queries of a page have the same moment, and adapting it is expensive.
    return connections[DEFAULT_DB_ALIAS].ops.adapt_datetimefield_value(value)


def _filled(connection: Any, places: list[tuple[str | None, Any]], given: dict[str, Any]) -> Any:
    values = {name: _adapted(connection, value) for name, value in given.items()}
    return [fixed if name is None else values[name] for name, fixed in places]


def _cut(sql: str, limit: int | None, offset: int) -> str:
    return sql if limit is None else f"{sql} LIMIT {int(limit)} OFFSET {int(offset)}"


@lru_cache(maxsize=200)
def _joined(around: str, sql: str, number: int) -> str:
    arms = (f"SELECT {place} AS place, a{place}.* FROM ({sql}) a{place}" for place in range(number))
    return around.format(query=" UNION ALL ".join(arms))


def _fetch(connection: Any, sql: str, values: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[Any] = cursor.fetchall()
        return rows
