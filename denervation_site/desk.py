"""The desk's own admin site: its front page lists the work to be done.

It is not in causes/admin/ because Django imports the site before that package, which
registers its models with it.
"""

import re
from functools import update_wrapper
from typing import Any

from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
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

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        from causes.worklist import sections

        user: Any = request.user
        may_look = user.has_perm("causes.view_cause") or user.has_perm("causes.view_page")
        context = {"sections": sections(user) if may_look else []}
        return super().index(request, {**context, **(extra_context or {})})

    def get_urls(self) -> list[Any]:
        """Django's addresses, those about one's own account, and a safe way to public pages."""
        from causes.admin import second_factor, signing_in

        own = {
            "account/": second_factor.account,
            "account/second-factor/": second_factor.second_factor,
            "account/recovery-codes/": second_factor.recovery_codes,
            "account/remove-second-factor/": second_factor.remove_second_factor,
            "account/sign-out-everywhere/": second_factor.sign_out_everywhere,
            "r/<path:content_type_id>/<path:object_id>/": self.view_on_site,
        }
        theirs = super().get_urls()
        return [
            path("login/code/", signing_in.SignInCode.as_view(), name="login_code"),
            *(path(at, self.admin_view(view), name=view.__name__) for at, view in own.items()),
            *(entry for entry in theirs if getattr(entry, "name", "") != "view_on_site"),
        ]

    def view_on_site(
        self, request: HttpRequest, content_type_id: str, object_id: str
    ) -> HttpResponse:
        """Django's redirect from a row to its page, for people who may see the row here.

        Django's own tells the slug of any draft to everybody at the desk.
        """
        from django.contrib.contenttypes.models import ContentType
        from django.contrib.contenttypes.views import shortcut

        from causes.text.numbers import whole_number

        number = whole_number(content_type_id)
        kind = ContentType.objects.filter(pk=number).first() if number else None
        model: Any = kind and kind.model_class()
        if model is None or not self.is_registered(model):
            raise Http404
        desk = self.get_model_admin(model)
        row = desk.get_object(request, object_id)
        if row is None or not desk.has_view_permission(request, row):
            raise Http404
        return shortcut(request, content_type_id, object_id)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The page that asks for the password; causes/admin/signing_in.py has both steps."""
        from causes.admin.signing_in import SignIn

        if request.method == "GET" and self.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        return SignIn.as_view()(request)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Django's own wrapper, which also turns people away, and sets a cookie after a save.

        static/desk/copies.js keeps a copy of the typed text and sends its number with the form.
        The cookie returns that number, and the browser drops the copy.
        """
        inner = super().admin_view(view, cacheable)

        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            from causes.admin.second_factor import turned_away

            match = request.resolver_match
            elsewhere = turned_away(request, match.url_name if match else None)
            response = elsewhere or inner(request, *args, **kwargs)
            number = request.POST.get("copy", "") if request.method == "POST" else ""
            if elsewhere is None and _COPY.fullmatch(number) and _saved(self, response):
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
