"""Names of tags, categories and entries: when two are the same, and their slugs."""

import re
import unicodedata

SLUG_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
SLUG_RULE = "small letters a to z, digits, and single hyphens between them"

_SPELLED_OUT = {"+": " plus ", "&": " and ", "#": " sharp ", "@": " at ", "%": " percent "}


def tidy(name: str) -> str:
    """The name in Unicode NFC, without outer blanks and with single inner ones."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def fold(name: str) -> str:
    """What two names share when they differ only in case, blanks or accents' form.

    Case folding can undo NFC, so it is normalised again (Unicode Standard,
    section 3.13, definition D145: canonical caseless matching).
    """
    return unicodedata.normalize("NFC", tidy(name).casefold())


def is_slug(slug: str) -> bool:
    # fullmatch: `$` alone would let a trailing newline through.
    return re.fullmatch(SLUG_PATTERN.strip("^$"), slug) is not None


def name_slug(name: str) -> str:
    """The slug of a tag or category: letters and digits of any script, joined by hyphens.

    Signs that tell names apart are spelled out, so that `C++` is not `C`. A name
    without a letter or digit gives an empty slug, which callers refuse.
    """
    if not any(character.isalnum() for character in name):
        return ""
    spelled = "".join(_SPELLED_OUT.get(character, character) for character in fold(name))
    words = "".join(
        c if c.isalnum() or unicodedata.category(c).startswith("M") else " " for c in spelled
    )
    return "-".join(words.split())[:100].strip("-")


def slug_from_title(title: str) -> str:
    """A proposal for an entry's slug: plain ASCII, cut at a word, at most 80 characters."""
    title = re.sub("['’]", "", title)  # bells-palsy, not bell-s-palsy
    ascii_only = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", ascii_only.lower())
    while len("-".join(words)) > 80:
        words.pop()
    return "-".join(words)


def tags_from_string(text: str) -> list[str]:
    """Tag names parted by commas and by nothing else: `heart attack` is one tag."""
    names = {tidy(part) for part in text.split(",")}
    return sorted(name for name in names if name)


def bad_characters(text: str) -> str:
    """A sentence about characters that no database may hold here, or an empty string.

    SQLite takes NUL and PostgreSQL refuses it; a lone surrogate is half a
    character, which neither can write. Refusing both everywhere keeps content
    portable.
    """
    if "\x00" in text:
        return "It holds a NUL character, which cannot be stored; remove it."
    try:
        text.encode()
    except UnicodeEncodeError:
        return "It holds half of a character (a lone surrogate), which cannot be stored; remove it."
    return ""


_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
_MARKS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")

_LATIN = str.maketrans(
    {"Ł": "L", "ł": "l", "Ø": "O", "ø": "o", "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "ß": "ss"}
)


def searchable(text: str) -> str:
    """The text as it is sought: without accents and invisible signs, letters taken apart.

    `ﬁbre` gives `fibre`, `Barré` gives `Barre`. Case, blanks, dashes and line ends stay as
    they are. Give it both the text and the question.
    """
    text = _UNSEEN.sub("", text)
    if text.isascii():
        return text
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", text)).translate(_LATIN)
    return unicodedata.normalize("NFC", plain)
