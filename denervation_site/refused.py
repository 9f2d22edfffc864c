"""If the desk cannot carry out a request, the answer is a page with the reason.

Most pages show the reason themselves, beside the field that is wrong. This middleware handles
the rest: values in an address that Django's own pages pass to the database unchecked, and
verbs that refuse after the form was checked.
"""

from collections.abc import Callable
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import TO_FIELD_VAR
from django.db import DataError
from django.http import HttpRequest, HttpResponse

from causes.models.guards import Refused
from causes.public.errors import refused, unreadable
from causes.publishing import NotPermitted, Refusal
from causes.text.numbers import whole_number


class RefusedMiddleware:
    """Checks requests to the desk, and answers exceptions that have a reason for the reader."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        if match is not None and "admin" in match.app_names:
            for name, values in request.GET.lists():
                if "\x00" in "".join([name, *values]):  # PostgreSQL rejects this character
                    return unreadable(request, name)
            chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
            if any(whole_number(pk) is None for pk in chosen):
                return unreadable(request, ACTION_CHECKBOX_NAME)
            if "" in (request.GET.get(TO_FIELD_VAR), request.POST.get(TO_FIELD_VAR)):
                return unreadable(request, TO_FIELD_VAR)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, OverflowError | DataError):
            # A number that is too large for any column of SQLite or PostgreSQL.
            return unreadable(request)
        if isinstance(error, Refusal | Refused) and not isinstance(error, NotPermitted):
            return refused(request, str(error))
        return None
