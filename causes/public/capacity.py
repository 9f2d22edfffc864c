"""How many threads of a worker slow work may hold, so that some are always left for the rest.

A request holds a thread while its body arrives, while it waits for a lock, and while its answer
is written in pieces. Each kind of such work has slots of its own (SLOTS in the settings). If all
are taken, the answer is a 503 with a sentence, at once and without reading the body: a request
that waited would hold a thread, too. Static files need no slot, as nothing in them waits.
"""

import io
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from causes.public.errors import busy

REFUSED = "causes.refused"
"""The key of environ that asks Django for the page of a refusal; no header has such a name."""

KEPT_REFUSALS = 64
"""Pages of refusals that are kept. They differ by host, which a visitor may partly invent."""

HEALTH_AGE = 5.0
"""Seconds for which a health answer may stand for another one that is still being worked out."""


class Answer(NamedTuple):
    """A whole answer, as WSGI passes it."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


class Capacity:
    """A WSGI application around Django's own; each process has one."""

    def __init__(self, django: Any) -> None:
        self.django = django
        self._free = {
            kind: threading.BoundedSemaphore(slots) for kind, slots in settings.SLOTS.items()
        }
        self._desk, self._login = reverse("admin:index"), reverse("admin:login")
        self._health = reverse("healthz")
        self._healthy: tuple[float, Answer] | None = None
        self._refusals: dict[tuple[Any, ...], Answer] = {}
        self._scheme, self._secure = settings.SECURE_PROXY_SSL_HEADER or (
            "wsgi.url_scheme",
            "https",
        )

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        kind = self._kind(environ)
        if kind is None:
            return _whole(self.django(environ, start_response))
        free = self._free[kind]
        if not free.acquire(blocking=False):
            return self.refuse(kind, environ, start_response)
        if kind == "health":
            return self._report(environ, start_response, free)
        try:
            response = self.django(environ, start_response)
            if getattr(response, "streaming", True):
                return Held(response, free.release)
            whole = _whole(response)
        except BaseException:
            free.release()
            raise
        free.release()
        return whole

    @contextmanager
    def slot(self, kind: str) -> Iterator[bool]:
        """Takes a slot if one is free; yields whether there was one."""
        free = self._free[kind]
        taken = free.acquire(blocking=False)
        try:
            yield taken
        finally:
            if taken:
                free.release()

    def refuse(self, kind: str, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answers a request for which no slot is free."""
        if kind == "health" and self._healthy and time.monotonic() < self._healthy[0]:
            return _give(self._healthy[1], environ, start_response)
        reading = environ["REQUEST_METHOD"] == "GET"
        secure = environ.get(self._scheme) == self._secure
        mount = environ.get("SCRIPT_NAME")
        key = kind, reading, environ.get("HTTP_HOST"), secure, mount
        answer = self._refusals.get(key)
        if answer is None:
            # Django makes the page, so that it has the headers of all other pages.
            answer = self._ask({**environ, REFUSED: kind, "wsgi.input": io.BytesIO()})
            if answer.status.startswith("503") and len(self._refusals) < KEPT_REFUSALS:
                self._refusals[key] = answer
        return _give(answer, environ, start_response)

    def _kind(self, environ: dict[str, Any]) -> str | None:
        """The kind of work that a request needs; None if it cannot be slow."""
        path = environ["PATH_INFO"]
        has_body = environ.get("CONTENT_LENGTH", "") not in ("", "0")
        if has_body or "HTTP_TRANSFER_ENCODING" in environ:
            return "sign-in" if path == self._login else "forms"
        if path.startswith(settings.STATIC_URL):
            return None
        if path == self._health:
            return "health"
        return "desk" if path.startswith(self._desk) else "pages"

    def _report(
        self, environ: dict[str, Any], start_response: Any, free: threading.BoundedSemaphore
    ) -> Iterable[bytes]:
        """Answers the health check, and keeps the answer for those who ask at the same time."""
        try:
            answer = self._ask(environ)
            self._healthy = time.monotonic() + HEALTH_AGE, answer
        finally:
            free.release()
        return _give(answer, environ, start_response)

    def _ask(self, environ: dict[str, Any]) -> Answer:
        started: list[Any] = []
        (body,) = _whole(
            self.django(environ, lambda status, headers, *_: started.extend((status, headers)))
        )
        status, headers = started
        return Answer(status, headers, body)


class Held:
    """An answer in pieces, which keeps its slot until the server closes it."""

    def __init__(self, response: Any, release: Callable[[], object]) -> None:
        self._response = response
        self._release = release

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._response)

    def close(self) -> None:
        """Ends Django's request and frees the slot; further calls do nothing."""
        response, self._response = self._response, None
        if response is not None:
            try:
                response.close()
            finally:
                self._release()


class RefusalMiddleware:
    """Makes the page of a refusal. It comes before everything that reads rows or a body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        kind = request.META.get(REFUSED)
        return self.get_response(request) if kind is None else busy(request, kind)


def _whole(response: Any) -> list[bytes]:
    """The answer as one piece in a list, which granian sends without holding a thread."""
    try:
        return [b"".join(response)]
    finally:
        if hasattr(response, "close"):
            response.close()


def _give(answer: Answer, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response(answer.status, answer.headers[:])
    return [b"" if environ["REQUEST_METHOD"] == "HEAD" else answer.body]
