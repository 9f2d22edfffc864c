"""The page cache: answers before Django does, and never with an outdated page.

A page is kept with the epoch in which it was made, and is served while the watch reports the same
epoch. docs/architecture.md explains why that is enough.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from django.conf import settings
from django.db import Error

from causes.database.files import follow
from causes.database.watch import Epoch, Watch
from causes.public.cacheable import CacheableView, view_at
from causes.public.capacity import Capacity
from causes.public.page_cache.page import Page, best_encoding, matches
from causes.public.page_cache.store import Store

PATIENCE = 0.1
"""Seconds that a page waits for its turn to be made, so that a slow page holds up no other."""

KEPT_STATUSES = ("200 ", "301 ", "410 ")
"""Statuses that are cached. Not 404: anybody can invent any number of such addresses."""


class Key(NamedTuple):
    """The parts of a request on which a page depends."""

    path: str
    query: str
    # Django has checked the host of every page that is kept.
    host: str
    secure: bool
    mount: str | None


class PageCache:
    """A WSGI application around Django's own; each process has one."""

    def __init__(self, django: Any, *, room: int | None = None) -> None:
        """`room` is in bytes and defaults to PAGE_CACHE_MB; with 0 nothing is kept."""
        self._capacity = Capacity(django)
        self.watch = Watch()
        self._making = threading.Lock()
        self._being_made: set[Key] = set()
        self.store = Store(settings.PAGE_CACHE_MB * 1024 * 1024 if room is None else room)
        scheme = settings.SECURE_PROXY_SSL_HEADER or ("wsgi.url_scheme", "https")
        self._scheme, self._secure = scheme
        self._never_kept = (f"/{settings.ADMIN_PATH}/", settings.STATIC_URL)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        key = self._key(environ)
        if key is None:
            return self._capacity(environ, start_response)
        # Read before anything else, so that any later commit begins another epoch.
        epoch = self.watch.epoch()
        page = self.store.get(key)
        if page is None or epoch is None or page.epoch is not epoch:
            return self._look_further(environ, start_response, key, epoch)
        if page.rests_on is None and page.basis is not None:
            self._note_rows(page, epoch)
        page.asked_again = True
        return self._answer(environ, start_response, key, page)

    def _key(self, environ: dict[str, Any]) -> Key | None:
        """The key of a request, or None if its answer is never kept."""
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        host = environ.get("HTTP_HOST")
        if (method != "GET" and method != "HEAD") or not host or path.startswith(self._never_kept):
            return None
        return Key(
            path,
            environ.get("QUERY_STRING", ""),
            host,
            environ.get(self._scheme) == self._secure,
            environ.get("SCRIPT_NAME"),
        )

    def _look_further(
        self, environ: dict[str, Any], start_response: Any, key: Key, epoch: Epoch | None
    ) -> Iterable[bytes]:
        """Answers a request whose exact key has no page of this epoch."""
        view = view_at(_as_text(key.path), key.query)
        # A redirect to https must keep the whole query.
        if view is None or (settings.SECURE_SSL_REDIRECT and not key.secure):
            return self._capacity(environ, start_response)
        key = key._replace(query=view.query)
        page = self.store.get(key)
        if page is None or epoch is None or page.epoch is not epoch:
            return self._compare_or_make(environ, start_response, key, epoch, view, page)
        page.asked_again = True
        return self._answer(environ, start_response, key, page)

    def _compare_or_make(
        self,
        environ: dict[str, Any],
        start_response: Any,
        key: Key,
        epoch: Epoch | None,
        view: CacheableView,
        page: Page | None,
    ) -> Iterable[bytes]:
        """Answers with a page that must be compared or made first.

        Making needs a slot, but comparing is short. A crowd that wants the same page waits for
        the one that makes it; only those whose patience ends need slots, too.
        """
        short = page is not None and page.basis is not None and epoch is not None
        short = short or key in self._being_made
        with ExitStack() as held:
            if not short and not held.enter_context(self._capacity.slot("pages")):
                return self._capacity.refuse("pages", environ, start_response)
            waited, has_turn = held.enter_context(self._turn())
            if waited:  # and another thread may have made the page by now
                epoch = self.watch.epoch()
            page = self._current(key, epoch)
            if page is None:
                if short and not (has_turn or held.enter_context(self._capacity.slot("pages"))):
                    return self._capacity.refuse("pages", environ, start_response)
                return self._make(environ, start_response, key, epoch, view)
        page.asked_again = True
        return self._answer(environ, start_response, key, page)

    def _current(self, key: Key, epoch: Epoch | None) -> Page | None:
        """The page that is kept for a key, if it is correct in this epoch."""
        page = self.store.get(key)
        if page is None or epoch is None:
            return None
        if page.epoch is not epoch:
            if page.rests_on is None or _rows(page) != page.rests_on:
                return None
            # The rows were read after this epoch: a commit since then has begun another one.
            page.epoch = epoch
        return page

    def _note_rows(self, page: Page, epoch: Epoch) -> None:
        """Notes the rows that a page rests on, when it is requested for the second time.

        A page that is requested once would gain nothing from it.
        """
        rows = _rows(page)
        if rows is None:
            page.basis = None
        # Only in the epoch of the page are they the rows that it was made from.
        elif self.watch.epoch() is epoch:
            page.rests_on = rows

    @contextmanager
    def _turn(self) -> Iterator[tuple[bool, bool]]:
        """Lets one thread make or compare a page at a time.

        Yields whether this one had to wait, and whether it has the turn: patience ends.

        Threads that make pages at the same time only take the interpreter from one another.
        """
        waited = not self._making.acquire(blocking=False)
        has_turn = not waited or self._making.acquire(timeout=PATIENCE)
        try:
            yield waited, has_turn
        finally:
            if has_turn:
                self._making.release()

    def _make(
        self,
        environ: dict[str, Any],
        start_response: Any,
        key: Key,
        epoch: Epoch | None,
        view: CacheableView,
    ) -> Iterable[bytes]:
        """Lets Django make the page, keeps the page if it is still correct, and answers with it."""
        started: list[Any] = []
        # Without the parameters that the view does not read: the answer cannot depend on them.
        trimmed = {**environ, "REQUEST_METHOD": "GET", "QUERY_STRING": view.query}
        self._being_made.add(key)
        try:
            response = self._capacity.django(
                trimmed, lambda status, headers, *_: started.extend((status, headers))
            )
            try:
                body = b"".join(response)
            finally:
                response.close()  # ends Django's request
        finally:
            self._being_made.discard(key)
        status, headers = started
        known = {name.lower(): value.lower() for name, value in headers}
        personal = "set-cookie" in known or "cookie" in known.get("vary", "")
        if personal or not status.startswith(KEPT_STATUSES):
            start_response(status, headers)
            return [body if environ["REQUEST_METHOD"] == "GET" else b""]
        page = Page(epoch, status, headers, body, view.basis)
        # If a commit came in between, the page is for this reader only.
        if epoch is not None and self.watch.epoch() is epoch:
            self.store.put(key, page)
        return self._answer(environ, start_response, key, page)

    def _answer(
        self, environ: dict[str, Any], start_response: Any, key: Key, page: Page
    ) -> Iterable[bytes]:
        encoding = best_encoding(environ.get("HTTP_ACCEPT_ENCODING", ""))
        variant = page.variants.get(encoding)
        if variant is None:
            variant = page.encoded(encoding)
            self.store.grew(key, page)
        condition = environ.get("HTTP_IF_NONE_MATCH")
        unchanged = condition is not None and matches(condition, variant.etag)
        if unchanged and page.status.startswith("200"):
            start_response("304 Not Modified", variant.short_headers[:])
            return [b""]
        # A copy, since a server may add its own headers to the list.
        start_response(page.status, variant.headers[:])
        return [variant.body if environ["REQUEST_METHOD"] == "GET" else b""]


def _rows(page: Page) -> Any:
    """The rows from which the page would be made now; None if that is unknown."""
    if page.basis is None:
        return None
    try:
        follow()  # as Django does at the start of a request
        return page.basis()
    except Error:
        return None


def _as_text(path: str) -> str:
    """The path as Django reads it: WSGI passes UTF-8 bytes as if they were Latin-1 (PEP 3333)."""
    return path if path.isascii() else path.encode("latin-1").decode(errors="replace")
