"""The store of finished pages: bounded in bytes, and resistant to a flood of addresses."""

import threading
from collections import OrderedDict
from collections.abc import Hashable

from causes.public.page_cache.page import Page

NEWCOMERS = 0.1
"""The share of the room for pages that were requested only once."""

LARGEST = 0.25
"""The share of the room that one page may take; larger pages are not kept."""


class Store:
    """Two queues, after S3-FIFO (Yang et al., SOSP 2023).

    A page enters the queue of newcomers. If it is requested again before its turn to leave, it
    moves on to the regulars. Addresses that nobody requests twice therefore push out only one
    another, and no page that is read.
    """

    def __init__(self, room: int) -> None:
        """`room` is in bytes; with 0 nothing is kept."""
        self._room = room
        self._lock = threading.Lock()
        self._pages: dict[Hashable, Page] = {}
        self._newcomers: OrderedDict[Hashable, None] = OrderedDict()
        self._regulars: OrderedDict[Hashable, None] = OrderedDict()
        self._newcomers_size = 0
        self._size = 0
        # Without the lock: a lookup in a dict is atomic.
        self.get = self._pages.get

    @property
    def size(self) -> int:
        """Bytes in use."""
        return self._size

    def __len__(self) -> int:
        return len(self._pages)

    def put(self, key: Hashable, page: Page) -> None:
        """Keeps a page, and replaces an older page with the same key."""
        with self._lock:
            old = self._pages.get(key)
            if page.size > self._room * LARGEST:
                if old is not None:
                    self._forget(key)
                return
            if old is None:
                self._newcomers[key] = None
            else:
                page.asked_again = old.asked_again
                self._count(key, -old.kept_size)
            self._pages[key] = page
            page.kept_size = page.size
            self._count(key, page.kept_size)
            self._make_room()

    def grew(self, key: Hashable, page: Page) -> None:
        """Counts the variants that were added to a page since it was kept."""
        with self._lock:
            if self._pages.get(key) is page:
                self._count(key, page.size - page.kept_size)
                page.kept_size = page.size
                self._make_room()

    def _count(self, key: Hashable, difference: int) -> None:
        self._size += difference
        if key in self._newcomers:
            self._newcomers_size += difference

    def _forget(self, key: Hashable) -> None:
        page = self._pages.pop(key)
        self._count(key, -page.kept_size)
        self._newcomers.pop(key, None)
        self._regulars.pop(key, None)

    def _make_room(self) -> None:
        while self._size > self._room:
            if self._newcomers_size > self._room * NEWCOMERS or not self._regulars:
                key = next(iter(self._newcomers))
                page = self._pages[key]
                if page.asked_again:
                    self._count(key, -page.kept_size)
                    del self._newcomers[key]
                    self._regulars[key] = None
                    self._count(key, page.kept_size)
                    page.asked_again = False
                    continue
            else:
                key = next(iter(self._regulars))
                page = self._pages[key]
                if page.asked_again:
                    self._regulars.move_to_end(key)
                    page.asked_again = False
                    continue
            self._forget(key)
