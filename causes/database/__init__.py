"""What must be remembered about the database, all of it in one place.

Triggers, the generation row, the search index and the table of citations are
made here after every `migrate` and `flush`, again and again without harm:
SQLite remakes a table when a column changes and drops its triggers without a
word, and `flush` empties what it manages. docs/architecture.md says what each
is for.
"""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from causes.database import postgresql, sqlite
from causes.database.turns import ImportRunning, import_running, importing, lock, writing

__all__ = ["ImportRunning", "import_running", "importing", "lock", "writing"]

DERIVED = {"citation", "listing", "listedtag", "rendering"}
"""Models whose table is made here: never migrated, never dumped into a fixture."""

ENGINES = {"sqlite": sqlite, "postgresql": postgresql}


class DerivedTables:
    """The router that keeps derived tables out of migrations and fixtures."""

    def allow_migrate(
        self, db: str, app_label: str, model_name: str | None = None, **hints: Any
    ) -> bool | None:
        return False if app_label == "causes" and model_name in DERIVED else None


def make_way_for_migrations(using: str = DEFAULT_DB_ALIAS, plan: Any = (), **_: Any) -> None:
    """The pre_migrate receiver: takes SQLite's triggers away while tables are remade.

    SQLite changes a column by making the table anew under another name, and a trigger
    elsewhere that names the old one stops that with an error.
    """
    connection = connections[using]
    if plan and connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            _drop_triggers(cursor, connection.vendor, keep=set())


def _drop_triggers(cursor: Any, vendor: str, *, keep: set[str]) -> None:
    cursor.execute(ENGINES[vendor].TRIGGERS)
    for name, table in cursor.fetchall():
        if name not in keep:
            on = f" ON {table}" if vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER {name}{on}")


def install_after_migrate(using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """The post_migrate receiver. Does nothing until all tables are there."""
    tables = connections[using].introspection.table_names()
    if "causes_publication" in tables and "causes_fixtureformat" in tables:
        install(using)


def install(using: str = DEFAULT_DB_ALIAS) -> None:
    """Makes everything anew, and fills the derived tables from the rows there are."""
    from causes.models import Citation, FixtureFormat, Revision
    from causes.models.format import FORMAT, VERSION

    connection = connections[using]
    engine = ENGINES[connection.vendor]
    with transaction.atomic(using=using), connection.cursor() as cursor:
        # Those that a version before this one made are not made any more.
        _drop_triggers(cursor, connection.vendor, keep=set(engine.names()))
        for statement in engine.statements():
            cursor.execute(statement)
        cursor.execute(
            "INSERT INTO causes_generation (id, number) VALUES (1, 1) "
            "ON CONFLICT (id) DO UPDATE SET number = causes_generation.number + 1"
        )
        for statement in engine.BACKFILL:
            cursor.execute(statement)
        FixtureFormat.objects.using(using).update_or_create(
            name=FORMAT, defaults={"version": VERSION}
        )
        uncited = Revision.objects.using(using).filter(body__contains="[@", citations=None)
        for revision in uncited.only("pk", "body").iterator():
            Citation.note([revision])


def generation(using: str = DEFAULT_DB_ALIAS) -> int:
    """A number that is another one after every committed change of a public table."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT number FROM causes_generation WHERE id = 1")
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def missing(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Names of the triggers, tables and rows that should be there and are not."""
    connection = connections[using]
    engine = ENGINES[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(engine.PRESENT)
        present = {name for (name,) in cursor.fetchall()}
        wanted = set(engine.names())
        absent = sorted(wanted - present)
        if "causes_generation" in present:
            cursor.execute("SELECT count(*) FROM causes_generation WHERE id = 1")
            if cursor.fetchone()[0] != 1:
                absent.append("the row of causes_generation")
    return absent
