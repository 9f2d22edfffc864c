"""Pairs of names that are probably two spellings of one name."""

import re
from collections import defaultdict
from collections.abc import Iterable

from causes.text.names import fold

NEIGHBOURS = 20
"""The number of names with which a name is compared, of those that share a key with it.

A thousand names that differ in one letter would be half a million pairs.
"""


def near_duplicates(names: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of names that differ in word order, in number (nerve, nerves) or in one letter.

    Names that differ in a digit are different (type 1, type 2), and so are short names that
    differ in a letter (hand, hind). The time is proportional to the number of letters.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for name in sorted(set(names)):
        for key in _keys(name):
            groups[key].append(name)
    pairs = {
        (one, other)
        for group in groups.values()
        for index, one in enumerate(group)
        for other in group[index + 1 : index + 1 + NEIGHBOURS]
    }
    return sorted(pair for pair in pairs if _close(*pair))


def _words(name: str) -> list[str]:
    return [_singular(word) for word in re.findall(r"[^\W_]+", fold(name))]


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 5 and word.endswith(("uses", "shes", "ches", "xes", "sses")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _keys(name: str) -> set[str]:
    """The name, whole and without each of its letters: similar names have one in common."""
    words = sorted(_words(name))
    whole = " ".join(words)
    keys = {whole}
    if len(whole) >= 6:
        keys |= {whole[:i] + whole[i + 1 :] for i, c in enumerate(whole) if not c.isdigit()}
    return keys


def _close(one: str, other: str) -> bool:
    """Whether two names that share a key differ by one letter, or by two swapped letters."""
    first, second = (" ".join(sorted(_words(name))) for name in (one, other))
    if re.sub(r"\D", "", first) != re.sub(r"\D", "", second):
        return False
    if len(first) != len(second):
        return True  # they share a key, so one is the other without a letter
    places = [place for place, (a, b) in enumerate(zip(first, second, strict=True)) if a != b]
    if len(places) < 2:
        return True
    start, end = places[0], places[-1] + 1
    return end - start == 2 and first[start:end] == second[start:end][::-1]
