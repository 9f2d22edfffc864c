"""The columns stored beside a text: they follow from the text, and from RENDERER."""

import json
from itertools import zip_longest
from typing import NamedTuple, Self

from causes.text.body import plain, uncited_paragraphs
from causes.text.markdown import RENDERER
from causes.text.recent import Recent
from causes.text.words import sought

SHOWN = 8
"""Words shown of each side of a difference."""


class Derived(NamedTuple):
    """The derived columns of a revision. They are in no fixture."""

    uncited: int
    """The number of paragraphs that cite nothing, as far as a small column can hold it."""

    plain: str
    """The body as readers see it."""

    sought: str
    """The words of title, summary and body in the form that search uses, as a JSON array."""

    reader: int
    """The RENDERER that derived the columns."""

    @classmethod
    def of(cls, title: str, summary: str, body: str, *, withheld: bool = False) -> Self:
        """The columns of one text. Those of a withheld text are blank, whatever it holds."""
        if withheld:
            return cls(0, "", "", RENDERER)
        key = title, summary, body
        if (kept := _derived.get(key)) is not None:
            return cls(*kept)
        text = plain(body)
        made = cls(
            min(len(uncited_paragraphs(body)), 32_767),
            text,
            json.dumps([sought(part) for part in (title, summary, text)], ensure_ascii=False),
            RENDERER,
        )
        _derived.keep(key, made)
        return made


def _size(key: tuple[str, str, str], made: Derived) -> int:
    return len(key[2]) + len(made.plain) + len(made.sought)


_derived: Recent[tuple[str, str, str], Derived] = Recent(2_000_000, size=_size)
"""A text is derived before the write lock is taken, and written under it."""


def first_difference(before: str, after: str) -> tuple[str, str] | None:
    """The first words in which two plain texts differ, as (before, after); None if none do."""
    old, new = before.split(), after.split()
    for place, (one, other) in enumerate(zip_longest(old, new)):
        if one != other:
            start = max(0, place - 2)
            return " ".join(old[start : start + SHOWN]), " ".join(new[start : start + SHOWN])
    return None
