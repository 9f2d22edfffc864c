"""`manage.py serve`: from an empty folder to a running site.

Everything that may go wrong is checked before anything is created. Each error is one sentence.
"""

import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import connection

from causes.database import files
from causes.management.setting_up import check_database, check_folder, set_up

SERVERS = ("granian", "gunicorn")


class CannotServe(Exception):
    """The site cannot start; the message says why, and what to do."""


def serve(host: str, port: str, server: str, workers: str, say: Callable[[str], object]) -> None:
    """Sets up the site and serves it until a signal stops it. `say` prints a line.

    `port` and `workers` are as in the environment. Raises CannotServe and CommandError.
    """
    if server not in SERVERS:
        raise CannotServe(f"SERVER is {server!r}, but must be {' or '.join(SERVERS)}.")
    if not _is_number(workers, 64):
        raise CannotServe(f"WORKERS is {workers!r}, but must be a number from 1 to 64.")
    _check_port(host, port)
    check_folder(settings.DATA_DIR)
    check_database()
    set_up(say)
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else _in_address(host)  # noqa: S104
    desk = f"/{settings.ADMIN_PATH}/"
    say(f"The site is at http://{shown}:{port}/ and the editors' desk at {desk}. Ctrl-C stops it.")
    sys.stdout.flush()
    connection.close()
    try:
        _run(_command(server, host, port, workers))
    finally:
        files.fold_in_log()


def _run(command: list[str]) -> None:
    """Runs the server until it stops, and passes signals on to it.

    The server has a session of its own, so Ctrl-C only reaches its main process: workers of granian
    that get the signal from the terminal as well as from their parent often hang until killed.
    """
    server = subprocess.Popen(  # noqa: S603
        command, cwd=settings.BASE_DIR, start_new_session=True
    )
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True
        server.terminate()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    status = server.wait()
    if status and not stopping:
        raise CannotServe(f"The server stopped unexpectedly with status {status}: see above.")


def _is_number(text: str, most: int) -> bool:
    return text.isascii() and text.isdigit() and 1 <= int(text) <= most


def _in_address(host: str) -> str:
    """The host as part of an address, where an IPv6 address needs brackets."""
    return f"[{host}]" if ":" in host else host


def _command(server: str, host: str, port: str, workers: str) -> list[str]:
    application = "denervation_site.wsgi:application"
    program = str(Path(sys.executable).with_name(server))
    if server == "gunicorn":
        # Its control socket would be a file in the home directory.
        options = ["--no-control-socket", "-w", workers, "-b", f"{_in_address(host)}:{port}"]
        # With threads a worker stays alive through an import that takes minutes.
        return [program, *options, "-k", "gthread", "--threads", "4", application]
    level = os.environ.get("GRANIAN_LOG_LEVEL", "warning")
    options = ["--interface", "wsgi", "--workers", workers, "--log-level", level]
    # Few threads in each worker, as each keeps a database connection.
    options += ["--blocking-threads", "4", "--backpressure", "128"]
    # A client that disconnects during an answer must not delay Ctrl-C.
    options += ["--workers-kill-timeout", "10"]
    return [program, *options, "--host", host, "--port", port, application]


def _check_port(host: str, port: str) -> None:
    if not _is_number(port, 65_535):
        raise CannotServe(f"PORT is {port!r}, but must be a number from 1 to 65535.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except PermissionError as error:
        raise CannotServe(
            f"This user may not use port {port}: choose one above 1023, for example PORT=8000."
        ) from error
    except OSError as error:
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            raise CannotServe(
                f"HOST is {host!r}, but this machine has no such address ({error.strerror}): use "
                "127.0.0.1 for this machine only, or 0.0.0.0 for everyone who can reach it."
            ) from error
        raise CannotServe(
            f"Port {port} on {host} is taken ({error.strerror}): stop the program that uses it, or "
            f"choose another port, for example PORT={int(port) % 65000 + 1}."
        ) from error
