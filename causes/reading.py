"""One text made ready to be read: rendered, with its references, review and relatives."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count
from django.db.models.functions import Lower
from django.utils.safestring import SafeString, mark_safe

from causes.models import Category, Entry, Publication, Review, Revision, Source, Tag
from causes.text.markdown import Heading, Reference, Rendered, render

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


def read(publication: Publication) -> Reading:
    """What a visitor reads of a live publication, on a page of its own."""
    publication.revision.entry = publication.entry  # the same row, read once
    reading = read_revision(publication.revision)
    reading.live_from = publication.live_from
    if publication.entry.kind == Entry.Kind.CAUSE:
        reading.related = related_causes(publication, reading.tags)
    return reading


def read_revision(revision: Revision) -> Reading:
    """The same of any revision, live or not: what a preview shows."""
    return _readings([revision], [""], top_level=2)[0]


def read_unsaved(
    title: str, summary: str, body: str, category: Category | None, tags: list[Tag]
) -> Reading:
    """The same of a text that is still being written."""
    rendered = render(body)
    keys = [reference.key for reference in rendered.references]
    known = Source.objects.in_bulk(keys, field_name="key") if keys else {}
    return Reading(
        revision=Revision(title=title, summary=summary, body=body),
        slug="",
        title=title,
        summary=summary,
        # nh3 cleaned it: see causes/text/markdown.py.
        body_html=mark_safe(rendered.body_html),
        headings=rendered.headings,
        references=[(reference, known.get(reference.key)) for reference in rendered.references],
        category=category,
        tags=tags,
    )


def read_together(publications: list[Publication]) -> list[Reading]:
    """Several texts for one page: headings a level lower, ids kept apart by the slugs."""
    for publication in publications:
        publication.revision.entry = publication.entry  # the same row, read once
    prefixes = [f"{publication.entry.slug}-" for publication in publications]
    revisions = [publication.revision for publication in publications]
    readings = _readings(revisions, prefixes, top_level=3)
    for reading, publication in zip(readings, publications, strict=True):
        reading.live_from = publication.live_from
    return readings


def _readings(revisions: list[Revision], prefixes: list[str], *, top_level: int) -> list[Reading]:
    rendered = [
        render(revision.body, top_level=top_level, prefix=prefix)
        for revision, prefix in zip(revisions, prefixes, strict=True)
    ]
    keys = {reference.key for one in rendered for reference in one.references}
    known = Source.objects.in_bulk(keys, field_name="key") if keys else {}
    reviews = Review.objects.latest_of([revision.entry_id for revision in revisions])
    return [
        _reading(revision, one, prefix, known, reviews.get(revision.entry_id))
        for revision, one, prefix in zip(revisions, rendered, prefixes, strict=True)
    ]


def _reading(
    revision: Revision,
    rendered: Rendered,
    prefix: str,
    known: dict[str, Source],
    review: Review | None,
) -> Reading:
    return Reading(
        revision=revision,
        slug=revision.entry.slug,
        title=revision.title,
        summary=revision.summary,
        # nh3 cleaned it: see causes/text/markdown.py.
        body_html=mark_safe(rendered.body_html),
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
    names = [tag.pk for tag in tags]
    names += Tag.objects.filter(merged_into__in=tags).values_list("pk", flat=True)
    shared = (
        Publication.objects.live()
        .of_causes()
        .exclude(entry=publication.entry_id)
        .filter(revision__tag_links__tag__in=names)
        .annotate(shared=Count("revision__tag_links__tag"))
        .order_by("-shared", Lower("revision__title"), "entry__slug")
        .values_list("pk", flat=True)[:RELATED]
    )
    found = list(shared)
    rows = Publication.objects.for_lists().in_bulk(found)
    return [rows[pk] for pk in found]
