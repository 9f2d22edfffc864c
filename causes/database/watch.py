"""Whether what was read before still holds: asked of the database for every finished page.

One row is read, on a connection of its own that stays open: Django closes its own
after each request, and asks through a cursor that costs ten times as much. On SQLite
the path is looked at, too, since the file behind it may be replaced.
"""

import logging
import os
import threading
import time
from datetime import UTC, datetime
from math import inf
from typing import Any

from django.db import DEFAULT_DB_ALIAS, Error, connections

from causes import database
from causes.database.files import identity

log = logging.getLogger(__name__)

_ASK = "SELECT token FROM causes_generation"
_NEXT_MOMENT = """SELECT min(moment) FROM (
    SELECT min(live_from) AS moment FROM causes_publication WHERE live_from > %s
    UNION ALL
    SELECT min(live_until) AS moment FROM causes_publication WHERE live_until > %s) moments"""

RETRY_AFTER = 1.0
"""Seconds for which a database that could not be asked is not asked again."""

LOOK_AFTER = 1.0
"""Seconds after which the triggers are looked at again: somebody may have touched them."""

GLANCE_AFTER = 0.0002
"""Seconds after which SQLite's path is looked at again. At each request it would cost a tenth."""


class Epoch:
    """A stretch of time in which nothing public changes: one token, between two moments.

    Epochs are compared by identity: what was made in one holds as long as
    `Watch.epoch()` returns that same object.
    """

    __slots__ = ("begins", "ends", "good_until", "seal", "token")

    def __init__(self, token: Any, seal: Any, begins: float, ends: float) -> None:
        self.token = token
        self.seal = seal
        self.begins = begins
        self.ends = ends
        self.good_until = begins


class Glance:
    """Which file was at the path of the database when somebody last looked, and when."""

    file: tuple[int, ...] | None = None
    at = -inf


class Watch:
    """Tells the present epoch. One for a process; each of its threads has a connection."""

    def __init__(self, using: str = DEFAULT_DB_ALIAS) -> None:
        self._using = using
        self._own = threading.local()
        self._turning = threading.Lock()
        self._epoch: Epoch | None = None
        self._failed_at = -inf
        self._glance = Glance()

    def epoch(self) -> Epoch | None:
        """The present epoch, or None when the database cannot say.

        Ask before anything is read that is to be kept: a commit in between then
        shows at the next time of asking.
        """
        try:
            token = self._own.read()
        except Exception:  # whatever it was: on a new connection, or not at all
            return self._anew()
        epoch = self._epoch
        # The clock may be set back: a span that had begun then has not.
        if (
            epoch is not None
            and epoch.token == token
            and epoch.begins <= time.time() < epoch.good_until
        ):
            return epoch
        return None if token is None else self._turn()

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
        """Begins a new epoch, or finds that the present one goes on."""
        with self._turning:
            try:
                # Again, since this thread may have read its token before another one's.
                token, epoch, at = self._own.read(), self._epoch, time.time()
                same = epoch is not None and epoch.token == token and epoch.begins <= at
                if epoch is not None and same and at < epoch.good_until:
                    return epoch
                seal = self._seal()
                if token is None or seal is None:
                    return None  # without row or triggers, no promise
                if epoch is None or not same or seal != epoch.seal or at >= epoch.ends:
                    epoch = Epoch(token, seal, at, self._next_moment(at))
                epoch.good_until = min(epoch.ends, at + LOOK_AFTER)
                self._epoch = epoch
            except Exception:
                return self._anew(turning=True)
        return epoch

    def _seal(self) -> Any:
        """Another value once anybody touched the triggers; None when some are not there."""
        wrapper = self._own.wrapper
        seal = database.seal(wrapper), identity(wrapper)
        known = self._epoch is not None and self._epoch.seal == seal
        return seal if known or not database.missing_at(wrapper) else None

    def _anew(self, turning: bool = False) -> Epoch | None:
        if time.monotonic() - self._failed_at < RETRY_AFTER:
            return None
        self.close()
        try:
            self._open()
            token = self._own.read()
        except Exception as error:
            self._failed_at = time.monotonic()
            self.close()
            log.warning("the page cache steps aside: the database cannot be asked (%s)", error)
            return None
        return None if token is None or turning else self._turn()

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
        # Before it is opened: a file that comes in between shows when it is read.
        file = identity(wrapper)
        if wrapper.vendor == "sqlite" and file is None:
            raise FileNotFoundError(wrapper.settings_dict["NAME"])  # or SQLite would make one
        wrapper.ensure_connection()
        self._own.wrapper = wrapper
        if wrapper.vendor == "postgresql":
            self._own.read = _of_postgresql(wrapper.connection)
        else:
            self._glance.file = file
            self._own.read = _of_sqlite(wrapper, file, self._glance)


def _of_sqlite(wrapper: Any, file: tuple[int, int] | None, glance: Glance) -> Any:
    execute, path = wrapper.connection.cursor().execute, wrapper.settings_dict["NAME"]

    def read() -> int | None:
        at = time.monotonic()
        if at - glance.at > GLANCE_AFTER:
            glance.file = os.stat(path)[1:3]
            glance.at = at  # last, since other threads go by it
        if glance.file != file:
            raise ConnectionError("another file is at the path of the database")
        row = execute(_ASK).fetchone()
        return row[0] if row else None

    return read


def _of_postgresql(connection: Any) -> Any:
    """By libpq's own call on a prepared statement: a sixth of what psycopg's cursor costs."""
    from psycopg.pq import ExecStatus

    server, name = connection.pgconn, b"causes_generation"
    prepared = server.prepare(name, _ASK.encode())
    if prepared.status != ExecStatus.COMMAND_OK:
        raise ConnectionError(prepared.error_message.decode(errors="replace"))
    ask = server.exec_prepared

    def read() -> bytes | None:
        result = ask(name, None)
        if result.status != ExecStatus.TUPLES_OK:
            raise ConnectionError(result.error_message.decode(errors="replace"))
        return result.get_value(0, 0) if result.ntuples else None

    return read
