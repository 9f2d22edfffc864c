"""Whether what was read before still holds: asked of the database for every finished page.

One row is read, on a connection of its own that stays open: Django closes its own
after each request, and asks through a cursor that costs ten times as much.
"""

import logging
import threading
import time
from datetime import UTC, datetime
from math import inf
from typing import Any

from django.db import DEFAULT_DB_ALIAS, Error, connections

log = logging.getLogger(__name__)

_NUMBER = "SELECT number FROM causes_generation WHERE id = 1"
_NEXT_MOMENT = """SELECT min(moment) FROM (
    SELECT min(live_from) AS moment FROM causes_publication WHERE live_from > %s
    UNION ALL
    SELECT min(live_until) AS moment FROM causes_publication WHERE live_until > %s) moments"""

RETRY_AFTER = 1.0
"""Seconds for which a database that could not be asked is not asked again."""


class Epoch:
    """A stretch of time in which nothing public changes: one number, between two moments.

    Epochs are compared by identity: what was made in one holds as long as
    `Watch.epoch()` returns that same object.
    """

    __slots__ = ("begins", "ends", "number")

    def __init__(self, number: int, begins: float, ends: float) -> None:
        self.number = number
        self.begins = begins
        self.ends = ends


class Watch:
    """Tells the present epoch. One for a process; each of its threads has a connection."""

    def __init__(self, using: str = DEFAULT_DB_ALIAS) -> None:
        self._using = using
        self._own = threading.local()
        self._turning = threading.Lock()
        self._epoch: Epoch | None = None
        self._failed_at = -inf

    def epoch(self) -> Epoch | None:
        """The present epoch, or None when the database cannot say.

        Ask before anything is read that is to be kept: a commit in between then
        shows at the next time of asking.
        """
        try:
            number = self._own.read()
        except Exception:  # whatever it was: on a new connection, or not at all
            return self._anew()
        epoch = self._epoch
        # The clock may be set back: a span that had begun then has not.
        if (
            epoch is not None
            and epoch.number == number
            and epoch.begins <= time.time() < epoch.ends
        ):
            return epoch
        return self._turn()

    def close(self) -> None:
        """Closes this thread's connection; it is opened again when it is needed."""
        wrapper = self._own.__dict__.pop("wrapper", None)
        self._own.__dict__.pop("read", None)
        if wrapper is not None:
            try:
                wrapper.close()
            except Error:  # a connection that broke cannot be closed either
                log.debug("the connection of the page cache was broken", exc_info=True)

    def _turn(self) -> Epoch | None:
        """Begins a new epoch, unless another thread has done so."""
        with self._turning:
            try:
                # Again, since this thread may have read its number before another one's.
                number, epoch, at = self._own.read(), self._epoch, time.time()
                if epoch is None or epoch.number != number or not epoch.begins <= at < epoch.ends:
                    if number is None:
                        return None  # no row, no promise
                    self._epoch = epoch = Epoch(number, at, self._next_moment(at))
            except Exception:
                return self._anew(turning=True)
        return epoch

    def _anew(self, turning: bool = False) -> Epoch | None:
        if time.monotonic() - self._failed_at < RETRY_AFTER:
            return None
        self.close()
        try:
            self._open()
            number = self._own.read()
        except Exception as error:
            self._failed_at = time.monotonic()
            self.close()
            log.warning("the page cache steps aside: the database cannot be asked (%s)", error)
            return None
        return None if number is None or turning else self._turn()

    def _next_moment(self, after: float) -> float:
        """When the next span begins or ends, in seconds since 1970."""
        wrapper = self._own.wrapper
        moment = wrapper.ops.adapt_datetimefield_value(datetime.fromtimestamp(after, UTC))
        with wrapper.cursor() as cursor:
            cursor.execute(_NEXT_MOMENT, [moment, moment])
            found = cursor.fetchone()[0]
        if found is None:
            return inf
        if isinstance(found, str):
            found = datetime.fromisoformat(found).replace(tzinfo=UTC)
        return float(found.timestamp())

    def _open(self) -> None:
        # A copy keeps the settings, and stays out of what Django closes after a request.
        wrapper: Any = connections[self._using].copy()
        wrapper.ensure_connection()
        reader = _of_postgresql if wrapper.vendor == "postgresql" else _of_sqlite
        self._own.wrapper = wrapper
        self._own.read = reader(wrapper.connection)


def _of_sqlite(connection: Any) -> Any:
    execute = connection.cursor().execute

    def read() -> int | None:
        row = execute(_NUMBER).fetchone()
        return row[0] if row else None

    return read


def _of_postgresql(connection: Any) -> Any:
    """By libpq's own call on a prepared statement: a sixth of what psycopg's cursor costs."""
    from psycopg.pq import ExecStatus

    server, name = connection.pgconn, b"causes_generation"
    prepared = server.prepare(name, _NUMBER.encode())
    if prepared.status != ExecStatus.COMMAND_OK:
        raise ConnectionError(prepared.error_message.decode(errors="replace"))
    ask = server.exec_prepared

    def read() -> int | None:
        result = ask(name, None)
        if result.status != ExecStatus.TUPLES_OK:
            raise ConnectionError(result.error_message.decode(errors="replace"))
        value = result.get_value(0, 0) if result.ntuples else None
        return None if value is None else int(value)

    return read
