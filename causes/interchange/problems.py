"""What is wrong with a file, told so that somebody can find the place and mend it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """A sentence, and where it belongs. `number` counts a file's objects from 1; 0 is all of it."""

    file: str
    number: int
    what: str
    """The row by its natural key: `revision 46032bd4-…`."""
    field: str
    sentence: str

    def __str__(self) -> str:
        where = [self.file] if self.file else []
        where += [f"object {self.number}"] if self.number else []
        where += [part for part in (self.what, self.field and f"field {self.field!r}") if part]
        return f"{', '.join(where)}: {self.sentence}" if where else self.sentence


class Unreadable(Exception):
    """A file that cannot be read to its end, so that nothing of it counts."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class Wrong(ValueError):
    """A value that a field cannot have; the text says why, as a sentence."""
