"""Publish, schedule, cancel the schedule, take down, withhold."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest

from causes import publishing
from causes.admin.verbs.moments import MomentField
from causes.admin.verbs.page import AskForm, Desk, VerbPage
from causes.models import Publication, Revision
from causes.models.texts import TextFormField
from causes.publishing import AlreadyPublic, ScheduledAhead, shown
from causes.states import Step


def ready(step: Step) -> bool:
    """Whether a text at this step may go out, as far as approval is concerned."""
    return step == Step.APPROVED or not settings.FOUR_EYES


def publish_now(revision: Revision, user: Any, reason: str) -> Publication:
    """`publishing.publish`, but a text that is public already is refused: raises AlreadyPublic."""
    if Publication.objects.live().filter(revision=revision).exists():
        raise AlreadyPublic(revision)
    return publishing.publish(revision, by=user, reason=reason)


def published(publication: Any) -> str:
    """What to say when a text went public."""
    until = publication.live_until
    tail = f" It ends on {shown(until)}, when another text is scheduled." if until else ""
    return f"Revision {publication.revision.number} is public.{tail}"


class Publish(VerbPage):
    name, label, button = "publish", "Publish now", "Publish it now"
    permission = "publish_entry"
    decides_on = ("Public now", "Scheduled")

    def offered(self, desk: Desk) -> bool:
        return not desk.newest_is_live and ready(desk.step)

    def sentences(self, entry: Any, revision: Revision, desk: Desk) -> list[str]:
        found = [f"Readers will see revision {revision.number} at {entry.get_absolute_url()}."]
        if desk.live:
            found.append(f"It replaces revision {desk.live.revision.number}, which is kept.")
        found += [
            f"Revision {span.revision.number} is scheduled for {shown(span.live_from)}: "
            "this one is public until then."
            for span in desk.ahead
        ]
        return found

    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> str:
        return published(publish_now(revision, request.user, data["reason"]))


class ScheduleForm(AskForm):
    publish_at = MomentField(
        required=False,
        help_text="Leave it empty to set only when the live text is taken down.",
    )
    take_down_at = MomentField(required=False, help_text="Leave it empty to keep it public.")
    field_order = ("revision", "publish_at", "take_down_at", "reason")


class Schedule(VerbPage):
    name, label, button = "schedule", "Schedule", "Schedule it"
    permission, form = "publish_entry", ScheduleForm
    decides_on = ("Public now", "Scheduled")

    def offered(self, desk: Desk) -> bool:
        if desk.newest_is_live:
            return not desk.ahead and not desk.ends
        return not desk.ahead and ready(desk.step)

    def sentences(self, entry: Any, revision: Revision, desk: Desk) -> list[str]:
        found = [
            f"This is about revision {revision.number}. The page changes at its minute by "
            "itself; nobody needs to be there.",
        ]
        if desk.live:
            found.append(
                f"Revision {desk.live.revision.number} is public since "
                f"{shown(desk.live.live_from)}, and stays so until then."
            )
        return found

    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> str:
        span = publishing.schedule(
            revision,
            by=request.user,
            publish_at=data["publish_at"],
            take_down_at=data["take_down_at"],
            reason=data["reason"],
        )
        parts = []
        if data["publish_at"]:
            parts.append(f"be public from {shown(span.live_from)}")
        if span.live_until:
            parts.append(f"be taken down on {shown(span.live_until)}")
        return f"Revision {revision.number} will {' and '.join(parts)}."


class CancelSchedule(VerbPage):
    name, label, button = "cancel_schedule", "Cancel the schedule", "Cancel it"
    permission = "publish_entry"
    decides_on = ("Public now", "Scheduled")

    def offered(self, desk: Desk) -> bool:
        return bool(desk.ahead) or desk.ends

    def title(self, revision: Revision) -> str:
        return f"Cancel what is scheduled for “{revision.title}”?"

    def sentences(self, entry: Any, revision: Revision, desk: Desk) -> list[str]:
        if desk.ahead:
            span = desk.ahead[-1]
            sentence = f"Revision {span.revision.number} will not be public from "
            found = [f"{sentence}{shown(span.live_from)}. Its text is kept."]
            if desk.live:
                found.append("The live text stays public if this schedule was to end it.")
            return found
        if desk.ends and desk.live and desk.live.live_until:
            return [f"The live text will not be taken down on {shown(desk.live.live_until)}."]
        return ["Nothing is scheduled."]

    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> str:
        reopened = publishing.cancel_schedule(
            revision.entry, by=request.user, reason=data["reason"]
        )
        if reopened is None:
            return "The schedule is cancelled."
        end = f"until {shown(reopened.live_until)}" if reopened.live_until else "with no end set"
        return f"The schedule is cancelled. Revision {reopened.revision.number} is public {end}."


class TakeDownForm(AskForm):
    cancel_scheduled = forms.BooleanField(
        required=False, label="Cancel what is scheduled too", help_text="It is listed above."
    )
    field_order = ("revision", "cancel_scheduled", "reason")


class TakeDown(VerbPage):
    name, label, button = "take_down", "Take down", "Take it down"
    permission, form = "publish_entry", TakeDownForm
    decides_on = ("Public now", "Scheduled")

    def offered(self, desk: Desk) -> bool:
        return desk.is_live or desk.is_scheduled

    def sentences(self, entry: Any, revision: Revision, desk: Desk) -> list[str]:
        return [
            f"{entry.get_absolute_url()} will answer “There is no such page” from now on.",
            "Nothing is deleted: you can publish it again at any time.",
            *(
                f"Revision {span.revision.number} is scheduled for {shown(span.live_from)}. "
                "Tick the box below: taking down cancels that too."
                for span in desk.ahead
            ),
        ]

    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> str:
        try:
            publishing.take_down(
                revision.entry,
                by=request.user,
                reason=data["reason"],
                cancel_scheduled=data["cancel_scheduled"],
            )
        except ScheduledAhead as refusal:
            refusal.field = "cancel_scheduled"  # type: ignore[attr-defined]
            raise
        return "The page is taken down: readers no longer find it. Its texts are kept."


class WithholdForm(AskForm):
    reason = TextFormField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="It stays in the event log. Do not repeat here what must not be read.",
    )
    sure = forms.BooleanField(label="I understand that the text cannot be brought back")
    field_order = ("revision", "reason", "sure")


class Withhold(VerbPage):
    name, label, button = "withhold", "Withhold", "Blank this text for good"
    form = WithholdForm
    decides_on = ("Public now", "Scheduled")

    def may(self, request: HttpRequest, entry: Any) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)  # type: ignore[union-attr]

    def title(self, revision: Revision) -> str:
        return f"Withhold revision {revision.number} of “{revision.title}”?"

    def sentences(self, entry: Any, revision: Revision, desk: Desk) -> list[str]:
        same = Revision.objects.filter(entry=entry, withheld_at=None).exclude(pk=revision.pk)
        others = ", ".join(str(number) for number in same.values_list("number", flat=True))
        found = [
            f"Title, summary, body and note of revision {revision.number} are erased. "
            "This is for leaked personal data and dangerous text; everything else is taken down.",
            f"If it is public, {entry.get_absolute_url()} answers 410 (gone) from now on, until "
            "another text is published there.",
            "Backups, exports and other people's screens may still hold it.",
        ]
        if others:
            found.append(f"Other revisions may hold the same words: {others}. Look at each.")
        return found

    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> str:
        publishing.withhold(revision, data["reason"], by=request.user)
        return f"Revision {revision.number} is withheld. Its text is gone for good."

    def after(self, request: HttpRequest, admin: Any, entry: Any) -> str:
        return str(admin.desk_url("history", entry.pk))
