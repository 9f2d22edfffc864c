"""The audit log: who used which verb on which row, when and why. Rows are only ever added."""

import uuid
from typing import Any, ClassVar

from django.db import models

from causes.clock import now
from causes.models.entry import Entry
from causes.models.imports import Import
from causes.models.natural import NaturalKeyModel, NaturalKeyQuerySet
from causes.models.people import person
from causes.models.texts import LineField, ShortTextField

REASON_LIMIT = 500
"""The most characters of a reason."""


class Event(NaturalKeyModel):
    class Verb(models.TextChoices):
        SUBMIT = "submit", "submitted for approval"
        SEND_BACK = "send-back", "sent back"
        APPROVE = "approve", "approved"
        PUBLISH = "publish", "published"
        SCHEDULE = "schedule", "scheduled"
        CANCEL_SCHEDULE = "cancel-schedule", "schedule cancelled"
        TAKE_DOWN = "take-down", "taken down"
        WITHHOLD = "withhold", "withheld"
        RESTORE = "restore", "restored as a draft"
        COPY = "copy", "copied as a new draft"
        RENAME = "rename", "renamed"
        DELETE = "delete", "deleted"
        REVIEW = "review", "review recorded"
        SHARE = "share", "preview link made"
        REVOKE = "revoke", "preview link revoked"
        MERGE = "merge", "merged"
        ADD = "add", "added"
        CHANGE = "change", "changed"
        REMIND = "remind", "reminded by e-mail"
        REMIND_FAILED = "remind-failed", "reminder not sent"
        IMPORT = "import", "imported"
        UNDO_IMPORT = "undo-import", "import undone"

    STEPS = (Verb.SUBMIT, Verb.SEND_BACK, Verb.APPROVE, Verb.TAKE_DOWN)
    """The verbs that move a text from step to step. The last one decides its step."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    at = models.DateTimeField(default=now)
    verb = models.CharField(max_length=20, choices=Verb.choices)
    subject = LineField(max_length=300, help_text="The entry or record that changed, in words.")
    # An event remains when its entry is deleted, with the subject and the UUID.
    entry = models.ForeignKey(
        Entry, null=True, blank=True, on_delete=models.SET_NULL, related_name="events"
    )
    revision_uuid = models.UUIDField(null=True, blank=True)
    from_state = models.CharField(max_length=40, blank=True)
    reason = ShortTextField(max_length=REASON_LIMIT, blank=True)
    details = models.JSONField(default=dict, blank=True)
    by_import = models.ForeignKey(
        Import,
        null=True,
        blank=True,
        db_index=False,
        on_delete=models.PROTECT,
        related_name="events",
    )
    actor = person(editable=True)

    objects: ClassVar[Any] = NaturalKeyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "events"
        ordering = ("-at", "-pk")
        default_permissions = ("view",)
        indexes = (
            models.Index(fields=("entry", "at"), name="event_by_entry"),
            models.Index(
                fields=("by_import",),
                condition=models.Q(by_import__isnull=False),
                name="event_by_import",
            ),
        )

    def __str__(self) -> str:
        return f"{self.subject}: {self.get_verb_display()}"

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        """The changes that it recorded: (field, value before, value after)."""
        if "changes" in self.details:
            # Sorted by name, since PostgreSQL does not keep the order of keys.
            return [(name, *pair) for name, pair in sorted(self.details["changes"].items())]
        # The events of imports have whole rows instead of strings, for undoing.
        if isinstance(self.details.get("before"), str):
            return [("", self.details["before"], self.details["after"])]
        return []

    def natural_key(self) -> tuple[str, ...]:
        return (str(self.uuid),)

    natural_key.dependencies = ["causes.entry", "causes.import"]  # type: ignore[attr-defined]
