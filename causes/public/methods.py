"""Public pages are read-only: other methods are refused first of all."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from causes.public.errors import method_not_allowed

READING = ("GET", "HEAD")
ALLOW = "GET, HEAD, OPTIONS"


class ReadOnlyMiddleware:
    """Answers OPTIONS, and refuses methods that write, at every address outside the desk.

    It comes before the CSRF check, which would refuse a POST with a sentence about cookies.
    Addresses without a page are answered in the same way.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in READING or _at_the_desk(request):
            return self.get_response(request)
        if request.method == "OPTIONS":
            response = HttpResponse(headers={"Content-Length": "0"})
        else:
            response = method_not_allowed(request)
        response["Allow"] = ALLOW
        return response


def _at_the_desk(request: HttpRequest) -> bool:
    try:
        # The desk may be hidden from this visitor: see denervation_site/fence.py.
        found = resolve(request.path_info, getattr(request, "urlconf", None))
        return "admin" in found.app_names
    except Resolver404:
        return False
