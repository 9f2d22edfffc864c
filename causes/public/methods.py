"""Which methods an address answers. Others are refused before anything else looks at them."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from causes.public.cacheable import READING
from causes.public.errors import method_not_allowed
from causes.public.headers import at_the_desk


class MethodsMiddleware:
    """Answers OPTIONS, and refuses what an address does not take.

    The desk takes POST as well. All other addresses are only read, even those without a page.
    It comes before the CSRF check, which would refuse a POST with a sentence about cookies.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in READING:
            return self.get_response(request)
        desk = at_the_desk(request)
        if desk and request.method == "POST":
            return self.get_response(request)
        if request.method == "OPTIONS":
            response = HttpResponse(headers={"Content-Length": "0"})
        else:
            response = method_not_allowed(request, at_the_desk=desk)
        response["Allow"] = ", ".join([*READING, *(["POST"] if desk else []), "OPTIONS"])
        return response
