"""Search over what is public: one interface, and one engine a database behind it.

The index is kept by database triggers (causes/database/), so it is right after
every way in which a text can become public. What is live is decided when the
question is asked, never in the index.
"""

from dataclasses import dataclass, field

from django.db import connection

from causes.models import Publication
from causes.search import postgresql, sqlite
from causes.search.query import parse
from causes.search.snippet import Snippet, mark, snippet

PAGE_SIZE = 10

ENGINES = {"sqlite": sqlite, "postgresql": postgresql}


@dataclass(frozen=True)
class Hit:
    publication: Publication
    title: Snippet
    context: Snippet


@dataclass(frozen=True)
class Results:
    hits: list[Hit] = field(default_factory=list)
    total: int = 0
    all_words: bool = True
    """False when nothing held all words and these hits hold some of them."""


def search(question: str, *, page: int = 1) -> Results:
    """The public entries that hold the words of a question, best first.

    Words are matched by their stem, "words in quotation marks" side by side. Every
    title that matches comes before every match elsewhere. Anything at all may be
    asked; what holds no word finds nothing.
    """
    phrases = parse(question)
    if not phrases:
        return Results()
    engine = ENGINES[connection.vendor]
    offset = (max(page, 1) - 1) * PAGE_SIZE
    for all_words in (True, False) if len(phrases) > 1 else (True,):
        total, found = engine.find(phrases, all_words, PAGE_SIZE, offset)
        if total:
            return Results(_hits(found), total, all_words)
    return Results()


def _hits(found: list[tuple[int, str, str, str]]) -> list[Hit]:
    """Adds the rows to what an engine found: (publication id, title, summary, body), marked."""
    ids = [row[0] for row in found]
    rows = Publication.objects.for_lists().with_tags().in_bulk(ids)
    return [
        Hit(rows[pk], mark(title), snippet(summary, body))
        for pk, title, summary, body in found
        if pk in rows
    ]
