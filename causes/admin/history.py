"""The history of an entry: every revision, compared, previewed, restored."""

from contextlib import nullcontext
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin.options import csrf_protect_m
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.response import TemplateResponse
from django.urls import reverse

from causes import database, publishing
from causes.admin.comparison import field_changes
from causes.admin.shown import decided_on, seal
from causes.admin.verbs.page import Desk
from causes.clock import now
from causes.models import Entry, Publication, Revision
from causes.publishing import Text, Withheld
from causes.reading import read_revision
from causes.text.numbers import whole_number

PAGE_SIZE = 50


class HistoryViews:
    """Mixed into the ModelAdmin of an entry, whose methods it calls."""

    kind: str
    admin_site: Any
    opts: Any
    model: Any
    has_view_permission: Any
    has_change_permission: Any
    desk_context: Any
    message_user: Any

    def _entry(self, request: HttpRequest, pk: Any, *, change: bool = False) -> Any:
        entry = get_object_or_404(self.model, pk=pk)
        allowed = self.has_change_permission if change else self.has_view_permission
        if not allowed(request, entry):
            raise PermissionDenied
        return entry

    def desk_url(self, name: str, *args: Any) -> str:
        return reverse(f"admin:causes_{self.opts.model_name}_{name}", args=args)

    def preview_url(self, entry: Entry, revision: Revision) -> str:
        return self.desk_url("preview", entry.pk, revision.uuid)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        entry = self._entry(request, whole_number(str(object_id)))
        rows = Revision.objects.filter(entry=entry).select_related("author").defer("body")
        page = Paginator(rows.order_by("-number"), PAGE_SIZE).get_page(request.GET.get("p"))
        shown = list(page.object_list)
        spans = Publication.objects.filter(entry=entry, revision__in=shown).order_by("live_from")
        by_revision: dict[int, list[Publication]] = {}
        for span in spans:
            by_revision.setdefault(span.revision_id, []).append(span)
        moment = now()
        context = self.desk_context(request, entry)
        context |= {
            "title": f"History of “{context['original']}”",
            "page": page,
            "rows": [(row, _states(row, by_revision.get(row.pk, []), moment)) for row in shown],
            "events": entry.events.select_related("actor")[:PAGE_SIZE],
        }
        return TemplateResponse(request, "admin/causes/entry/history.html", context)

    def compare_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Two revisions, named by `?from=` and `?to=`; by words, and every field."""
        entry = self._entry(request, pk)
        before, after = (
            self._revision(entry, request.GET.get(name, "")) for name in ("from", "to")
        )
        if before.number > after.number:
            before, after = after, before
        context = self.desk_context(request, entry) | {
            "title": f"“{after.title}”: revision {before.number} and revision {after.number}",
            "before": before,
            "after": after,
            "changes": field_changes(Text.of(before), Text.of(after)),
        }
        return TemplateResponse(request, "admin/causes/entry/compare.html", context)

    def _revision(self, entry: Entry, wanted: str | UUID) -> Revision:
        try:
            uuid = UUID(str(wanted))
        except ValueError as error:
            raise Http404("Choose two revisions in the history.") from error
        rows = Revision.objects.select_related("entry", "author")
        return get_object_or_404(rows, entry=entry, uuid=uuid)

    def preview_view(self, request: HttpRequest, pk: int, revision: UUID) -> HttpResponse:
        """Any revision in the public design. For signed-in editors, and never cacheable."""
        entry = self._entry(request, pk)
        shown = self._revision(entry, revision)
        reading = read_revision(shown)
        context = {"reading": reading, "title": shown.title, "entry": entry, "revision": shown}
        context["back"] = self.desk_url("change", entry.pk)
        response = render(request, "preview.html", context)
        response["Cache-Control"] = "no-store, private"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    @csrf_protect_m
    def restore_view(self, request: HttpRequest, pk: int, revision: UUID) -> HttpResponse:
        entry = self._entry(request, pk, change=True)
        old = self._revision(entry, revision)
        if old.withheld_at:
            self.message_user(request, str(Withheld(old)), messages.ERROR)
            return HttpResponseRedirect(self.desk_url("history", entry.pk))
        posted = request.method == "POST"
        with database.writing() if posted else nullcontext():
            facts = {"Newest text": Desk(entry).facts()["Newest text"]}
            meeting = decided_on(facts, request.POST, f"this {self.kind}") if posted else None
            before = entry.newest
            made = publishing.restore(old, by=request.user) if posted and not meeting else None
        if made is not None:
            if made.uuid == before.uuid:
                sentence = f"The newest draft has the text of revision {old.number} already."
                self.message_user(request, sentence, messages.INFO)
            else:
                self.message_user(
                    request,
                    f"Revision {made.number} is a draft with the text of revision {old.number}. "
                    "The public page has not changed.",
                    messages.SUCCESS,
                )
            return HttpResponseRedirect(self.desk_url("change", entry.pk))
        context = self.desk_context(request, entry) | {
            "title": f"Restore revision {old.number} of “{entry.newest.title}”?",
            "old": old,
            "sealed": seal(facts),
            "meeting": meeting,
            "changes": field_changes(Text.of(entry.newest), Text.of(old)),
        }
        return TemplateResponse(request, "admin/causes/entry/restore.html", context)


def _states(revision: Revision, spans: list[Publication], moment: Any) -> list[tuple[str, Any]]:
    """Where a revision stands: each span laid on it, or that none was."""
    if not spans:
        return [("Never public", None)]
    states = []
    for row in spans:
        if not row.span.has_begun(moment):
            states.append(("Scheduled", row))
        else:
            states.append(("Live" if row.is_live(moment) else "Was public", row))
    return states
