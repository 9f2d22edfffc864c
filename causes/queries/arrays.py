"""Rows of a subquery as one value: a page is then read in one query instead of several."""

import json
from typing import Any

from django.db.models import QuerySet, Subquery, TextField


class AsArrays(Subquery):
    """A subquery's rows as a JSON array of arrays, each with these columns; `arrays` reads it.

    Dates come as ISO 8601 has them. In no order, unless the subquery is of one row.
    """

    template = "(SELECT %(gathered)s FROM (%(subquery)s) gathered)"

    def __init__(self, rows: QuerySet[Any], *columns: str) -> None:
        super().__init__(rows.values(*columns), output_field=TextField())
        self._columns = ", ".join(f'gathered."{column}"' for column in columns)

    def as_sqlite(self, compiler: Any, connection: Any) -> Any:
        gathered = f"json_group_array(json_array({self._columns}))"
        return super().as_sql(compiler, connection, gathered=gathered)  # type: ignore[call-arg]

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        gathered = f"json_agg(json_build_array({self._columns}))::text"
        return super().as_sql(compiler, connection, gathered=gathered)  # type: ignore[call-arg]


def arrays(written: str | None) -> list[list[Any]]:
    """The rows that `AsArrays` gathered."""
    return json.loads(written) if written else []


def each_once(written: str | None) -> list[tuple[Any, ...]]:
    """The same in order, without those that are there already."""
    return sorted(set(map(tuple, arrays(written))))
