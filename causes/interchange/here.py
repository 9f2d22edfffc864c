"""The entries of a file as this database has them, a chunk at a time.

Rows have the form that `schema.read_row` gives them, with tidy texts, so that they can be
compared with those of the file. The number of queries does not depend on the number of entries.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from causes.interchange.schema import Row
from causes.interchange.values import shown_moment
from causes.models import (
    Entry,
    Publication,
    Redirect,
    Review,
    Revision,
    Source,
    TaggedRevision,
)
from causes.text.characters import tidy, tidy_line
from causes.text.comments import tidy_body
from causes.timeline import Span, Timeline


def moment_or_none(value: datetime | None) -> str | None:
    return None if value is None else shown_moment(value)


def text_or_none(value: Any) -> str | None:
    return None if value is None else str(value)


@dataclass
class Standing:
    """One entry as it is stored in this database."""

    pk: int
    kind: str
    slug: str
    last_number: int
    numbers: dict[int, str] = field(default_factory=dict)
    """The UUID of each revision, by number."""

    withheld: set[str] = field(default_factory=set)
    spans: list[Span] = field(default_factory=list)
    redirects: set[str] = field(default_factory=set)

    @property
    def head(self) -> str | None:
        return self.numbers.get(self.last_number)

    @cached_property
    def timeline(self) -> Timeline:
        return Timeline(self.spans)

    @property
    def mark(self) -> str:
        """A text that differs after every change that matters to a plan."""
        spans = (
            f"{span.uuid} {span.live_from} {span.live_until} {span.take_down_at}"
            for span in self.spans
        )
        return " ".join((self.slug, str(self.last_number), self.head or "", *spans))


class Here:
    """What this database has of a chunk of entries."""

    def __init__(
        self,
        slugs: Collection[str],
        uuids: Collection[str] = (),
        spans: Collection[str] = (),
        reviews: Collection[str] = (),
    ) -> None:
        """`slugs` are the slugs of entries and redirects in the file; the others are UUIDs.

        `uuids` are those of its revisions, `spans` of its publications.
        """
        self.by_slug: dict[str, Standing] = {}
        self.by_old_slug: dict[str, Standing] = {}
        self.texts: dict[str, Row] = {}
        self.reviews: dict[str, Row] = {}
        self.span_owners: dict[str, int] = {}
        self._read_entries(slugs)
        if uuids:
            self._read_texts(uuids)
        if spans:
            rows = Publication.objects.filter(uuid__in=spans).order_by()
            self.span_owners = {str(u): pk for u, pk in rows.values_list("uuid", "entry")}
        if reviews:
            self._read_reviews(reviews)

    def _read_entries(self, slugs: Collection[str]) -> None:
        columns = ("pk", "kind", "slug", "last_number")
        standing = {
            row[0]: Standing(*row)
            for row in Entry.objects.filter(slug__in=slugs).order_by().values_list(*columns)
        }
        old = dict(Redirect.objects.filter(slug__in=slugs).order_by().values_list("slug", "entry"))
        if more := set(old.values()) - standing.keys():
            renamed = Entry.objects.filter(pk__in=more).order_by().values_list(*columns)
            standing |= {row[0]: Standing(*row) for row in renamed}
        self.by_slug = {one.slug: one for one in standing.values()}
        self.by_old_slug = {slug: standing[pk] for slug, pk in old.items()}
        self.all = standing
        if not standing:
            return
        rows = Revision.objects.filter(entry__in=standing).order_by()
        for entry, number, uuid, withheld in rows.values_list(
            "entry", "number", "uuid", "withheld_at"
        ):
            standing[entry].numbers[number] = str(uuid)
            if withheld:
                standing[entry].withheld.add(str(uuid))
        spans = Publication.objects.filter(entry__in=standing).order_by("live_from")
        for entry, uuid, revision, begin, *ends in spans.values_list(
            "entry", "uuid", "revision__uuid", "live_from", "live_until", "take_down_at"
        ):
            standing[entry].spans.append(Span(str(uuid), str(revision), begin, *ends))
        redirects = Redirect.objects.filter(entry__in=standing).order_by()
        for entry, slug in redirects.values_list("entry", "slug"):
            standing[entry].redirects.add(slug)

    def _read_texts(self, uuids: Collection[str]) -> None:
        rows = Revision.objects.filter(uuid__in=uuids).order_by()
        links: dict[str, list[str]] = defaultdict(list)
        pairs = TaggedRevision.objects.filter(content_object__uuid__in=uuids).order_by()
        for uuid, tag in pairs.values_list("content_object__uuid", "tag__slug"):
            links[str(uuid)].append(tag)
        columns = (
            "uuid entry number based_on title summary body category__slug note created_at "
            "withheld_at"
        )
        for row in rows.values_list(*columns.split()):
            uuid = str(row[0])
            self.texts[uuid] = {
                "uuid": uuid,
                "entry": row[1],
                "number": row[2],
                "based_on": text_or_none(row[3]),
                "title": tidy_line(row[4], stored=True),
                "summary": tidy_line(row[5], stored=True),
                "body": tidy_body(row[6], stored=True),
                "category": row[7],
                "note": tidy_line(row[8], stored=True),
                "created_at": shown_moment(row[9]),
                "withheld_at": moment_or_none(row[10]),
                "tags": sorted(links[uuid]),
            }

    def _read_reviews(self, uuids: Collection[str]) -> None:
        rows = Review.objects.filter(uuid__in=uuids).order_by()
        columns = "uuid revision__uuid reviewer qualification reviewed_on due_on notes created_at"
        for row in rows.values_list(*columns.split()):
            uuid = str(row[0])
            self.reviews[uuid] = {
                "uuid": uuid,
                "revision": str(row[1]),
                "reviewer": tidy_line(row[2], stored=True),
                "qualification": tidy_line(row[3], stored=True),
                "reviewed_on": row[4].isoformat(),
                "due_on": row[5].isoformat() if row[5] else None,
                "notes": tidy(row[6], stored=True),
                "created_at": shown_moment(row[7]),
            }


def source_keys(keys: Iterable[str]) -> set[str]:
    """The keys among these that sources in this database have."""
    wanted = list(set(keys))
    found: set[str] = set()
    for start in range(0, len(wanted), 900):
        rows = Source.objects.filter(key__in=wanted[start : start + 900])
        found.update(rows.order_by().values_list("key", flat=True))
    return found
