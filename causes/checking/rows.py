"""Checks rows by SQL, and reads every text as the code that derives from it does."""

from collections.abc import Iterator
from typing import Any

from django.db import Error, connection

from causes.checking.findings import DERIVED, Finding
from causes.database import ENGINES, promises
from causes.models import Category, Source, Tag
from causes.text.body import cited_keys
from causes.text.derived import Derived
from causes.text.markdown import RENDERER
from causes.text.names import sort_key

AT_ONCE = 500


def ask(question: str) -> Iterator[Any]:
    """The rows of an answer, a part at a time."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(question)
        while rows := cursor.fetchmany(AT_ONCE):
            yield from rows


def promised() -> Iterator[Finding]:
    """Every row that breaks a promise of causes/database/promises.py."""
    engine = ENGINES[connection.vendor]
    every = [*promises.of_rows(engine), *promises.of_keys(connection)]
    if connection.vendor == "sqlite":
        every += promises.OF_SQLITE
    for question, wrong, advice, remark in every:
        for what, *more in ask(question):
            yield Finding(what, wrong.format(*more), advice, remark=remark)


def intact() -> Iterator[Finding]:
    """Damage of SQLite's file. PostgreSQL tells of it when it reads a row."""
    if connection.vendor == "sqlite":
        for (said,) in ask("PRAGMA integrity_check(20)"):
            if said != "ok":
                yield Finding("the database file", f"{said}.", "Restore a backup.")


# Sort keys ---------------------------------------------------------------------------------


def sort_keys() -> Iterator[Finding]:
    """Categories, tags and sources whose sort key does not follow from their name."""
    for model, key, column, name in (
        (Category, "slug", "sort_name", "name"),
        (Tag, "slug", "sort_name", "name"),
        (Source, "key", "sort_authors", "authors"),
    ):
        table = model._meta.db_table
        for pk, called, sorted_by, text in ask(
            f'SELECT id, "{key}", {column}, {name} FROM {table} ORDER BY id'
        ):
            if sorted_by != sort_key(text):
                yield Finding(
                    f"{model._meta.verbose_name} {called}",
                    "its sort key does not fit its name.",
                    DERIVED,
                    f"sort {model._meta.model_name}",
                    pk,
                )


# Texts -------------------------------------------------------------------------------------

_TEXTS = """SELECT r.id, e.kind, e.slug, r.number, r.title, r.summary, r.body, r.sort_title,
        r.uncited, r.plain, r.sought, r.reader, r.withheld_at IS NOT NULL,
        EXISTS (SELECT 1 FROM causes_publication span WHERE span.revision_id = r.id AND {not_ended})
    FROM causes_revision r JOIN causes_entry e ON e.id = r.entry_id
    WHERE r.id > {after} ORDER BY r.id LIMIT {number}"""


def texts() -> Iterator[Finding]:
    """Texts whose derived columns or citations do not follow from them, and unknown sources."""
    not_ended, after = ENGINES[connection.vendor].SQL.not_ended("span"), 0
    while rows := list(ask(_TEXTS.format(not_ended=not_ended, after=after, number=AT_ONCE))):
        last = rows[-1][0]
        noted = _noted(after, last)
        known: set[str] = set()
        keys = {key for row in rows for key in noted.get(row[0], ())}
        for some in _parts(sorted(keys)):
            known.update(Source.objects.filter(key__in=some).values_list("key", flat=True))
        for row in rows:
            yield from _of_text(row, noted.get(row[0], set()), known)
        after = last
    for pk, key in ask(
        "SELECT c.revision_id, c.source_key FROM causes_citation c WHERE NOT EXISTS "
        "(SELECT 1 FROM causes_revision r WHERE r.id = c.revision_id)"
    ):
        yield Finding(f"citation of {key}", f"its revision {pk} is gone.", DERIVED, "lists")


def _parts(keys: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(keys), AT_ONCE):
        yield keys[start : start + AT_ONCE]


def _noted(after: int, last: int) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for pk, key in ask(
        "SELECT revision_id, source_key FROM causes_citation "
        f"WHERE revision_id > {after} AND revision_id <= {last}"
    ):
        found.setdefault(pk, set()).add(key)
    return found


def _of_text(row: Any, noted: set[str], known: set[str]) -> Iterator[Finding]:
    pk, kind, slug, number, title, summary, body, sorted_by, *derived, withheld, public = row
    what = f"{kind} {slug}, revision {number}"
    if sorted_by != sort_key(title):
        yield Finding(what, "its sort key does not fit its title.", DERIVED, "text", pk)
    if derived[-1] == RENDERER:
        expected = Derived.of(title, summary, body, withheld=bool(withheld))
        for name, value, stored in zip(Derived._fields, expected, derived, strict=True):
            if value != stored:
                wrong = f"its column {name} does not follow from its text."
                yield Finding(what, wrong, DERIVED, "text", pk)
    elif public:
        wrong = "its derived columns are of another version of the site."
        yield Finding(what, wrong, "Run rebuild_derived.", "text", pk)
    if withheld and any(derived[1:3]):
        yield Finding(what, "it is withheld, but its words are still there.", DERIVED, "blank", pk)
    keys = set() if withheld else set(cited_keys(body))
    # Of a text that Python has not read, every word after an @ counts.
    if keys - noted or (derived[-1] == RENDERER and noted - keys):
        some = ", ".join(sorted(keys ^ noted))
        yield Finding(what, f"its citations are noted wrongly ({some}).", DERIVED, "text", pk)
    for key in sorted(keys & noted - known if public else ()):
        wrong = f"it is public and cites {key}, but there is no such source."
        yield Finding(what, wrong, "Add the source at the desk.")


def unreadable(error: Error) -> Finding:
    """What is said if the database cannot answer a check at all."""
    said = str(error).strip().partition("\n")[0]
    return Finding("the database", f"it cannot be read ({said}).", "Restore a backup.")
