"""Search over what is public: one interface, and one engine a database behind it.

The index is kept by database triggers (causes/database/), so it is right after
every way in which a text can become public. What is live is decided when the
question is asked, never in the index.
"""

from dataclasses import dataclass, field

from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Coalesce

from causes.models import Publication, TaggedRevision
from causes.models.entry import entry_address
from causes.search import postgresql, sqlite
from causes.search.query import parse
from causes.search.snippet import Snippet, mark, snippet

PAGE_SIZE = 10

ENGINES = {"sqlite": sqlite, "postgresql": postgresql}


@dataclass(frozen=True)
class Hit:
    address: str
    title: Snippet
    context: Snippet
    category: str
    tags: list[str]


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
    called = Coalesce(
        "revision__category__merged_into__name", "revision__category__name", Value("")
    )
    rows = Publication.objects.filter(pk__in=ids)
    entries = {pk: row for pk, *row in rows.values_list("pk", "entry__kind", "entry__slug", called)}
    tags: dict[int, list[str]] = {}
    links = TaggedRevision.objects.filter(content_object__publications__in=ids)
    names = links.annotate(
        publication=F("content_object__publications"),
        name=Coalesce("tag__merged_into__name", "tag__name"),
        folded=Coalesce("tag__merged_into__folded", "tag__folded"),
    )
    for pk, name in names.order_by("folded").values_list("publication", "name").distinct():
        tags.setdefault(pk, []).append(name)
    return [
        Hit(
            entry_address(*entries[pk][:2]),
            mark(title),
            snippet(summary, body),
            entries[pk][2],
            tags.get(pk, []),
        )
        for pk, title, summary, body in found
        if pk in entries
    ]
