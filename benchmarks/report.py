"""Tables: printed as they come, and put into docs/performance.md when asked."""

import statistics
from datetime import UTC, datetime
from pathlib import Path

from servers import Runs

BEGIN, END = "<!-- measured: `make bench` writes from here -->", "<!-- to here -->"


def ratio(run: Runs, first: Runs) -> str:
    """The median of the ratios of each repeat to the reference's repeat beside it."""
    return f"{statistics.median(a / b for a, b in zip(run.rates, first.rates, strict=True)):.2f}"


class Report:
    def __init__(self) -> None:
        self._parts: list[str] = []
        self._head = ""

    def head(self, sentence: str) -> None:
        self._head = f"*{datetime.now(UTC):%d %B %Y}: {sentence}*"
        print(f"\n{self._head}")

    def table(self, title: str, columns: list[str], rows: list[list[str]], note: str = "") -> None:
        widths = [max(len(row[i]) for row in [columns, *rows]) for i in range(len(columns))]
        print(f"\n{title}")
        for row in (columns, *rows):
            cells = (
                cell.ljust(width) if i < 1 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            print("  " + "  ".join(cells), flush=True)
        if note:
            print(f"  {note}", flush=True)
        lines = [f"### {title}", "", "| " + " | ".join(columns) + " |"]
        lines += ["|" + "---|" * len(columns), *("| " + " | ".join(row) + " |" for row in rows)]
        self._parts.append("\n".join([*lines, *(["", note] if note else [])]))

    def write(self, path: Path) -> None:
        """Replaces the tables of the same titles; those that were not measured again stay."""
        before, _, rest = path.read_text().partition(BEGIN)
        old, _, after = rest.partition(END)
        parts = {part.split("\n", 1)[0]: part.strip() for part in _split(old)}
        for part in self._parts:
            parts[part.split("\n", 1)[0]] = f"{part}\n\n{self._head}"
        path.write_text(f"{before}{BEGIN}\n\n" + "\n\n".join(parts.values()) + f"\n\n{END}{after}")


def _split(text: str) -> list[str]:
    return [f"### {part}" for part in text.split("### ")[1:]]
