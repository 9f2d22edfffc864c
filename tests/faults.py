"""A PostgreSQL server of the tests' own that they freeze and stop, and a network that they cut."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import pytest

from tests.processes import free_port


def _binaries():
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


class Postgres:
    """A server in a folder of its own, with the user postgres and no password."""

    def __init__(self):
        self._bin = _binaries()
        if self._bin is None:
            assert "TEST_POSTGRES_URL" not in os.environ, "CI needs PostgreSQL's binaries"
            pytest.skip("PostgreSQL's binaries are not in /usr/lib/postgresql")
        # Not in pytest's folder, which no other user may enter.
        self.folder, self.port = Path(tempfile.mkdtemp(prefix="postgres-")), free_port()
        self._as = []
        if os.getuid() == 0:  # initdb refuses to run as root
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._as = ["runuser", "-u", "postgres", "--"]
        self._run("initdb", "-D", self.folder, "-A", "trust", "-U", "postgres", "--no-sync")

    def _run(self, program, *arguments):
        command = [*self._as, str(self._bin / program), *map(str, arguments)]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL)

    def start(self):
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off "
        options += f"-c unix_socket_directories={self.folder}"
        log = self.folder / "log"
        self._run("pg_ctl", "-D", self.folder, "-l", log, "-w", "start", "-o", options)

    def stop(self):
        self._run("pg_ctl", "-D", self.folder, "-m", "immediate", "-w", "stop")

    def _signal(self, number):
        main = int((self.folder / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        for pid in (main, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    @contextmanager
    def frozen(self):
        """The kernel goes on accepting connections and acknowledging; no process runs."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    @contextmanager
    def stopped(self):
        self.stop()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def running(self):
        self.start()
        try:
            yield self
        finally:
            self.stop()
            shutil.rmtree(self.folder, ignore_errors=True)


class Wire:
    """A port from which bytes go to another port, until it is cut: then they go nowhere."""

    def __init__(self, target):
        self._target, self._held, self._cut = target, [], False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self._held.append(near)
                if self._cut:
                    continue  # nobody answers
                try:
                    far = socket.create_connection(("127.0.0.1", self._target))
                except ConnectionRefusedError:
                    near.close()
                    continue
                self._held.append(far)
                for ends in ((near, far), (far, near)):
                    Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source, goal):
        with suppress(OSError):
            while data := source.recv(65536):
                if not self._cut:
                    goal.sendall(data)
        if not self._cut:
            for end in (source, goal):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def cut(self):
        self._cut = True
        try:
            yield
        finally:
            self._cut = False
            # What was lost is lost: these connections never hear from each other again.

    def close(self):
        self._listener.close()
        for end in self._held:
            end.close()
