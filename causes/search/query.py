"""From what a visitor typed to the phrases that are looked for."""

import re
import unicodedata

_PART = re.compile(r'"([^"]*)"|([^"]+)')
_WORD = re.compile(r"[^\W_]+")

LONGEST = 200
"""Characters of a question that are read."""

RANKED = 501
"""How many matches are ranked, the newest of them, and counted: one more than a page counts.

Those in titles have as many of their own. What a search costs does not grow beyond it.
"""

MOST_WORDS = 12


def parse(question: str) -> list[list[str]]:
    """Phrases, each a list of words without any sign that an engine could read as more.

    Beyond 200 characters or 12 words the rest of a question is passed over.
    """
    question = unicodedata.normalize("NFC", question[:LONGEST])
    phrases: list[list[str]] = []
    for quoted, loose in _PART.findall(question):
        if quoted:
            phrases.append(_WORD.findall(quoted))
        else:
            phrases += [[word] for word in _WORD.findall(loose)]
    kept: list[list[str]] = []
    for phrase in phrases:
        room = MOST_WORDS - sum(map(len, kept))
        if phrase[:room] and phrase[:room] not in kept:
            kept.append(phrase[:room])
    return kept
