"""Rename, copy, delete."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.urls import reverse

from causes import publishing
from causes.admin.verbs.page import AskForm, Desk, VerbPage
from causes.models import Entry, Review, Revision
from causes.models.texts import LineFormField
from causes.publishing import SlugTaken
from causes.states import State


class SlugForm(AskForm):
    slug = forms.CharField(
        label="New slug", max_length=100, help_text="Small letters, digits, single hyphens."
    )
    field_order = ("revision", "title", "slug", "reason")


def _at_slug(refusal: SlugTaken) -> SlugTaken:
    refusal.field = "slug"  # type: ignore[attr-defined]
    return refusal


class Rename(VerbPage):
    name, label, button = "rename", "Rename", "Change the address"
    permission, form = "rename_entry", SlugForm
    decides_on = ("Address",)

    def title(self, revision: Revision) -> str:
        return f"Rename “{revision.title}”"

    def initial(self, request: HttpRequest, revision: Revision) -> dict[str, Any]:
        return {"slug": revision.entry.slug}

    def sentences(self, entry: Any, revision: Revision, desk: Desk) -> list[str]:
        return [
            f"Its address is {entry.get_absolute_url()} today.",
            "The change is public at once. If it was ever public, the old address redirects.",
        ]

    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> str:
        old = revision.entry.get_absolute_url()
        try:
            entry = publishing.rename(
                revision.entry, data["slug"], by=request.user, reason=data["reason"]
            )
        except SlugTaken as refusal:
            raise _at_slug(refusal) from refusal
        tail = f", and {old} leads there." if entry.ever_public() else "."
        return f"The address is {entry.get_absolute_url()} now{tail}"


class CopyForm(SlugForm):
    title = LineFormField(label="New title", max_length=200)


class Copy(VerbPage):
    name, label, button = "copy", "Copy", "Copy as a new draft"
    form = CopyForm

    def may(self, request: HttpRequest, entry: Any) -> bool:
        return bool(request.user.has_perm(f"causes.add_{entry.kind}"))

    def title(self, revision: Revision) -> str:
        return f"Copy “{revision.title}” as a new draft"

    def initial(self, request: HttpRequest, revision: Revision) -> dict[str, Any]:
        slug = f"{revision.entry.slug[:95]}-copy"
        return {"slug": slug, "title": f"{revision.title[:190]} (copy)"}

    def sentences(self, entry: Any, revision: Revision, desk: Desk) -> list[str]:
        return [
            f"A new {entry.kind} begins with the text of revision {revision.number}, its "
            "category and tags. The two have nothing to do with each other after that."
        ]

    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> str:
        try:
            made = publishing.copy_entry(
                revision,
                data["slug"],
                by=request.user,
                title=data["title"],
                reason=data["reason"],
            )
        except SlugTaken as refusal:
            raise _at_slug(refusal) from refusal
        request.copied = made  # type: ignore[attr-defined]
        return f"“{data['title']}” is a new draft. You are looking at it."

    def after(self, request: HttpRequest, admin: Any, entry: Any) -> str:
        made: Entry = request.copied  # type: ignore[attr-defined]
        return str(admin.desk_url("change", made.pk))


class Delete(VerbPage):
    """A page that says what goes with a draft that was never public."""

    name, label, button = "delete", "Delete", "Delete it for good"
    decides_on = ("Address", "Newest text", "Public now", "Scheduled")

    def may(self, request: HttpRequest, entry: Any) -> bool:
        return bool(request.user.has_perm(f"causes.delete_{entry.kind}"))

    def offered(self, desk: Desk) -> bool:
        return desk.state == State.DRAFT

    def sentences(self, entry: Any, revision: Revision, desk: Desk) -> list[str]:
        if entry.ever_public():
            return [
                "It was public or is scheduled, and what readers may have seen is never "
                "deleted. Take it down instead: nobody finds it then, and its texts are kept."
            ]
        revisions = entry.revisions.count()
        reviews = Review.objects.filter(revision__entry=entry).count()
        return [
            "It was never public. With it go, for good: "
            f"{_count(revisions, 'revision')} and {_count(reviews, 'clinical review')}.",
            f"What stays: {_count(entry.events.count() + 1, 'line')} of the event log; "
            "its categories, tags and sources.",
        ]

    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> str:
        publishing.delete_entry(revision.entry, by=request.user, reason=data["reason"])
        return f"“{revision.title}” is deleted."

    def after(self, request: HttpRequest, admin: Any, entry: Any) -> str:
        return reverse(f"admin:causes_{entry.kind}_changelist")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
