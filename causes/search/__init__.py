"""Search in public texts: one interface, with one engine for each database.

Database triggers (causes/database/) maintain the index, so it is correct however a text
becomes public. The query decides which texts are live, not the index. The engines see only
the words that causes/text/words.py makes of a text, so matches are marked here.
"""

from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import OuterRef, Value
from django.db.models.functions import Coalesce

from causes.addresses import addresses
from causes.models import Revision, TaggedRevision
from causes.models.entry import entry_address
from causes.queries.arrays import AsArrays, each_once
from causes.queries.prepared import Prepared
from causes.search import postgresql, sqlite
from causes.search.matches import Matcher
from causes.search.query import RANKED, Item, parse
from causes.search.snippet import Snippet, excerpt, mark
from causes.text.body import plain
from causes.text.markdown import RENDERER

PAGE_SIZE = 10
COUNTED = RANKED - 1
"""How far hits are counted. Of a longer list, a page says that there are more."""
MOST_TAGS = 20
"""The most tags that are shown with one hit."""

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
    """The number of hits, or `COUNTED + 1` if there are more than are counted."""
    all_words: bool = True
    """False if no text has all the words, and these hits have some of them."""

    @property
    def counted(self) -> str:
        """The number of hits, in figures."""
        return f"More than {COUNTED:,}" if self.total > COUNTED else f"{self.total:,}"


def search(question: str, *, page: int = 1) -> Results:
    """The public entries that contain the words of a question, best first.

    Words match by their stem, and "words in quotation marks" match side by side. Matches in
    titles come before all others. If there are more than `COUNTED` matches, the newest are
    ranked. Any text is a valid question. A question without words finds nothing.
    """
    items = parse(question)
    if not items:
        return Results()
    engine = ENGINES[connection.vendor]
    offset = (max(page, 1) - 1) * PAGE_SIZE
    for all_words in (True, False) if len(items) > 1 else (True,):
        total, found = engine.find(items, all_words, PAGE_SIZE, offset)
        if total:
            return Results(_hits(found, items), min(total, COUNTED + 1), all_words)
    return Results()


@Prepared
def _about(revision: int) -> Any:
    links = TaggedRevision.objects.filter(content_object=OuterRef("pk")).as_called_today()
    called = Coalesce("category__merged_into__name", "category__name", Value(""))
    tags = AsArrays(links.order_by(), "sort_name", "name")
    rows = Revision.objects.filter(pk=revision).annotate(called=called, names=tags)
    return rows.order_by().values_list(
        "pk",
        "entry__kind",
        "entry__slug",
        "called",
        "names",
        "title",
        "summary",
        "reader",
        "plain",
    )


def _hits(found: list[int], items: list[Item]) -> list[Hit]:
    """The hits of these revisions, with the matches marked."""
    if not found:
        return []
    many = [{"revision": revision} for revision in found]
    about = {pk: row for _, pk, *row in _about.within("{query}", many, limit=1)}
    matcher, where = Matcher(items), addresses()
    return [
        Hit(
            entry_address(kind, slug, where),
            mark(title, matcher.matches(title)),
            _context(matcher, summary, text if reader == RENDERER else _read(revision)),
            category,
            # Two tags may have been merged into one.
            [name for _, name in each_once(names)][:MOST_TAGS],
        )
        for revision in found
        for kind, slug, category, names, title, summary, reader, text in [about[revision]]
    ]


def _read(revision: int) -> str:
    """The plain text of a revision whose stored one is missing or of another version."""
    return plain(Revision.objects.values_list("body", flat=True).get(pk=revision))


def _context(matcher: Matcher, summary: str, text: str) -> Snippet:
    """The summary if it has a match or the text has none; otherwise an excerpt of the text."""
    found = matcher.matches(summary)
    shown = [] if found else excerpt(text, matcher.matches(text))
    return shown or mark(summary, found)
