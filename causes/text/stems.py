"""Stems of English words, by Porter's algorithm.

Source: M. F. Porter, An algorithm for suffix stripping, Program 14 (1980) 130-137, with two
changes from his later version: -bli becomes -ble and -logi becomes -log. SQLite uses this
algorithm. PostgreSQL uses it without the two changes; `evened` makes up for them.
"""

import re
from functools import lru_cache

# The longer ones first.
_DOUBLE = {
    "ational": "ate", "ization": "ize", "iveness": "ive", "fulness": "ful", "ousness": "ous",
    "tional": "tion", "biliti": "ble", "entli": "ent", "ousli": "ous", "ation": "ate",
    "alism": "al", "aliti": "al", "iviti": "ive", "enci": "ence", "anci": "ance",
    "izer": "ize", "alli": "al", "ator": "ate", "logi": "log", "bli": "ble", "eli": "e",
}  # fmt: skip
_LATER = {
    "icate": "ic", "ative": "", "alize": "al", "iciti": "ic", "ical": "ic", "ful": "", "ness": "",
}  # fmt: skip
_LAST = (  # the longer ones first
    "ement ance ence able ible ment ant ent ion ism ate iti ous ive ize al er ic ou"
).split()
_EVEN = re.compile(r"(log|bl)(?:y|ies|i)$|([chjkqvwx])\2(?:ed|ings?)$")


def _kinds(word: str) -> str:
    """The word's letters as v (vowel) and c (consonant). A y after a consonant is a vowel."""
    kinds = ""
    for letter in word:
        vowel = letter in "aeiou" or (letter == "y" and kinds[-1:] == "c")
        kinds += "v" if vowel else "c"
    return kinds


def _measure(word: str) -> int:
    """The number of times that a consonant follows a vowel: Porter's measure m."""
    return _kinds(word).count("vc")


def _replaced(word: str, endings: dict[str, str]) -> str:
    for ending in endings:
        if word.endswith(ending):
            rest = word[: -len(ending)]
            return rest + endings[ending] if _measure(rest) > 0 else word
    return word


def _short(word: str) -> bool:
    """Whether the word ends in consonant, vowel, consonant, the last one not w, x or y."""
    return _kinds(word).endswith("cvc") and word[-1] not in "wxy"


def evened(word: str) -> str:
    """The word in a form for which both engines find the stem that SQLite finds for the word."""
    if word[-1] not in "yisdg" or not (match := _EVEN.search(word)):
        return word
    rest = word[: match.start()]
    if match[2]:
        return rest + match[2] if "v" in _kinds(rest + match[2]) else word
    return rest + {"log": "log", "bl": "ble"}[match[1]] if _measure(rest) > 0 else word


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The stem of a word in small letters. Words with fewer than three bytes are unchanged."""
    if not 3 <= len(word.encode()) <= 64:
        return word
    word = _without_inflection(word)
    if word.endswith("y") and "v" in _kinds(word[:-1]):
        word = word[:-1] + "i"
    word = _replaced(_replaced(word, _DOUBLE), _LATER)
    word = _without_last(word)
    if word.endswith("e"):
        rest = word[:-1]
        if _measure(rest) > 1 or (_measure(rest) == 1 and not _short(rest)):
            word = rest
    return word[:-1] if word.endswith("ll") and _measure(word) > 1 else word


def _without_inflection(word: str) -> str:
    if word.endswith("s"):
        if word.endswith(("sses", "ies")):
            word = word[:-2]
        elif not word.endswith("ss"):
            word = word[:-1]
    if word.endswith("eed"):
        return word[:-1] if _measure(word[:-3]) > 0 else word
    for ending in ("ed", "ing"):
        rest = word.removesuffix(ending)
        if rest != word and "v" in _kinds(rest):
            if rest.endswith(("at", "bl", "iz")):
                return rest + "e"
            if rest[-1:] == rest[-2:-1] and _kinds(rest)[-1] == "c" and rest[-1] not in "lsz":
                return rest[:-1]
            return rest + "e" if _measure(rest) == 1 and _short(rest) else rest
    return word


def _without_last(word: str) -> str:
    for ending in _LAST:
        if word.endswith(ending):
            rest = word[: -len(ending)]
            fits = ending != "ion" or rest.endswith(("s", "t"))
            return rest if fits and _measure(rest) > 1 else word
    return word
