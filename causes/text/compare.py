"""The differences between two texts, word by word.

Paragraphs are aligned first, then the words within them: difflib needs seconds to align
20,000 words at once. The work is bounded: in a text that would need more, such as one of
thousands of equal lines, whole paragraphs are shown as deleted and inserted.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from causes.text.alignment import Effort, opcodes

# A number with its separators, decimals and percent sign is one word, so that
# 500 -> 5,000 reads as a changed number and not as an inserted zero.
_WORD = re.compile(r"[+\-−±]?\d+(?:[.,:/\u202f\u00a0]\d+)*(?:\s?%)?|\w+(?:['’\-]\w+)*|\s+|[^\w\s]")

# Pairs of words: difflib needs up to a second for a million.
_TOO_MANY = 400_000

Kind = Literal["same", "inserted", "deleted"]


@dataclass(frozen=True)
class Piece:
    kind: Kind
    text: str


Paragraph = list[Piece]


def compare(before: str, after: str, effort: Effort | None = None) -> list[Paragraph]:
    """The pieces that turn one text into another, paragraph by paragraph.

    Without the inserted pieces they are the first text; without the deleted pieces, the
    second. Empty lines between paragraphs are not compared. Several comparisons on one page
    can share their effort.
    """
    old, new = _paragraphs(before), _paragraphs(after)
    if old == new:
        return [[Piece("same", text)] for text in old]
    effort = effort or Effort()
    result: list[Paragraph] = []
    for equal, i1, i2, j1, j2 in opcodes(old, new, effort):
        if equal:
            result += [[Piece("same", text)] for text in old[i1:i2]]
        else:
            result += _replaced(old[i1:i2], new[j1:j2], effort)
    return result


def compare_lists(before: Sequence[str], after: Sequence[str]) -> Paragraph:
    """The same for lists of names such as tags: each name is kept, inserted or deleted."""
    pieces = [Piece("same" if name in after else "deleted", name) for name in before]
    return pieces + [Piece("inserted", name) for name in after if name not in before]


def _paragraphs(text: str) -> list[str]:
    parts = re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n"))
    return [part.strip("\n") for part in parts if part.strip()]


def _replaced(old: list[str], new: list[str], effort: Effort) -> list[Paragraph]:
    """Pairs each new paragraph with the first remaining old one that is similar."""
    result: list[Paragraph] = []
    fresh: list[Paragraph] = []
    old_words = [_WORD.findall(text) for text in old]
    bags = [set(words) for words in old_words]
    start = 0
    for text in new:
        words = _WORD.findall(text)
        partner = _partner(set(words), bags, start)
        if partner is None:
            fresh.append([Piece("inserted", text)])
            continue
        # Deleted paragraphs come before the inserted ones that replace them.
        result += [[Piece("deleted", gone)] for gone in old[start:partner]] + fresh
        result.append(_words(old_words[partner], words, effort))
        start, fresh = partner + 1, []
    return result + [[Piece("deleted", gone)] for gone in old[start:]] + fresh


def _partner(bag: set[str], bags: list[set[str]], start: int) -> int | None:
    """The first of the next thirty old paragraphs that shares half of the words, if any."""
    for index in range(start, min(len(bags), start + 30)):
        if len(bag & bags[index]) * 2 >= max(len(bag), len(bags[index])):
            return index
    return None


def _words(old: list[str], new: list[str], effort: Effort) -> Paragraph:
    if len(old) * len(new) > _TOO_MANY:
        return _sentences(old, new, effort)
    return _opcodes(old, new, effort)


def _opcodes(old: list[str], new: list[str], effort: Effort) -> Paragraph:
    pieces: Paragraph = []
    for equal, i1, i2, j1, j2 in opcodes(old, new, effort):
        if equal:
            pieces.append(Piece("same", "".join(old[i1:i2])))
            continue
        if i2 > i1:
            pieces.append(Piece("deleted", "".join(old[i1:i2])))
        if j2 > j1:
            pieces.append(Piece("inserted", "".join(new[j1:j2])))
    return pieces


def _sentences(old: list[str], new: list[str], effort: Effort) -> Paragraph:
    """Compares paragraphs that are too long for one comparison: sentences first, then words."""
    before, after = _by_sentence(old), _by_sentence(new)
    pieces: Paragraph = []
    for equal, i1, i2, j1, j2 in opcodes(before, after, effort):
        gone = [word for sentence in before[i1:i2] for word in sentence]
        come = [word for sentence in after[j1:j2] for word in sentence]
        if equal:
            pieces.append(Piece("same", "".join(gone)))
        elif len(gone) * len(come) > _TOO_MANY:
            pieces += [Piece("deleted", "".join(gone)), Piece("inserted", "".join(come))]
        else:
            pieces += _opcodes(gone, come, effort)
    return pieces


def _by_sentence(words: list[str]) -> list[tuple[str, ...]]:
    sentences, start = [], 0
    for index, word in enumerate(words, 1):
        if word in ".!?;:\n" or index == len(words):
            sentences.append(tuple(words[start:index]))
            start = index
    return sentences
