"""The HTML and plain text of stored texts, made once for each version of what makes them."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from django.db import connection, models, transaction

from causes.models.revision import Revision
from causes.text.derived import Derived
from causes.text.markdown import RENDERER, Heading, Reference, Rendered, render

_READ = f"""UPDATE causes_revision SET {", ".join(f"{name} = %s" for name in Derived._fields)}
    WHERE id = %s AND reader <> %s AND withheld_at IS NULL"""

_WRITE = """INSERT INTO causes_rendering (revision_id, renderer, body_html, outline)
    SELECT %s, %s, %s, %s FROM causes_revision WHERE id = %s AND withheld_at IS NULL
    ON CONFLICT (revision_id) DO UPDATE
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
        """Writes down the HTML of these stored texts, and their plain text if it is not there.

        Not of one that is withheld meanwhile: the first statement waits for whoever does it.
        """
        texts = [(one.pk, one.title, one.summary, one.body) for one in revisions]
        read = [(*Derived.of(*text), pk, RENDERER) for pk, *text in texts]
        made = [(pk, RENDERER, *_written(render(body)), pk) for pk, *_, body in texts]
        if texts:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.executemany(_READ, read)
                cursor.executemany(_WRITE, made)

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
    def rebuild(cls, chunk: int = 200) -> Iterator[int]:
        """Fills in what is absent, a chunk at a time; yields how many were made so far."""
        made = last = 0
        columns = ("pk", "title", "summary", "body")
        # From where the chunk before ended, not from the beginning again.
        while revisions := list(cls.absent().filter(pk__gt=last).only(*columns)[:chunk]):
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
