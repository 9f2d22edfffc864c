"""Names and titles: when two are the same, how search reads them, and how they are sorted."""

import re
import unicodedata
from typing import NamedTuple

from anyascii import anyascii

from causes.text.characters import normalized, tidy_line, without_invisible

SORT_KEY_LIMIT = 301
"""The greatest length of a `sort_key`, in characters."""

# Accents, Hebrew points and Arabic vowel signs. In other scripts such signs are letters.
_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a"
    "\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
# Latin letters that Unicode does not decompose: Ł, Ø, ß, Æ.
_LATIN = {
    code: anyascii(chr(code))
    for first, last in ((0xC0, 0x250), (0x1E00, 0x1F00))
    for code in range(first, last)
    if chr(code).isalpha() and unicodedata.name(chr(code), "").startswith("LATIN")
}
_APOSTROPHES = re.compile("['’‘ʼʹ′＇`´]")
_DIGITS = re.compile(r"\d{1,99}")


def fold(name: str) -> str:
    """A form that two names share if they differ only in case, spaces or invisible signs.

    Case folding can undo NFC, so the result is normalised again (Unicode Standard,
    section 3.13, definition D145: canonical caseless matching).
    """
    seen = " ".join(without_invisible(tidy_line(name)).split())
    return normalized("NFC", seen.casefold())


def searchable(text: str) -> str:
    """The text in plain letters, without accents and invisible signs, for comparing in search.

    `Łódź` becomes `Lodz`, `ﬁbre` becomes `fibre`, `H₂O` becomes `H2O`. Case, spaces, dashes
    and line ends do not change. Apply it to both the text and the question.
    """
    text = without_invisible(text)
    if text.isascii():
        return text
    plain = _MARKS.sub("", normalized("NFKD", text)).translate(_LATIN)
    return normalized("NFC", plain)


def sort_key(name: str) -> str:
    """A key by which names are sorted, compared by code point. At most 301 characters.

    It has the words of the name in small letters, without accents and signs. Numbers are
    ordered by size: Type 2 comes before Type 10. Other scripts follow Latin. After a tab
    comes the name itself, for names that are otherwise equal.
    """
    seen = tidy_line(name)
    plain = _APOSTROPHES.sub("", searchable(searchable(seen).casefold()))
    words = "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in plain)
    words = _DIGITS.sub(_by_size, words)
    return f"{' '.join(words.split())[:200]}\t{seen[:100]}"


def _by_size(digits: re.Match[str]) -> str:
    number = str(int(digits.group()))
    return f"{len(number):02}{number}"


class Initial(NamedTuple):
    """The group of an alphabetical list to which a name belongs."""

    label: str
    anchor: str
    """The id of its heading."""


def initial(name: str) -> Initial:
    """The group of a name: by its first letter, or one for all digits, or one for signs."""
    first = sort_key(name)[0]
    if first == "\t":
        return Initial("Signs", "letter-signs")
    if first.isascii() and first.isdigit():
        return Initial("0–9", "letter-09")
    anchor = first if first.isascii() else f"u{ord(first):x}"
    return Initial(first.upper(), f"letter-{anchor}")


def tags_from_string(text: str) -> list[str]:
    """Tag names, separated only by commas: `heart attack` is one tag."""
    names = {tidy_line(part) for part in text.split(",")}
    return sorted(name for name in names if name)
