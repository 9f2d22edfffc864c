"""Derives stored columns again, once the code that derives them has changed.

`Derived` has the columns. They follow from the text alone, so they can be written at any time.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django.db import connection, models, transaction

from causes.models.publication import Publication
from causes.models.revision import Citation, Revision
from causes.text.derived import Derived, first_difference
from causes.text.markdown import RENDERER

_WRITE = f"""UPDATE causes_revision SET {", ".join(f"{name} = %s" for name in Derived._fields)}
    WHERE id = %s AND reader <> %s AND withheld_at IS NULL"""


class Change(NamedTuple):
    """A text of which this version of the site shows other words than the version before."""

    revision: int
    before: str
    after: str
    """The first words that differ."""


def derive_again(revisions: Iterable[Revision]) -> list[Change]:
    """Writes the derived columns and the citations of these stored texts.

    Texts that were withheld in the meantime stay blank. Returns the texts of which readers see
    other words than an older version showed.
    """
    texts = {one.pk: one for one in revisions}
    if not texts:
        return []
    derived = {pk: Derived.of(one.title, one.summary, one.body) for pk, one in texts.items()}
    rows = [(*columns, pk, RENDERER) for pk, columns in derived.items()]
    read_before = Revision.objects.filter(pk__in=texts).exclude(plain="")
    before = dict(read_before.values_list("pk", "plain"))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(_WRITE, rows)
        Citation.note_again({pk: one.body for pk, one in texts.items()})
    return [
        Change(pk, *difference)
        for pk, words in before.items()
        if (difference := first_difference(words, derived[pk].plain))
    ]


def derive_if_outdated(revision: Revision) -> None:
    """Derives again the columns of a text that is published, unless they are up to date."""
    if outdated().filter(pk=revision.pk).exists():
        derive_again([revision])


def outdated() -> Any:
    """The revisions whose columns were derived by another version, or by none."""
    return Revision.objects.exclude(reader=RENDERER)


def rebuild(chunk: int = 200) -> Iterator[tuple[int, list[Change]]]:
    """Derives again every outdated text that is public or scheduled, a chunk at a time.

    Yields the number of texts so far, and the texts of this chunk whose words changed.
    """
    public = Publication.objects.open_or_upcoming().filter(revision=models.OuterRef("pk"))
    rows = outdated().filter(models.Exists(public)).order_by("pk")
    columns = ("pk", "title", "summary", "body")
    done = last = 0
    while revisions := list(rows.filter(pk__gt=last).only(*columns)[:chunk]):
        changes = derive_again(revisions)
        done, last = done + len(revisions), revisions[-1].pk
        yield done, changes
