"""Rows of a subquery as one value, so that one query reads a page instead of several."""

import json
from typing import Any

from django.db.models import QuerySet, Subquery, TextField


class AsArrays(Subquery):
    """The rows of a subquery as a JSON array of arrays; `arrays` reads it.

    Dates are in ISO 8601. The rows have no reliable order: sort them after reading.
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
    """Reads the rows that `AsArrays` gathered."""
    return json.loads(written) if written else []


def each_once(written: str | None) -> list[tuple[Any, ...]]:
    """Reads the rows that `AsArrays` gathered: sorted, and each row once."""
    return sorted(set(map(tuple, arrays(written))))
