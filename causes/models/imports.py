"""An import: the files, the options, the result, and whether it was undone."""

import uuid
from typing import Any, ClassVar

from django.db import models

from causes.clock import now
from causes.models.natural import NaturalKeyModel, NaturalKeyQuerySet
from causes.models.people import person


class Import(NaturalKeyModel):
    """Events that point to this row record the changes to each entry."""

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        APPLIED = "applied", "Applied"
        UNDONE = "undone", "Undone"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=300, help_text="The names of the imported files.")
    made_at = models.DateTimeField(default=now, editable=False)
    applied_at = models.DateTimeField(null=True, blank=True, editable=False)
    undone_at = models.DateTimeField(null=True, blank=True, editable=False)
    options = models.JSONField(default=dict, blank=True)
    counts = models.JSONField(default=dict, blank=True)
    report = models.JSONField(
        default=list,
        blank=True,
        help_text="Rows that need attention: [outcome, row, sentence] for each.",
    )
    by = person()

    objects: ClassVar[Any] = NaturalKeyQuerySet.as_manager()

    class Meta:
        ordering = ("-made_at", "-pk")
        default_permissions = ("add", "view")

    def __str__(self) -> str:
        return f"{self.name}, {self.made_at:%Y-%m-%d %H:%M}"

    @property
    def state(self) -> "Import.State":
        if self.undone_at:
            return self.State.UNDONE
        return self.State.APPLIED if self.applied_at else self.State.PLANNED
