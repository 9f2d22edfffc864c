"""Slugs: the last part of an address, checked, or made from a title or a name."""

import re
import unicodedata

from anyascii import anyascii

from causes.text.characters import normalized, without_invisible
from causes.text.names import fold

SLUG_LETTERS = "a-z0-9"
SLUG = f"[{SLUG_LETTERS}]+(?:-[{SLUG_LETTERS}]+)*"
"""The form of a slug, and of the key of a source. The triggers of the database use it, too."""
SLUG_LIMIT = 100
SLUG_RULE = (
    "small letters a to z, digits, and single hyphens between them, "
    f"at most {SLUG_LIMIT} characters"
)

LONGEST = 80
"""The most characters of a slug that is made from a title."""

_SPELLED_OUT = {"+": " plus ", "&": " and ", "#": " sharp ", "@": " at ", "%": " percent "}

_GREEK_RUN = re.compile("[\u0370-\u03ff\u1f00-\u1fff]+")
_PLAIN_GREEK = re.compile("[\u0391-\u03a9\u03b1-\u03c9]{1,2}")
_MICRO = re.compile(r"\u00b5|\u03bc(?=[A-Za-z])")


def is_slug(slug: str) -> bool:
    """Whether this can be the slug of an entry, or the key of a source."""
    # fullmatch: `$` alone would let a trailing newline through.
    return len(slug) <= SLUG_LIMIT and re.fullmatch(SLUG, slug) is not None


def slug_from_title(title: str) -> str:
    """Proposes a slug for an entry: plain ASCII, cut at a word, at most 80 characters.

    Signs and dashes separate words, letters of any script are transliterated, and single Greek
    letters are spelled out: `β-blocker` gives `beta-blocker`.
    """
    title = _MICRO.sub("micro", without_invisible(title))
    title = _GREEK_RUN.sub(_spelled, normalized("NFKC", title))
    plain = re.sub("['`]", "", anyascii(title))  # bells-palsy, not bell-s-palsy
    words = re.findall(r"[a-z0-9]+", plain.lower())[:LONGEST]
    while len(words) > 1 and len("-".join(words)) > LONGEST:
        words.pop()
    return "-".join(words)[:LONGEST]


def _spelled(run: re.Match[str]) -> str:
    """Spells out one or two Greek letters; more are a word, which is transliterated."""
    letters = run.group()
    if not _PLAIN_GREEK.fullmatch(letters):
        return letters
    names = (unicodedata.name(letter).rpartition(" ")[2].lower() for letter in letters)
    return "-".join("lambda" if name == "lamda" else name for name in names)


def old_slug_from_title(title: str) -> str:
    """The slug that this title gave before letters were transliterated.

    With it, an import finds entries that were made from files at that time.
    """
    title = re.sub("['’]", "", title)
    ascii_only = normalized("NFKD", title).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", ascii_only.lower())[:LONGEST]
    while len("-".join(words)) > LONGEST:
        words.pop()
    return "-".join(words)


def name_slug(name: str) -> str:
    """The slug of a tag or category: letters and digits of any script, joined by hyphens.

    Signs that tell names apart are spelled out, so that `C++` is not `C`. A name
    without a letter or digit gives an empty slug, which callers refuse.
    """
    folded = fold(name)
    if not any(character.isalnum() for character in folded):
        return ""
    spelled = "".join(_SPELLED_OUT.get(character, character) for character in folded)
    return "-".join("".join(c if _in_word(c) else " " for c in spelled).split())[:SLUG_LIMIT].strip(
        "-"
    )


def _in_word(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character).startswith("M")


def is_name_slug(slug: str) -> bool:
    """Whether this can be the slug of a tag or category, also by an earlier rule."""
    folded = normalized("NFC", slug.casefold())
    parts = slug.split("-")
    return (
        len(slug) <= SLUG_LIMIT
        and slug == folded
        and all(p and all(map(_in_word, p)) for p in parts)
    )
