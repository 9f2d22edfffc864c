"""Excerpts of texts in which the matches are marked."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from causes.search.matches import Match
from causes.text.inline import STRUCK, STRUCK_END

WIDTH = 240
"""The approximate number of characters in an excerpt."""

LEAD = 60
"""The number of those characters that come before the match."""

REACH = 160
"""How many characters further a good place to cut is searched for."""

_LINE_END = re.compile(r"([.?!:;,…]?) *\n *")
_BLANKS = re.compile(r" {2,}")
_DIGIT = re.compile(r"[\d⁰¹²³⁴-⁹₀-₉¼-¾⅐-↉]")


@dataclass(frozen=True)
class Part:
    text: str
    found: bool


Snippet = list[Part]


def mark(text: str, matches: Iterable[Match]) -> Snippet:
    """A text on one line, divided into matches and the text between them."""
    parts: Snippet = []
    end = 0
    for match in matches:
        parts += _part(text[end : match.start], False)
        parts += _part(text[match.start : match.end], True)
        end = match.end
    return parts + _part(text[end:], False)


def _part(text: str, found: bool) -> Snippet:
    if "\n" in text:
        text = _LINE_END.sub(_between_lines, text)
    return [Part(_BLANKS.sub(" ", text), found)] if text else []


def _between_lines(end: re.Match[str]) -> str:
    """A sign between two lines, so that two table cells do not look like one number."""
    return f"{end[1]} " if end[1] else " | "


def excerpt(text: str, matches: list[Match]) -> Snippet:
    """About 240 characters around the place with the most matches; empty without a match.

    It is cut between words, never inside a number, and between a number and the word before
    or after it only if there is no other place.
    """
    if not matches:
        return []
    best = _fullest(matches)
    begin, end = _begin(text, best.start), _end(text, best.end)
    if begin is None or end is None:
        return []
    begin += len(text[begin : best.start]) - len(text[begin : best.start].lstrip(" \n"))
    end -= len(text[best.end : end]) - len(text[best.end : end].rstrip(" \n"))
    line = text.rfind("\n", 0, begin) + 1
    struck = text.rfind(STRUCK, line, begin) > text.rfind(STRUCK_END, line, begin)
    inside = [
        Match(match.start - begin, match.end - begin, match.item)
        for match in matches
        if begin <= match.start and match.end <= end
    ]
    before = f"{'… ' if begin else ''}{STRUCK if struck else ''}"
    return [
        *_part(before, False),
        *mark(text[begin:end], inside),
        *_part(" …" if end < len(text) else "", False),
    ]


def _fullest(matches: list[Match]) -> Match:
    """The match with the most different items close after it, then with the most matches."""
    best, most = matches[0], (0, 0)
    near: Counter[int] = Counter()
    behind = 0
    for number, match in enumerate(matches):
        while behind < len(matches) and (
            behind <= number or matches[behind].end <= match.start + WIDTH - LEAD
        ):
            near[matches[behind].item] += 1
            behind += 1
        if (count := (len(near), near.total())) > most:
            best, most = match, count
        near[match.item] -= 1
        if not near[match.item]:
            del near[match.item]
    return best


Place = Callable[[str, int], bool]


def _begin(text: str, found: int) -> int | None:
    """Where an excerpt with the match at `found` begins, or None if there is no place to cut."""
    wanted = max(0, found - LEAD)
    places = [*range(wanted, found + 1), *range(wanted - 1, max(-1, wanted - REACH), -1)]
    return _first(text, places)


def _end(text: str, found: int) -> int | None:
    """Where an excerpt with a match that ends at `found` ends, or None."""
    wanted = max(found, min(len(text), found + WIDTH - LEAD))
    places = [*range(wanted, found - 1, -1), *range(wanted + 1, min(len(text), wanted + REACH) + 1)]
    return _first(text, places)


def _first(text: str, places: list[int]) -> int | None:
    for good in (_between_words, _at_blank, _within_word):
        for place in places:
            if good(text, place):
                return place
    return None


def _at_blank(text: str, place: int) -> bool:
    """Whether a line or word begins or ends at this place."""
    if place in (0, len(text)) or text[place - 1] == "\n" or text[place] == "\n":
        return True
    if (text[place - 1] == " ") == (text[place] == " "):
        return False
    marker = text.rfind(STRUCK, max(0, place - len(STRUCK)), place + len(STRUCK))
    return not 0 <= marker < place < marker + len(STRUCK)


def _between_words(text: str, place: int) -> bool:
    """The same, unless the word on either side has a digit: it may belong to the other word."""
    if not _at_blank(text, place):
        return False
    around = [text[max(0, place - 40) : place].rstrip(" "), text[place : place + 40].lstrip(" ")]
    if "" in around or around[0].endswith("\n") or around[1].startswith("\n"):
        return True
    before, after = re.split(r"\s", around[0])[-1], re.split(r"\s", around[1])[0]
    return not _DIGIT.search(before) and not _DIGIT.search(after)


def _within_word(text: str, place: int) -> bool:
    """Whether this place is between two letters: for words longer than an excerpt."""
    return text[place - 1].isalpha() and text[place].isalpha()
