"""`manage.py serve`: from an empty folder to a running site.

Everything that may go wrong is checked before anything is created. Each error is one sentence.
"""

import errno
import socket
import sys
from collections.abc import Callable

from django.conf import settings
from django.db import connection

from causes.database import files
from causes.management import processes
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
        processes.run(processes.command(server, host, port, workers), settings.BASE_DIR)
    except processes.Stopped as how:
        raise CannotServe(
            f"The server stopped unexpectedly ({how}): see above, and start it again."
        ) from None
    finally:
        files.fold_in_log()


def _is_number(text: str, most: int) -> bool:
    return text.isascii() and text.isdigit() and 1 <= int(text) <= most


def _in_address(host: str) -> str:
    """The host as part of an address, where an IPv6 address needs brackets."""
    return f"[{host}]" if ":" in host else host


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
