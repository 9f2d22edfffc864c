"""The page cache: answers above Django's handler, and never with an old page.

A page is kept with the epoch that was told before it was made, and is an answer
while the watch tells that same epoch. docs/architecture.md says why that is enough.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import Error

from causes.database.files import follow
from causes.database.watch import Epoch, Watch
from causes.public.cacheable import Declared, declared
from causes.public.handler import MATCH
from causes.public.page_cache.page import Page, best_encoding, matches
from causes.public.page_cache.store import Store

PATIENCE = 0.1
"""Seconds that a page waits for its turn to be made, so that a slow one holds up no other."""

FINISHED = ("200 ", "301 ", "410 ")
"""What is kept. Not 404: there is no end of addresses that lead nowhere."""


class PageCache:
    """A WSGI application around Django's own; one for a process."""

    def __init__(self, inner: Any, *, public: Any = None, room: int | None = None) -> None:
        """`public` is asked for pages of which the view was found, `inner` for all else.

        `room` is in bytes; PAGE_CACHE_MB says it otherwise. With 0 nothing is kept.
        """
        self._inner = inner
        self._public = public or inner
        self.watch = Watch()
        self._making = threading.Lock()
        self.store = Store(settings.PAGE_CACHE_MB * 1024 * 1024 if room is None else room)
        scheme = settings.SECURE_PROXY_SSL_HEADER or ("wsgi.url_scheme", "https")
        self._scheme, self._secure = scheme
        self._elsewhere = ("/admin/", settings.STATIC_URL)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        host = environ.get("HTTP_HOST")
        if (method != "GET" and method != "HEAD") or not host or path.startswith(self._elsewhere):
            return self._pass_on(environ, start_response)
        # Before anything else is read, so that a commit from here on shows.
        epoch = self.watch.epoch()
        query = environ.get("QUERY_STRING", "")
        # Django has checked the host of every page that is kept.
        key = (
            path,
            query,
            host,
            environ.get(self._scheme) == self._secure,
            environ.get("SCRIPT_NAME"),
        )
        page = self.store.get(key)
        if page is None or page.epoch is not epoch or epoch is None:
            said = declared(_as_text(path), query)
            # On the way to https nothing is left out of an address.
            if said is None or (settings.SECURE_SSL_REDIRECT and not key[3]):
                return self._pass_on(environ, start_response)
            if said.query != query:
                key = (path, said.query, *key[2:])
                page = self.store.get(key)
            if page is None or epoch is None or not self._still_holds(page, epoch):
                with self._turn() as waited:
                    if waited:
                        epoch, page = self.watch.epoch(), self.store.get(key)
                    if not waited or page is None or page.epoch is not epoch or epoch is None:
                        return self._make(environ, start_response, key, epoch, said)
        page.asked_again = True
        return self._answer(environ, start_response, key, page)

    def _still_holds(self, page: Page, epoch: Epoch) -> bool:
        """Whether a page of another epoch is as good in this one: it rests on the same rows."""
        if page.epoch is epoch:
            return True
        if page.basis is None or page.rests_on is None:
            return False
        try:
            follow()  # what a request of Django's does at its start, and this is none
            same = page.basis() == page.rests_on
        except Error:
            return False
        # What the rows were read after: a commit since then has begun another epoch.
        if same:
            page.epoch = epoch
        return bool(same)

    @contextmanager
    def _turn(self) -> Iterator[bool]:
        """One page is made at a time; says whether it was waited for, in which time the
        same page may have been made.

        Threads that make pages at the same time only take the interpreter from one another.
        """
        waited = not self._making.acquire(blocking=False)
        has_turn = not waited or self._making.acquire(timeout=PATIENCE)
        try:
            yield waited
        finally:
            if has_turn:
                self._making.release()

    def _pass_on(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return self._inner(environ, start_response)

    def _make(
        self,
        environ: dict[str, Any],
        start_response: Any,
        key: Any,
        epoch: Epoch | None,
        said: Declared,
    ) -> Iterable[bytes]:
        """Lets Django make the page, keeps it if it still holds, and answers with it."""
        told: list[Any] = []
        # Without what the view has not declared: the answer cannot depend on it.
        asked = {
            **environ,
            "REQUEST_METHOD": "GET",
            "QUERY_STRING": said.query,
            MATCH: said.match,
        }
        response = self._public(asked, lambda status, headers, *_: told.extend((status, headers)))
        try:
            body = b"".join(response)
        finally:
            response.close()  # ends Django's request
        status, headers = told
        known = {name.lower(): value.lower() for name, value in headers}
        if "cache-control" not in known:
            headers.append(("Cache-Control", settings.PAGE_CACHE_CONTROL))
        personal = "set-cookie" in known or "cookie" in known.get("vary", "")
        if personal or not status.startswith(FINISHED):
            start_response(status, headers)
            return [body if environ["REQUEST_METHOD"] == "GET" else b""]
        page = Page(epoch, status, headers, body)
        page.rest_on(said.basis, getattr(response, "rests_on", None))
        # Again after it: a page made across a commit is for its one reader.
        if epoch is not None and self.watch.epoch() is epoch:
            self.store.put(key, page)
        return self._answer(environ, start_response, key, page)

    def _answer(
        self, environ: dict[str, Any], start_response: Any, key: Any, page: Page
    ) -> Iterable[bytes]:
        encoding = best_encoding(environ.get("HTTP_ACCEPT_ENCODING", ""))
        variant = page.variants.get(encoding)
        if variant is None:
            variant = page.encoded(encoding)
            self.store.grew(key, page)
        asked = environ.get("HTTP_IF_NONE_MATCH")
        if asked is not None and matches(asked, variant.etag) and page.status.startswith("200"):
            start_response("304 Not Modified", variant.short_headers[:])
            return [b""]
        # A copy, since a server may add its own to the list.
        start_response(page.status, variant.headers[:])
        return [variant.body if environ["REQUEST_METHOD"] == "GET" else b""]


def _as_text(path: str) -> str:
    """The path as Django reads it: WSGI hands over UTF-8 as if it were Latin-1 (PEP 3333)."""
    return path if path.isascii() else path.encode("latin-1").decode(errors="replace")
