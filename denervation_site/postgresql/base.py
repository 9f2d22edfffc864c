"""Django's PostgreSQL, with deadlines.

In a process that serves people, no request waits for a server that does not answer: after
ANSWER_WITHIN it asks for a sign of life, and gives up if there is none. A server that is merely
slow, or a lock, ends the wait by itself, by the limits in DATABASES["default"]["WEB"].
"""

import select
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, ClassVar

from django import db
from django.db.backends.postgresql import base
from psycopg import OperationalError
from psycopg.pq import ExecStatus

from denervation_site.postgresql.pulse import ANSWER_WITHIN, Pulse

SPARE = 2.0
"""Seconds for which a statement may outlast its timeout, which the server itself should keep."""


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection of Django. Commands have no deadlines: their pulse is None."""

    pulse: ClassVar[Pulse | None] = None
    _unhurried = False

    def serve_people(self) -> None:
        """From now on every connection of this process is one of a web request."""
        type(self).pulse = Pulse(self.get_connection_params())

    def check_reachable(self) -> None:
        """Raises Django's OperationalError if the server does not answer within ANSWER_WITHIN."""
        if self.pulse is None:
            return
        try:
            self.pulse.check()
        except OperationalError as error:
            self.close()  # or Django would ask this connection whether it is still usable
            raise db.OperationalError(str(error)) from error

    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        if self.pulse is not None:
            ours = [f"-c {name}={limit}" for name, limit in self.settings_dict["WEB"].items()]
            # The last one counts.
            params["options"] = " ".join([*ours, params.get("options", "")])
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if self.pulse is None:
            return super().get_new_connection(conn_params)
        self.pulse.check()  # in less time than connecting may take
        connection: Any = super().get_new_connection(conn_params)
        wait = connection.wait

        def wait_while_alive(steps: Any, *args: Any, **kwargs: Any) -> Any:
            return wait(self._while_alive(steps, connection), *args, **kwargs)

        connection.wait = wait_while_alive
        return connection

    def _while_alive(self, steps: Any, connection: Any) -> Generator[Any, Any, Any]:
        """The steps of a statement, ended if the server dies. psycopg says every 0.1 s: nothing."""
        began, limit = monotonic(), self.settings_dict["WEB"].get("statement_timeout")
        try:
            wanted = next(steps)
            while True:
                ready = yield wanted
                waited = monotonic() - began
                if not ready and waited > ANSWER_WITHIN:
                    too_long = limit and not self._unhurried and waited > limit / 1000 + SPARE
                    self._give_up_if_dead(connection, bool(too_long))
                wanted = steps.send(ready)
        except StopIteration as end:
            return end.value

    def _give_up_if_dead(self, connection: Any, too_long: bool) -> None:
        try:
            if too_long:
                raise OperationalError("the server did not keep the statement's timeout")
            if self.pulse is not None:
                self.pulse.check()
        except OperationalError:
            connection.pgconn.finish()  # or its next user would wait again
            raise

    @contextmanager
    def unhurried(self) -> Iterator[None]:
        """Lifts the limit on the length of statements, for a long task of a web request."""
        if self.pulse is None:
            yield
            return
        self._unhurried = True
        try:
            with self.cursor() as cursor:
                cursor.execute("SET statement_timeout = 0")
            yield
        finally:
            self._unhurried = False
            if self.connection is not None and not self.connection.closed:
                with self.cursor() as cursor:
                    cursor.execute("RESET statement_timeout")

    def asking(self, name: bytes, question: bytes) -> Callable[[], bytes | None]:
        """A function that asks for one value on this connection, with a deadline.

        It calls libpq on a prepared statement, which costs a sixth of psycopg's cursor. It raises
        ConnectionError if there is no answer within ANSWER_WITHIN.
        """
        self.ensure_connection()
        server: Any = self.connection.pgconn
        send, consume, is_busy = server.send_query_prepared, server.consume_input, server.is_busy
        get, patience = server.get_result, round(ANSWER_WITHIN * 1000)
        poll = select.poll()
        poll.register(server.socket, select.POLLIN)
        wait = poll.poll

        def answer() -> Any:
            while True:
                if not wait(patience):
                    raise ConnectionError("the server does not answer")
                consume()
                if not is_busy():
                    break
            result = get()
            get()  # None, after which the next question may be sent
            return result

        def ask() -> bytes | None:
            send(name, None)
            result = answer()
            if result.status != ExecStatus.TUPLES_OK:
                raise ConnectionError(result.get_error_message())
            return result.get_value(0, 0) if result.ntuples else None

        server.send_prepare(name, question)
        prepared = answer()
        if prepared.status != ExecStatus.COMMAND_OK:
            raise ConnectionError(prepared.get_error_message())
        return ask
