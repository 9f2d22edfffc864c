"""Whether two versions of the HTML of one text show a reader the same words."""

from html.parser import HTMLParser
from itertools import zip_longest

_INLINE = {"a", "code", "em", "s", "span", "strong", "sub", "sup"}
SHOWN = 8
"""Words shown of each side of a difference."""


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in _INLINE:
            self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self.handle_starttag(tag, ())


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
