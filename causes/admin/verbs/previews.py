"""Preview links: made, listed, revoked."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from causes import publishing
from causes.admin.request import person_of
from causes.admin.status import EntryStatus, entry_url
from causes.admin.verbs.page import AskForm, Done, VerbPage
from causes.models import Event, Revision
from causes.preview_links import preview_links
from causes.publishing import shown
from causes.publishing.previews import LONGEST


class ShareForm(AskForm):
    """The days for a new link, or the UUID of the event of a link to revoke."""

    days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=LONGEST,
        initial=7,
        label="Days until it expires",
        help_text=f"1 to {LONGEST}.",
    )
    revoke = forms.UUIDField(required=False, widget=forms.HiddenInput)
    field_order = ("revision", "days", "reason")


class Share(VerbPage):
    """Makes a link to one revision for somebody without an account, or revokes one."""

    name, label, button = "share", "Preview link", "Make a link"
    permission, form = "share_entry", ShareForm
    template = "share.html"

    def title(self, revision: Revision) -> str:
        return f"Preview links to “{revision.title}”"

    def sentences(self, revision: Revision, status: EntryStatus) -> list[str]:
        return [
            f"Anyone who has the link can read revision {revision.number}, and no other, without "
            "an account. Search engines are asked to ignore the page, and it is not cached.",
        ]

    def context(self, revision: Revision) -> dict[str, Any]:
        links = preview_links(revision.entry)
        uuids = [link.event.revision_uuid for link in links if link.event.revision_uuid]
        revisions = Revision.objects.filter(entry=revision.entry, uuid__in=uuids)
        numbers = dict(revisions.values_list("uuid", "number"))
        return {"links": [(link, numbers.get(link.event.revision_uuid)) for link in links]}

    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> Done:
        by, reason, page = person_of(request), data["reason"], entry_url(revision.entry, "share")
        if data["revoke"]:
            event = get_object_or_404(Event, uuid=data["revoke"], entry=revision.entry)
            publishing.revoke_preview(event, by=by, reason=reason)
            return Done("The link is revoked and no longer works.", page)
        link = publishing.share_preview(revision, by=by, days=data["days"] or 7, reason=reason)
        address = request.build_absolute_uri(link.path)
        return Done(f"The link works until {shown(link.expires_at)}: {address}", page)
