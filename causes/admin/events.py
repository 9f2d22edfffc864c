"""The event log at the desk: it can be read, filtered and exported, but never changed."""

import csv
from collections.abc import Iterator
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, PAGE_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from causes.admin.base import DeskAdmin
from causes.admin.wording import name_of
from causes.models import Event

COLUMNS = ("when", "who", "what", "subject", "from state", "revision", "reason", "changes")


@admin.register(Event)
class EventAdmin(DeskAdmin):
    """The list of events, and a page for each."""

    list_display = ("at", "who", "verb", "subject", "reason", "short_changes")
    list_filter = ("verb", "actor")
    search_fields = ("subject__holds", "reason__holds", "revision_uuid")
    search_help_text = "Searches the subject, the reason and the UUID of the revision."
    date_hierarchy = "at"
    list_select_related = ("actor",)
    show_full_result_count = False
    fields = ("at", "who", "verb", "subject", "from_state", "reason", "revision", "changes_shown")
    readonly_fields = fields
    change_list_template = "admin/causes/event/change_list.html"

    @admin.display(description="who", ordering="actor__username")
    def who(self, event: Event) -> str:
        return name_of(event.actor, "the command line")

    @admin.display(description="changes")
    def short_changes(self, event: Event) -> str:
        text = _changes(event)
        return text if len(text) <= 120 else f"{text[:119]}…"

    @admin.display(description="before and after")
    def changes_shown(self, event: Event) -> str:
        if event.changes:
            lines = format_html_join(
                "",
                "<tr><th>{}</th><td><del>{}</del></td><td><ins>{}</ins></td></tr>",
                event.changes,
            )
            return format_html("<table>{}</table>", lines)
        details = [(name, _plain(value)) for name, value in event.details.items() if value]
        return format_html_join("", "<div><strong>{}</strong>: {}</div>", details) or "–"

    @admin.display(description="revision")
    def revision(self, event: Event) -> str:
        return str(event.revision_uuid or "–")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        return [self.desk_path("export/", self.export_view, "export"), *super().get_urls()]

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """The log as CSV, filtered and searched like the list."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        query = request.GET.copy()
        for name in (PAGE_VAR, ALL_VAR, ERROR_FLAG):  # the export has all pages of the list
            query.pop(name, None)
        request.GET = query  # type: ignore[assignment]
        try:
            rows = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            sentence = (
                "The filter in this address cannot be read, so nothing was exported. "
                "Choose another filter."
            )
            return self.go_to(request, self.desk_url("changelist"), sentence, messages.ERROR)
        response = StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="event-log.csv"'
        response["Cache-Control"] = "no-store, private"
        return response


class _Line:
    """A file for csv that returns each line instead of storing it."""

    def write(self, line: str) -> str:
        return line


def _lines(events: QuerySet[Event]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield "\ufeff"  # without this, spreadsheets do not recognise UTF-8
    yield writer.writerow(COLUMNS)
    for event in events.select_related("actor").iterator(chunk_size=1000):
        cells = (
            timezone.localtime(event.at).isoformat(timespec="milliseconds"),
            name_of(event.actor, ""),
            event.get_verb_display(),
            event.subject,
            event.from_state,
            str(event.revision_uuid or ""),
            event.reason,
            _changes(event),
        )
        yield writer.writerow([harmless(cell) for cell in cells])


def harmless(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula. Source: OWASP, CSV injection."""
    return f"'{cell}" if cell.lstrip(" ")[:1] in tuple("=+-@\t\r\n＝＋－＠") else cell


def _changes(event: Event) -> str:
    """The changes of an event on one line."""
    return "; ".join(
        f"{name}: {before or '–'} → {after or '–'}" if name else f"{before} → {after}"
        for name, before, after in event.changes
    )


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
