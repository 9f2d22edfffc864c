"""The health check for load balancers and administrators."""

import logging
from collections.abc import Callable

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from causes import database
from causes.database import faults
from causes.database.limits import check_reachable
from causes.database.trouble import Trouble, trouble_of
from causes.public.cacheable import READING

log = logging.getLogger(__name__)


class HealthMiddleware:
    """Answers the health check before the host is checked.

    A load balancer asks by the address of the machine, which ALLOWED_HOSTS does not name. The
    answer does not depend on the host.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in READING and request.path == reverse("healthz"):
            return healthz(request)
        return self.get_response(request)


def healthz(request: HttpRequest) -> HttpResponse:
    """200 if the database answers, all migrations are applied, and no trigger or table is missing.

    503 otherwise, with one line about the reason.
    """
    try:
        check_reachable(connection)
        executor = MigrationExecutor(connection)
        newer = faults.unknown(executor.loader.applied_migrations, executor.loader)
        ahead = executor.migration_plan(executor.loader.graph.leaf_nodes())
        absent = database.missing()
    except Error as error:
        log.exception("healthz: %s", faults.sentence(error, connection))
        return _answer(503, (trouble_of(error) or Trouble.UNREACHABLE).health)
    if newer:
        return _answer(503, "the database is of a newer version of the site: update the site")
    if ahead:
        several = "1 migration is" if len(ahead) == 1 else f"{len(ahead)} migrations are"
        return _answer(503, f"{several} not applied: run manage.py migrate")
    if absent == ["the token of causes_generation"]:
        return _answer(503, "a migration is running, or it failed: run manage.py migrate")
    if absent:
        log.error("healthz: missing in the database: %s", ", ".join(absent))
        return _answer(503, f"{len(absent)} triggers or indexes are missing: run manage.py migrate")
    return _answer(200, "ok")


def _answer(status: int, sentence: str) -> HttpResponse:
    response = HttpResponse(f"{sentence}\n", status=status, content_type="text/plain")
    response["Cache-Control"] = "no-store"
    if status == 503:
        response["Retry-After"] = "5"
    return response
