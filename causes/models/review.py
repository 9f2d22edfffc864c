"""A clinical review of one exact revision by a named and qualified person."""

import uuid
from typing import Any, ClassVar

from django.db import models

from causes.clock import now
from causes.models.natural import NaturalKeyModel, NaturalKeyQuerySet
from causes.models.people import person
from causes.models.revision import Revision
from causes.models.texts import LineField, TextField


class ReviewQuerySet(NaturalKeyQuerySet["Review"]):
    def latest_of(self, entries: list[int]) -> dict[int, "Review"]:
        """The last review of each of these entries, by entry id. Some may have none."""
        rows = self.filter(revision__entry__in=entries).select_related("revision")
        return {row.revision.entry_id: row for row in rows.latest_first().reverse()}

    def latest_first(self) -> "ReviewQuerySet":
        return self.order_by("-reviewed_on", "-created_at", "-pk")


class Review(NaturalKeyModel):
    """A review is about one revision: it does not cover later changes to the text."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="reviews")
    reviewer = LineField("reviewer's name", max_length=200)
    qualification = LineField(max_length=200)
    reviewed_on = models.DateField()
    due_on = models.DateField("next review due", null=True, blank=True)
    notes = TextField(blank=True, max_length=2000)
    recorded_by = person()
    created_at = models.DateTimeField(default=now, editable=False)

    objects: ClassVar[Any] = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ("reviewed_on", "pk")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.revision}, reviewed {self.reviewed_on} by {self.reviewer}"

    def natural_key(self) -> tuple[str, ...]:
        return (str(self.uuid),)

    natural_key.dependencies = ["causes.revision"]  # type: ignore[attr-defined]
