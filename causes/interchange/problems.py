"""Problems of a file, with their place, so that somebody can find and correct them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """A sentence and its place. `number` counts a file's objects from 1; 0 is the whole file."""

    file: str
    number: int
    subject: str
    """The row by its natural key: `revision 46032bd4-…`."""
    field: str
    sentence: str

    def __str__(self) -> str:
        where = [self.file] if self.file else []
        where += [f"object {self.number}"] if self.number else []
        where += [part for part in (self.subject, self.field and f"field {self.field!r}") if part]
        return f"{', '.join(where)}: {self.sentence}" if where else self.sentence


class Unreadable(Exception):
    """A file cannot be read to its end, so nothing can be imported."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class Wrong(ValueError):
    """A value is not valid for its field; the message says why, as a sentence."""
