"""Results of pure functions of a text, kept in memory for the texts that were used last."""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")


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
        return self._results.get(key)

    def keep(self, key: Key, result: Result) -> Result:
        """Keeps a result and returns it."""
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
