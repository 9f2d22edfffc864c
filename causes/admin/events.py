"""The event log at the desk: read, filtered, exported, and changed by nobody."""

import csv
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from causes.models import Event

COLUMNS = ("when", "who", "what", "subject", "from state", "revision", "reason", "changes")


@admin.register(Event)
class EventAdmin(admin.ModelAdmin):
    list_display = ("at", "who", "verb", "subject", "reason", "short_changes")
    list_filter = ("verb", "actor")
    search_fields = ("subject__holds", "reason__holds", "revision_uuid")
    search_help_text = "Searches what it was done to, the reason and the UUID of the revision."
    date_hierarchy = "at"
    list_select_related = ("actor",)
    show_full_result_count = False
    fields = ("at", "who", "verb", "subject", "from_state", "reason", "revision", "changes_shown")
    readonly_fields = fields
    change_list_template = "admin/causes/event/change_list.html"

    @admin.display(description="who", ordering="actor__username")
    def who(self, event: Event) -> str:
        return event.actor.get_username() if event.actor else "the command line"

    @admin.display(description="changes")
    def short_changes(self, event: Event) -> str:
        text = "; ".join(_sentence(*change) for change in event.changes)
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

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/", view, name="causes_event_export"), *super().get_urls()]

    def export_view(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """The log as CSV, as the list is filtered and searched at this moment."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.get_changelist_instance(request).get_queryset(request)
        lines = _lines(rows.select_related("actor").iterator(chunk_size=1000))
        response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="event-log.csv"'
        response["Cache-Control"] = "no-store, private"
        return response


class _Line:
    """What csv writes to: it hands each line back."""

    def write(self, line: str) -> str:
        return line


def _lines(events: Iterator[Event]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield "\ufeff"  # spreadsheets take UTF-8 for something else without it
    yield writer.writerow(COLUMNS)  # type: ignore[func-returns-value, misc]
    for event in events:
        cells = (
            timezone.localtime(event.at).isoformat(timespec="milliseconds"),
            event.actor.get_username() if event.actor else "",
            event.get_verb_display(),
            event.subject,
            event.from_state,
            str(event.revision_uuid or ""),
            event.reason,
            "; ".join(_sentence(*change) for change in event.changes),
        )
        yield writer.writerow([harmless(cell) for cell in cells])  # type: ignore[func-returns-value, misc]


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula. Source: OWASP, CSV injection."""
    return f"'{cell}" if cell.lstrip(" ")[:1] in tuple("=+-@\t\r\n＝＋－＠") else cell


def _sentence(name: str, before: str, after: str) -> str:
    return f"{name}: {before or '–'} → {after or '–'}" if name else f"{before} → {after}"


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
