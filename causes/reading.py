"""One text made ready to be read: rendered, with its references, review and relatives."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Q
from django.db.models.functions import Coalesce, Lower
from django.utils.safestring import SafeString, mark_safe

from causes.models import Category, Publication, Review, Revision, Source, Tag
from causes.text.markdown import Heading, Reference, render

RELATED = 4
CONTENTS_FROM = 3
"""Headings from which a contents list helps more than it costs."""


@dataclass
class Reading:
    revision: Revision
    slug: str
    title: str
    summary: str
    body_html: SafeString
    headings: list[Heading]
    references: list[tuple[Reference, Source | None]]
    category: Category | None
    tags: list[Tag]
    live_from: datetime | None = None
    review: Review | None = None
    edited_since_review: bool = False
    related: list[Publication] = field(default_factory=list)
    prefix: str = ""

    @property
    def contents(self) -> list[Heading]:
        """The headings for a contents list, if there are enough of them."""
        return self.headings if len(self.headings) >= CONTENTS_FROM else []


def read(
    publication: Publication, *, top_level: int = 2, prefix: str = "", related: bool = True
) -> Reading:
    """What a visitor reads of a live publication."""
    reading = read_revision(publication.revision, top_level=top_level, prefix=prefix)
    reading.live_from = publication.live_from
    if publication.entry.kind == "cause" and related:
        reading.related = related_causes(publication, reading.tags)
    return reading


def read_revision(revision: Revision, *, top_level: int = 2, prefix: str = "") -> Reading:
    """The same of any revision, live or not: what a preview shows."""
    rendered = render(revision.body, top_level=top_level, prefix=prefix)
    keys = [reference.key for reference in rendered.references]
    known = Source.objects.in_bulk(keys, field_name="key") if keys else {}
    review = None
    if revision.entry.kind == "cause":
        review = Review.objects.latest_of(revision.entry)
    return Reading(
        revision=revision,
        slug=revision.entry.slug,
        title=revision.title,
        summary=revision.summary,
        # nh3 cleaned it: see causes/text/markdown.py.
        body_html=mark_safe(rendered.body_html),  # noqa: S308
        headings=rendered.headings,
        references=[(reference, known.get(reference.key)) for reference in rendered.references],
        category=revision.shown_category,
        tags=revision.shown_tags(),
        review=review,
        edited_since_review=review is not None and review.revision_id != revision.pk,
        prefix=prefix,
    )


def related_causes(publication: Publication, tags: list[Tag]) -> list[Publication]:
    """The live causes that share most tags with this one."""
    if not tags:
        return []
    links = "revision__tag_links__tag"
    shared = (
        Publication.objects.live()
        .of_causes()
        .exclude(entry=publication.entry_id)
        .filter(Q(**{f"{links}__in": tags}) | Q(**{f"{links}__merged_into__in": tags}))
        .annotate(shared=Count(Coalesce(f"{links}__merged_into", links), distinct=True))
        .order_by("-shared", Lower("revision__title"), "pk")
        .values_list("pk", flat=True)[:RELATED]
    )
    rows = Publication.objects.for_lists().in_bulk(list(shared))
    return list(rows.values())
