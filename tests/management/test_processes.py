"""Killed processes of a served site: what comes back, and that nothing stays behind."""

import os
import re
import signal
from contextlib import suppress
from pathlib import Path
from threading import Event

import pytest

from tests.management.test_serving import SERVE, get, variables
from tests.processes import Server, free_port

WORKER = re.compile(r"(?:Spawning worker-\d+ with PID: |Booting worker with pid: )(\d+)")
MAIN = re.compile(r"(?:main PID: |Listening at: \S+ \()(\d+)")


@pytest.fixture(params=["granian", "gunicorn"])
def server(request, tmp_path):
    port = free_port()
    server = Server(SERVE, port, variables(tmp_path, port, SERVER=request.param), workers=2)
    try:
        yield server.ready()
    finally:
        server.stop()


def main_of(server):
    return int(MAIN.search(server.printed()).group(1))


def workers_of(server):
    return [int(number) for number in WORKER.findall(server.printed())]


def wait_until(met):
    """Waits for something that other processes do, and that tells nobody about itself."""
    waiting = Event()
    for _ in range(3000):
        if met():
            return
        waiting.wait(0.01)
    raise AssertionError("it did not happen within 30 seconds")


def is_running(number):
    with suppress(OSError):
        return Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def all_end(*numbers):
    wait_until(lambda: not any(map(is_running, numbers)))


def test_a_killed_worker_comes_back_and_a_killed_main_process_ends_all(server):
    before = workers_of(server)
    os.kill(before[0], signal.SIGKILL)
    wait_until(lambda: len(workers_of(server)) == 3 and get(server.port, "/healthz/")[0] == 200)
    others = main_of(server), *workers_of(server)
    os.kill(others[0], signal.SIGKILL)
    assert server.wait() == 1
    all_end(*others)
    assert "The server stopped unexpectedly (signal 9, SIGKILL)" in server.printed()
    assert get(server.port, "/healthz/")[0] == 0


def test_nothing_outlives_serve(server):
    others = main_of(server), *workers_of(server)
    assert all(map(is_running, others))
    server.process.kill()
    all_end(*others)
    assert get(server.port, "/healthz/")[0] == 0
