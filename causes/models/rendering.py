"""The HTML and plain text of stored texts, made once for each version of what makes them."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, NamedTuple

from django.db import connection, models, transaction

from causes.models.revision import Citation, Revision
from causes.text.derived import Derived
from causes.text.markdown import RENDERER, Heading, Reference, Rendered, render
from causes.text.seen import first_difference

_READ = f"""UPDATE causes_revision SET {", ".join(f"{name} = %s" for name in Derived._fields)}
    WHERE id = %s AND reader <> %s AND withheld_at IS NULL"""

_WRITE = """INSERT INTO causes_rendering (revision_id, renderer, body_html, outline)
    SELECT %s, %s, %s, %s FROM causes_revision WHERE id = %s AND withheld_at IS NULL
    ON CONFLICT (revision_id) DO UPDATE
    SET renderer = excluded.renderer, body_html = excluded.body_html, outline = excluded.outline"""


class Change(NamedTuple):
    """A text of which a new version of the site shows other words than the one before."""

    revision: int
    before: str
    after: str
    """The first words that differ."""


class Rendering(models.Model):
    """Follows from the text alone, and is in no fixture: it can be made again at any time."""

    revision = models.OneToOneField(
        Revision,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        primary_key=True,
        related_name="rendering",
    )
    renderer = models.PositiveSmallIntegerField()
    body_html = models.TextField()
    outline = models.TextField(help_text="Headings and references, as JSON.")

    objects: ClassVar[Any] = models.Manager()

    class Meta:
        managed = False
        db_table = "causes_rendering"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.revision_id}, by renderer {self.renderer}"

    @classmethod
    def note(cls, revisions: Iterable[Revision]) -> list[Change]:
        """Writes down the HTML of these stored texts, and all else that follows from them.

        Not of one that is withheld meanwhile: the first statement waits for whoever does it.
        Returns the texts of which readers see other words than an older version showed.
        """
        texts = list(revisions)
        if not texts:
            return []
        made = {one.pk: _written(render(one.body)) for one in texts}
        behind = [one for one in texts if one.reader != RENDERER]
        read = [(*Derived.of(one.title, one.summary, one.body), one.pk, RENDERER) for one in behind]
        older = cls.objects.filter(pk__in=made).exclude(renderer=RENDERER)
        before = dict(older.values_list("pk", "body_html"))
        rows = [(pk, RENDERER, *html_and_outline, pk) for pk, html_and_outline in made.items()]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(_READ, read)
            cursor.executemany(_WRITE, rows)
            Citation.note_again({one.pk: one.body for one in behind})
        return [
            Change(pk, *difference)
            for pk, html in before.items()
            if (difference := first_difference(html, made[pk][0]))
        ]

    @classmethod
    def note_absent(cls, revision: Revision) -> None:
        """The same, of one that may have been public before."""
        if cls._behind().filter(pk=revision.pk).exists():
            cls.note([revision])

    @classmethod
    def _behind(cls) -> Any:
        made = cls.objects.filter(revision=models.OuterRef("pk"), renderer=RENDERER)
        return Revision.objects.filter(~models.Exists(made) | ~models.Q(reader=RENDERER))

    @classmethod
    def absent(cls) -> Any:
        """Texts that are, or will be, public, and lack HTML or plain text of this version."""
        from causes.models.publication import Publication

        shown = Publication.objects.open_or_upcoming().filter(revision=models.OuterRef("pk"))
        return cls._behind().filter(models.Exists(shown)).order_by("pk")

    @classmethod
    def rebuild(cls, chunk: int = 200) -> Iterator[tuple[int, list[Change]]]:
        """Fills in what is absent, a chunk at a time.

        Yields how many were made so far, and the texts of this chunk whose words changed.
        """
        made = last = 0
        columns = ("pk", "title", "summary", "body", "reader")
        # From where the chunk before ended, not from the beginning again.
        while revisions := list(cls.absent().filter(pk__gt=last).only(*columns)[:chunk]):
            changes = cls.note(revisions)
            made, last = made + len(revisions), revisions[-1].pk
            yield made, changes


def _written(rendered: Rendered) -> tuple[str, str]:
    outline = json.dumps(
        [rendered.headings, rendered.references], ensure_ascii=False, separators=(",", ":")
    )
    return rendered.body_html, outline


def stored_rendering(body_html: str, outline: str) -> Rendered:
    """What `render` made, from how it was written down."""
    headings, references = json.loads(outline)
    return Rendered(
        body_html,
        [Heading(*heading) for heading in headings],
        [Reference(*reference) for reference in references],
    )
