"""The content that the readers of files hand to the plan, and how far they are."""

from typing import Any, NamedTuple

Thing = tuple[str, Any]
"""A kind (`category`, `tag`, `source` or `entry`) and its row or rows; or TICK and a Progress."""

TICK = "tick"
"""The kind of a thing that only tells how far a reader is."""


class Progress(NamedTuple):
    """How far a long task is. `total` is 0 where it is not known."""

    stage: str
    done: int
    total: int


def whole_entry(row: dict[str, Any] | None, at: tuple[str, int], **rows: Any) -> dict[str, Any]:
    """An entry with all its rows, which are empty unless given.

    `at` is the place of the entry: its file, and the number of its object or 0. `bad` says that one
    of the rows cannot be used.
    """
    empty: dict[str, Any] = {"redirects": [], "revisions": [], "publications": [], "reviews": []}
    return {"entry": row, **empty, "bad": False, "at": at, **rows}
