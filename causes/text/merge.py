"""Three versions of a text side by side, paragraph by paragraph.

Nothing is merged automatically: two correct edits can make one wrong dose. Where two
versions differ, a person chooses.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from causes.text.alignment import Effort, matching_blocks
from causes.text.recent import Recent


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
    texts = base, theirs, mine
    return _known.get(texts) or _known.keep(texts, _parts_of(texts))


_known: Recent[tuple[str, str, str], list[Part]] = Recent(
    2_000_000, size=lambda texts, _: sum(map(len, texts))
)
"""The parts are found before the write lock is taken, and needed under it."""


def _parts_of(texts: tuple[str, str, str]) -> list[Part]:
    pieces = [_paragraphs(text) for text in texts]
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
    # A part that ends without an empty line, because it was the last of its side, gets one.
    apart = [side if _ends_blank(side) else side.rstrip("\n") + "\n\n" for side in kept[:-1]]
    return "".join([*apart, *kept[-1:]]).strip("\n")


def _ends_blank(text: str) -> bool:
    return text[len(text.rstrip()) :].count("\n") > 1


def _paragraphs(text: str) -> list[str]:
    """The paragraphs, each with the empty lines after it."""
    text = text.replace("\r\n", "\n").strip("\n")
    return re.findall(r".+?(?:\n(?:[ \t]*\n)+|\Z)", text, re.DOTALL)


def _anchors(base: list[str], theirs: list[str], mine: list[str]) -> list[tuple[int, ...]]:
    """The indexes of paragraphs that are the same in all three versions."""
    matched = []
    for other in (theirs, mine):
        blocks = matching_blocks(base, other, Effort())
        matched.append({i + n: j + n for i, j, size in blocks for n in range(size)})
    both = sorted(matched[0].keys() & matched[1].keys())
    return [(index, matched[0][index], matched[1][index]) for index in both]


def _part(pieces: list[list[str]], start: Sequence[int], end: Sequence[int]) -> Part:
    base, theirs, mine = ("".join(some[i:j]) for some, i, j in zip(pieces, start, end, strict=True))
    return Part(base, theirs, mine)


def _joined(parts: list[Part]) -> list[Part]:
    found: list[Part] = []
    for settled, some in groupby(parts, key=lambda part: part.settled):
        run = list(some)
        if settled:
            sides = ("base", "theirs", "mine")
            run = [Part(*("".join(getattr(part, side) for part in run) for side in sides))]
        found += run
    return found
