"""Lists of causes for visitors: read in the order of an index, and never counted to the end.

A *list* is shown to people. The rows that it is read from are those of causes/models/listing.py.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import Count, Exists, F, OuterRef, QuerySet

from causes.addresses import Addresses, addresses
from causes.clock import now
from causes.models import Category, Citation, Entry, ListedTag, Listing, Source, Tag
from causes.models.entry import entry_address
from causes.queries.arrays import AsArrays, arrays
from causes.queries.prepared import Prepared

PAGE_SIZE = 20
A_TO_Z_SIZE = 100
SOURCES_SIZE = 50
COUNTED = 1000
"""How far causes are counted. Of a longer list, a page says that there are more."""

NEWEST = 40
"""How many of the newest causes with each tag are considered for related causes.

Related causes then cost the same whether a tag has forty causes or forty thousand.
"""


class Card(NamedTuple):
    """The parts of an entry that a list shows."""

    address: str
    title: str
    summary: str


class Link(NamedTuple):
    """A tag or category as a page names it."""

    pk: int | None
    name: str
    address: str
    description: str = ""

    @classmethod
    def to(cls, taxon: Category | Tag) -> "Link":
        description = getattr(taxon, "description", "")
        return cls(taxon.pk, taxon.name, taxon.get_absolute_url(), description)


@dataclass
class PageOfList:
    """One page of a list. A page beyond the last one has no rows."""

    rows: list[Any]
    number: int
    count: int = 0
    """The length of the list, or `COUNTED + 1` if it is longer than causes are counted."""
    last: int | None = None
    """The number of the last page, if the list was counted to the end."""
    more: bool = False
    """Whether another page follows."""

    @property
    def previous(self) -> int:
        """The number of the page before this one, or 0."""
        return self.number - 1

    @property
    def next(self) -> int:
        """The number of the page after this one, or 0."""
        return self.number + 1 if self.more else 0

    @property
    def here(self) -> str:
        return f"Page {self.number} of {self.last}" if self.last else f"Page {self.number}"

    @property
    def counted(self) -> str:
        """The number of causes, in words."""
        if self.count > COUNTED:
            return f"More than {COUNTED:,} causes"
        return f"{self.count:,} cause{'' if self.count == 1 else 's'}"


def paged(
    number: int, size: int, fetch: Callable[[int, int], list[Any]], count: Callable[[], int]
) -> PageOfList:
    """One page of the rows that `fetch(limit, offset)` returns.

    `count()` returns the length of the list, or `COUNTED + 1` if it is longer than that.
    """
    rows = fetch(size + 1, (number - 1) * size)
    more = len(rows) > size
    total = count() if more or (rows and number > 1) else len(rows)
    last = None if total > COUNTED else -(-total // size)
    return PageOfList(rows[:size], number, total, last, more)


# Lists of causes ------------------------------------------------------------------------


def _in_order(rows: Any) -> Any:
    return rows.order_by("sort_title", "publication_id").values_list("publication_id", "sort_title")


def _causes(at: datetime | None = None) -> Any:
    return Listing.objects.live(at).filter(kind=Entry.Kind.CAUSE)


@Prepared
def _of_category(at: datetime, category: int) -> Any:
    return _in_order(_causes(at).filter(category=category))


@Prepared
def _without_category(at: datetime) -> Any:
    return _in_order(_causes(at).filter(category=None))


@Prepared
def _of_tag(at: datetime, tag: int) -> Any:
    return _in_order(ListedTag.objects.live(at).filter(tag=tag))


@Prepared
def _all_causes(at: datetime) -> Any:
    return _in_order(_causes(at))


@Prepared
def _newest_of_tag(at: datetime, tag: int, beside: int) -> Any:
    rows = ListedTag.objects.live(at).filter(tag=tag).exclude(publication=beside)
    rows = rows.order_by("-live_from", "-publication_id")
    return rows.values_list("publication_id", flat=True)


_SHOWN = "l.kind, l.slug, l.title, l.summary"
_JOINED = "JOIN causes_listing l ON l.publication_id = listed.publication_id"
_CARDS = f"""SELECT place, {_SHOWN} FROM ({{query}}) listed {_JOINED}
    ORDER BY place, listed.sort_title, listed.publication_id"""
_COUNT = "SELECT count(*) FROM ({query}) listed"


def _page(rows: Prepared, number: int, size: int, **given: int | str) -> PageOfList:
    many, where = [{"at": now(), **given}], addresses()

    def fetch(limit: int, offset: int) -> list[Card]:
        found = rows.within(_CARDS, many, limit=limit, offset=offset)
        return [_card(where, *row) for _, *row in found]

    def count() -> int:
        return int(rows.within(_COUNT, many, limit=COUNTED + 1)[0][0])

    return paged(number, size, fetch, count)


def cards(rows: Iterable[Any], where: Addresses) -> list[Card]:
    """The cards of rows of (kind, slug, title, summary)."""
    return [_card(where, *row) for row in rows]


def _card(where: Addresses, kind: str, slug: str, title: str, summary: str) -> Card:
    return Card(entry_address(kind, slug, where), title, summary)


def causes_a_to_z(number: int) -> PageOfList:
    """A page of all live causes, by title."""
    return _page(_all_causes, number, A_TO_Z_SIZE)


# By category and by tag -----------------------------------------------------------------


@Prepared
def _category_at(slug: str) -> Any:
    rows = Category.objects.filter(slug=slug).order_by()
    return rows.values_list("pk", "name", "merged_into", "merged_into__slug", "description")


@Prepared
def _tag_at(slug: str) -> Any:
    rows = Tag.objects.filter(slug=slug).order_by()
    return rows.values_list("pk", "name", "merged_into", "merged_into__slug")


class Found(NamedTuple):
    """The category or tag with a slug."""

    taxon: Link
    pk: int
    """The row under which its causes are listed: its own, or the one it was merged into."""
    moved_to: str
    """The address of the category or tag that it was merged into, or an empty string."""


def taxon_at(kind: str, slug: str) -> Found | None:
    """The "category" or "tag" with this slug."""
    rows = (_category_at if kind == "category" else _tag_at)(slug=slug)
    if not rows:
        return None
    pk, name, merged, merged_slug, *description = rows[0]
    where = addresses()
    taxon = Link(pk, name, where.of(kind, slug), *description)
    return Found(taxon, merged or pk, where.of(kind, merged_slug) if merged else "")


def causes_of(kind: str, pk: int, number: int) -> PageOfList:
    """A page of the live causes in a "category" or with a "tag", under any of its names."""
    if kind == "tag":
        return _page(_of_tag, number, PAGE_SIZE, tag=pk)
    return _page(_of_category, number, PAGE_SIZE, category=pk)


@lru_cache(maxsize=10)
def _first_causes(limit: int) -> Prepared:
    """The categories in the editors' order, each with its first live causes."""

    def build(at: datetime) -> Any:
        causes = _causes(at).filter(category=OuterRef("pk"))
        first = causes.order_by("sort_title", "publication_id")[:limit]
        columns = ("sort_title", "publication_id", "kind", "slug", "title", "summary")
        rows = Category.objects.current().annotate(causes=AsArrays(first, *columns))
        return rows.values_list("pk", "name", "slug", "description", "causes")

    return Prepared(build)


def causes_by_category(size: int) -> list[tuple[Link | None, PageOfList]]:
    """The first live causes of each category, in the editors' order of categories.

    Causes without a category come last, under None.
    """
    at, where = now(), addresses()
    shelves: list[tuple[Link | None, list[Any]]] = [
        (Link(pk, name, where.of("category", slug), description), _shown(causes))
        for pk, name, slug, description, causes in _first_causes(size + 1)(at=at)
    ]
    loose = _without_category.within(_CARDS, [{"at": at}], limit=size + 1)
    shelves.append((None, [row[1:] for row in loose]))
    return [
        (category, PageOfList(cards(rows[:size], where), 1, more=len(rows) > size))
        for category, rows in shelves
        if rows
    ]


def _shown(causes: str) -> list[Any]:
    """The part of rows, in order of title, that `cards` takes."""
    return [shown for _, _, *shown in sorted(arrays(causes))]


def _listed(model: type[Category] | type[Tag]) -> tuple[Any, str]:
    """The rows of live causes by category or tag, and the column that names it."""
    if model is Tag:
        return ListedTag.objects.live(), "tag"
    return _causes(), "category"


def live_causes(taxon: Category | Tag) -> int:
    """The number of live causes in a category or with a tag that was not merged into another."""
    rows, column = _listed(type(taxon))
    return int(rows.filter(**{column: taxon}).count())


def taxa_with_causes(model: type[Category] | type[Tag]) -> QuerySet[Any]:
    """The categories or tags under which a visitor finds at least one cause."""
    rows, column = _listed(model)
    return model.objects.current().filter(Exists(rows.filter(**{column: OuterRef("pk")})))


def counts(model: type[Category] | type[Tag]) -> list[tuple[Link, int]]:
    """Each category or tag under which a visitor finds causes, with the number of these."""
    rows, column = _listed(model)
    counted = dict(rows.order_by().values_list(column).annotate(Count("pk")))
    found = model.objects.filter(pk__in=counted)
    return [(Link.to(row), counted[row.pk]) for row in found]


def related_rows(at: datetime, publication: int, tags: list[int], size: int) -> list[Any]:
    """The live causes that share the most tags with this one, among the newest of each tag.

    Of causes that share equally many, the newest come first. `cards` takes the rows.
    """
    if not tags:
        return []
    return _newest_of_tag.within(
        f"""SELECT {_SHOWN} FROM (
            SELECT publication_id, count(*) AS shared FROM ({{query}}) newest
            GROUP BY publication_id ORDER BY shared DESC, publication_id DESC LIMIT {int(size)}
        ) listed {_JOINED} ORDER BY listed.shared DESC, listed.publication_id DESC""",
        [{"at": at, "tag": tag, "beside": publication} for tag in tags],
        limit=NEWEST,
    )


# Sources --------------------------------------------------------------------------------


@Prepared
def _citing(at: datetime, key: str) -> Any:
    citing = Citation.objects.filter(source_key=key).values("revision")
    return _in_order(Listing.objects.live(at).filter(publication__revision__in=citing))


def entries_citing(key: str, number: int) -> PageOfList:
    """A page of the live entries, causes and pages, that cite a source."""
    return _page(_citing, number, PAGE_SIZE, key=key)


def cited_sources(number: int) -> PageOfList:
    """A page of the sources that live texts cite, by author."""
    year = F("year").asc(nulls_last=True)  # the engines order missing years differently
    rows = Source.objects.with_live().order_by("sort_authors", year, "key")

    def fetch(limit: int, offset: int) -> list[Any]:
        return list(rows[offset : offset + limit])

    return paged(number, SOURCES_SIZE, fetch, lambda: rows.order_by()[: COUNTED + 1].count())
