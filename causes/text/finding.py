"""What is compared when somebody at the desk looks for a word: letters without case and marks."""

import re
import unicodedata

MARKS = "\u0300-\u036f"
"""Accents and the like, once a letter is parted from them."""

UNSEEN = "\u00ad\u200b-\u200d\u2060\ufeff"
"""Soft hyphens and characters without a width, which come in with pasted text."""

SINGLE = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ς": "σ"}
DOUBLE = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"}
"""Letters that people type as others, and that Unicode does not part."""

_LEFT_OUT = re.compile(f"[\x00{MARKS}{UNSEEN}]")
_SPELLED = str.maketrans(SINGLE | DOUBLE)


def findable(text: str) -> str:
    """The text as it is compared: `Østergaard` and `ostergaard` are the same.

    `causes_findable` is the same function in PostgreSQL (causes/database/finding.py).
    """
    if text.isascii():
        return text.lower().replace("\x00", "")
    parted = unicodedata.normalize("NFKD", text)
    return _LEFT_OUT.sub("", parted).lower().translate(_SPELLED)
