"""Three versions of a text side by side, paragraph by paragraph.

Nothing is merged automatically: two correct edits can make one wrong dose. Where two
versions differ, a person chooses.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True)
class Part:
    """The same place in three versions: some paragraphs, with the empty lines after them."""

    base: str
    theirs: str
    mine: str

    @property
    def settled(self) -> bool:
        """Whether both sides are the same, so there is nothing to choose."""
        return self.theirs.strip() == self.mine.strip()


def parts_of(base: str, theirs: str, mine: str) -> list[Part]:
    """The parts of three texts, in order. Neighbouring settled parts are joined.

    The `theirs` of all parts, joined, are that text again. The same is true of `mine`.
    Source of the alignment: Khanna, Kunal, Pierce: A formal investigation of
    diff3 (FSTTCS 2007), with paragraphs for lines.
    """
    pieces = [_paragraphs(text) for text in (base, theirs, mine)]
    keys = [[piece.strip() for piece in some] for some in pieces]
    found: list[Part] = []
    before: tuple[int, ...] = (0, 0, 0)
    for stable in [*_anchors(*keys), tuple(len(some) for some in keys)]:
        if stable != before:
            found.append(_part(pieces, before, stable))
        end = tuple(index + 1 for index in stable)
        if stable[0] < len(keys[0]):
            found.append(_part(pieces, stable, end))
        before = end
    return _joined(found)


def chosen(parts: Sequence[Part], choices: Sequence[str]) -> str:
    """The text of the chosen sides: `base`, `theirs` or `mine` for each part.

    For a settled part, the choice is ignored and `theirs` is used.
    """
    sides = [
        part.theirs if part.settled else str(getattr(part, side))
        for part, side in zip(parts, choices, strict=True)
    ]
    kept = [side for side in sides if side.strip()]
    text = ""
    for side in kept:
        if text and not re.search(r"\n[ \t]*\n\s*\Z", text):
            text = text.rstrip("\n") + "\n\n"
        text += side
    return text.strip("\n")


def _paragraphs(text: str) -> list[str]:
    """The paragraphs, each with the empty lines after it."""
    text = text.replace("\r\n", "\n").strip("\n")
    return re.findall(r".+?(?:\n(?:[ \t]*\n)+|\Z)", text, re.DOTALL)


def _anchors(base: list[str], theirs: list[str], mine: list[str]) -> list[tuple[int, ...]]:
    """The indexes of paragraphs that are the same in all three versions."""
    matched = []
    for other in (theirs, mine):
        blocks = SequenceMatcher(None, base, other, autojunk=False).get_matching_blocks()
        matched.append({b.a + i: b.b + i for b in blocks for i in range(b.size)})
    both = sorted(matched[0].keys() & matched[1].keys())
    return [(index, matched[0][index], matched[1][index]) for index in both]


def _part(pieces: list[list[str]], start: Sequence[int], end: Sequence[int]) -> Part:
    base, theirs, mine = ("".join(some[i:j]) for some, i, j in zip(pieces, start, end, strict=True))
    return Part(base, theirs, mine)


def _joined(parts: list[Part]) -> list[Part]:
    found: list[Part] = []
    for part in parts:
        if found and found[-1].settled and part.settled:
            last = found.pop()
            part = Part(last.base + part.base, last.theirs + part.theirs, last.mine + part.mine)
        found.append(part)
    return found
