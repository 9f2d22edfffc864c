"""Whether PostgreSQL answers at all, found out within a second.

A server that is frozen, or that a network cuts off, refuses nothing: whoever waits for it waits
until somebody ends the wait. TCP does not, because the kernel of a frozen server goes on
acknowledging. So a process asks the server something on a connection of its own, with a deadline.
"""

import select
import threading
from math import inf
from time import monotonic
from typing import Any

from psycopg import OperationalError
from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo, ConnStatus, ExecStatus, PGconn, PollingStatus, abc

ANSWER_WITHIN = 0.7
"""Seconds for which anything waits before it asks whether the server still answers, and seconds
for which that question waits. A page that meets a dead server takes the two together."""

FRESH = 0.25
"""Seconds for which an answer counts."""

RETRY_AFTER = 1.0
"""Seconds for which a server that did not answer is not asked again."""


class Pulse:
    """Asks a server whether it answers; one for the process, for all its threads."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        """`parameters` are those of a connection; others than libpq's are ignored."""
        known = {option.keyword.decode() for option in Conninfo.get_defaults()}
        given = {name: value for name, value in parameters.items() if name in known}
        self._conninfo = make_conninfo(**given).encode()
        self._asking = threading.Lock()
        self._server: abc.PGconn | None = None
        self._answered = self._failed = -inf

    def check(self) -> None:
        """Raises OperationalError if the server does not answer; at once if that is known."""
        if self._is_fresh():
            return
        # While one thread asks a server that did not answer, no other waits for the result.
        down = self._failed > self._answered
        if not self._asking.acquire(blocking=not down, timeout=-1 if down else 2 * ANSWER_WITHIN):
            raise _no_answer()
        try:
            if self._is_fresh():
                return
            if monotonic() - self._failed < RETRY_AFTER:
                raise _no_answer()
            self._ask()
        finally:
            self._asking.release()

    def _is_fresh(self) -> bool:
        return monotonic() - self._answered < FRESH

    def _ask(self) -> None:
        deadline = monotonic() + ANSWER_WITHIN
        try:
            try:
                if self._server is None:
                    self._server = _connected(self._conninfo, deadline)
                _answer(self._server, deadline)
            except OperationalError:
                if monotonic() > deadline:
                    raise
                # The server was started again, or it ended the connection.
                self._server = _connected(self._conninfo, deadline)
                _answer(self._server, deadline)
        except Exception:
            self._failed, self._server = monotonic(), None
            raise
        self._answered = monotonic()


def _connected(conninfo: bytes, deadline: float) -> abc.PGconn:
    server = PGconn.connect_start(conninfo)
    wanted = select.POLLOUT
    while server.status != ConnStatus.BAD:
        _wait(server, wanted, deadline)
        state = server.connect_poll()
        if state == PollingStatus.OK:
            return server
        if state == PollingStatus.FAILED:
            break
        wanted = select.POLLIN if state == PollingStatus.READING else select.POLLOUT
    raise OperationalError(server.get_error_message())


def _answer(server: abc.PGconn, deadline: float) -> None:
    server.send_query(b"SELECT 1")
    while server.is_busy():
        _wait(server, select.POLLIN, deadline)
        server.consume_input()
    status = None
    while (result := server.get_result()) is not None:
        status = result.status
    if status != ExecStatus.TUPLES_OK:
        raise OperationalError(server.get_error_message())


def _wait(server: abc.PGconn, event: int, deadline: float) -> None:
    poll = select.poll()
    poll.register(server.socket, event)
    if not poll.poll(max(0.0, deadline - monotonic()) * 1000):
        raise _no_answer()


def _no_answer() -> OperationalError:
    return OperationalError("the server does not answer")
