"""The alignment of two sequences by difflib, with a bound on its work."""

from collections import Counter
from collections.abc import Hashable, Sequence
from difflib import SequenceMatcher
from itertools import accumulate
from typing import Any

STEPS = 8_000_000
"""The most steps for one pair of texts: about a second."""

FIXED = 20
"""Steps that one search for a match costs, however short."""

Block = tuple[int, int, int]
"""Where a match begins in the one and in the other sequence, and its length."""


class Effort:
    """The steps that are left for all alignments of one pair of texts."""

    def __init__(self, steps: int = STEPS) -> None:
        self.left = steps

    def spend(self, steps: int) -> bool:
        """Whether so many steps were left. If not, nothing is spent."""
        if steps > self.left:
            return False
        self.left -= steps
        return True


def matching_blocks(a: Sequence[Any], b: Sequence[Any], effort: Effort) -> list[Block]:
    """The matches of two sequences, in order, as difflib finds them.

    difflib takes cubic time if many elements are equal. Where no effort is left for a pair of
    ranges, only their equal beginnings and ends are found.
    """
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    number = Counter(b)
    cost = [0, *accumulate(1 + number[element] for element in a)]
    found: list[Block] = []
    ranges = [(0, len(a), 0, len(b))]
    while ranges:
        i1, i2, j1, j2 = ranges.pop()
        if i1 == i2 or j1 == j2:
            continue
        if not effort.spend(cost[i2] - cost[i1] + FIXED):
            found += _ends(a, b, i1, i2, j1, j2)
            continue
        i, j, size = matcher.find_longest_match(i1, i2, j1, j2)
        if size:
            found.append((i, j, size))
            ranges += [(i1, i, j1, j), (i + size, i2, j + size, j2)]
    return _joined(sorted(found))


def _ends(a: Sequence[Any], b: Sequence[Any], i1: int, i2: int, j1: int, j2: int) -> list[Block]:
    """The equal elements at the beginning and at the end of two ranges."""
    most = min(i2 - i1, j2 - j1)
    head = next((n for n in range(most) if a[i1 + n] != b[j1 + n]), most)
    most -= head
    tail = next((n for n in range(most) if a[i2 - 1 - n] != b[j2 - 1 - n]), most)
    return [block for block in ((i1, j1, head), (i2 - tail, j2 - tail, tail)) if block[2]]


def _joined(blocks: list[Block]) -> list[Block]:
    joined: list[Block] = []
    for i, j, size in blocks:
        if joined and (joined[-1][0] + joined[-1][2], joined[-1][1] + joined[-1][2]) == (i, j):
            i, j, before = joined.pop()
            size += before
        joined.append((i, j, size))
    return joined


def opcodes(
    a: Sequence[Hashable], b: Sequence[Hashable], effort: Effort
) -> list[tuple[bool, int, int, int, int]]:
    """The equal and the different ranges in order: (equal, i1, i2, j1, j2) of each."""
    found = []
    i = j = 0
    for i1, j1, size in [*matching_blocks(a, b, effort), (len(a), len(b), 0)]:
        if i < i1 or j < j1:
            found.append((False, i, i1, j, j1))
        i, j = i1 + size, j1 + size
        if size:
            found.append((True, i1, i, j1, j))
    return found
