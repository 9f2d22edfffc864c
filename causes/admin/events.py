"""The event log at the desk: to be read, by everybody who may edit."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from causes.models import Event


@admin.register(Event)
class EventAdmin(admin.ModelAdmin):
    list_display = ("at", "actor", "verb", "subject", "reason")
    list_filter = ("verb", "actor")
    search_fields = ("subject", "reason")
    date_hierarchy = "at"
    list_select_related = ("actor",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
