"""Publish, schedule, cancel the schedule, take down, withhold."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest

from causes import publishing
from causes.admin.moments import MomentField
from causes.admin.request import person_of
from causes.admin.status import EntryStatus, entry_url
from causes.admin.verbs.page import AskForm, Done, VerbPage
from causes.models import Entry, Publication, Revision
from causes.models.event import REASON_LIMIT
from causes.models.texts import TextFormField
from causes.publishing import AlreadyPublic, shown
from causes.publishing.verb import User
from causes.states import Step

SPANS = ("Public now", "Scheduled")
"""The facts that each of these verbs changes."""


def ready(step: Step) -> bool:
    """Whether approval, if it is required, allows a text at this step to go out."""
    return step == Step.APPROVED or not settings.FOUR_EYES


def publish_now(revision: Revision, by: User, reason: str) -> Publication:
    """Publishes a revision, unless it is live already.

    Raises AlreadyPublic, and the refusals of `publishing.publish`.
    """
    if Publication.objects.live().filter(revision=revision).exists():
        raise AlreadyPublic(revision)
    return publishing.publish(revision, by=by, reason=reason)


def published(publication: Publication) -> str:
    """The sentence for a revision that was just published."""
    until = publication.live_until
    tail = f" It will be replaced on {shown(until)}, as scheduled." if until else ""
    return f"Revision {publication.revision.number} is public.{tail}"


class Publish(VerbPage):
    """Makes a revision public at once."""

    name, label, button = "publish", "Publish now", "Publish it now"
    permission = "publish_entry"
    decides_on = SPANS

    def offered(self, status: EntryStatus) -> bool:
        return not status.newest_is_live and ready(status.step)

    def sentences(self, revision: Revision, status: EntryStatus) -> list[str]:
        address = revision.entry.get_absolute_url()
        found = [f"Readers will see revision {revision.number} at {address}."]
        if status.live:
            found.append(f"It replaces revision {status.live.revision.number}, which is kept.")
        found += [
            f"Revision {span.revision.number} is scheduled for {shown(span.live_from)}: "
            "this one is public until then."
            for span in status.ahead
        ]
        return found

    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> Done:
        return Done(published(publish_now(revision, person_of(request), data["reason"])))


class ScheduleForm(AskForm):
    """Two times, of which one is needed."""

    publish_at = MomentField(
        required=False,
        help_text="Leave this empty to set only when the live text is taken down.",
    )
    take_down_at = MomentField(required=False, help_text="Leave this empty to keep it public.")
    field_order = ("revision", "publish_at", "take_down_at", "reason")


class Schedule(VerbPage):
    """Sets when a revision becomes public, when it is taken down, or both."""

    name, label, button = "schedule", "Schedule", "Schedule it"
    permission, form = "publish_entry", ScheduleForm
    decides_on = SPANS

    def offered(self, status: EntryStatus) -> bool:
        if status.newest_is_live:
            return not status.ahead and not status.ends
        return not status.ahead and ready(status.step)

    def sentences(self, revision: Revision, status: EntryStatus) -> list[str]:
        found = [
            f"You are scheduling revision {revision.number}. The page changes at the time that "
            "you set, even if nobody is at the desk.",
        ]
        if status.live:
            found.append(
                f"Revision {status.live.revision.number} has been public since "
                f"{shown(status.live.live_from)} and stays public until then."
            )
        return found

    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> Done:
        del data["revision"]
        span = publishing.schedule(revision, by=person_of(request), **data)
        parts = []
        if data["publish_at"]:
            parts.append(f"become public on {shown(span.live_from)}")
        if span.live_until:
            parts.append(f"be taken down on {shown(span.live_until)}")
        return Done(f"Revision {revision.number} will {' and '.join(parts)}.")


class CancelSchedule(VerbPage):
    """Cancels the last publication that is scheduled, or the end of the live one."""

    name, label, button = "cancel_schedule", "Cancel the schedule", "Cancel the schedule"
    permission = "publish_entry"
    decides_on = SPANS

    def offered(self, status: EntryStatus) -> bool:
        return bool(status.ahead) or status.ends

    def title(self, revision: Revision) -> str:
        return f"Cancel the schedule of “{revision.title}”?"

    def sentences(self, revision: Revision, status: EntryStatus) -> list[str]:
        if status.ahead:
            span = status.ahead[-1]
            found = [
                f"Revision {span.revision.number} will not become public on "
                f"{shown(span.live_from)}. Its text is kept."
            ]
            if status.live:
                found.append("If this schedule was to replace the live text, that stays public.")
            return found
        if status.ends and status.live and status.live.live_until:
            return [f"The live text will not be taken down on {shown(status.live.live_until)}."]
        return ["Nothing is scheduled."]

    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> Done:
        reopened = publishing.cancel_schedule(
            revision.entry, by=person_of(request), reason=data["reason"]
        )
        if reopened is None:
            return Done("The schedule is cancelled.")
        end = f"until {shown(reopened.live_until)}" if reopened.live_until else "with no end set"
        number = reopened.revision.number
        return Done(f"The schedule is cancelled. Revision {number} is public {end}.")


class TakeDownForm(AskForm):
    """Whether the schedule is cancelled, too."""

    cancel_scheduled = forms.BooleanField(
        required=False,
        label="Also cancel the schedule",
        help_text="Scheduled revisions, if there are any, are listed above.",
    )
    field_order = ("revision", "cancel_scheduled", "reason")


class TakeDown(VerbPage):
    """Removes an entry from public view. Its revisions are kept."""

    name, label, button = "take_down", "Take down", "Take it down"
    permission, form = "publish_entry", TakeDownForm
    decides_on = SPANS

    def offered(self, status: EntryStatus) -> bool:
        return status.is_live or status.is_scheduled

    def sentences(self, revision: Revision, status: EntryStatus) -> list[str]:
        return [
            f"{revision.entry.get_absolute_url()} will say “There is no such page”.",
            "Nothing is deleted: you can publish it again at any time.",
            *(
                f"Revision {span.revision.number} is scheduled for {shown(span.live_from)}. "
                "Tick the box below to cancel that, too."
                for span in status.ahead
            ),
        ]

    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> Done:
        del data["revision"]
        publishing.take_down(revision.entry, by=person_of(request), **data)
        return Done("The page was taken down: readers no longer find it. Its texts are kept.")


class WithholdForm(AskForm):
    """A reason is required, and so is a tick, since this cannot be undone."""

    reason = TextFormField(
        max_length=REASON_LIMIT,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The event log keeps this. Do not repeat the words that must not be read.",
    )
    sure = forms.BooleanField(label="I understand that the text cannot be restored")
    field_order = ("revision", "reason", "sure")


class Withhold(VerbPage):
    """Blanks a revision for good. Only a superuser may do it."""

    name, label, button = "withhold", "Withhold", "Blank this text for good"
    form = WithholdForm
    decides_on = SPANS

    def may(self, request: HttpRequest, entry: Entry) -> bool:
        person = person_of(request)
        return person.is_active and person.is_superuser

    def title(self, revision: Revision) -> str:
        return f"Withhold revision {revision.number} of “{revision.title}”?"

    def sentences(self, revision: Revision, status: EntryStatus) -> list[str]:
        entry = revision.entry
        same = Revision.objects.filter(entry=entry, withheld_at=None).exclude(pk=revision.pk)
        others = ", ".join(str(number) for number in same.values_list("number", flat=True))
        found = [
            f"The title, summary, body and note of revision {revision.number} are erased. Use "
            "this for leaked personal data and dangerous text; take down everything else.",
            f"If the revision is public, {entry.get_absolute_url()} answers 410 (gone) until "
            "another revision is published there.",
            "Backups, exports and other people’s screens may still hold the text.",
        ]
        if others:
            found.append(f"Other revisions may hold the same words: {others}. Check each of them.")
        return found

    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> Done:
        publishing.withhold(revision, data["reason"], by=person_of(request))
        sentence = f"Revision {revision.number} is withheld. Its text is gone for good."
        return Done(sentence, entry_url(revision.entry, "history"))
