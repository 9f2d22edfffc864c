"""Rename, copy, delete."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.urls import reverse

from causes import publishing
from causes.admin.request import person_of
from causes.admin.status import EntryStatus, entry_url
from causes.admin.verbs.page import AskForm, Done, VerbPage
from causes.admin.wording import counted
from causes.models import Entry, Review, Revision
from causes.models.revision import TITLE_LIMIT
from causes.models.texts import LineFormField
from causes.states import State


class SlugForm(AskForm):
    """A slug and a reason."""

    slug = forms.CharField(
        label="New slug", max_length=100, help_text="Lower-case letters, digits, single hyphens."
    )
    field_order = ("revision", "title", "slug", "reason")


class Rename(VerbPage):
    """Gives an entry another slug. The old address of a public entry redirects."""

    name, label, button = "rename", "Rename", "Change the address"
    permission, form = "rename_entry", SlugForm
    decides_on = ("Address",)

    def title(self, revision: Revision) -> str:
        return f"Rename “{revision.title}”"

    def initial(self, request: HttpRequest, revision: Revision) -> dict[str, Any]:
        return {"slug": revision.entry.slug}

    def sentences(self, revision: Revision, status: EntryStatus) -> list[str]:
        return [
            f"The address is now {revision.entry.get_absolute_url()}.",
            "The change takes effect at once. If the entry was ever public, the old address "
            "redirects to the new one.",
        ]

    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> Done:
        old = revision.entry.get_absolute_url()
        entry = publishing.rename(
            revision.entry, data["slug"], by=person_of(request), reason=data["reason"]
        )
        redirects = f" {old} redirects to it." if entry.ever_public() else ""
        return Done(f"The address is now {entry.get_absolute_url()}.{redirects}")


class CopyForm(SlugForm):
    """A title, a slug and a reason."""

    title = LineFormField(label="New title", max_length=TITLE_LIMIT)


class Copy(VerbPage):
    """Starts another entry with the text of this one."""

    name, label, button = "copy", "Copy", "Copy as a new draft"
    form = CopyForm

    def may(self, request: HttpRequest, entry: Entry) -> bool:
        return request.user.has_perm(f"causes.add_{entry.kind}")

    def title(self, revision: Revision) -> str:
        return f"Copy “{revision.title}” as a new draft"

    def initial(self, request: HttpRequest, revision: Revision) -> dict[str, Any]:
        slug = f"{revision.entry.slug[:95]}-copy"
        return {"slug": slug, "title": f"{revision.title[:190]} (copy)"}

    def sentences(self, revision: Revision, status: EntryStatus) -> list[str]:
        return [
            f"A new {revision.entry.kind} starts with the text, category and tags of revision "
            f"{revision.number}. After that, a change to one does not affect the other."
        ]

    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> Done:
        made = publishing.copy_entry(
            revision,
            data["slug"],
            by=person_of(request),
            title=data["title"],
            reason=data["reason"],
        )
        return Done(f"“{data['title']}” is a new draft. This is its page.", entry_url(made))


class Delete(VerbPage):
    """Deletes an entry that was never public."""

    name, label, button = "delete", "Delete", "Delete it for good"
    decides_on = ("Address", "Newest text", "Public now", "Scheduled")

    def may(self, request: HttpRequest, entry: Entry) -> bool:
        return request.user.has_perm(f"causes.delete_{entry.kind}")

    def offered(self, status: EntryStatus) -> bool:
        return status.state == State.DRAFT

    def sentences(self, revision: Revision, status: EntryStatus) -> list[str]:
        entry = revision.entry
        if entry.ever_public():
            return [
                f"This {entry.kind} was public or is scheduled, so it cannot be deleted. Take it "
                "down instead: readers no longer find it, and its texts are kept."
            ]
        revisions = entry.revisions.count()
        reviews = Review.objects.filter(revision__entry=entry).count()
        return [
            f"This {entry.kind} was never public. Deleting it also deletes, for good, "
            f"{counted(revisions, 'revision')} and {counted(reviews, 'clinical review')}.",
            f"The event log keeps {counted(entry.events.count() + 1, 'line')} about it. "
            "Categories, tags and sources are kept.",
        ]

    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> Done:
        entry = revision.entry
        publishing.delete_entry(entry, by=person_of(request), reason=data["reason"])
        sentence = f"“{revision.title}” was deleted."
        return Done(sentence, reverse(f"admin:causes_{entry.kind}_changelist"))
