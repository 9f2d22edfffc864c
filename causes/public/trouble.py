"""The answer on any page if the database or the disk is in trouble, or somebody else is writing."""

import logging
import sys
from collections.abc import Callable

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.http import HttpRequest, HttpResponse

from causes import database
from causes.database.limits import check_reachable
from causes.database.trouble import Trouble, trouble_of
from causes.public.errors import import_running, in_trouble, something_wrong

log = logging.getLogger(__name__)

HEALTH = "/healthz/"
"""The health check has answers of its own."""


class TroubleMiddleware:
    """Asks whether there is a database before anything waits for it, and explains faults of it.

    Verbs and forms at the desk explain some of them themselves, and show the typed text again.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info != HEALTH:
            try:
                check_reachable(connections[DEFAULT_DB_ALIAS])
            except Error as error:
                if (answer := answer_to(request, error)) is not None:
                    return answer
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answers 503 with the reason, if the error is such a fault."""
        return answer_to(request, error)


def answer_to(request: HttpRequest, error: BaseException) -> HttpResponse | None:
    """The page about a fault of the database or the disk; None if the error is another one."""
    trouble = trouble_of(error)
    if trouble is None or (settings.DEBUG and trouble is Trouble.UNREACHABLE):
        return None  # a developer wants to see how it came to that
    if trouble is Trouble.LOCKED and (
        isinstance(error, database.ImportRunning) or _import_running()
    ):
        return import_running(request)
    if trouble is not Trouble.UNREACHABLE:  # which the page cache logs once a second
        log.warning("%s %s: %s", request.method, request.path, error)
    return in_trouble(request, trouble)


def _import_running() -> bool:
    try:
        return database.import_running()
    except Error:  # on PostgreSQL, inside a transaction that the error has broken
        return False


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 for a fault outside all views, such as a session that cannot be written.

    It is Django's `handler500`.
    """
    error = sys.exc_info()[1]
    answer = answer_to(request, error) if error is not None else None
    return answer or something_wrong(request)
