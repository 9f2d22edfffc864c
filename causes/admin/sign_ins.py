"""Sign-ins, failed ones and others, as django-axes records them."""

from typing import Any

from axes.models import AccessFailureLog, AccessLog
from django.contrib import admin
from django.http import HttpRequest

from causes.admin.base import DeskAdmin
from causes.admin.throttle import is_account


class _SignIns(DeskAdmin):
    """A list that superusers read, and that nobody changes."""

    list_display: tuple[str, ...] = ("attempt_time", "who", "ip_address", "user_agent")
    date_hierarchy = "attempt_time"
    search_fields = ("username__holds", "ip_address")
    search_help_text = "Searches the user name and the address."
    show_full_result_count = False

    @admin.display(description="who", ordering="username")
    def who(self, row: Any) -> str:
        return row.username if is_account(row.username or "") else "– (no such account)"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.list_display

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AccessFailureLog)
class FailedSignInAdmin(_SignIns):
    """Failed attempts to sign in."""

    list_display = ("attempt_time", "who", "ip_address", "closed", "user_agent")
    list_filter = ("locked_out",)

    @admin.display(description="closed for a quarter of an hour", boolean=True)
    def closed(self, row: AccessFailureLog) -> bool:
        return row.locked_out


@admin.register(AccessLog)
class SignInAdmin(_SignIns):
    """Successful attempts."""

    list_display = ("attempt_time", "who", "ip_address", "logout_time", "user_agent")
