"""HTML comments: notes of the author that no reader should see."""

import re
from bisect import bisect
from collections.abc import Callable

from causes.text.characters import tidy
from causes.text.recent import Recent

_FENCE = r"^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(?P<fence>`{3,}|~{3,})[^\n]*$"
_NEXT = re.compile(rf"(?m:{_FENCE})|(?P<ticks>`+)|(?P<comment><!--)|\\[\\`<]")
_PARAGRAPH_END = re.compile(r"\n[ \t>]*\n|\Z")
_LINE_END = re.compile(r"[ \t]*(?:\n|\Z)")
_LIST_ITEM = re.compile(r"[ \t>]*(?:[-*+]|\d{1,9}[.)]|:|\[\^[^\]\n]+\]:)(?:[ \t]|$)")
_INDENTED = re.compile(r"(?: {4}| {0,3}\t)")


def tidy_body(text: str, *, stored: bool = False) -> str:
    """A body as it is stored: tidy, without HTML comments. `stored` is as in `tidy`."""
    text = tidy(text, stored=stored)
    without, count = without_comments(text)
    return tidy(without, stored=stored) if count else text


def comments_removed(count: int) -> str:
    """A sentence with the number of comments that were removed."""
    return f"{count:,} HTML comment{' was' if count == 1 else 's were'} removed from the text."


def without_comments(body: str) -> tuple[str, int]:
    """The body without its HTML comments, and the number of comments removed.

    A comment in code (a span, a fence or an indented block) is an example and remains. A
    comment without an end remains too, since its intended end is unknown. A line with
    nothing but comments is removed completely.
    """
    spans, count = _comments(body)
    ends = [0, *(end for _, end in spans)]
    starts = [*(start for start, _ in spans), len(body)]
    return "".join(body[i:j] for i, j in zip(ends, starts, strict=True)), count


def lines_as_typed(body: str) -> Callable[[int], int]:
    """A function from a line number in `without_comments(body)` to the one in the body."""
    places, gone, total, line, at = [0], [0], 0, 1, 0
    for start, end in _comments(body)[0]:
        line += body.count("\n", at, start)
        total += body.count("\n", start, end)
        line, at = line + body.count("\n", start, end), end
        # Text before a comment on the same line keeps its line number.
        whole = body[start - 1 : start] in ("", "\n")
        places.append(line - total + (0 if whole else 1))
        gone.append(total)
    return lambda number: number + gone[bisect(places, number) - 1]


Spans = list[tuple[int, int]]

_known: Recent[str, tuple[Spans, int]] = Recent(2_000_000, size=lambda body, _: len(body))


def _comments(body: str) -> tuple[Spans, int]:
    """The spans of a body to remove, and the number of comments in them."""
    if "<!--" not in body:
        return [], 0
    return _known.get(body) or _known.keep(body, _find_comments(body))


def _find_comments(body: str) -> tuple[Spans, int]:
    spans: Spans = []
    position = count = end = 0
    line_start = 0  # of the line, if it holds nothing else so far
    blank = True
    code = _Code(body)
    last_end = body.rfind("-->")
    while match := _NEXT.search(body, position):
        position = match.end()
        if match["fence"]:
            position = code.end_of_fence(match["fence"], position)
        elif match["ticks"]:
            position = code.end_of_span(match["ticks"], position)
        elif match["comment"] and match.start() < last_end and not code.holds(match.start()):
            start = match.start()
            newline = body.rfind("\n", end, start)
            if newline != -1:
                line_start, blank = newline + 1, True
            blank = blank and not body[max(line_start, end) : start].strip()
            position = end = body.find("-->", start + 2) + 3
            count += 1
            line_end = _LINE_END.match(body, end)
            if blank and line_end:
                # The end of the line goes too: an empty line would split a list or table.
                while spans and spans[-1][0] >= line_start:
                    spans.pop()
                start, position, end = line_start, line_end.end(), line_end.end()
                line_start = end
            spans.append((start, end))
    return spans, count


class _Code:
    """Finds code in a body, in linear time."""

    def __init__(self, body: str) -> None:
        self._body = body
        self._paragraph_end = -1
        self._unclosed: dict[str, int] = {}
        self._indented: set[int] | None = None

    def end_of_fence(self, fence: str, position: int) -> int:
        end = re.compile(rf"^[ \t>]*{fence[0]}{{{len(fence)},}}[ \t]*$", re.MULTILINE)
        match = end.search(self._body, position)
        return match.end() if match else len(self._body)

    def end_of_span(self, ticks: str, position: int) -> int:
        """The end of the code span that these marks open, or of the marks if they open none."""
        if position > self._paragraph_end:
            found = _PARAGRAPH_END.search(self._body, position)
            self._paragraph_end = found.start() if found else len(self._body)
        limit = self._paragraph_end
        if self._unclosed.get(ticks) == limit:
            return position
        match = re.compile(rf"(?<!`){ticks}(?!`)").search(self._body, position, limit)
        if match is None:
            self._unclosed[ticks] = limit
            return position
        return match.end()

    def holds(self, position: int) -> bool:
        """Whether this position is in an indented code block."""
        if self._indented is None:
            self._indented = set(self._indented_lines())
        return self._body.rfind("\n", 0, position) + 1 in self._indented

    def _indented_lines(self) -> list[int]:
        """The start of each line of indented code. Indented lines in a list item are text."""
        found, place, in_code, in_list, after_blank = [], 0, False, False, True
        for line in self._body.split("\n"):
            if line.strip():
                if _INDENTED.match(line):
                    in_code = in_code or (after_blank and not in_list)
                    if in_code:
                        found.append(place)
                else:
                    in_code = False
                    in_list = bool(_LIST_ITEM.match(line)) or (in_list and not after_blank)
            after_blank = not line.strip()
            place += len(line) + 1
        return found
