"""`manage.py serve`: from an empty folder to a running site.

Everything that may go wrong is checked before anything is created. Each error is one sentence.
"""

import errno
import secrets
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import Error, connection

from causes.management import processes
from causes.models import Entry

SERVERS = ("granian", "gunicorn")


class CannotServe(Exception):
    """The site cannot start; the message says why, and what to do."""


def serve(host: str, port: str, server: str, workers: str, say: Callable[[str], object]) -> None:
    """Sets up the site and serves it until a signal stops it. `say` prints a line.

    `port` and `workers` are as in the environment. Raises CannotServe.
    """
    if server not in SERVERS:
        raise CannotServe(f"SERVER is {server!r}, but must be {' or '.join(SERVERS)}.")
    if not _is_number(workers, 64):
        raise CannotServe(f"WORKERS is {workers!r}, but must be a number from 1 to 64.")
    _check_port(host, port)
    _check_folder(settings.DATA_DIR)
    _check_database()
    set_up(say)
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else _in_address(host)  # noqa: S104
    say(f"The site is at http://{shown}:{port}/ and the editors' desk at /admin/. Ctrl-C stops it.")
    sys.stdout.flush()
    connection.close()
    try:
        processes.run(processes.command(server, host, port, workers), settings.BASE_DIR)
    except processes.Stopped as how:
        raise CannotServe(
            f"The server stopped unexpectedly ({how}): see above, and start it again."
        ) from None


def _is_number(text: str, most: int) -> bool:
    return text.isascii() and text.isdigit() and 1 <= int(text) <= most


def _in_address(host: str) -> str:
    """The host as part of an address, where an IPv6 address needs brackets."""
    return f"[{host}]" if ":" in host else host


def set_up(say: Callable[[str], object]) -> None:
    """Sets up or updates the database, the first content, the first login and the static files."""
    try:
        call_command("migrate", verbosity=0, interactive=False)
        _load_article(say)
        call_command("rebuild_derived", verbosity=0)
        _make_superuser(say)
    except Error as error:
        raise CannotServe(
            f"The database at {_where()} cannot be written ({_first_line(error)}): give this user "
            "write access, or set DATABASE_URL to another database."
        ) from error
    try:
        call_command("collectstatic", verbosity=0, interactive=False)
    except OSError as error:
        raise CannotServe(
            f"The folder {settings.STATIC_ROOT} cannot be written ({error.strerror}): "
            "make it writable, or set DATA_DIR to another folder."
        ) from error


def _load_article(say: Callable[[str], object]) -> None:
    if not Entry.objects.exists():
        call_command("loaddata", "initial", verbosity=0)
        say("The first article was loaded from fixtures/initial.json.")


def _make_superuser(say: Callable[[str], object]) -> None:
    users = get_user_model().objects
    if users.filter(is_superuser=True).exists():
        return
    name, number = "editor", 1
    while users.filter(username=name).exists():
        number += 1
        name = f"editor{number}"
    password = secrets.token_urlsafe(12)
    users.create_superuser(name, settings.CONTACT_EMAIL, password)
    say(f"A first login was created, shown only once: user {name}, password {password}")


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


def _check_folder(folder: Path) -> None:
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CannotServe(
            f"The data folder {folder} cannot be written ({error.strerror}): make it writable, "
            "or set DATA_DIR to another folder."
        ) from error


def _check_database() -> None:
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        advice = "start it"
        if connection.vendor == "sqlite":
            advice = "check that its folder exists and that it is a SQLite file"
        raise CannotServe(
            f"The database at {_where()} cannot be reached ({_first_line(error)}): {advice}, or "
            "correct DATABASE_URL."
        ) from error


def _where() -> str:
    """The location of the database, without its password."""
    options = connection.settings_dict
    if connection.vendor == "sqlite":
        return str(options["NAME"])
    return f"{options['HOST'] or 'localhost'}:{options['PORT'] or 5432}/{options['NAME']}"


def _first_line(error: Exception) -> str:
    """The first line of the error, without the login."""
    line = str(error).strip().partition("\n")[0]
    if password := connection.settings_dict["PASSWORD"]:
        line = line.replace(password, "…")
    return line.replace(f'"{connection.settings_dict["USER"]}"', '"…"')
