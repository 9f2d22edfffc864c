"""Whether two versions of the HTML of one text show a reader the same words."""

from html.parser import HTMLParser
from itertools import zip_longest

from causes.text.inline import script

_INLINE = {"a", "code", "em", "s", "span", "strong", "sub", "sup"}
SHOWN = 8
"""Words shown of each side of a difference."""


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

        self.raised = ""  # "sup" or "sub" within one that raises or lowers a figure

    def handle_data(self, data: str) -> None:
        self.pieces.append(script(self.raised, data) if self.raised else data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _INLINE:
            self.pieces.append(" ")
        elif tag in ("sup", "sub") and not attrs:
            self.raised = tag

    def handle_endtag(self, tag: str) -> None:
        if tag not in _INLINE:
            self.pieces.append(" ")
        elif tag == self.raised:
            self.raised = ""


def words_of(html: str) -> list[str]:
    """The words that a reader sees, in order. What stands in blocks of its own stays apart."""
    parser = _Words()
    parser.feed(html)
    parser.close()
    return "".join(parser.pieces).split()


def first_difference(before: str, after: str) -> tuple[str, str] | None:
    """The first words in which two pieces of HTML differ, as (before, after); None if none do."""
    old, new = words_of(before), words_of(after)
    for place, (one, other) in enumerate(zip_longest(old, new)):
        if one != other:
            start = max(0, place - 2)
            return (
                " ".join(old[start : start + SHOWN]),
                " ".join(new[start : start + SHOWN]),
            )
    return None
