"""From an empty folder to a served site: what `manage.py serve` does.

Everything that can be wrong is looked at before anything is made, and said in
one sentence each.
"""

import errno
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import Error, connection

SERVERS = ("granian", "gunicorn")


class CannotServe(Exception):
    """Why the site cannot start, and what to do about it."""


def serve(host: str, port: str, server: str, workers: str, say: Callable[[str], object]) -> None:
    """Sets up what is missing and serves until told to stop. Raises CannotServe."""
    if server not in SERVERS:
        raise CannotServe(f"SERVER is {server!r}, but it must be one of {', '.join(SERVERS)}.")
    if not (workers.isascii() and workers.isdigit() and 1 <= int(workers) <= 64):
        raise CannotServe(f"WORKERS is {workers!r}, but it must be a number from 1 to 64.")
    _check_port(host, port)
    _check_folder(settings.DATA_DIR)
    _check_database()
    set_up(say)
    shown = f"[{host}]" if ":" in host else host
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else shown  # noqa: S104
    say(f"The site is at http://{shown}:{port}/ and the editors' desk at /admin/. Ctrl-C stops it.")
    sys.stdout.flush()
    connection.close()
    _run(_command(server, host, port, workers))


def _run(command: list[str]) -> None:
    """Runs the server until it stops, and passes on what tells it to.

    In a session of its own, so that Ctrl-C reaches its main process alone: granian's
    workers, told by the terminal and by their parent at once, often hang until killed.
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
        raise CannotServe(f"The server stopped by itself with status {status}; see above.")


def _command(server: str, host: str, port: str, workers: str) -> list[str]:
    application = "denervation_site.wsgi:application"
    program = str(Path(sys.executable).with_name(server))
    if server == "gunicorn":
        # Its control socket would be written into the home directory.
        bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        options = ["--no-control-socket", "-w", workers, "-b", bind]
        # With threads a worker stays alive through an import that takes minutes.
        return [program, *options, "-k", "gthread", "--threads", "4", application]
    level = os.environ.get("GRANIAN_LOG_LEVEL", "warning")
    options = ["--interface", "wsgi", "--workers", workers, "--log-level", level]
    # A few threads a worker: each holds a database connection of its own.
    options += ["--blocking-threads", "4", "--backpressure", "128"]
    # A reader that goes away in the middle of an answer must not keep Ctrl-C waiting.
    options += ["--workers-kill-timeout", "10"]
    return [program, *options, "--host", host, "--port", port, application]


def set_up(say: Callable[[str], object]) -> None:
    """Brings database, first content, first login and static files up to date."""
    try:
        call_command("migrate", verbosity=0, interactive=False)
        _load_article(say)
        call_command("rebuild_rendered", verbosity=0)
        _make_superuser(say)
    except Error as error:
        raise CannotServe(
            f"The database at {_where()} cannot be written ({_first_line(error)}): "
            "give this user the right to write it, or name another one in DATABASE_URL."
        ) from error
    try:
        call_command("collectstatic", verbosity=0, interactive=False)
    except OSError as error:
        raise CannotServe(
            f"The folder {settings.STATIC_ROOT} cannot be written ({error.strerror}): "
            "make it writable, or name another data folder in DATA_DIR."
        ) from error


def _load_article(say: Callable[[str], object]) -> None:
    from causes.models import Entry

    if not Entry.objects.exists():
        call_command("loaddata", "initial", verbosity=0)
        say("The article is loaded from fixtures/initial.json.")


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
    say(f"A first login was made, shown only this once: user {name}, password {password}")


def _check_port(host: str, port: str) -> None:
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise CannotServe(f"PORT is {port!r}, but it must be a number from 1 to 65535.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise CannotServe(
            f"HOST is {host!r}, but this machine has no such address ({error.strerror}): "
            "use 127.0.0.1 for this machine alone, or 0.0.0.0 for all who can reach it."
        ) from error
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except PermissionError as error:
            raise CannotServe(
                f"Port {port} needs rights that this user has not: choose one above 1023, "
                "for example PORT=8000."
            ) from error
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise CannotServe(
                    f"HOST is {host!r}, but this machine has no such address: use 127.0.0.1 for "
                    "this machine alone, or 0.0.0.0 for all who can reach it."
                ) from error
            raise CannotServe(
                f"Port {port} on {host} is taken ({error.strerror}): stop what uses it, or "
                f"choose another one, for example PORT={int(port) % 65000 + 1}."
            ) from error


def _check_folder(folder: Path) -> None:
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CannotServe(
            f"The data folder {folder} cannot be written ({error.strerror}): make it writable, "
            "or name another one in DATA_DIR."
        ) from error


def _check_database() -> None:
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        what = "start it"
        if connection.vendor == "sqlite":
            what = "check that its folder is there and that it is a SQLite file"
        raise CannotServe(
            f"The database at {_where()} cannot be reached ({_first_line(error)}): {what}, or "
            "correct DATABASE_URL."
        ) from error


def _where() -> str:
    """The database's place, without its password."""
    options = connection.settings_dict
    if connection.vendor == "sqlite":
        return str(options["NAME"])
    return f"{options['HOST'] or 'localhost'}:{options['PORT'] or 5432}/{options['NAME']}"


def _first_line(error: Exception) -> str:
    """What the database says, without the login."""
    line = str(error).strip().partition("\n")[0]
    if password := connection.settings_dict["PASSWORD"]:
        line = line.replace(password, "…")
    return line.replace(f'"{connection.settings_dict["USER"]}"', '"…"')
