"""The form in which the desk's finders compare texts: letters without case and accents.

Public search compares another form, `searchable` in causes/text/names.py, which is computed
once for each text and stored. This one is computed for each row of a query, in PostgreSQL by
a function in SQL, so it knows fewer letters.
"""

import re

from causes.text.characters import normalized

MARKS = "\u0300-\u036f"
"""Combining accents, after Unicode has separated them from their letters."""

UNSEEN = "\u00ad\u200b-\u200d\u2060\ufeff"
"""Soft hyphens and characters without width, which pasted text can contain."""

SINGLE = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ς": "σ"}
DOUBLE = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"}
"""Letters that people type as others, and that Unicode does not decompose."""

_LEFT_OUT = re.compile(f"[\x00{MARKS}{UNSEEN}]")
_SPELLED = str.maketrans(SINGLE | DOUBLE)


def findable(text: str) -> str:
    """The text in the form for comparing: `Østergaard` and `ostergaard` are the same.

    `causes_findable` is the same function in PostgreSQL (causes/database/finding.py).
    """
    if text.isascii():
        return text.lower().replace("\x00", "")
    parted = normalized("NFKD", text)
    return _LEFT_OUT.sub("", parted).lower().translate(_SPELLED)
