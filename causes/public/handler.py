"""Django's handler for public pages: the same answer, a shorter way to it."""

from typing import Any

from csp.constants import HEADER
from csp.utils import build_policy
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponseBase
from django.utils.module_loading import import_string

MATCH = "denervation.match"
"""Where the environ of a request holds the view that was found for it."""


class PublicHandler(WSGIHandler):
    """Answers for views that are `@cacheable`, once the page cache has found the view.

    No cookie can change such an answer, so that sessions, sign-in, messages and the
    checking of forms are left out of the way to it: `settings.NOT_FOR_PUBLIC_PAGES`.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        handler: Any = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]
        for path in reversed(settings.MIDDLEWARE):
            if path in settings.NOT_FOR_PUBLIC_PAGES:
                continue
            try:
                middleware = import_string(path)(handler)
            except MiddlewareNotUsed:
                continue
            if hasattr(middleware, "process_view"):
                self._view_middleware.insert(0, middleware.process_view)
            if hasattr(middleware, "process_template_response"):
                self._template_response_middleware.append(middleware.process_template_response)
            if hasattr(middleware, "process_exception"):
                self._exception_middleware.append(middleware.process_exception)
            handler = convert_exception_to_response(middleware)
        self._middleware_chain = handler
        # django-csp builds it anew for each answer, since a view may add to it; none of these does.
        self._policy = build_policy()

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        response = super().get_response(request)
        response.headers[HEADER] = self._policy
        return response

    def resolve_request(self, request: HttpRequest) -> Any:
        match = request.META[MATCH]
        request.resolver_match = match
        return match
