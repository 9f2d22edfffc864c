"""The progress of a long task in a command: a bar in a terminal, plain lines elsewhere."""

from collections.abc import Generator
from typing import TextIO, TypeVar

from tqdm import tqdm

from causes.interchange.apply import run_through
from causes.interchange.things import Progress

T = TypeVar("T")


class Shown:
    """Call it with each step, and `close` at the end, even after an error."""

    def __init__(self, err: TextIO) -> None:
        self.err = err
        self.bar: tqdm | None = None
        self.stage = ""
        self.tenth = 0

    def __call__(self, step: Progress) -> None:
        if step.stage != self.stage:
            self.close()
            self.stage, self.tenth = step.stage, 0
        if not self.err.isatty():
            self._line(step)
            return
        if self.bar is None:
            unit = {"unit": "B", "unit_scale": True} if step.stage == "Reading" else {}
            self.bar = tqdm(total=step.total or None, desc=step.stage, file=self.err, **unit)
        self.bar.total = step.total or None
        self.bar.update(step.done - self.bar.n)

    def _line(self, step: Progress) -> None:
        tenth = 10 * step.done // step.total if step.total else 0
        if tenth > self.tenth:
            self.tenth = tenth
            self.err.write(f"{step.stage}: {10 * tenth} %\n")
            self.err.flush()

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None


def follow(steps: Generator[Progress, None, T], err: TextIO, verbosity: int) -> T:
    """Runs a task in steps to its end, shows its progress, and returns its result."""
    shown = Shown(err)
    try:
        result: T = run_through(steps, shown if verbosity else lambda step: None)
    finally:
        shown.close()
    return result
