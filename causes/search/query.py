"""From what a visitor typed to the phrases that are looked for."""

import re

from causes.text.words import POINT, is_number, words

LONGEST = 200
"""Characters of a question that are read."""

RANKED = 501
"""How many matches are ranked, the newest of them, and counted: one more than a page counts.

Those in titles have as many of their own. What a search costs does not grow beyond it.
"""

MOST_WORDS = 12

Phrase = tuple[str, ...]
"""Words side by side, as `causes.text.words` has them."""

Item = tuple[Phrase, ...]
"""One thing that a text must have, in any of these forms."""

_PART = re.compile(r'["“”„]([^"“”„]*)(?:["“”„]|$)|([^"“”„]+)')
_UNITS = set("g kg mg μg ug mcg ng l dl ml μl m cm mm h min s ms hz v mv ma iu mol mmol".split())
_WITH_UNIT = re.compile(rf"([0-9{POINT}]+)([a-zμ]+)")


def parse(question: str) -> list[Item]:
    """What a text must have to be an answer, in the order of the question.

    Words in quotation marks stand side by side, and so do the parts of `COVID-19`, `2.5` and
    `10^6`. A dose is found with a blank before its unit and without. Beyond 200 characters
    or 12 words the rest of a question is passed over.
    """
    items: list[Item] = []
    room = MOST_WORDS
    for quoted, loose in _PART.findall(question[:LONGEST]):
        phrases = [_all(quoted)] if quoted else _parted(loose)
        for phrase in phrases:
            if not phrase[:room]:
                continue
            item = (phrase[:room],) if quoted else _forms(phrase[:room])
            if item not in items:
                items.append(item)
                room -= len(phrase)
    return items


def _all(text: str) -> Phrase:
    return tuple(part for word in words(text) for part in word.parts)


def _parted(text: str) -> list[Phrase]:
    """The words of a text, those together that one sign joins to a number, or a unit to it."""
    phrases: list[Phrase] = []
    end = 0
    for word in words(text):
        before = phrases[-1][-1] if phrases else ""
        if phrases and _belongs(before, text[end : word.start], word.parts[0]):
            phrases[-1] += word.parts
        else:
            phrases.append(word.parts)
        end = word.end
    return phrases


def _belongs(before: str, gap: str, after: str) -> bool:
    if gap.isspace():
        return is_number(before) and after in _UNITS
    if gap in ("/", "⁄"):
        return is_number(before) and is_number(after)
    return len(gap) < 2 and (is_number(before) or is_number(after))


def _forms(phrase: Phrase) -> Item:
    """The phrase, and if a unit ends it the same with or without a blank before the unit."""
    *rest, last = phrase
    if rest and last in _UNITS and is_number(rest[-1]):
        return phrase, (*rest[:-1], rest[-1] + last)
    match = _WITH_UNIT.fullmatch(last)
    if match and match[2] in _UNITS:
        return phrase, (*rest, match[1], match[2])
    return (phrase,)
