"""The desk's own admin site: its front page says what needs doing.

Not in causes/admin/: to be made, the site must be importable before that package
has registered anything with it.
"""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest


class DeskSite(AdminSite):
    site_header = "Causes of Denervation: the editors' desk"
    site_title = "Editors' desk"
    index_title = "What needs doing"
    index_template = "admin/desk.html"

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        from causes.worklist import sections

        user: Any = request.user
        may_look = user.has_perm("causes.view_cause") or user.has_perm("causes.view_page")
        context = {"sections": sections(user) if may_look else []}
        return super().index(request, {**context, **(extra_context or {})})
