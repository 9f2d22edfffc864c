"""PostgreSQL's half of backups: its own tools, `pg_dump`, `pg_restore` and `psql`, do the work."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import Error

from causes import database
from causes.backups import contents
from causes.backups.archive import About, NoBackup, Tables
from causes.database import turns

MEMBER = "site.dump"

_LEFT_OUT = [f"--exclude-table-data={table}" for table in contents.LEFT_OUT]


def take(wrapper: Any, folder: Path) -> tuple[About, Path]:
    """Dumps the database as it is at one moment; returns what it holds, and the dump."""
    _check_version(wrapper)
    dump, own = folder / MEMBER, wrapper.copy()
    own.connect()
    try:
        with transaction_of(own), own.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SELECT pg_export_snapshot(), current_schema()")
            snapshot, schema = cursor.fetchone()
            row = database.generation_row(own, cursor)
            sealed = row is not None and row.seal == database.seal(own)
            about = contents.about(own, contents.of_postgresql(own), sealed)
            _dump(own, dump, schema, f"--snapshot={snapshot}", *_LEFT_OUT)
    finally:
        own.close()
    return about, dump


@contextmanager
def transaction_of(wrapper: Any) -> Iterator[None]:
    """A transaction on a connection that Django does not manage."""
    wrapper.set_autocommit(False)
    try:
        yield
    finally:
        wrapper.rollback()
        wrapper.set_autocommit(True)


def _dump(wrapper: Any, path: Path, schema: str, *options: str) -> None:
    plain = ["--format=custom", "--no-owner", "--no-privileges", f"--schema={schema}"]
    _run("pg_dump", wrapper, *plain, *options, f"--file={path}")


@contextmanager
def scratch(wrapper: Any, member: Path, purpose: str) -> Iterator[str]:
    """Restores a dump as a database of its own, named by a purpose; yields its name.

    One that a killed process left is replaced. Raises NoBackup.
    """
    name = f"{wrapper.settings_dict['NAME']}_{purpose}"
    quoted = wrapper.ops.quote_name(name)
    with wrapper.cursor() as cursor:
        cursor.execute(
            "SELECT current_schema(), quote_literal(datcollate), quote_literal(datctype) "
            "FROM pg_database WHERE datname = current_database()"
        )
        schema, collate, ctype = cursor.fetchone()
        try:
            cursor.execute(f"DROP DATABASE IF EXISTS {quoted}")
            cursor.execute(
                f"CREATE DATABASE {quoted} TEMPLATE template0 ENCODING 'UTF8' "
                f"LC_COLLATE {collate} LC_CTYPE {ctype}"
            )
        except Error as error:
            raise NoBackup(_no_scratch(error, wrapper, name)) from error
    try:
        other = named(wrapper, name)
        with other.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {wrapper.ops.quote_name(schema)}")
        other.close()
        _run("pg_restore", other, *_RESTORE, f"--schema={schema}", str(member))
        yield name
    finally:
        with wrapper.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {quoted} WITH (FORCE)")


_RESTORE = ("--no-owner", "--no-privileges", "--exit-on-error")


def _no_scratch(error: Error, wrapper: Any, name: str) -> str:
    user = wrapper.settings_dict["USER"] or "the site's user"
    state = getattr(error.__cause__, "sqlstate", "")
    if state == "42501":
        return (
            f"A backup is restored into a database of its own to check it, and {user} may not make "
            f"one. Run  ALTER ROLE {user} CREATEDB  as an administrator of PostgreSQL."
        )
    if state == "55006":
        return f"The database {name} is in use: another backup is running. Try again later."
    return f"The database {name} cannot be made, in which the backup is checked ({error})."


def named(wrapper: Any, name: str) -> Any:
    """A connection like another one, to another database of the same server."""
    other = wrapper.copy()
    other.settings_dict["NAME"] = name
    return other


def tables(wrapper: Any, name: str) -> Tables:
    other = named(wrapper, name)
    other.connect()
    try:
        with transaction_of(other):
            return contents.of_postgresql(other)
    finally:
        other.close()


def replace(wrapper: Any, name: str, folder: Path) -> None:
    """Puts the tables of another database in the place of the site's, in one transaction.

    Readers wait until it ends, and a kill in between leaves the old ones.
    """
    dump, script = folder / "scratch.dump", folder / "scratch.sql"
    other = named(wrapper, name)
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        (schema,) = cursor.fetchone()
        first = _removal(cursor)
    _dump(other, dump, schema)
    _run("pg_restore", None, *_RESTORE, f"--schema={schema}", f"--file={script}", str(dump))
    (folder / "first.sql").write_text(first)
    options = ["--no-psqlrc", "--quiet", "--output=/dev/null", "--set=ON_ERROR_STOP=1"]
    _run(
        "psql",
        wrapper,
        *options,
        "--single-transaction",
        f"--file={folder / 'first.sql'}",
        f"--file={script}",
    )


def _removal(cursor: Any) -> str:
    """SQL that waits until nobody writes or reads, and removes everything of the site."""
    here = "current_schema()::regnamespace"
    cursor.execute(
        f"SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = {here}"
    )
    tables = ", ".join(sorted(name for (name,) in cursor.fetchall()))
    cursor.execute(
        r"SELECT oid::regprocedure::text FROM pg_proc WHERE proname LIKE 'causes\_%' "
        f"AND pronamespace = {here}"
    )
    functions = [f"DROP FUNCTION IF EXISTS {name} CASCADE" for (name,) in cursor.fetchall()]
    statements = [
        "SET statement_timeout = 0",
        "SET client_min_messages = warning",
        turns.TAKE_FOR_GOOD,
        *([_lock_all(tables), f"DROP TABLE {tables} CASCADE"] if tables else ()),
        *functions,
        "DROP TEXT SEARCH CONFIGURATION IF EXISTS causes_words CASCADE",
        "DROP TEXT SEARCH DICTIONARY IF EXISTS causes_stem CASCADE",
    ]
    return "".join(f"{statement};\n" for statement in statements)


def _lock_all(tables: str) -> str:
    # All at once, or none: a reader who holds one table may wait for another.
    return f"""DO $$ BEGIN
        FOR attempt IN 1..1200 LOOP
            BEGIN
                LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE NOWAIT;
                RETURN;
            EXCEPTION WHEN lock_not_available THEN PERFORM pg_sleep(0.05);
            END;
        END LOOP;
        RAISE EXCEPTION 'somebody has used the tables for a minute';
    END $$"""


# The tools ---------------------------------------------------------------------------------


def _run(tool: str, wrapper: Any, *arguments: str) -> None:
    """Runs a tool on the database of a connection. Raises NoBackup with its first complaint."""
    environment = None
    if wrapper is not None:
        address, environment = _address(wrapper)
        arguments = (f"--dbname={address}", *arguments)
    done = subprocess.run(  # noqa: S603
        [path_of(tool), *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NoBackup(_complaint(tool, done.stderr))


def _complaint(tool: str, said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()] or ["it gave no reason"]
    told = next((line for line in lines if "error" in line.lower()), lines[0])
    if "unsupported version" in said or "unrecognized configuration parameter" in said:
        return (
            f"The backup was made by newer tools of PostgreSQL than these ({told}): install a "
            "newer postgresql-client, or restore it on a newer server."
        )
    return f"{tool} failed ({told}). Nothing was changed."


def _address(wrapper: Any) -> tuple[str, dict[str, str]]:
    """The connection in libpq's words, without the password, which goes into the environment.

    Everybody on the machine can see the arguments of a process.
    """
    from psycopg import pq
    from psycopg.conninfo import make_conninfo

    # Those that were given: the driver's libpq may know newer ones than the tools do.
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    given = {k: v for k, v in wrapper.get_connection_params().items() if k in known}
    environment = {**os.environ, "PGAPPNAME": "denervation-site backup"}
    if password := given.pop("password", ""):
        environment["PGPASSWORD"] = password
    return make_conninfo(**given), environment


def path_of(tool: str) -> str:
    """The program, as the shell would find it. Raises NoBackup if it is not installed."""
    found = shutil.which(tool)
    if found is None:
        raise NoBackup(
            f"{tool} is not installed, which backups of PostgreSQL need: run  apt-get install "
            "postgresql-client"
        )
    return found


def _check_version(wrapper: Any) -> None:
    """Raises NoBackup if `pg_dump` is older than the server: it would refuse."""
    said = subprocess.run(  # noqa: S603
        [path_of("pg_dump"), "--version"], capture_output=True, text=True, check=False
    ).stdout
    own = re.search(r"\d+", said)
    wrapper.ensure_connection()
    server = wrapper.pg_version // 10_000
    if own and int(own[0]) < server:
        raise NoBackup(
            f"pg_dump is of version {own[0]}, but the server is of version {server}: run  apt-get "
            f"install postgresql-client-{server}"
        )
