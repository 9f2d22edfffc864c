"""Turns the words that a visitor typed into the phrases to search for."""

import re

from causes.text.words import POINT, is_number, words

LONGEST = 200
"""The number of characters of a question that are read."""

RANKED = 501
"""The number of matches that are ranked and counted, newest first: one more than a page counts.

The same number of matches in titles is ranked separately. This limits the cost of a search.
"""

MOST_WORDS = 12

Phrase = tuple[str, ...]
"""Words that follow each other, in the form of `causes.text.words`."""

Item = tuple[Phrase, ...]
"""One thing that a text must contain, in any of these forms."""

_PART = re.compile(r'["“”„]([^"“”„]*)(?:["“”„]|$)|([^"“”„]+)')
_UNITS = set("g kg mg μg ug mcg ng l dl ml μl m cm mm h min s ms hz v mv ma iu mol mmol".split())
_WITH_UNIT = re.compile(rf"([0-9{POINT}]+)([a-zμ]+)")


def parse(question: str) -> list[Item]:
    """The items that a text must contain to match, in the order of the question.

    Words in quotation marks must follow each other, and so must the parts of `COVID-19`, `2.5`
    and `10^6`. A dose matches with or without a space before its unit. The question is cut off
    after 200 characters or 12 words.
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
    """The words of a text. A unit, or a word joined by one sign, goes with its number."""
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
    """The phrase; if it ends in a unit, both with and without a space before the unit."""
    *rest, last = phrase
    if rest and last in _UNITS and is_number(rest[-1]):
        return phrase, (*rest[:-1], rest[-1] + last)
    match = _WITH_UNIT.fullmatch(last)
    if match and match[2] in _UNITS:
        return phrase, (*rest, match[1], match[2])
    return (phrase,)
