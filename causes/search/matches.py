"""The places of a question's words in a text: the same for both engines."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from causes.search.query import Item
from causes.text.stems import stem
from causes.text.words import UNUSUAL, USUAL_WORD, of_usual, words

_LETTER = re.compile(r"[^\W_]")


ENOUGH = 1_000
"""Reading stops after this many matches, since an excerpt shows only a few."""

PIECE = 2_000
"""The approximate number of characters that are searched at a time."""


class Match(NamedTuple):
    """A match in a text, from `start` to `end`."""

    start: int
    end: int
    item: int
    """The index of the question's item that matched."""


class _Hit(NamedTuple):
    start: int
    end: int
    stem: str


class Matcher:
    """Finds the words of a question in texts, in linear time."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], int]]] = {}
        self._stems: set[str] = set()
        for number, item in enumerate(items):
            for phrase in item:
                stems = tuple(map(stem, phrase))
                self._stems.update(stems)
                self._by_first.setdefault(stems[0], []).append((stems, number))
        for phrases in self._by_first.values():
            phrases.sort(key=lambda phrase: -len(phrase[0]))
        self._heads = {_head(found) for found in self._stems}
        # Digits may be the end of a longer number: the 5 in 2.5 is not the number 5.
        self._slow = re.compile(rf"{UNUSUAL.pattern}|[0-9]") if _figures(self._stems) else UNUSUAL

    def matches(self, text: str) -> list[Match]:
        """The first matches in a text, in order, without overlaps."""
        hits = self._hits(text)
        found: list[Match] = []
        at = 0
        while at < len(hits):
            length = 1
            for phrase, item in self._by_first.get(hits[at].stem, ()):
                if _matches(text, hits, at, phrase):
                    length = len(phrase)
                    found.append(Match(hits[at].start, hits[at + length - 1].end, item))
                    break
            at += length
        return found

    def _hits(self, text: str) -> list[_Hit]:
        hits: list[_Hit] = []
        for begin, piece in _pieces(text):
            if self._slow.search(piece):
                hits += (
                    _Hit(begin + word.start, begin + word.end, found)
                    for word in words(piece)
                    for found in map(stem, word.parts)
                    if found in self._stems
                )
            else:
                hits += self._usual_hits(piece, begin)
            if len(hits) >= ENOUGH:
                break
        return hits

    def _usual_hits(self, text: str, begin: int) -> list[_Hit]:
        """The same, many times faster: looks for the beginnings of words, in plain text only."""
        small = text.lower()
        hits: dict[int, _Hit] = {}
        for head in self._heads:
            at = small.find(head)
            while at != -1:
                # Reading a word from each place within it would take quadratic time.
                within = at and small[at - 1].isalnum()
                match = None if within else USUAL_WORD.match(small, at)
                if match and _begins(small, *match.span()):
                    found = stem(of_usual(match.group()))
                    if found in self._stems:
                        hits[at] = _Hit(begin + at, begin + match.end(), found)
                at = small.find(head, at + len(head))
        return [hits[at] for at in sorted(hits)]


def _begins(text: str, start: int, end: int) -> bool:
    """Whether this is a word of its own, and not the `s` of `Bell's`."""
    if start == 0 or text[start - 1] not in "'’‘`":
        return True
    return text[start:end] != "s" or not text[start - 2 : start - 1].isalnum()


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Pieces of the text that end at the end of a line or, in long lines, of a word.

    No piece is longer than ten times PIECE, not even in a text without blanks.
    """
    begin = 0
    while begin < len(text):
        end = text.find("\n", begin + PIECE, begin + 2 * PIECE) + 1
        end = end or text.find(" ", begin + 2 * PIECE, begin + 10 * PIECE) + 1
        end = end or min(len(text), begin + 10 * PIECE)
        yield begin, text[begin:end]
        begin = end


def _figures(stems: Iterable[str]) -> bool:
    return any(found[0].isdigit() for found in stems)


def _head(found: str) -> str:
    """The beginning that all words with this stem share."""
    return found[:-1] if found[-1] in "iel" and len(found) > 1 else found


def _matches(text: str, hits: list[_Hit], at: int, phrase: tuple[str, ...]) -> bool:
    """Whether the words of a phrase follow each other, from this hit on."""
    if at + len(phrase) > len(hits):
        return False
    for place in range(1, len(phrase)):
        before, here = hits[at + place - 1], hits[at + place]
        if here.stem != phrase[place]:
            return False
        apart = before.end < here.start  # one word can contain both
        if apart and (
            "\n" in text[before.end : here.start] or _LETTER.search(text, before.end, here.start)
        ):
            return False
    return True
