"""Who writes while an import has the turn is told so, whatever page it was."""

from collections.abc import Callable

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse

from causes import database
from causes.public.errors import import_running


class BusyMiddleware:
    """Verbs say it by themselves; this is for the rest, such as a login on SQLite."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        locked = isinstance(error, OperationalError) and database.import_running()
        if locked or isinstance(error, database.ImportRunning):
            return import_running(request)
        return None
