"""Sources at the desk."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from causes.models import Citation, Source


class CheckedFilter(admin.SimpleListFilter):
    title = "checked"
    parameter_name = "checked"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "not yet checked"), ("yes", "checked"), ("withdrawn", "withdrawn")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "withdrawn":
            return queryset.exclude(withdrawn_on=None)
        if self.value() in ("no", "yes"):
            return queryset.filter(checked_on__isnull=self.value() == "no")
        return queryset


@admin.register(Source)
class SourceAdmin(admin.ModelAdmin):
    list_display = ("key", "kind", "authors", "title", "year", "checked_on", "withdrawn_on")
    list_filter = ("kind", CheckedFilter)
    search_fields = ("key", "authors", "title", "published_in", "doi")
    ordering = ("key",)
    actions = None
    fieldsets = (
        (None, {"fields": ("key", "kind", "authors", "title", "published_in", "year")}),
        ("Where to read it", {"fields": ("doi", "pmid", "pmcid", "url")}),
        ("Can it be relied on?", {"fields": ("checked_on", "withdrawn_on", "withdrawn_reason")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("key",) if obj and _cited(obj) else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What a text cites, even an old one, is withdrawn and not deleted."""
        return super().has_delete_permission(request, obj) and (obj is None or not _cited(obj))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if "checked_on" in form.changed_data:
            obj.checked_by = request.user if obj.checked_on else None
        super().save_model(request, obj, form, change)


def _cited(source: Source) -> bool:
    return Citation.objects.filter(source_key=source.key).exists()
