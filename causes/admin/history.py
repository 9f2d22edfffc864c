"""The history of an entry: every revision, compared, previewed, restored."""

from collections import defaultdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin.options import csrf_protect_m
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from causes import publishing
from causes.admin.base import EntryPages
from causes.admin.comparison import field_changes
from causes.admin.request import locked_if_posted, person_of
from causes.admin.seen import decided_on, seal
from causes.admin.status import EntryStatus, entry_url
from causes.clock import now
from causes.models import Publication, Revision
from causes.publishing import Text, Withheld
from causes.reading import read_revision
from causes.text.numbers import whole_number

PAGE_SIZE = 50


class HistoryViews(EntryPages):
    """Mixed into the ModelAdmin of an entry."""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """All revisions with when each was public, and the events of the entry."""
        entry = self.entry_of(request, whole_number(str(object_id)))
        rows = Revision.objects.filter(entry=entry).select_related("author").defer("body")
        page = Paginator(rows.order_by("-number"), PAGE_SIZE).get_page(request.GET.get("p"))
        listed = list(page.object_list)
        spans: dict[int, list[Publication]] = defaultdict(list)
        found = Publication.objects.filter(entry=entry, revision__in=listed)
        for span in found.order_by("live_from"):
            spans[span.revision_id].append(span)
        moment = now()
        newest = entry.newest
        return self.entry_page(
            request,
            "history.html",
            f"History of “{newest.title if newest else entry.slug}”",
            entry,
            page=page,
            rows=[(row, _states(spans[row.pk], moment)) for row in listed],
            events=entry.events.select_related("actor")[:PAGE_SIZE],
        )

    def compare_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Two revisions, named by `?from=` and `?to=`: all fields, compared by words."""
        entry = self.entry_of(request, pk)
        chosen = [self.revision_of(entry, request.GET.get(name)) for name in ("from", "to")]
        before, after = sorted(chosen, key=lambda revision: revision.number)
        return self.entry_page(
            request,
            "compare.html",
            f"“{after.title}”: revision {before.number} and revision {after.number}",
            entry,
            before=before,
            after=after,
            changes=field_changes(Text.of(before), Text.of(after)),
        )

    def preview_view(self, request: HttpRequest, pk: int, revision: UUID) -> HttpResponse:
        """Any revision in the public design, for people who are signed in. Never cached."""
        entry = self.entry_of(request, pk)
        shown = self.revision_of(entry, revision)
        context = {
            "reading": read_revision(shown),
            "title": shown.title,
            "entry": entry,
            "revision": shown,
            "back": entry_url(entry),
        }
        response = render(request, "preview.html", context)
        response["Cache-Control"] = "no-store, private"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    @csrf_protect_m
    def restore_view(self, request: HttpRequest, pk: int, revision: UUID) -> HttpResponse:
        """Makes a draft with the text of an older revision, once the page was confirmed."""
        entry = self.entry_of(request, pk, change=True)
        old = self.revision_of(entry, revision)
        if old.withheld_at:
            address = entry_url(entry, "history")
            return self.go_to(request, address, str(Withheld(old)), messages.ERROR)
        meeting = None
        with locked_if_posted(request, old):
            before = entry.newest
            facts = {"Newest text": EntryStatus(entry).facts()["Newest text"]}
            if request.method == "POST":
                meeting = decided_on(facts, request.POST, f"this {self.kind}")
                if not meeting:
                    made = publishing.restore(old, by=person_of(request))
                    sentence = _restored(made, old, changed=made.uuid != before.uuid)
                    return self.go_to(request, entry_url(entry), sentence, messages.SUCCESS)
        return self.entry_page(
            request,
            "restore.html",
            f"Restore revision {old.number} of “{before.title}”?",
            entry,
            old=old,
            sealed=seal(facts),
            meeting=meeting,
            changes=field_changes(Text.of(before), Text.of(old)),
        )


def _restored(made: Revision, old: Revision, *, changed: bool) -> str:
    if not changed:
        return f"The newest draft already has the text of revision {old.number}."
    return (
        f"Revision {made.number} is a draft with the text of revision {old.number}. "
        "The public page has not changed."
    )


def _states(spans: list[Publication], moment: datetime) -> list[tuple[str, Publication | None]]:
    """The publications of a revision, each with its state at this moment."""
    if not spans:
        return [("Never public", None)]
    return [(_state(span, moment), span) for span in spans]


def _state(row: Publication, moment: datetime) -> str:
    if not row.span.has_begun(moment):
        return "Scheduled"
    return "Live" if row.is_live(moment) else "Was public"
