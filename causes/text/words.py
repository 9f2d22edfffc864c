"""The words of a text in the form that search uses, for texts and for questions.

Both engines receive these words separated by single spaces. Only the stem of a word is left
for them to decide, so their results do not differ.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from causes.text.inline import STRUCK
from causes.text.names import searchable
from causes.text.stems import evened

LINE, POINT = "ª", "º"
"""Signs in the words for the index. LINE is a word between two lines, so no phrase spans them.
POINT is the point of a decimal number, so `5mg` does not match in 2.5mg.

No word of a text or question contains them: `searchable` turns them into letters.
"""

_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉"
# Combining accents and invisible characters, which are parts of a word.
_WITHIN = {
    character
    for character in map(chr, range(0x10000))
    if unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf")
}
_W = "".join(sorted(_WITHIN))
_N = r"[0-9]+(?:,[0-9]{3}(?![0-9]))*(?:\.[0-9]+)?"
_APOSTROPHES = "'’‘ʼʹ′＇`´"
_S = rf"(?:[{_W}]*[{_APOSTROPHES}][sS](?![^\W_]))"
# 10⁶ is two words and H₂O is one: a raised or lowered digit belongs to a letter.
_WORD = re.compile(
    rf"(?:{_N}|[{_RAISED}]+|[^\W_])(?:[^\W_{_RAISED}]|[{_W}]|(?<!\d)[{_RAISED}])*{_S}?"
)
# In texts with only ASCII and common signs, words are found several times faster.
UNUSUAL = re.compile("[^\x00-\x7f\u00a0°±·×–—‘’“”•…\u202f→≤≥]")
USUAL_WORD = re.compile(rf"(?:{_N}|[A-Za-z])[A-Za-z0-9]*(?:['’‘`][sS](?![A-Za-z0-9]))?")
_NUMBER = re.compile(_N)
_PART = re.compile(r"[^\W_]+")


class Word(NamedTuple):
    """One word of a text: its position, and its parts in the form for search, usually one."""

    start: int
    end: int
    parts: tuple[str, ...]


def words(text: str) -> Iterator[Word]:
    """The words of a text, in order. The `'s` of a name belongs to it but is not searched for."""
    if not UNUSUAL.search(text):
        for match in USUAL_WORD.finditer(text):
            yield Word(*match.span(), (of_usual(match.group()),))
        return
    for match in _WORD.finditer(text):
        if parts := _of_any(match.group()):
            yield Word(*match.span(), parts)


@lru_cache(maxsize=20_000)
def of_usual(word: str) -> str:
    """The search form of a word that `USUAL_WORD` matched."""
    if not word.isalnum():
        word = _without_owner(word).replace(",", "").replace(".", POINT)
    return evened(word.lower())


@lru_cache(maxsize=20_000)
def _of_any(word: str) -> tuple[str, ...]:
    number = match.group() if (match := _NUMBER.match(word)) else ""
    rest = searchable(searchable(_without_owner(word[len(number) :])).casefold())
    letters = "".join(character for character in rest if character not in _WITHIN)
    figures = number.replace(",", "").replace(".", POINT)
    return tuple(map(evened, _PART.findall(figures + letters)))


def _without_owner(word: str) -> str:
    """A word without the `'s` of a name."""
    if word[-1:] in ("s", "S") and word[-2:-1] in _APOSTROPHES and len(word) > 1:
        return word[:-2].rstrip(_W)
    return word


def is_number(part: str) -> bool:
    """Whether a part of a word is a number."""
    return part.replace(POINT, "").isdecimal()


def sought(text: str) -> str:
    """The words of a text for the index of an engine: only words, separated by spaces."""
    lines = (_sought_in(line) for line in text.replace(STRUCK, " ").split("\n"))
    return f" {LINE} ".join(line for line in lines if line)


def _sought_in(line: str) -> str:
    if not UNUSUAL.search(line):
        return " ".join(map(of_usual, USUAL_WORD.findall(line)))
    return " ".join(part for word in words(line) for part in word.parts)
