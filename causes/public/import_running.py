"""The answer to anybody who writes while an import is running, on any page."""

from collections.abc import Callable

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse

from causes import database
from causes.public.errors import import_running


class ImportRunningMiddleware:
    """For writes that no verb makes, such as a login on SQLite; verbs say it themselves."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answers 503 if an import holds the database."""
        locked = isinstance(error, OperationalError) and database.import_running()
        if locked or isinstance(error, database.ImportRunning):
            return import_running(request)
        return None
