"""Checks the tables and triggers that follow from the rows, and mends what is derived."""

from collections.abc import Callable, Collection, Iterator
from itertools import islice
from typing import Any

from django.apps import apps
from django.db import Error, connection

from causes import database
from causes.checking.findings import DERIVED, Finding
from causes.checking.rows import AT_ONCE, ask
from causes.database import ENGINES, listing
from causes.models import Citation, Revision
from causes.models.derived import derive_again, rebuild
from causes.models.texts import sort_key_fields

Rows = Iterator[tuple[Any, ...]]


def objects() -> Iterator[Finding]:
    """Triggers, indexes and tables that are missing, of another version, or touched."""
    with connection.cursor() as cursor:
        row = database.generation_row(connection, cursor)
    for name in database.missing():
        yield Finding(name, "it is missing from the database.", DERIVED, "objects")
    if row is not None and row.seal != database.seal(connection):
        wrong = "somebody dropped or changed some of them, perhaps only to make them again."
        yield Finding("the triggers", wrong, DERIVED, "objects")


def lists() -> Iterator[Finding]:
    """Rows of the lists that do not follow from publications, texts and tags."""
    now = ENGINES[connection.vendor].SQL.now
    not_ended = ENGINES[connection.vendor].SQL.not_ended("l")
    for table, select, columns, width in (
        ("causes_listing", listing.LISTED, listing.COLUMNS, 1),
        ("causes_listed_tag", listing.LISTED_TAG, listing.TAG_COLUMNS, 2),
    ):
        order = ", ".join(map(str, range(1, width + 1)))
        expected = ask(f"{select.format(these='IS NOT NULL', now=now)} ORDER BY {order}")
        # A row may stay after its publication has ended.
        found = ask(f"SELECT {columns} FROM {table} l WHERE {not_ended} ORDER BY {order}")
        for key in _differing(expected, found, width):
            wrong = f"its row in {table} does not follow from the publication."
            yield Finding(f"publication {key[-1]}", wrong, DERIVED, "lists", key[-1])
        for (pk,) in ask(
            f"SELECT DISTINCT publication_id FROM {table} WHERE publication_id NOT IN"
            " (SELECT id FROM causes_publication)"
        ):
            wrong = f"it is gone, but {table} still has it."
            yield Finding(f"publication {pk}", wrong, DERIVED, "lists", pk)


def search_index() -> Iterator[Finding]:
    """Rows of the search index that do not follow from the texts."""
    engine = ENGINES[connection.vendor]
    public = engine.INDEXED.format(these=f"IN ({engine.PUBLIC_TEXTS})")
    try:
        differing = _differing(
            map(_evened, ask(f"{public} ORDER BY 1")), map(_evened, ask(engine.IN_INDEX)), 1
        )
        for (pk,) in differing:
            wrong = "the search index does not follow from it."
            yield Finding(f"text {pk}", wrong, DERIVED, "search", pk)
    except Error:
        if connection.vendor == "postgresql":
            raise
        yield Finding("the search index", "it is damaged.", DERIVED, "index")


def _evened(row: Any) -> tuple[Any, ...]:
    """SQLite keeps the words of tags, of which a text may have none."""
    return tuple("" if part is None else part for part in row)


def fts_intact() -> Iterator[Finding]:
    """Whether SQLite's index of words fits the rows in it. This takes the write lock."""
    if connection.vendor == "sqlite":
        try:
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO causes_search(causes_search) VALUES('integrity-check')")
        except Error:
            wrong = "its words do not fit its rows."
            yield Finding("the search index", wrong, DERIVED, "index")


def _differing(expected: Rows, found: Rows, width: int) -> Iterator[tuple[Any, ...]]:
    """The keys of rows that only one side has, or that differ. Both are in order of the key."""
    left, right = next(expected, None), next(found, None)
    while left is not None or right is not None:
        first = min(row[:width] for row in (left, right) if row is not None)
        one = left if left is not None and left[:width] == first else None
        other = right if right is not None and right[:width] == first else None
        if one != other:
            yield first
        left = next(expected, None) if one is not None else left
        right = next(found, None) if other is not None else right


# Repairs -----------------------------------------------------------------------------------


def _objects(keys: Collection[int]) -> None:
    database.install()
    for _ in rebuild():  # of texts that are public, a part at a time
        pass


def _texts(keys: Collection[int]) -> None:
    rows = Revision.objects.filter(pk__in=keys)
    rows.update(reader=0)
    revisions = list(rows.filter(withheld_at=None))
    derive_again(revisions)
    Citation.note_again({row.pk: "" for row in rows.exclude(withheld_at=None)})
    _sort_keys("revision", keys)


def _blank(keys: Collection[int]) -> None:
    Revision.objects.filter(pk__in=keys).exclude(withheld_at=None).update(plain="", sought="")


def _sort_keys(model_name: str, keys: Collection[int]) -> None:
    model = apps.get_model("causes", model_name)
    (field,) = sort_key_fields(model)
    for row in model._default_manager.filter(pk__in=keys):
        model._default_manager.filter(pk=row.pk).update(**{field.attname: field.key_of(row)})


def _lists(keys: Collection[int]) -> None:
    database.refresh_lists(keys)
    database.fill_gaps()


def _index(keys: Collection[int]) -> None:
    """FTS5 makes its index again from its rows, or all of it is made again."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO causes_search(causes_search) VALUES('rebuild')")


REPAIRS: dict[str, Callable[[Collection[int]], None]] = {
    "objects": _objects,
    "blank": _blank,
    "text": _texts,
    **{
        f"sort {name}": (lambda keys, name=name: _sort_keys(name, keys))  # type: ignore[misc]
        for name in ("category", "tag", "source")
    },
    "lists": _lists,
    "index": _index,
    "search": database.refresh_search,
}
"""In the order in which they run: later ones read the rows that earlier ones write."""


def repair(wanted: dict[str, set[int]]) -> Iterator[str]:
    """Writes derived rows again. Takes the keys of each repair; a part at a time is locked.

    Yields a sentence for each row that the database refuses, because what people wrote is wrong.
    """
    for name, mend in REPAIRS.items():
        keys = iter(sorted(wanted.get(name, ())))
        while some := list(islice(keys, AT_ONCE)):
            try:
                _mend(mend, some)
            except Error:
                for key in some:
                    try:
                        _mend(mend, [key])
                    except Error as error:
                        yield f"Not repaired: {name}, row {key}: {str(error).splitlines()[0]}."


def _mend(mend: Callable[[Collection[int]], None], keys: Collection[int]) -> None:
    if mend is _objects:
        mend(keys)
        return
    with database.writing():
        mend(keys)
