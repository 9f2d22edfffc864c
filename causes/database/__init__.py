"""Makes the parts of the database that migrations do not make.

These are triggers, the generation row and the derived tables. `install` runs after every
`migrate` and `flush`. It makes everything again, and fills the derived tables again, when a
migration was applied, when this code has changed, and when anybody touched the triggers.
docs/architecture.md describes each part.
"""

import hashlib
import re
from collections.abc import Collection, Iterable
from functools import cache
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, Error, connections, transaction
from django.db.migrations.loader import MigrationLoader

from causes.database import postgresql, sqlite
from causes.database.effects import PUBLIC
from causes.database.turns import (
    Busy,
    ImportRunning,
    SomebodySaving,
    import_running,
    importing,
    lock,
    one_moment,
    wait_until_alone,
    writing,
)
from causes.text.markdown import RENDERER

__all__ = [
    "Busy",
    "ImportRunning",
    "SomebodySaving",
    "import_running",
    "importing",
    "lock",
    "one_moment",
    "writing",
]

DERIVED = {"citation", "listing", "listedtag"}
"""Models with a derived table: it is never migrated and never in a fixture."""

ENGINES = {"sqlite": sqlite, "postgresql": postgresql}

TABLES_WITH_TRIGGERS = (*PUBLIC, "causes_event")

_taken_away: dict[str, list[str]] = {}
"""By database: the statements that restore the triggers that a migration dropped."""


class DerivedTables:
    """A database router that keeps derived tables out of migrations and fixtures."""

    def allow_migrate(
        self, db: str, app_label: str, model_name: str | None = None, **hints: Any
    ) -> bool | None:
        return False if app_label == "causes" and model_name in DERIVED else None


class Generation(NamedTuple):
    """The row of causes_generation.

    The token is random, and new after every public change; it is None during a migration and
    after one that failed. The version is that of the code that made the tables and triggers,
    and the seal that of the triggers when they were made.
    """

    token: Any
    version: str
    seal: str


@cache
def version(vendor: str) -> str:
    """The version of everything that this code makes in a database of an engine."""
    made = [*_statements(vendor), *ENGINES[vendor].BACKFILL, f"citations by renderer {RENDERER}"]
    return hashlib.sha256("\n".join(made).encode()).hexdigest()[:16]


@cache
def names(vendor: str) -> set[str]:
    """The tables, indexes, triggers and constraints that `install` makes."""
    made = r"(?:TABLE|INDEX|TRIGGER|CONFIGURATION|CONSTRAINT)(?: IF NOT EXISTS)? (causes_\w+)"
    return set(re.findall(made, "\n".join(_statements(vendor))))


def _statements(vendor: str) -> list[str]:
    engine = ENGINES[vendor]
    return [engine.GENERATION, *engine.TABLES, *engine.triggers()]


def seal(connection: Any) -> str:
    """A text that changes when anybody touches a trigger, even to restore it."""
    with connection.cursor() as cursor:
        cursor.execute(ENGINES[connection.vendor].SEAL)
        return str(cursor.fetchone()[0])


def seal_again(connection: Any) -> None:
    """Notes that the triggers are as they were made, in a copy of a database in which they are.

    Copying makes each trigger again, which looks as if somebody had touched it.
    """
    with connection.cursor() as cursor:
        if generation_row(connection, cursor) is not None:
            cursor.execute("UPDATE causes_generation SET seal = %s", [seal(connection)])


def generation_row(connection: Any, cursor: Any) -> Generation | None:
    """The row; None if there is none, or if an older version with other columns made it."""
    if "causes_generation" not in connection.introspection.table_names(cursor):
        return None
    # Django's introspection would begin a transaction on another connection, that of the alias.
    cursor.execute("SELECT * FROM causes_generation WHERE 1 = 0")
    if not set(Generation._fields) <= {column[0] for column in cursor.description}:
        return None
    cursor.execute("SELECT token, version, seal FROM causes_generation")
    row = cursor.fetchone()
    return row and Generation(*row)


def make_way_for_migrations(using: str = DEFAULT_DB_ALIAS, plan: Any = (), **_: Any) -> None:
    """The pre_migrate receiver: removes the token, and makes the triggers do nothing.

    They name columns and tables that a migration may change: PostgreSQL would fail at the next
    row, and SQLite when it copies a table under another name. Without them, nothing reports
    that a page has changed, so removing the token switches the page cache off at the same moment.
    """
    if not plan:
        return
    connection = connections[using]
    with transaction.atomic(using=using), connection.cursor() as cursor:
        if generation_row(connection, cursor) is not None:
            cursor.execute("UPDATE causes_generation SET token = NULL")
        elif "causes_generation" in connection.introspection.table_names(cursor):
            # Workers of an older version switch their cache off when there is no row.
            cursor.execute("DELETE FROM causes_generation")
        if connection.vendor == "sqlite":
            _taken_away[using] = _drop_triggers(cursor, connection.vendor)
        else:
            _taken_away[using] = _silence_functions(cursor)


def _silence_functions(cursor: Any) -> list[str]:
    """Lets PostgreSQL's triggers do nothing; returns statements that restore their functions.

    Dropping the triggers instead would make readers wait.
    """
    cursor.execute(postgresql.FUNCTIONS)
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RETURN NEW; END $$"
        )
    return [statement for _, statement in found]


def put_back_after_failure(using: str = DEFAULT_DB_ALIAS) -> bool:
    """Restores the triggers after a migration that failed, if they still fit the tables.

    They fit if the failure left the tables unchanged. The token is restored only if this
    version of the code made the triggers, and after the derived tables were filled again,
    because somebody may have published in the meantime. Returns whether everything was
    restored; if not, the page cache stays off until a `migrate` succeeds.
    """
    connection = connections[using]
    try:
        if using in _taken_away:
            with transaction.atomic(using=using), connection.cursor() as cursor:
                for statement in _taken_away.pop(using):
                    cursor.execute(statement)
                if connection.vendor == "sqlite":
                    _try_triggers(cursor)
                fits = _is_of_this_version(connection, cursor)
            if fits:
                install(using)
        return missing(using) == []
    except Error:
        return False


def _try_triggers(cursor: Any) -> None:
    """Raises an Error if a trigger names a missing column; SQLite checks that only on use."""
    cursor.execute(sqlite.TRIGGERS)
    for table in sorted({table for _, table, _ in cursor.fetchall()}):
        for change in (f"INSERT INTO {table} DEFAULT VALUES", f"DELETE FROM {table}"):
            cursor.execute(f"EXPLAIN {change}")
        cursor.execute(f"EXPLAIN UPDATE {table} SET id = id")


def _drop_triggers(cursor: Any, vendor: str, keep: Collection[str] = ()) -> list[str]:
    """Drops our triggers, also those of older versions; returns statements that restore them."""
    cursor.execute(ENGINES[vendor].TRIGGERS)
    found = [row for row in cursor.fetchall() if row[0] not in keep]
    for name, table, _ in found:
        on = f" ON {table}" if vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER {name}{on}")
    return [statement for *_, statement in found]


def install_after_migrate(using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """The post_migrate receiver. Does nothing until all migrations of the site are applied.

    Whoever goes back to an older version installs its code next, which makes its own triggers.
    """
    loader = MigrationLoader(connections[using])
    if set(loader.graph.leaf_nodes("causes")) <= loader.applied_migrations.keys():
        install(using)
        _taken_away.pop(using, None)


def install(using: str = DEFAULT_DB_ALIAS) -> None:
    """Makes everything that is missing or out of date, and fills the derived tables.

    If nothing is, it only adds missing rows to the derived tables.
    """
    from causes.models import FixtureFormat
    from causes.models.format import FORMAT, VERSION

    connection = connections[using]
    engine = ENGINES[connection.vendor]
    with transaction.atomic(using=using), connection.cursor() as cursor:
        if anew := not _as_made(connection, cursor):
            wait_until_alone(TABLES_WITH_TRIGGERS, using)
            anew = not _as_made(connection, cursor)  # another process may have made it
        else:
            lock(using)
        fits = _is_of_this_version(connection, cursor)
        if anew:
            _make_tables(connection, cursor, fits)
        fill_gaps(using)
        if anew:
            # PostgreSQL changes no trigger of a table while foreign keys wait to be checked.
            connection.check_constraints()
            _make_triggers(connection, cursor, fits)
        # The same key on every site, so that plain `dumpdata` of one loads into another.
        FixtureFormat.objects.using(using).update_or_create(
            name=FORMAT,
            defaults={"version": VERSION},
            create_defaults={"pk": 1, "version": VERSION},
        )
        cursor.execute(
            "INSERT INTO causes_generation (id, token, version, seal) "
            f"VALUES (1, {engine.RANDOM}, %s, %s) ON CONFLICT (id) DO UPDATE "
            "SET token = excluded.token, version = excluded.version, seal = excluded.seal",
            [version(connection.vendor), seal(connection)],
        )


def _is_of_this_version(connection: Any, cursor: Any) -> bool:
    found = generation_row(connection, cursor)
    return found is not None and found.version == version(connection.vendor)


def _as_made(connection: Any, cursor: Any) -> bool:
    """Whether everything exists, is of this version, and was not touched since."""
    found = generation_row(connection, cursor)
    if found is None or found.seal != seal(connection):
        return False
    return missing_at(connection) == []


def _make_tables(connection: Any, cursor: Any, fits: bool) -> None:
    """Makes the derived tables again, empty.

    Every text is marked as outdated; `rebuild_derived` brings its columns up to date. Its plain
    text stays, so that the words can be compared. Until then the search index is made from the
    Markdown of the texts.
    On PostgreSQL a table that fits is emptied, because readers would wait for a dropped table
    until it is filled again. SQLite's readers never wait, and dropping is faster.
    """
    engine, on_sqlite = ENGINES[connection.vendor], connection.vendor == "sqlite"
    derived = re.findall(r"TABLE IF NOT EXISTS (\w+)", "\n".join(engine.TABLES))
    if on_sqlite:
        _drop_triggers(cursor, connection.vendor)
    if on_sqlite or not fits:
        for table in derived:
            cursor.execute(f"DROP TABLE IF EXISTS {table}")
    for statement in engine.TABLES:
        cursor.execute(statement)
    for table in derived:
        cursor.execute(f"DELETE FROM {table}")
    # Somebody may have rewritten a text while no trigger refused it.
    cursor.execute("UPDATE causes_revision SET reader = 0, sought = '' WHERE reader <> 0")


def _make_triggers(connection: Any, cursor: Any, fits: bool) -> None:
    """Makes all triggers, and the table of the generation row if another version made it.

    It runs after the tables are filled, because from then on nobody can read that row until
    the transaction ends.
    """
    engine = ENGINES[connection.vendor]
    if not fits:
        cursor.execute("DROP TABLE IF EXISTS causes_generation")
        for statement in engine.REMAKE:
            cursor.execute(statement)
    cursor.execute(engine.GENERATION)
    # Dropping a trigger makes PostgreSQL's readers wait; replacing one does not.
    _drop_triggers(cursor, connection.vendor, keep=names(connection.vendor))
    for statement in engine.triggers():
        cursor.execute(statement)


def _note_citations(using: str) -> None:
    """Writes down the citations of texts that have none."""
    from causes.models import Citation, Revision

    uncited = Revision.objects.using(using).filter(body__contains="[@", citations=None)
    some: list[Any] = []
    for revision in uncited.only("pk", "body").iterator(chunk_size=500):
        some.append(revision)
        if len(some) == 500:
            Citation.note(some)
            some = []
    Citation.note(some)


def refresh_lists(publications: Collection[int], using: str = DEFAULT_DB_ALIAS) -> None:
    """Writes the rows of lists for these publications again, inside a transaction."""
    if publications:
        engine = ENGINES[connections[using].vendor]
        _run_apart(engine.SQL.relist(_these(publications)), using)


def refresh_search(revisions: Collection[int], using: str = DEFAULT_DB_ALIAS) -> None:
    """Writes the rows of the search index for these revisions again, inside a transaction."""
    if not revisions:
        return
    engine, these = ENGINES[connections[using].vendor], _these(revisions)
    _run_apart([f"DELETE FROM causes_search WHERE {engine.SQL.search_key} {these};"], using)
    with connections[using].cursor() as cursor:
        cursor.execute(f"{engine.PUBLIC_TEXTS} AND revision_id {these}")
        public = [revision for (revision,) in cursor.fetchall()]
    if public:
        _run_apart(engine.SQL.reindex(_these(public)), using)


def fill_gaps(using: str = DEFAULT_DB_ALIAS) -> None:
    """Adds missing rows to the derived tables, and removes those of rows that are gone."""
    with connections[using].cursor() as cursor:
        for statement in ENGINES[connections[using].vendor].BACKFILL:
            cursor.execute(statement)
    _note_citations(using)


def _these(ids: Collection[int]) -> str:
    return f"IN ({', '.join(map(str, ids))})"


def _run_apart(statements: Iterable[str], using: str) -> None:
    """Runs statements that are made for triggers."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(ENGINES[connection.vendor].AS_STATEMENT.format(statement))


def generation(using: str = DEFAULT_DB_ALIAS) -> str | None:
    """A random text that changes with every committed change that a visitor can see.

    None if that is not known: during a migration, and after one that failed.
    """
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT token FROM causes_generation")
        row = cursor.fetchone()
    return None if row is None or row[0] is None else str(row[0])


def missing(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """The names of missing triggers, tables and rows."""
    return missing_at(connections[using])


def missing_at(connection: Any) -> list[str]:
    """The same for a connection that Django does not manage."""
    with connection.cursor() as cursor:
        cursor.execute(ENGINES[connection.vendor].PRESENT)
        absent = sorted(names(connection.vendor) - {name for (name,) in cursor.fetchall()})
        found = generation_row(connection, cursor)
    if found is None:
        absent.append("the row of causes_generation")
    elif found.token is None:
        absent.append("the token of causes_generation")
    if found is not None and found.version != version(connection.vendor):
        absent.append("tables and triggers of this version")
    return absent
