"""A revision is everything that a reader sees of an entry. It never changes."""

import uuid
from collections.abc import Iterable
from typing import Any, ClassVar

from django.db import connection, models, transaction
from taggit.managers import TaggableManager

from causes.clock import now
from causes.models.entry import Entry
from causes.models.natural import NaturalKeyModel, NaturalKeyQuerySet
from causes.models.people import person
from causes.models.taxonomy import Category, Tag
from causes.models.texts import BodyField, LineField, SortKeyField
from causes.text.body import cited_keys
from causes.text.derived import Derived
from causes.text.markdown import BODY_LIMIT, RENDERER

TITLE_LIMIT = 200
"""The most characters of a title."""

WITHHELD_TEXT = {"title": "Withheld", "summary": "", "body": "", "note": ""}
"""The texts of a revision that was withheld."""


SEARCH_COLUMNS = ("plain", "sought", "reader")
"""Columns that only search reads. They are long, so managers defer them."""

LONG_OF_REVISION = tuple(f"revision__{column}" for column in ("body", *SEARCH_COLUMNS))
"""Columns to defer in a list of rows that are loaded with their revisions."""


class _Derives:
    """A column whose value follows from the text: see `Derived`.

    `pre_save` computes it, for `save` and `bulk_create`. `loaddata` does not call `pre_save`,
    so the guard of revisions computes it there.
    """

    attname: str
    defaults: ClassVar[dict[str, Any]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"editable": False, **self.defaults, **kwargs})
        self.serialize = False

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        model_instance.derive()
        return getattr(model_instance, self.attname)


class UncitedField(_Derives, models.PositiveSmallIntegerField):
    """The number of paragraphs in the body that cite nothing."""

    defaults = {"default": 0}


class DerivedTextField(_Derives, models.TextField):
    """A text derived from title, summary and body."""

    defaults = {"default": "", "db_default": "", "blank": True}


class ReaderField(_Derives, models.PositiveSmallIntegerField):
    """The version of the code that derived the texts, or 0 if none did."""

    defaults = {"default": 0, "db_default": 0}


def _tags() -> models.Prefetch:
    """The tags of revisions, with the tags they were merged into."""
    links = Revision.tags.through.objects.select_related("tag__merged_into")
    return models.Prefetch("tag_links", queryset=links)


class RevisionQuerySet(NaturalKeyQuerySet["Revision"]):
    def newest(self) -> "RevisionQuerySet":
        """The newest revision of each entry."""
        return self.filter(number=models.F("entry__last_number"))

    def with_taxonomy(self) -> "RevisionQuerySet":
        """Loads category and tags, and the ones they were merged into."""
        return self.select_related("category__merged_into").prefetch_related(_tags())

    def bulk_create(self, objs: Iterable["Revision"], *args: Any, **kwargs: Any) -> Any:
        """Django's `bulk_create`, which also records the citations of the new texts."""
        with transaction.atomic(using=self.db):
            made = super().bulk_create(objs, *args, **kwargs)
            Citation.note(made)
        return made


class RevisionManager(models.Manager.from_queryset(RevisionQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> Any:
        return super().get_queryset().defer(*SEARCH_COLUMNS)


class Revision(NaturalKeyModel):  # type: ignore[django-manager-missing]
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField(editable=False)
    based_on = models.UUIDField(
        null=True,
        blank=True,
        editable=False,
        help_text="The revision that this one started from. It may be in another database.",
    )
    predecessors = models.JSONField(
        default=list,
        blank=True,
        editable=False,
        help_text="UUIDs of up to 50 earlier revisions of the entry, newest first. "
        "An import may replace these with this revision.",
    )
    title = LineField(max_length=TITLE_LIMIT)
    sort_title = SortKeyField(of="title")
    summary = LineField(
        max_length=500,
        blank=True,
        help_text="One or two sentences, shown in lists and by search engines.",
    )
    body = BodyField(blank=True, max_length=BODY_LIMIT)
    category = models.ForeignKey(
        Category, null=True, blank=True, on_delete=models.PROTECT, related_name="revisions"
    )
    tags = TaggableManager(through="causes.TaggedRevision", blank=True)
    tag_count = models.PositiveSmallIntegerField(
        default=0,
        editable=False,
        help_text="The number of tags of the text. Once that many are linked, no tag can be added.",
    )
    note = LineField(
        "change note",
        max_length=300,
        blank=True,
        help_text="What you changed and why, for your colleagues. Readers do not see it.",
    )
    author = person(related_name="revisions")
    created_at = models.DateTimeField(default=now, editable=False)
    withheld_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When the text was blanked for good: "
        "the one exception to “a revision never changes”.",
    )
    uncited = UncitedField("paragraphs without a citation")
    plain = DerivedTextField(help_text="The body as readers see it, with a line for each block.")
    sought = DerivedTextField(
        help_text="The words of title, summary and body in the form of search, as JSON. "
        "Empty if a database client wrote the text: the index then uses the text itself."
    )
    reader = ReaderField(help_text="The RENDERER that made them.")

    objects: ClassVar[Any] = RevisionManager()

    TEXT_COLUMNS: ClassVar[tuple[str, ...]] = (
        "uuid",
        "entry_id",
        "number",
        "based_on",
        "predecessors",
        "title",
        "summary",
        "body",
        "category_id",
        "tag_count",
        "note",
        "created_at",
        "withheld_at",
    )
    """The columns of a stored revision that never change."""

    class Meta:
        ordering = ("entry", "number")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=("entry", "number"), name="revision_number_in_entry"),
        )

    def __str__(self) -> str:
        return f"{self.title} (revision {self.number})"

    def natural_key(self) -> tuple[str, ...]:
        return (str(self.uuid),)

    natural_key.dependencies = [  # type: ignore[attr-defined]
        "causes.entry",
        "causes.category",
        "causes.source",
        "causes.tag",
    ]

    def derive(self) -> None:
        """Sets the derived columns, unless the text is the one they were derived from."""
        text = (self.title, self.summary, self.body)
        withheld = self.withheld_at is not None
        if getattr(self, "_derived_from", None) == (RENDERER, withheld, text):
            return
        for column, value in Derived.of(*text, withheld=withheld)._asdict().items():
            setattr(self, column, value)
        self._derived_from = RENDERER, withheld, text

    def is_withheld_from(self, stored: "Revision") -> bool:
        """Whether this is the stored text withheld, with no other change."""
        blank = all(getattr(self, name) == value for name, value in WITHHELD_TEXT.items())
        kept = set(self.TEXT_COLUMNS) - {*WITHHELD_TEXT, "withheld_at"}
        same = all(getattr(self, column) == getattr(stored, column) for column in kept)
        return blank and same and stored.withheld_at is None and self.withheld_at is not None

    @classmethod
    def limit(cls, name: str) -> int:
        """The greatest number of characters that a text column can hold."""
        field: Any = cls._meta.get_field(name)
        return int(field.max_length)

    @property
    def shown_category(self) -> Category | None:
        return self.category and self.category.canonical

    def shown_tags(self) -> list[Tag]:
        """The tags under their current names, each once, in order of name."""
        models.prefetch_related_objects([self], _tags())  # no query if they are loaded
        tags = {link.tag.canonical.pk: link.tag.canonical for link in self.tag_links.all()}
        return sorted(tags.values(), key=lambda tag: tag.sort_name)


class Citation(models.Model):
    """A source key that a revision cites: derived from the text, and stored for queries.

    `causes.database` creates the table. No fixture contains it. A draft may cite a key that
    has no source yet.
    """

    revision = models.ForeignKey(
        Revision, on_delete=models.DO_NOTHING, db_constraint=False, related_name="citations"
    )
    source_key = models.CharField(max_length=100)

    class Meta:
        managed = False
        db_table = "causes_citation"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.source_key} in {self.revision_id}"

    @classmethod
    def note_again(cls, bodies: dict[int, str]) -> None:
        """Corrects the citations that an older version recorded. Takes bodies by revision id."""
        noted: dict[int, set[str]] = {pk: set() for pk in bodies}
        for pk, key in cls.objects.filter(revision__in=bodies).values_list(
            "revision", "source_key"
        ):
            noted[pk].add(key)
        for pk, body in bodies.items():
            keys = set(cited_keys(body))
            cls.objects.filter(revision=pk, source_key__in=noted[pk] - keys).delete()
            new = [Citation(revision_id=pk, source_key=key) for key in sorted(keys - noted[pk])]
            Citation.objects.bulk_create(new)

    @classmethod
    def note(cls, revisions: Iterable[Revision]) -> None:
        """Records the citations of these stored texts."""
        rows = [(revision.pk, key) for revision in revisions for key in cited_keys(revision.body)]
        if rows:
            with connection.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO causes_citation (revision_id, source_key) VALUES (%s, %s) "
                    "ON CONFLICT DO NOTHING",
                    rows,
                )
