"""Processes that tests start: their environment, and when a server among them is ready."""

import os
import pty
import re
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from threading import Event, Thread

from django.conf import settings

KEPT = ("PATH", "HOME", "LANG", "PYTHONPATH", "COVERAGE_PROCESS_CONFIG")


def environment(**more):
    """Variables for a process that must not see this one's settings, such as DATABASE_URL."""
    return {name: os.environ[name] for name in KEPT if name in os.environ} | more


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def manage(*arguments, env):
    """Runs a management command and returns what it printed."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


class Server:
    """A server in a process of its own, or in a terminal of its own if `terminal` is set.

    granian and gunicorn say when a worker starts: that is the event that `ready` waits for.
    """

    STARTED = re.compile(r"(?:Started worker-|Booting worker with pid: )(\d+)")
    PATIENCE = 120
    """Seconds for which a start or a stop may take; both take a few on a machine with nothing else to do."""

    def __init__(self, command, port, env, *, workers=1, terminal=False):
        self.port, self._lines = port, []
        self._awaited, self._ready, self._ended = workers, Event(), Event()
        ends = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        if terminal:
            self._terminal, inner = pty.openpty()
            ends = {"stdin": inner, "stdout": inner, "stderr": inner}
            # The first terminal that the leader of a session opens is its own.
            command = ["sh", "-c", f'exec "$@" <{os.ttyname(inner)}', "sh", *command]
        self.process = subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env=env | {"PYTHONUNBUFFERED": "1", "GRANIAN_LOG_LEVEL": "info"},
            start_new_session=True,
            **ends,
        )
        source = self.process.stdout
        if terminal:
            os.close(inner)
            source = os.fdopen(self._terminal, "rb")
        self._listener = Thread(target=self._listen, args=[source], daemon=True)
        self._listener.start()

    def _listen(self, source):
        started = set()
        with source, suppress(OSError):  # raised by a terminal that its last process has left
            for line in source:
                self._lines.append(line.decode(errors="replace"))
                started.update(self.STARTED.findall(self._lines[-1]))
                if len(started) >= self._awaited:
                    self._ready.set()
        self._ended.set()
        self._ready.set()

    def ready(self):
        """Waits until every worker has started and the port is open."""
        assert self._ready.wait(self.PATIENCE), self.printed()
        # granian's worker says so some microseconds before it listens.
        while not self._ended.wait(0.01):
            with suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
        raise AssertionError(self.printed())

    def printed(self):
        return "".join(self._lines)

    def type(self, keys):
        os.write(self._terminal, keys)

    def stop(self, number=signal.SIGTERM):
        """Tells the server to stop, waits until it has, and returns its status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self):
        try:
            return self.process.wait(timeout=self.PATIENCE)
        finally:
            self.process.kill()
            self._listener.join(timeout=10)
