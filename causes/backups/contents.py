"""What is in a database: facts for people, and a hash of every table to compare two of them."""

import hashlib
import sqlite3
import tomllib
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.migrations.recorder import MigrationRecorder

from causes import database
from causes.backups.archive import About, Tables
from causes.clock import now

LEFT_OUT = ("django_session",)
"""Tables whose rows are in no backup: whoever has the row of a session is signed in."""

_NEWEST = """SELECT max(at) FROM (SELECT max(created_at) AS at FROM causes_revision
    UNION ALL SELECT max(at) FROM causes_event) changes"""


def about(wrapper: Any, tables: Tables, sealed: bool) -> About:
    """What a database holds. `wrapper` is one of Django's connections."""
    with wrapper.cursor() as cursor:
        row = database.generation_row(wrapper, cursor)
    entries, revisions, newest = facts(wrapper)
    return About(
        made_at=f"{now():%Y-%m-%dT%H:%M:%SZ}",
        engine=wrapper.vendor,
        site=site_version(),
        migrations=sorted([app, name] for app, name in applied(wrapper)),
        objects=row.version if row else "",
        sealed=sealed,
        entries=entries,
        revisions=revisions,
        newest=newest,
        tables=tables,
    )


def site_version() -> str:
    """The version of this code."""
    held = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())
    return str(held["project"]["version"])


def applied(wrapper: Any) -> list[tuple[str, str]]:
    """The migrations that were applied to a database."""
    return list(MigrationRecorder(wrapper).applied_migrations())


def facts(wrapper: Any) -> tuple[int, int, str]:
    """Entries, revisions, and the time of the newest change, whichever version made the tables."""
    if "causes_event" not in wrapper.introspection.table_names():
        return 0, 0, ""
    with wrapper.cursor() as cursor:
        found = []
        for question in ("causes_entry", "causes_revision"):
            cursor.execute(f"SELECT count(*) FROM {question}")
            found.append(int(cursor.fetchone()[0]))
        cursor.execute(_NEWEST)
        newest = cursor.fetchone()[0]
    if isinstance(newest, str):
        newest = datetime.fromisoformat(newest)
    return (
        found[0],
        found[1],
        f"{newest.replace(tzinfo=UTC):%Y-%m-%d %H:%M:%S} UTC" if newest else "",
    )


def of_sqlite(db: sqlite3.Connection) -> Tables:
    """The tables of a SQLite file; those in which FTS5 keeps its index are among them."""
    names = db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' "
        "AND name NOT LIKE 'sqlite_stat%' ORDER BY name"
    ).fetchall()
    found: Tables = {}
    db.text_factory = bytes  # a damaged text may not be UTF-8
    for (name,) in names:
        if name in LEFT_OUT:
            continue
        digest, count = hashlib.sha256(), 0
        for row in db.execute(f'SELECT * FROM "{name}"'):
            digest.update(repr(row).encode())
            count += 1
        found[name] = count, digest.hexdigest()
    db.text_factory = str
    return found


def of_postgresql(wrapper: Any) -> Tables:
    """The tables in the schema of a PostgreSQL connection, whatever the order of their rows."""
    found: Tables = {}
    with wrapper.cursor() as cursor:
        for setting in ("timezone = 'UTC'", "datestyle = 'ISO'", "statement_timeout = 0"):
            cursor.execute(f"SET LOCAL {setting}")
        cursor.execute(
            "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') "
            'AND relnamespace = current_schema()::regnamespace ORDER BY relname COLLATE "C"'
        )
        for (name,) in cursor.fetchall():
            if name in LEFT_OUT:
                continue
            cursor.execute(
                "SELECT count(*), coalesce(sum(('x' || left(md5(row::text), 16))::bit(64)::bigint"
                f"::numeric), 0)::text FROM {wrapper.ops.quote_name(name)} row"
            )
            count, digest = cursor.fetchone()
            found[name] = int(count), digest
    return found


def difference(wanted: Tables, found: Tables) -> str:
    """The tables that differ, as words; an empty string if none do."""
    names = sorted(wanted.keys() | found.keys())
    return ", ".join(name for name in names if wanted.get(name) != found.get(name))
