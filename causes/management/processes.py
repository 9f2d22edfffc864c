"""The processes of a served site: none outlives the one that started it."""

import ctypes
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from django.conf import settings

PR_SET_PDEATHSIG = 1
"""From linux/prctl.h: a process names the signal that it gets when its parent ends."""

WANTED_FILES = 16_384
"""Open files that a server may have. Debian's soft limit of 1,024 is reached by idle readers."""

OWN_FILES = 256
"""Files that a worker opens itself: its databases, its code, uploads."""


class Stopped(Exception):
    """The server ended by itself; the message says how."""


def run(command: list[str], folder: Path) -> None:
    """Runs the server until it stops, and passes signals on to it. Raises Stopped.

    The server has a session of its own, so Ctrl-C only reaches its main process: workers of granian
    that get the signal from the terminal as well as from their parent often hang until killed.
    If this process is killed, Linux tells the server to stop; if the server's main process is
    killed, its workers are killed here.
    """
    server = subprocess.Popen(  # noqa: S603
        command,
        cwd=folder,
        start_new_session=True,
        preexec_fn=_stop_with(os.getpid()),
    )
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True
        server.terminate()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    status = server.wait()
    with suppress(ProcessLookupError):  # raised if no worker is left, as it should be
        os.killpg(server.pid, signal.SIGKILL)
    if status and not stopping:
        raise Stopped(_how(status))


def connections() -> int:
    """How many connections a worker may hold; raises the limit of open files for them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = WANTED_FILES if hard == resource.RLIM_INFINITY else min(WANTED_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return max(most - OWN_FILES, 128)


def command(server: str, host: str, port: str, workers: str) -> list[str]:
    """The command that starts granian or gunicorn with the site."""
    application = "denervation_site.wsgi:application"
    # Not the program beside it: its first line has the path at which it was installed.
    program = [sys.executable, "-m", server]
    threads = str(settings.THREADS)
    if server == "gunicorn":
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        # Its control socket would be a file in the home directory.
        options = ["--no-control-socket", "-w", workers, "-b", address]
        # With threads a worker stays alive through an import that takes minutes.
        options += ["-k", "gthread", "--threads", threads, "--graceful-timeout", "10"]
        # No header of a request may change the scheme or the mount point: with BEHIND_PROXY Django
        # reads the proxy's header itself.
        options += ["--forwarded-allow-ips", "", "--forwarder-headers", ""]
        return [*program, *options, application]
    # Its warnings are hints about these options, printed at every start.
    level = os.environ.get("GRANIAN_LOG_LEVEL", "error")
    options = ["--interface", "wsgi", "--workers", workers, "--log-level", level]
    options += ["--blocking-threads", threads]
    # Only with HTTP/1 alone are connections closed that send no request within the time. More
    # connections than the limit would wait without an answer, even for a finished page.
    options += ["--http", "1", "--http1-header-read-timeout", "5000"]
    options += ["--backpressure", str(connections()), "--backlog", "2048"]
    # granian ends by itself if a worker that it has just started dies, so this cannot spin.
    options += ["--respawn-failed-workers"]
    # A client that disconnects during an answer must not delay Ctrl-C.
    options += ["--workers-kill-timeout", "10"]
    return [*program, *options, "--host", host, "--port", port, application]


def _stop_with(parent: int) -> Callable[[], None]:
    """What the server's process runs before it becomes the server: it will end with its parent."""

    def ask() -> None:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it has ended already
            os.kill(os.getpid(), signal.SIGTERM)

    return ask


def _how(status: int) -> str:
    if status < 0:
        return f"signal {-status}, {signal.Signals(-status).name}"
    return f"status {status}"
