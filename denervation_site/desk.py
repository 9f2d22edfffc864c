"""The desk's own admin site: its front page lists the work to be done.

It is not in causes/admin/ because Django imports the site before that package, which
registers its models with it.
"""

import re
from functools import update_wrapper
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.contenttypes.views import shortcut
from django.http import Http404, HttpRequest
from django.shortcuts import resolve_url
from django.urls import path, reverse

_COPY = re.compile(r"[0-9a-f]{1,40}")


class DeskSite(AdminSite):
    """The admin site for editors."""

    site_header = "Causes of Denervation: the editors' desk"
    site_title = "Editors' desk"
    index_title = "To do"
    index_template = "admin/desk.html"

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        # It deletes rows that nobody has looked at one by one.
        self.disable_action("delete_selected")

    def get_urls(self) -> list[Any]:
        """Django's own addresses, with "View on site" only for people who may see the row."""
        name = "view_on_site"
        others = [found for found in super().get_urls() if getattr(found, "name", "") != name]
        where = "r/<int:content_type_id>/<path:object_id>/"
        return [path(where, self.admin_view(self._on_site), name=name), *others]

    def _on_site(self, request: HttpRequest, content_type_id: int, object_id: str) -> Any:
        """Redirects to the public address of a row, which tells its slug."""
        from django.contrib.contenttypes.models import ContentType

        kind = ContentType.objects.filter(pk=content_type_id).first()
        model = kind and kind.model_class()
        try:
            may_see = model and self.get_model_admin(model).has_view_permission(request)
        except NotRegistered:
            may_see = False
        if not may_see:
            raise Http404
        return shortcut(request, content_type_id, object_id)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        from causes.worklist import sections

        user: Any = request.user
        may_look = user.has_perm("causes.view_cause") or user.has_perm("causes.view_page")
        context = {"sections": sections(user) if may_look else []}
        return super().index(request, {**context, **(extra_context or {})})

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Django's own wrapper, which also sets a cookie if a form was saved.

        static/desk/copies.js keeps a copy of the typed text and sends its number with the form.
        The cookie returns that number, and the browser drops the copy.
        """
        inner = super().admin_view(view, cacheable)

        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            response = inner(request, *args, **kwargs)
            number = request.POST.get("copy", "") if request.method == "POST" else ""
            if _COPY.fullmatch(number) and _saved(self, response):
                root = reverse(f"{self.name}:index")
                response.set_cookie(
                    "desk-saved", number, path=root, samesite="Strict", secure=request.is_secure()
                )
            return response

        return update_wrapper(answer, view)


def _saved(site: AdminSite, response: Any) -> bool:
    """Whether a form was saved: it then redirects, though not to sign in, or closes its window."""
    if response.status_code == 302:
        login = resolve_url(reverse(f"{site.name}:login"))
        return not response["Location"].startswith(login)
    return "admin/popup_response.html" in (getattr(response, "template_name", None) or ())
