"""Tells whether a cached page is still correct; the page cache calls it at every request.

It reads one row, on a connection of its own that stays open: Django closes its connection
after each request, and its cursor costs ten times as much. On SQLite it also checks the path
of the database, because somebody may replace the file.
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
from causes.clock import seconds
from causes.database.files import contents, found_at, identity
from causes.database.limits import check_reachable
from causes.database.moments import read_clock

log = logging.getLogger(__name__)

_ASK = "SELECT token FROM causes_generation"
_NEXT_MOMENT = """SELECT min(moment) FROM (
    SELECT min(live_from) AS moment FROM causes_publication WHERE live_from > %s
    UNION ALL
    SELECT min(live_until) AS moment FROM causes_publication WHERE live_until > %s) moments"""

RETRY_AFTER = 1.0
"""Seconds before a database that could not be read is tried again."""

LOOK_AFTER = 1.0
"""Seconds between two checks of whether anybody touched the triggers."""

GLANCE_AFTER = 0.0002
"""Seconds between two checks of SQLite's path. One for each request would take a tenth longer."""


class Epoch:
    """A time in which nothing public changes: one token, between two moments.

    Epochs are compared by identity: a page is correct as long as `Watch.epoch()` returns the
    object that it returned before the page was made.
    """

    __slots__ = ("begins", "ends", "good_until", "seal", "token")

    def __init__(self, token: Any, seal: Any, begins: float, ends: float) -> None:
        self.token = token
        self.seal = seal
        self.begins = begins
        self.ends = ends
        self.good_until = begins


class Glance:
    """The file that was last found at the path of the database, and the time of that check."""

    file: tuple[int, ...] | None = None
    at = -inf


class Watch:
    """Finds the current epoch. A process has one watch, with a connection for each thread."""

    def __init__(self, using: str = DEFAULT_DB_ALIAS) -> None:
        self._using = using
        self._own = threading.local()
        self._turning = threading.Lock()
        self._epoch: Epoch | None = None
        self._failed_at = -inf
        self._glance = Glance()

    def epoch(self) -> Epoch | None:
        """The current epoch, or None if the database does not tell.

        Call it before reading the data of a page that will be cached: if somebody commits in
        between, the next call returns another epoch.
        """
        try:
            token = self._own.read()
        except Exception:  # try again on a new connection, or give up
            return self._anew()
        epoch = self._epoch
        # If the clock was set back, a publication may not have begun yet: see `_turn`.
        if (
            epoch is not None
            and epoch.token == token
            and epoch.begins <= seconds() < epoch.good_until
        ):
            return epoch
        return None if token is None else self._turn()

    def close(self) -> None:
        """Closes this thread's connection; the next call of `epoch` opens it again."""
        wrapper = self._own.__dict__.pop("wrapper", None)
        self._own.__dict__.pop("read", None)
        if wrapper is not None:
            try:
                wrapper.close()
            except Error:  # a broken connection cannot be closed
                log.debug("the connection of the page cache was broken", exc_info=True)

    def _turn(self) -> Epoch | None:
        """Begins a new epoch, unless the current one goes on."""
        with self._turning:
            if time.monotonic() - self._failed_at < RETRY_AFTER:
                return None  # another thread, which held the lock, got no answer
            try:
                # Read again: another thread may have read a newer token.
                token, epoch, at = self._own.read(), self._epoch, seconds()
                known = epoch is not None and epoch.token == token
                if epoch is not None and known and epoch.begins <= at < epoch.good_until:
                    return epoch
                seal = self._seal()
                if token is None or seal is None:
                    return None  # nothing would report a change
                # Whatever began in this epoch stays, even if a clock was set back.
                read_clock(self._own.wrapper, epoch.begins if epoch and known else 0.0)
                at = seconds()
                same = epoch is not None and known and epoch.begins <= at
                if epoch is None or not same or seal != epoch.seal or at >= epoch.ends:
                    epoch = Epoch(token, seal, at, self._next_moment(at))
                epoch.good_until = min(epoch.ends, at + LOOK_AFTER)
                self._epoch = epoch
            except Exception:
                return self._anew(turning=True)
        return epoch

    def _seal(self) -> Any:
        """A value that changes when anybody touches the triggers; None if some are missing."""
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
            log.warning("the page cache is off: the database cannot be read (%s)", error)
            return None
        return None if token is None or turning else self._turn()

    def _next_moment(self, after: float) -> float:
        """When the next publication begins or ends, in seconds since 1970."""
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
        # A copy has the same settings, and Django does not close it after a request.
        wrapper: Any = connections[self._using].copy()
        check_reachable(wrapper)
        if wrapper.vendor == "sqlite":
            # Readers wait only if another program has locked the whole file.
            wrapper.settings_dict["OPTIONS"]["timeout"] = RETRY_AFTER
        # Noted before opening: a file that is replaced in between is noticed later.
        found = found_at(wrapper)
        wrapper.ensure_connection()
        self._own.wrapper = wrapper
        if wrapper.vendor == "postgresql":
            self._own.read = wrapper.asking(b"causes_generation", _ASK.encode())
        elif found is not None:
            file = contents(found)
            self._glance.file = file
            self._own.read = _of_sqlite(wrapper, file, self._glance)


def _of_sqlite(wrapper: Any, file: tuple[int, ...], glance: Glance) -> Any:
    execute, path = wrapper.connection.cursor().execute, wrapper.settings_dict["NAME"]

    def read() -> int | None:
        at = time.monotonic()
        if at - glance.at > GLANCE_AFTER:
            glance.file = contents(os.stat(path))
            glance.at = at  # last, because other threads read it
        if glance.file != file:
            raise ConnectionError("the file at the path of the database was written or replaced")
        row = execute(_ASK).fetchone()
        return row[0] if row else None

    return read
