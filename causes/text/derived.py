"""What is stored beside a text, follows from it, and is made again when RENDERER changes."""

import json
from typing import NamedTuple, Self

from causes.text.body import plain, uncited_paragraphs
from causes.text.markdown import RENDERER
from causes.text.words import sought


class Derived(NamedTuple):
    """The derived columns of a revision. They are in no fixture."""

    uncited: int
    """How many paragraphs cite nothing, as far as a small column can hold it."""

    plain: str
    """The body as readers see it."""

    sought: str
    """The words of title, summary and body as search has them, as a JSON array."""

    reader: int
    """The RENDERER that made them."""

    @classmethod
    def of(cls, title: str, summary: str, body: str, *, withheld: bool = False) -> Self:
        """Of a text that is withheld nothing is kept, be it only its title today."""
        if withheld:
            return cls(0, "", "", RENDERER)
        text = plain(body)
        return cls(
            min(len(uncited_paragraphs(body)), 32_767),
            text,
            json.dumps([sought(part) for part in (title, summary, text)], ensure_ascii=False),
            RENDERER,
        )
