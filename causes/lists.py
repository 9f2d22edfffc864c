"""Lists of causes as visitors see them: in the order of an index, and never counted to the end."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import Count, F, OuterRef
from django.http import Http404

from causes.addresses import Addresses, addresses
from causes.clock import now
from causes.models import Category, Citation, Entry, ListedTag, Listing, Source, Tag
from causes.models.entry import entry_address
from causes.queries.arrays import AsArrays, arrays
from causes.queries.prepared import Prepared
from causes.text.numbers import whole_number

PAGE_SIZE = 20
A_TO_Z_SIZE = 100
SOURCES_SIZE = 50
COUNTED = 1000
"""How far causes are counted; beyond it a page says that there are more."""


NEWEST = 40
"""How many texts of each tag are looked at for related causes, so that it costs the same
whether a tag has forty or forty thousand."""


class Card(NamedTuple):
    """What a list shows of one entry."""

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
    """One page of a list, and what stands above and beneath it."""

    rows: list[Any]
    number: int
    count: int = 0
    """How many there are; `COUNTED + 1` when there are more than are counted."""
    last: int | None = None
    """The number of the last page, if the rows were counted to the end."""
    more: bool = False
    query: dict[str, str] = field(default_factory=dict)

    def _to(self, number: int) -> str:
        return urlencode({**self.query, "page": number})

    @property
    def previous(self) -> str:
        """The query of the page before, if there is one."""
        return self._to(self.number - 1) if self.number > 1 else ""

    @property
    def next(self) -> str:
        return self._to(self.number + 1) if self.more else ""

    @property
    def here(self) -> str:
        return f"Page {self.number} of {self.last}" if self.last else f"Page {self.number}"

    @property
    def counted(self) -> str:
        """How many causes there are, in words."""
        if self.count > COUNTED:
            return f"More than {COUNTED:,} causes"
        return f"{self.count:,} cause{'' if self.count == 1 else 's'}"


class NoSuchPage(Http404):
    """A page of a list that is not there was asked for."""


def page_number(asked: str) -> int:
    """The number in `?page=`. Raises NoSuchPage, which answers 404."""
    number = whole_number(asked, most=999_999)
    if not number:
        raise NoSuchPage
    return number


def paged(
    number: int, size: int, fetch: Callable[[int, int], list[Any]], count: Callable[[], int]
) -> PageOfList:
    """One page of what `fetch(limit, offset)` finds. Raises NoSuchPage for one beyond the last.

    `count` says how many there are, or `COUNTED + 1` when there are more.
    """
    rows = fetch(size + 1, (number - 1) * size)
    if not rows and number > 1:
        raise NoSuchPage
    more = len(rows) > size
    total = count() if more or number > 1 else len(rows)
    last = None if total > COUNTED else -(-total // size)
    return PageOfList(rows[:size], number, total, last, more)


# Lists of causes ------------------------------------------------------------------------


def _in_order(rows: Any) -> Any:
    return rows.order_by("sort_title", "publication_id").values_list("publication_id", "sort_title")


@Prepared
def _of_category(at: datetime, category: int) -> Any:
    return _in_order(Listing.objects.live(at).filter(kind=Entry.Kind.CAUSE, category=category))


@Prepared
def _without_category(at: datetime) -> Any:
    return _in_order(Listing.objects.live(at).filter(kind=Entry.Kind.CAUSE, category=None))


@Prepared
def _of_tag(at: datetime, tag: int) -> Any:
    return _in_order(ListedTag.objects.live(at).filter(tag=tag))


@Prepared
def _all_causes(at: datetime) -> Any:
    return _in_order(Listing.objects.live(at).filter(kind=Entry.Kind.CAUSE))


@Prepared
def _newest_of_tag(at: datetime, tag: int, beside: int) -> Any:
    rows = ListedTag.objects.live(at).filter(tag=tag).exclude(publication=beside)
    rows = rows.order_by("-live_from", "-publication_id")
    return rows.values_list("publication_id", flat=True)


_SHOWN = "l.kind, l.slug, l.title, l.summary"
_JOINED = "JOIN causes_listing l ON l.publication_id = listed.publication_id"
_CARDS = f"""SELECT place, {_SHOWN} FROM ({{query}}) listed {_JOINED}
    ORDER BY place, listed.sort_title, listed.publication_id"""


def _page(rows: Prepared, number: int, size: int, **given: int | str) -> PageOfList:
    at = now()

    def fetch(limit: int, offset: int) -> list[Card]:
        found = rows.within(_CARDS, [{"at": at, **given}], limit=limit, offset=offset)
        return cards([row[1:] for row in found], addresses())

    def count() -> int:
        counting = "SELECT count(*) FROM ({query}) listed"
        return int(rows.within(counting, [{"at": at, **given}], limit=COUNTED + 1)[0][0])

    return paged(number, size, fetch, count)


def cards(rows: Iterable[Any], where: Addresses) -> list[Card]:
    """The cards of rows of (kind, slug, title, summary)."""
    return [_card(where, *row) for row in rows]


def _card(where: Addresses, kind: str, slug: str, title: str, summary: str) -> Card:
    return Card(entry_address(kind, slug, where), title, summary)


@Prepared
def _category_at(slug: str) -> Any:
    rows = Category.objects.filter(slug=slug).order_by()
    return rows.values_list("pk", "name", "merged_into", "merged_into__slug", "description")


@Prepared
def _tag_at(slug: str) -> Any:
    rows = Tag.objects.filter(slug=slug).order_by()
    return rows.values_list("pk", "name", "merged_into", "merged_into__slug")


class Found(NamedTuple):
    """What stands at the address of a category or tag."""

    taxon: Link
    pk: int
    """Of the row under which its causes are listed: its own, or that of what it became."""
    moved_to: str
    """The address of the category or tag that it was merged into, if it was."""


def taxon_at(kind: str, slug: str) -> Found | None:
    """The "category" or "tag" at a slug."""
    rows = (_category_at if kind == "category" else _tag_at)(slug=slug)
    if not rows:
        return None
    pk, name, merged, merged_slug, *description = rows[0]
    where = addresses()
    taxon = Link(pk, name, where.of(kind, slug), *description)
    return Found(taxon, merged or pk, where.of(kind, merged_slug) if merged else "")


def causes_of(kind: str, pk: int, number: int) -> PageOfList:
    """A page of the live causes in a "category" or under a "tag", under any of its names."""
    if kind == "tag":
        return _page(_of_tag, number, PAGE_SIZE, tag=pk)
    return _page(_of_category, number, PAGE_SIZE, category=pk)


def causes_a_to_z(number: int) -> PageOfList:
    return _page(_all_causes, number, A_TO_Z_SIZE)


@lru_cache(maxsize=10)
def _first_causes(limit: int) -> Prepared:
    """The categories in the editors' order, each with its first live causes."""

    def build(at: datetime) -> Any:
        causes = Listing.objects.live(at).filter(kind=Entry.Kind.CAUSE, category=OuterRef("pk"))
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


def related_rows(at: datetime, publication: int, tags: list[int], size: int) -> list[Any]:
    """The live causes that share most tags with this one, of the newest under each tag.

    Of those that share as many, the newest come first. Rows are what `cards` takes.
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


def counts(model: type[Category] | type[Tag]) -> list[tuple[Link, int]]:
    """Each category or tag under which a visitor finds causes, with how many these are."""
    rows: Any
    if model is Tag:
        rows, name = ListedTag.objects.live(), "tag"
    else:
        rows, name = Listing.objects.live().filter(kind=Entry.Kind.CAUSE), "category"
    counted = dict(rows.order_by().values_list(name).annotate(Count("pk")))
    found = model.objects.filter(pk__in=counted)
    return [(Link.to(row), counted[row.pk]) for row in found]


@Prepared
def _citing(at: datetime, key: str) -> Any:
    citing = Citation.objects.filter(source_key=key).values("revision")
    return _in_order(Listing.objects.live(at).filter(publication__revision__in=citing))


def entries_citing(key: str, number: int) -> PageOfList:
    """A page of the live entries, causes and pages, that cite a source."""
    return _page(_citing, number, PAGE_SIZE, key=key)


def cited_sources(number: int) -> PageOfList:
    """A page of the sources that live texts cite, by author."""
    year = F("year").asc(nulls_last=True)  # the engines do not agree where none stands
    rows = Source.objects.with_live().order_by("sort_authors", year, "key")

    def fetch(limit: int, offset: int) -> list[Any]:
        return list(rows[offset : offset + limit])

    return paged(number, SOURCES_SIZE, fetch, lambda: rows.order_by()[: COUNTED + 1].count())
