"""The characters that are removed from texts, replaced, or refused.

`tidy` and `tidy_line` remove and replace; `bad_characters` names a character that is refused.
Forms, verbs, imports, `loaddata`, records and names all use them. The triggers of the
database refuse `UNSTORABLE`, whoever writes.

Removed: controls, and invisible characters that running text does not need (soft hyphen,
zero-width space, byte order mark, bidirectional embeddings, tags). Kept: joiners and
direction marks, which Persian, Indic scripts, Hebrew, Arabic and emoji need; no-break
spaces, which keep a dose on one line; private-use characters. Replaced: every line end by a
line feed, Latin ligatures by their letters, canonical equivalents by Unicode's form NFC. Not
NFKC, which would turn 10⁶ into 106. Sources: Unicode Standard 15, sections 23.2 to 23.8; XML 1.0,
production Char; W3C Character Model (normalization); WHATWG HTML, numeric references.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Literal

Ranges = tuple[tuple[int, int], ...]


def _class_of(ranges: Iterable[tuple[int, int]]) -> str:
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)


_NOT_IN_XML: Ranges = ((0x00, 0x08), (0x0B, 0x0C), (0x0E, 0x1F), (0xD800, 0xDFFF), (0xFFFE, 0xFFFF))
NONCHARACTERS: Ranges = (
    (0xFDD0, 0xFDEF),
    *((plane + 0xFFFE, plane + 0xFFFF) for plane in range(0, 0x11_0000, 0x1_0000)),
)
UNSTORABLE: Ranges = ((0x01, 0x08), (0x0B, 0x0C), (0x0E, 0x1F), *NONCHARACTERS)
"""Characters that the triggers refuse. No database stores NUL and surrogates in a text."""

_REMOVED: Ranges = (
    (0x01, 0x08),
    (0x0E, 0x1B),
    (0x7F, 0x7F),
    (0xAD, 0xAD),  # soft hyphen
    (0x200B, 0x200B),  # zero-width space
    (0x202A, 0x202E),  # bidirectional embeddings and overrides
    (0x2060, 0x206F),  # word joiner, invisible operators, isolates, deprecated controls
    (0x3164, 0x3164),  # Hangul fillers: letters that cannot be seen
    (0xFEFF, 0xFEFF),  # byte order mark
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFFB),  # interlinear annotation
    (0xE0000, 0xE00FF),  # tags
    (0xE01F0, 0xE0FFF),
)
_REPLACED = {
    # Information separators separate words.
    **dict.fromkeys(range(28, 32), " "),
    # C1 controls are bytes of Windows-1252 that were misread: 5\x9610 mg is 5–10 mg, not 510 mg.
    **{
        code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0) if code != 0x85
    },
    **{code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)},
}
_TRANSLATION: dict[int, str] = _REPLACED | {
    code: "" for first, last in _REMOVED for code in range(first, last + 1)
}

_INVISIBLE: Ranges = (
    *_REMOVED,
    (0x00, 0x00),
    (0x80, 0x84),
    (0x86, 0x9F),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200C, 0x200F),  # joiners and direction marks
    (0xFE00, 0xFE0F),  # variation selectors
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0100, 0xE01EF),
)
"""Characters that a reader cannot see: Unicode's Default_Ignorable_Code_Point, and controls."""

_LINE_END = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_UNTIDY_ASCII = bytes((*range(0x09), *range(0x0B, 0x20), 0x7F))
_UNTIDY = re.compile(f"[{_class_of((code, code) for code in _REPLACED)}{_class_of(_REMOVED)}]")
_BLANKS = re.compile(r"\s{2,}|[^\S \u00a0\u2007\u202f]")
_UNSEEN = re.compile(f"[{_class_of(_INVISIBLE)}]")
_NONCHARACTER = re.compile(f"[{_class_of(NONCHARACTERS)}]")
_REFUSED = re.compile(f"[\x00\ud800-\udfff{_class_of(NONCHARACTERS)}]")
_ILLEGAL_IN_XML = re.compile(f"[{_class_of(_NOT_IN_XML)}]")


_MARKS = _class_of((code, code) for code in range(0x110000) if unicodedata.combining(chr(code)))
_LONG_RUN = re.compile(f"([{_MARKS}]{{30}})(?=[{_MARKS}])")


def normalized(form: Literal["NFC", "NFKC", "NFKD"], text: str) -> str:
    """A text in a normal form of Unicode, in linear time.

    Python sorts the combining marks of one letter in quadratic time. A run of more than 30 is
    therefore parted by an invisible sign. Source: Unicode Standard Annex 15, Stream-Safe Text
    Format (section 13).
    """
    if not text.isascii():
        text = unicodedata.normalize(form, _LONG_RUN.sub("\\1\u034f", text))
    return text


def _cleaned(text: str, stored: bool) -> str:
    if text.isascii():
        # Ten times as fast as a search, which matters for an import.
        plain = text.encode()
        if len(plain.translate(None, _UNTIDY_ASCII)) == len(plain):
            return text
    text = _LINE_END.sub("\n", text)
    if _UNTIDY.search(text):
        text = text.translate(_TRANSLATION)
    if stored:
        text = _NONCHARACTER.sub("\ufffd", text)
    return normalized("NFC", text)


def tidy(text: str, *, stored: bool = False) -> str:
    """Tidies a text of several lines, and removes empty lines around it.

    `stored` is for a text from before the rule: its noncharacters, which are refused in new
    texts, become U+FFFD, the sign for a lost character.
    """
    text = _cleaned(text, stored)
    # Blanks before the first word are kept: they may begin a block of code.
    begin = text.rfind("\n", 0, len(text) - len(text.lstrip())) + 1
    return text[begin:].rstrip()


def tidy_line(text: str, *, stored: bool = False) -> str:
    """Tidies a text of one line: no blanks around it, and single blanks within.

    No-break spaces within it are kept. `stored` is as in `tidy`.
    """
    return _BLANKS.sub(_blank, _cleaned(text, stored)).strip()


def _blank(run: re.Match[str]) -> str:
    return run.group() if run.group().strip("\u00a0\u2007\u202f") == "" else " "


def bad_characters(text: str) -> str:
    """A sentence about the first character that is refused, or an empty string.

    The sentence names the character, its line and the words before it.
    """
    plain = text.isascii() and "\x00" not in text
    found = None if plain else _REFUSED.search(text)
    if found is None:
        return ""
    code = ord(found.group())
    before = _LINE_END.sub("\n", text[: found.start()])
    line = before.count("\n") + 1
    words = tidy_line(before.rpartition("\n")[2])[-20:]
    after = f" after “{words}”" if words else ""
    return f"Line {line} holds U+{code:04X}{after}: {_why_bad(code)}"


def _why_bad(code: int) -> str:
    if code == 0:
        return (
            "this is a NUL character, which cannot be stored. Remove it. If the text comes "
            "from a file, save the file as UTF-8."
        )
    if 0xD800 <= code <= 0xDFFF:
        return "this is half of a character (a lone surrogate), which cannot be stored. Remove it."
    return (
        "this is not a character, and often means that a file was read in the wrong encoding. "
        "Remove it. If the text comes from a file, save the file as UTF-8."
    )


def without_invisible(text: str) -> str:
    """Removes characters that a reader cannot see, but keeps blanks and line ends."""
    return text if text.isascii() and text.isprintable() else _UNSEEN.sub("", text)


def is_blank(text: str) -> bool:
    """Whether a reader would see nothing of this text."""
    seen = without_invisible(text).replace("\u2800", "")  # the Braille pattern without a dot
    return all(unicodedata.category(c) in ("Zs", "Zl", "Zp", "Cc", "Cf") for c in seen)


def legal_in_xml(text: str) -> str:
    """Removes characters that XML 1.0 forbids; older rows may still have some."""
    return _ILLEGAL_IN_XML.sub("", text)


_CONTROLS = bytes((*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20)))


def legal_page(page: bytes) -> bytes:
    """Does the same for a whole page in UTF-8, at the cost of one copy."""
    page = page.translate(None, _CONTROLS)
    return page.replace(b"\xef\xbf\xbe", b"").replace(b"\xef\xbf\xbf", b"")
