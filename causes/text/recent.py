"""Results of pure functions of a text, kept in memory for the texts that were used last."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")


_held: ContextVar[dict[Any, Any] | None] = ContextVar("held", default=None)


@contextmanager
def read_once() -> Iterator[None]:
    """Holds all results of this thread until the block ends, however much others read meanwhile.

    A text is read in such a block before the write lock is taken, and nothing of it is read again
    under the lock.
    """
    token = _held.set(held if (held := _held.get()) is not None else {})
    try:
        yield
    finally:
        _held.reset(token)


class Recent(Generic[Key, Result]):
    """A cache of results, bounded by their size. When it is full, the oldest results leave.

    The key is the text itself (or a tuple of the text and options), never an id. A text that was
    withheld or rewritten therefore cannot find the result of its former words.
    """

    def __init__(self, limit: int, size: Callable[[Key, Result], int]) -> None:
        """`limit` and what `size` returns for one key and result are in characters."""
        self._limit = limit
        self._measure = size
        self._lock = Lock()
        self._results: dict[Key, Result] = {}
        self._size = 0

    def get(self, key: Key) -> Result | None:
        """The result for a key, if it is still kept."""
        held = _held.get()
        if held is not None and (id(self), key) in held:
            found: Result = held[id(self), key]
            return found
        result = self._results.get(key)
        if held is not None and result is not None:
            held[id(self), key] = result
        return result

    def keep(self, key: Key, result: Result) -> Result:
        """Keeps a result and returns it."""
        if (held := _held.get()) is not None:
            held[id(self), key] = result
        with self._lock:
            if key not in self._results:
                self._results[key] = result
                self._size += self._measure(key, result)
            while self._size > self._limit:
                oldest = next(iter(self._results))
                self._size -= self._measure(oldest, self._results.pop(oldest))
        return result

    def clear(self) -> None:
        """Forgets all results."""
        with self._lock:
            self._results.clear()
            self._size = 0
