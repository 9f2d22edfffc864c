"""The HTML of stored texts, made once for each version of what makes it."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from django.db import connection, models

from causes.models.revision import Revision
from causes.text.markdown import RENDERER, Heading, Reference, Rendered, render

_WRITE = """INSERT INTO causes_rendering (revision_id, renderer, body_html, outline)
    VALUES (%s, %s, %s, %s) ON CONFLICT (revision_id) DO UPDATE
    SET renderer = excluded.renderer, body_html = excluded.body_html, outline = excluded.outline"""


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
    def note(cls, revisions: Iterable[Revision]) -> None:
        """Writes down the HTML of these stored texts."""
        rows = [(revision.pk, RENDERER, *_written(render(revision.body))) for revision in revisions]
        if rows:
            with connection.cursor() as cursor:
                cursor.executemany(_WRITE, rows)

    @classmethod
    def note_absent(cls, revision: Revision) -> None:
        """The same, of one that may have been public before."""
        if not cls.objects.filter(revision=revision, renderer=RENDERER).exists():
            cls.note([revision])

    @classmethod
    def absent(cls) -> Any:
        """The texts that are, or will be, public and have no HTML of this renderer."""
        from causes.models.publication import Publication

        made = cls.objects.filter(revision=models.OuterRef("pk"), renderer=RENDERER)
        shown = Publication.objects.open_or_upcoming().filter(revision=models.OuterRef("pk"))
        return Revision.objects.filter(models.Exists(shown), ~models.Exists(made)).order_by("pk")

    @classmethod
    def rebuild(cls, chunk: int = 200) -> Iterator[int]:
        """Fills in what is absent, a chunk at a time; yields how many were made so far."""
        made = last = 0
        # From where the chunk before ended, not from the beginning again.
        while revisions := list(cls.absent().filter(pk__gt=last).only("pk", "body")[:chunk]):
            cls.note(revisions)
            made, last = made + len(revisions), revisions[-1].pk
            yield made


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
