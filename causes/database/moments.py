"""Sets the site's clock (causes/clock.py) by the database."""

import time
from typing import Any

from causes.clock import compare, reach

_LAST = "SELECT {moment} FROM causes_event ORDER BY id DESC LIMIT 1"
_QUESTIONS = {
    # Rounded to milliseconds, as rows have them: a day in a float is exact to 40 microseconds only,
    # and a clock that lies below the last change would not show it.
    "sqlite": _LAST.format(moment="round((julianday(at) - 2440587.5) * 86400.0, 3)"),
    "postgresql": "SELECT extract(epoch FROM clock_timestamp())::float8, "
    f"({_LAST.format(moment='extract(epoch FROM at)::float8')})",
}


def read_clock(connection: Any, at_least: float = 0.0) -> None:
    """Reads the clock of PostgreSQL, and on both engines the moment of the last change.

    `at_least` is another moment, in seconds since 1970, that has passed. SQLite is on this
    machine and has no clock of its own.
    """
    with connection.cursor() as cursor:
        asked = time.time()
        cursor.execute(_QUESTIONS[connection.vendor])
        row = cursor.fetchone()
        answered = time.time()
    if connection.vendor == "postgresql":
        theirs, last = row
        compare(theirs, asked, answered)
    else:
        last = row[0] if row else None
    reach(max(last or 0.0, at_least))
