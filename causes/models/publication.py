"""A publication is the span of time in which one revision is public."""

import uuid
from datetime import datetime
from typing import Any, ClassVar, Self, TypeVar

from django.db import models
from django.db.models import F, Q

from causes.clock import now
from causes.models.entry import Entry
from causes.models.natural import NaturalKeyModel, NaturalKeyQuerySet
from causes.models.revision import LONG_OF_REVISION, Revision
from causes.models.tagged import TaggedRevision
from causes.timeline import Span

_Span = TypeVar("_Span", bound=models.Model)


class SpanQuerySet(models.QuerySet[_Span]):
    def live(self, at: datetime | None = None) -> Self:
        """Publications that are public at a moment: now, unless another is given.

        This is the one definition in SQL of what `Span.is_live` defines in Python. A raw
        filter on the two columns anywhere else is a defect.
        """
        moment = at or now()
        return self.filter(Q(live_until=None) | Q(live_until__gt=moment), live_from__lte=moment)


class PublicationQuerySet(SpanQuerySet["Publication"], NaturalKeyQuerySet["Publication"]):  # type: ignore[override]
    def upcoming(self, at: datetime | None = None) -> Self:
        return self.filter(live_from__gt=at or now())

    def begun(self, at: datetime | None = None) -> Self:
        return self.filter(live_from__lte=at or now())

    def open_or_upcoming(self, at: datetime | None = None) -> Self:
        """Publications that have not ended."""
        return self.filter(Q(live_until=None) | Q(live_until__gt=at or now()))

    def of_causes(self) -> Self:
        return self.filter(entry__kind=Entry.Kind.CAUSE)

    def for_lists(self) -> Self:
        """Adds the columns that a list shows of each text, and leaves out the bodies."""
        return self.select_related("entry", "revision__category__merged_into").defer(
            *LONG_OF_REVISION
        )

    def with_tags(self) -> Self:
        links = TaggedRevision.objects.select_related("tag__merged_into")
        return self.prefetch_related(models.Prefetch("revision__tag_links", queryset=links))


class Publication(NaturalKeyModel):
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # Repeated from the revision so that the database can keep the entry's publications apart.
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="publications")
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="publications")
    live_from = models.DateTimeField()
    live_until = models.DateTimeField(null=True, blank=True)
    take_down_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="The end that a person set. live_until is earlier if another text comes first.",
    )

    objects: ClassVar[Any] = PublicationQuerySet.as_manager()

    FIXED: ClassVar[tuple[str, ...]] = ("uuid", "entry_id", "revision_id", "live_from")
    """The columns that never change; once it has ended, all others are fixed, too."""

    class Meta:
        ordering = ("live_from",)
        get_latest_by = "live_from"
        default_permissions = ()
        constraints = (
            models.CheckConstraint(
                condition=Q(live_until=None) | Q(live_until__gt=F("live_from")),
                name="publication_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(take_down_at=None)
                | Q(live_until__isnull=False, live_until__lte=F("take_down_at")),
                name="publication_ends_by_its_take_down",
            ),
            models.UniqueConstraint(
                fields=("entry",),
                condition=Q(live_until=None),
                name="publication_one_open_end",
            ),
        )
        indexes = (
            models.Index(fields=("entry", "live_from"), name="publication_by_entry"),
            models.Index(fields=("live_from",), name="publication_by_begin"),
            models.Index(
                fields=("live_until",),
                condition=Q(live_until__isnull=False),
                name="publication_by_end",
            ),
        )

    def __str__(self) -> str:
        until = f" to {self.live_until:%Y-%m-%d %H:%M}" if self.live_until else ""
        return f"{self.revision}, public from {self.live_from:%Y-%m-%d %H:%M}{until}"

    def natural_key(self) -> tuple[str, ...]:
        return (str(self.uuid),)

    natural_key.dependencies = [  # type: ignore[attr-defined]
        "causes.entry",
        "causes.revision",
        "causes.taggedrevision",
    ]

    @property
    def span(self) -> Span:
        """This row as the rules in causes/timeline.py know it."""
        return Span(self.uuid, self.revision_id, self.live_from, self.live_until, self.take_down_at)

    def is_live(self, at: datetime | None = None) -> bool:
        return self.span.is_live(at or now())

    def get_absolute_url(self) -> str:
        return self.entry.get_absolute_url()
