"""Preview links: made, listed, revoked."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from causes import publishing
from causes.admin.verbs.page import AskForm, Desk, VerbPage
from causes.models import Event, Revision
from causes.preview_links import preview_links
from causes.publishing import shown
from causes.publishing.previews import LONGEST


class ShareForm(AskForm):
    days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=LONGEST,
        initial=7,
        label="Days that it is open",
        help_text=f"1 to {LONGEST}.",
    )
    revoke = forms.UUIDField(required=False, widget=forms.HiddenInput)
    field_order = ("revision", "days", "reason")


class Share(VerbPage):
    name, label, button = "share", "Preview link", "Make a link"
    permission, form = "share_entry", ShareForm
    template = "admin/causes/entry/share.html"

    def title(self, revision: Revision) -> str:
        return f"Preview links to “{revision.title}”"

    def sentences(self, entry: Any, revision: Revision, desk: Desk) -> list[str]:
        return [
            f"Whoever has the link sees revision {revision.number}, and no other, without an "
            "account. Search engines are told to keep away, and nothing keeps a copy.",
        ]

    def context(self, entry: Any, revision: Revision, desk: Desk) -> dict[str, Any]:
        links = preview_links(entry)
        numbers = dict(
            Revision.objects.filter(
                entry=entry, uuid__in=[link.event.revision_uuid for link in links]
            ).values_list("uuid", "number")
        )
        rows = [(link, numbers.get(link.event.revision_uuid)) for link in links]
        return {"links": rows, "site": settings.SITE_URL}

    def act(self, request: HttpRequest, revision: Revision, data: dict[str, Any]) -> str:
        if data["revoke"]:
            event = get_object_or_404(Event, uuid=data["revoke"], entry=revision.entry)
            publishing.revoke_preview(event, by=request.user, reason=data["reason"])
            return "The link is revoked: it opens no more."
        link = publishing.share_preview(
            revision, by=request.user, days=data["days"] or 7, reason=data["reason"]
        )
        address = request.build_absolute_uri(link.path)
        return f"The link is open until {shown(link.expires_at)}: {address}"

    def after(self, request: HttpRequest, admin: Any, entry: Any) -> str:
        return str(admin.desk_url("share", entry.pk))
