"""DATABASE_URL, as Django's settings want it. No sentence shows any part of it.

It may hold a password, and in a malformed one nobody can tell where.
"""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.views.debug import SafeExceptionReporterFilter

SQLITE = "django.db.backends.sqlite3"
# Django's own, with deadlines for web requests.
POSTGRESQL = "denervation_site.postgresql"

# IMMEDIATE: a transaction that will write waits for its turn at its start,
# where waiting works, and not in its middle, where SQLite refuses at once.
FOR_SQLITE = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON",
}
# What a web request waits for the lock, where a command waits as long as FOR_SQLITE says.
WEB_SQLITE: dict[str, Any] = {"timeout": 3}

# A statement that is run for the fifth time is planned once for its connection: planning takes
# several times as long as running it. Django allows this with values bound by the server only.
FOR_POSTGRESQL = {"server_side_binding": True, "prepare_threshold": 5}
# libpq's, which an option in DATABASE_URL replaces. A server that is gone is noticed while
# connecting after 2 s, and while waiting for it after 10 s to 20 s. Web requests do not wait for
# that: see denervation_site/postgresql/.
TIMEOUTS = {
    "connect_timeout": 2,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
}
# The server's, in milliseconds, for connections of web requests: a command may take hours. The
# option `options` in DATABASE_URL replaces each that it names.
WEB_POSTGRESQL: dict[str, Any] = {
    "statement_timeout": 10_000,
    "lock_timeout": 3_000,
    "idle_in_transaction_session_timeout": 60_000,
}


class ReporterFilter(SafeExceptionReporterFilter):
    """Hides the database's password from Django's page for errors, which DEBUG shows."""

    hidden_settings = re.compile(
        SafeExceptionReporterFilter.hidden_settings.pattern + "|DATABASE_URL|CONNINFO", re.I
    )

    def get_traceback_frame_variables(self, request: Any, tb_frame: Any) -> Any:
        variables = super().get_traceback_frame_variables(request, tb_frame)
        return [(name, self.cleanse_setting(name, value)) for name, value in variables]


def _refuse(why: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"DATABASE_URL {why}. It must be sqlite:///PATH or "
        "postgres://USER:PASSWORD@HOST:PORT/NAME. Its value is not shown, because it may hold a "
        "password."
    )


def parse(url: str, *, test_folder: Path) -> dict[str, Any]:
    """The settings of the database that a URL names. Raises ImproperlyConfigured.

    Options after the question mark are added to the site's own. `test_folder` is where the
    tests put their SQLite file.
    """
    _check_characters(url)
    try:
        found: dict[str, Any] = dict(
            dj_database_url.parse(url, conn_max_age=600, conn_health_checks=True)
        )
        parts = urlsplit(url)
    except dj_database_url.UnknownSchemeError:
        raise _refuse("begins with neither sqlite:// nor postgres://") from None
    except ValueError:
        raise _refuse(
            "cannot be read: its port is not a number, or its password has a character that must "
            "be written as %2F (/), %3F (?), %23 (#), %5B ([) or %5D (])"
        ) from None
    if found["ENGINE"] not in (SQLITE, "django.db.backends.postgresql"):
        raise _refuse("begins with neither sqlite:// nor postgres://")
    if parts.fragment or url.endswith("#"):
        raise _refuse("has a # in it, which must be written as %23")
    if found["ENGINE"] == SQLITE:
        return _of_sqlite(found, parts.netloc, parts.query, test_folder)
    return _of_postgresql(found, parts.query)


def _check_characters(url: str) -> None:
    if re.search(r"%(?![0-9A-Fa-f]{2})", url):
        raise _refuse(
            "has a % with no two hexadecimal digits after it: write the sign itself as %25"
        )
    try:
        decoded = unquote_to_bytes(url).decode()
    except UnicodeDecodeError:
        raise _refuse("has bytes after % that are not UTF-8") from None
    if any(ord(character) < 32 or ord(character) == 127 for character in url + decoded):
        raise _refuse("has a line break or another control character in it")


def _of_sqlite(found: dict[str, Any], netloc: str, query: str, test_folder: Path) -> dict[str, Any]:
    if netloc not in ("", ":memory:"):
        raise _refuse("has something between its second and its third slash")
    given = _options(query)
    if set(given) - {"timeout"} or not given.get("timeout", "1").isdigit():
        raise _refuse("has an option for SQLite other than a timeout in whole seconds")
    given_timeout = {"timeout": int(given["timeout"])} if given else {}
    return {
        **found,
        "OPTIONS": {**FOR_SQLITE, **given_timeout},
        "WEB": {**WEB_SQLITE, **given_timeout},
        "TEST": {"NAME": str(test_folder / "test.sqlite3")},
    }


def _of_postgresql(found: dict[str, Any], query: str) -> dict[str, Any]:
    try:
        found["HOST"].encode("idna")
    except UnicodeError:
        raise _refuse("has a host name that no host can have") from None
    if not found["NAME"]:
        raise _refuse("names no database after its host")
    if set(found["NAME"]) & set("@:/"):
        raise _refuse(
            "has @, : or / in the name of the database: in a password they must be written as "
            "%40, %3A and %2F"
        )
    if find_spec("psycopg") is None:
        raise ImproperlyConfigured(
            "DATABASE_URL names PostgreSQL, but its driver is not installed: "
            "run  pip install -r requirements-postgres.lock"
        )
    from psycopg import ProgrammingError
    from psycopg.conninfo import make_conninfo

    _options(query)
    given = found.get("OPTIONS", {})
    try:
        make_conninfo(**given)
    except ProgrammingError:
        raise _refuse("has an option that PostgreSQL's libpq does not know") from None
    named = _named_in(str(given.get("options", "")))
    web = {name: limit for name, limit in WEB_POSTGRESQL.items() if name not in named}
    return {
        **found,
        "ENGINE": POSTGRESQL,
        "OPTIONS": {**TIMEOUTS, **given, **FOR_POSTGRESQL},
        "WEB": web,
    }


def _named_in(options: str) -> set[str]:
    """The server's parameters that `options` sets, written `-c name=value` or `--name=value`."""
    found = re.findall(r"(?:^|\s)(?:-c\s*|--)([\w.-]+)\s*=", options)
    return {name.lower().replace("-", "_") for name in found}


def _options(query: str) -> dict[str, str]:
    """Those after the question mark, of which none may be lost."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise _refuse("has an option without a value after the ?") from None
    given = dict(pairs)
    if len(given) < len(pairs) or not all(given.values()):
        raise _refuse("has an option after the ? with no value, or with two")
    return given
