"""A text prepared for readers: its HTML, references, last review and related causes."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import F, OuterRef
from django.db.models.functions import Coalesce
from django.utils.safestring import SafeString, mark_safe

from causes.addresses import addresses
from causes.clock import now
from causes.lists import COUNTED, PAGE_SIZE, Card, Link, PageOfList, cards, paged, related_rows
from causes.models import (
    Category,
    Citation,
    Entry,
    Listing,
    Publication,
    Review,
    Revision,
    Source,
    Tag,
    TaggedRevision,
)
from causes.models.source import with_full_stop
from causes.queries.arrays import AsArrays, arrays, each_once
from causes.queries.prepared import Prepared
from causes.text.markdown import Heading, Reference, Rendered, render, render_stored

RELATED = 4
CONTENTS_FROM = 3
"""The number of headings from which a page has a contents list."""


@dataclass(frozen=True)
class ReviewLine:
    """The last clinical review, as a page shows it."""

    revision_id: int
    reviewer: str
    qualification: str
    reviewed_on: date


class CitedSource(NamedTuple):
    """A source, as the references of a page show it."""

    address: str
    key: str
    authors: str
    title: str
    published_in: str
    year: int | None
    checked_on: date | None
    withdrawn_on: date | None

    @property
    def authors_sentence(self) -> str:
        """The authors, ending in a full stop."""
        return with_full_stop(self.authors)

    @classmethod
    def of(cls, source: Source) -> "CitedSource":
        """Copies the columns of a source."""
        return cls(source.get_absolute_url(), *(getattr(source, name) for name in cls._fields[1:]))


@dataclass
class Reading:
    """The parts of a text that a page shows."""

    slug: str
    title: str
    summary: str
    body_html: SafeString
    headings: list[Heading]
    references: list[tuple[Reference, CitedSource | None]]
    category: Link | None
    tags: list[Link]
    live_from: datetime | None = None
    review: ReviewLine | Review | None = None
    edited_since_review: bool = False
    related: list[Card] = field(default_factory=list)
    prefix: str = ""
    """The beginning of every id in the HTML: keeps texts on one page apart."""

    @property
    def contents(self) -> list[Heading]:
        """The headings for a contents list; empty if there are too few."""
        return self.headings if len(self.headings) >= CONTENTS_FROM else []


_REVIEW = ("revision", "reviewer", "qualification", "reviewed_on")


@Prepared
def _live_entry(at: datetime, kind: str, slug: str) -> Any:
    reviews = Review.objects.filter(revision__entry=OuterRef("entry")).latest_first()
    tags = TaggedRevision.objects.filter(content_object=OuterRef("revision")).as_called_today()
    cited = Citation.objects.filter(revision=OuterRef(OuterRef("revision"))).values("source_key")
    sources = Source.objects.filter(key__in=cited)
    rows = Publication.objects.live(at).filter(entry__kind=kind, entry__slug=slug)
    return rows.annotate(
        category_name=Coalesce("revision__category__merged_into__name", "revision__category__name"),
        category_slug=Coalesce("revision__category__merged_into__slug", "revision__category__slug"),
        last_review=AsArrays(reviews[:1], *_REVIEW),
        tags=AsArrays(tags.order_by(), "sort_name", "now", "name", "slug"),
        sources=AsArrays(sources.order_by(), *CitedSource._fields[1:]),
    ).values_list(
        "revision__body",
        "pk",
        "live_from",
        "revision",
        "revision__title",
        "revision__summary",
        "category_name",
        "category_slug",
        "last_review",
        "tags",
        "sources",
    )


class LiveRows(NamedTuple):
    """The rows from which the page of a live text is made."""

    body: str
    entry: tuple[Any, ...]
    tags: list[Any]
    related: list[Any]

    @property
    def basis(self) -> tuple[Any, ...]:
        """All rows except the body, which the revision's id represents: it never changes."""
        return self.entry, self.related


def live_rows(kind: str, slug: str) -> LiveRows | None:
    """Reads them in two queries; None when nothing is live at an address."""
    at = now()
    found = _live_entry(at=at, kind=kind, slug=slug)
    if not found:
        return None
    body, *entry = found[0]
    # Two tags may have been merged into one.
    tags = each_once(entry[-2])
    related: list[Any] = []
    if kind == Entry.Kind.CAUSE:
        related = related_rows(at, entry[0], [pk for _, pk, *_ in tags], RELATED)
    return LiveRows(body, tuple(entry), tags, related)


def basis(kind: str, slug: str) -> tuple[Any, ...] | None:
    """The rows that the page of a live text rests on: while they are equal, so is the page."""
    rows = live_rows(kind, slug)
    return rows and rows.basis


def read_live(kind: str, slug: str) -> Reading | None:
    """The text that is live at an address, or None."""
    rows = live_rows(kind, slug)
    if rows is None:
        return None
    _, live_from, revision, title, summary, category, category_slug, *more = rows.entry
    reviews, _, sources = more
    rendered = render_stored(rows.body)
    where = addresses()
    known = {
        row[0]: CitedSource(where.of("source", row[0]), *_dated(row)) for row in arrays(sources)
    }
    line = None
    for reviewed, reviewer, qualification, reviewed_on in arrays(reviews):
        line = ReviewLine(reviewed, reviewer, qualification, date.fromisoformat(reviewed_on))
    return Reading(
        slug=slug,
        title=title,
        summary=summary,
        # nh3 cleaned it: see causes/text/markdown.py.
        body_html=mark_safe(rendered.body_html),
        headings=rendered.headings,
        references=[(reference, known.get(reference.key)) for reference in rendered.references],
        category=Link(None, category, where.of("category", category_slug)) if category else None,
        tags=[Link(pk, name, where.of("tag", tag)) for _, pk, name, tag in rows.tags],
        live_from=live_from,
        review=line,
        edited_since_review=line is not None and line.revision_id != revision,
        related=cards(rows.related, where),
    )


def _dated(source: list[Any]) -> Any:
    """The columns of a source; the last two are converted to dates."""
    *rest, checked_on, withdrawn_on = source
    days = (day and date.fromisoformat(day) for day in (checked_on, withdrawn_on))
    return (*rest, *days)


def article_page(number: int) -> PageOfList:
    """A page of the whole article: causes by category, in the editors' order, then by title."""
    in_order = Listing.objects.live().filter(kind=Entry.Kind.CAUSE)
    in_order = in_order.order_by(
        F("category__position").asc(nulls_last=True),
        "category__sort_name",
        "sort_title",
        "publication_id",
    )

    def fetch(limit: int, offset: int) -> list[Any]:
        ids = list(in_order.values_list("publication_id", flat=True)[offset : offset + limit])
        rows = Publication.objects.with_tags().select_related(
            "entry", "revision__category__merged_into"
        )
        found = rows.in_bulk(ids)
        return [found[pk] for pk in ids]

    page = paged(number, PAGE_SIZE, fetch, lambda: in_order.order_by()[: COUNTED + 1].count())
    page.rows = read_together(page.rows)
    return page


def read_revision(revision: Revision) -> Reading:
    """Any revision, live or not, as a visitor would read it."""
    return _readings([revision], [""], top_level=2)[0]


def read_unsaved(
    title: str, summary: str, body: str, category: Category | None, tags: list[Tag]
) -> Reading:
    """A text that has not been saved, as a visitor would read it."""
    rendered = render(body)
    known = _cited(rendered)
    return Reading(
        slug="",
        title=title,
        summary=summary,
        # nh3 cleaned it: see causes/text/markdown.py.
        body_html=mark_safe(rendered.body_html),
        headings=rendered.headings,
        references=[(reference, known.get(reference.key)) for reference in rendered.references],
        category=Link.to(category) if category else None,
        tags=[Link.to(tag) for tag in tags],
    )


def read_together(publications: list[Publication]) -> list[Reading]:
    """Several texts for one page: headings one level lower, and ids that begin with the slug."""
    for publication in publications:
        publication.revision.entry = publication.entry  # the same row, loaded already
    prefixes = [f"{publication.entry.slug}--" for publication in publications]
    revisions = [publication.revision for publication in publications]
    readings = _readings(revisions, prefixes, top_level=3)
    for reading, publication in zip(readings, publications, strict=True):
        reading.live_from = publication.live_from
    return readings


def _readings(revisions: list[Revision], prefixes: list[str], *, top_level: int) -> list[Reading]:
    rendered = [
        render_stored(revision.body, top_level=top_level, prefix=prefix)
        for revision, prefix in zip(revisions, prefixes, strict=True)
    ]
    known = _cited(*rendered)
    reviews = Review.objects.latest_of([revision.entry_id for revision in revisions])
    return [
        _reading(revision, one, prefix, known, reviews.get(revision.entry_id))
        for revision, one, prefix in zip(revisions, rendered, prefixes, strict=True)
    ]


def _cited(*rendered: Rendered) -> dict[str, CitedSource]:
    keys = {reference.key for one in rendered for reference in one.references}
    found = Source.objects.in_bulk(keys, field_name="key") if keys else {}
    return {key: CitedSource.of(source) for key, source in found.items()}


def _reading(
    revision: Revision,
    rendered: Rendered,
    prefix: str,
    known: dict[str, CitedSource],
    review: Review | None,
) -> Reading:
    category = revision.shown_category
    return Reading(
        slug=revision.entry.slug,
        title=revision.title,
        summary=revision.summary,
        # nh3 cleaned it: see causes/text/markdown.py.
        body_html=mark_safe(rendered.body_html),
        headings=rendered.headings,
        references=[(reference, known.get(reference.key)) for reference in rendered.references],
        category=Link.to(category) if category else None,
        tags=[Link.to(tag) for tag in revision.shown_tags()],
        review=review,
        edited_since_review=review is not None and review.revision_id != revision.pk,
        prefix=prefix,
    )
