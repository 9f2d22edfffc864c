"""Content as a fixture: the same content always gives the same bytes.

The order is that of docs/fixtures.md: the format, categories, tags, sources, then entry
by entry with all that belongs to it. Everything is sorted by code point, on both
engines.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Collate

from causes import database
from causes.clock import now
from causes.interchange.layout import WRITE, as_array, as_lines
from causes.models import (
    Category,
    Citation,
    Entry,
    Publication,
    Redirect,
    Review,
    Revision,
    Source,
    Tag,
    TaggedRevision,
)
from causes.models.format import FORMAT, VERSION

ENTRIES_AT_ONCE = 100
TEXTS_AT_ONCE = 50

MODES = ("public", "live", "history")


@dataclass(frozen=True)
class Selection:
    """The content to export."""

    mode: str = "public"
    """`public`: live or scheduled texts; `live`: live texts; `history`: everything."""

    entries: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        return not (self.entries or self.categories or self.tags)


class NotExported(ValueError):
    """Some of the chosen content does not exist; the message names it."""


def export(selection: Selection, form: str = "json") -> Iterator[str]:
    """The fixture, a piece of text at a time. `form` is `json` or `jsonl`.

    All of it is from one moment, whatever others write. Raises NotExported before the first piece.
    """
    with database.one_moment():
        database.generation()  # the first query fixes the moment
        exporter = _Exporter(selection)
        exporter.check()
        yield from (as_array if form == "json" else as_lines)(exporter.rows())


def _by_code_point(field: str) -> Collate:
    return Collate(field, "C" if connection.vendor == "postgresql" else "BINARY")


# Selection ----------------------------------------------------------------------------------


class _Exporter:
    def __init__(self, selection: Selection) -> None:
        self.selection = selection
        self.at = now()
        self.whole = selection.whole

    def check(self) -> None:
        """Raises NotExported if some of the selection does not exist."""
        for model, slugs in ((Category, self.selection.categories), (Tag, self.selection.tags)):
            for slug in slugs:
                if not model.objects.filter(slug=slug).exists():
                    name = model._meta.verbose_name
                    raise NotExported(f"There is no {name} with the slug {slug!r}.")
        for slug in self.selection.entries:
            entry = Entry.objects.filter(slug=slug).first()
            if entry is None:
                raise NotExported(f"There is no entry with the slug {slug!r}.")
            if not self._entries().filter(pk=entry.pk).exists():
                raise NotExported(
                    f"No text of {slug!r} is {self._called()}: export with history to include "
                    "drafts (--with-history)."
                )

    def _called(self) -> str:
        return "live" if self.selection.mode == "live" else "live or scheduled"

    def _spans(self) -> Any:
        """The publications to export."""
        spans = Publication.objects.order_by()
        if self.selection.mode == "live":
            return spans.live(self.at)
        if self.selection.mode == "public":
            return spans.open_or_upcoming(self.at)
        return spans

    def _texts(self) -> Any:
        """The revisions whose text says whether an entry is in a category or has a tag."""
        texts = Revision.objects.order_by()
        if self.selection.mode == "history":
            return texts.newest()
        return texts.filter(Exists(self._spans().filter(revision=OuterRef("pk"))))

    def _entries(self) -> QuerySet[Any]:
        entries = Entry.objects.order_by()
        if self.selection.mode != "history":
            entries = entries.filter(Exists(self._spans().filter(entry=OuterRef("pk"))))
        if self.selection.entries:
            entries = entries.filter(slug__in=self.selection.entries)
        own = self._texts().filter(entry=OuterRef("pk"))
        if self.selection.categories:
            named = Q(category__slug__in=self.selection.categories)
            named |= Q(category__merged_into__slug__in=self.selection.categories)
            entries = entries.filter(Exists(own.filter(named)))
        if self.selection.tags:
            named = Q(tag__slug__in=self.selection.tags)
            named |= Q(tag__merged_into__slug__in=self.selection.tags)
            links = TaggedRevision.objects.filter(named, content_object=OuterRef("pk"))
            entries = entries.filter(Exists(own.filter(Exists(links))))
        return entries

    def _chosen_texts(self) -> Any:
        """Every revision that is exported, for subqueries."""
        texts = Revision.objects.order_by()
        if self.selection.mode == "history":
            if self.whole:
                return texts
            return texts.filter(entry__in=self._entries().values("pk"))
        shown = Exists(self._spans().filter(revision=OuterRef("pk")))
        # The public page names the last review, even if it was of an earlier text.
        texts = texts.filter(shown | Q(pk__in=self._reviewed().values("revision")))
        return texts if self.whole else texts.filter(entry__in=self._entries().values("pk"))

    def _reviewed(self) -> Any:
        """The last review of each entry, unless its text is newer than those exported."""
        newest = self._spans().filter(
            entry=OuterRef("revision__entry"), revision__number__gte=OuterRef("revision__number")
        )
        later = Review.objects.filter(
            Exists(
                self._spans().filter(
                    entry=OuterRef("revision__entry"),
                    revision__number__gte=OuterRef("revision__number"),
                )
            ),
            revision__entry=OuterRef("revision__entry"),
        ).filter(
            Q(reviewed_on__gt=OuterRef("reviewed_on"))
            | Q(reviewed_on=OuterRef("reviewed_on"), created_at__gt=OuterRef("created_at"))
        )
        return Review.objects.filter(Exists(newest)).exclude(Exists(later))

    # Rows ----------------------------------------------------------------------------------

    def rows(self) -> Iterator[str]:
        yield WRITE["fixtureformat"].row((FORMAT, VERSION))
        yield from self._taxa("category", Category, self._used_categories())
        yield from self._taxa("tag", Tag, self._used_tags())
        yield from self._sources()
        yield from self._whole_entries()

    def _everything(self) -> bool:
        """Whether unused categories, tags and sources are exported, too."""
        return self.selection.mode == "history" and self.whole

    def _used_categories(self) -> set[int] | None:
        if self._everything():
            return None
        texts = self._chosen_texts().exclude(category=None)
        return set(texts.values_list("category", flat=True).distinct())

    def _used_tags(self) -> set[int] | None:
        if self._everything():
            return None
        links = TaggedRevision.objects.order_by()
        links = links.filter(content_object__in=self._chosen_texts().values("pk"))
        return set(links.values_list("tag", flat=True).distinct())

    def _taxa(self, kind: str, model: Any, used: set[int] | None) -> Iterator[str]:
        names = [
            "merged_into__slug" if name == "merged_into" else name for name in WRITE[kind].names
        ]
        rows = list(model.objects.order_by().values_list("pk", "merged_into", *names))
        if used is not None:
            # The name in a text, its current name, and all old names of that.
            today = {merged or pk for pk, merged, *_ in rows if pk in used}
            rows = [row for row in rows if row[0] in today or row[1] in today]
        for row in sorted(rows, key=lambda row: row[2 + WRITE[kind].names.index("slug")]):
            yield WRITE[kind].row(row[2:])

    def _sources(self) -> Iterator[str]:
        sources = Source.objects.annotate(sorted_key=_by_code_point("key"))
        if not self._everything():
            cited = Citation.objects.filter(source_key=OuterRef("key"))
            chosen = self._chosen_texts().filter(pk=OuterRef("revision"))
            sources = sources.filter(Exists(cited.filter(Exists(chosen))))
        writer = WRITE["source"]
        rows = sources.order_by("sorted_key").values_list(*writer.names)
        for row in rows.iterator(chunk_size=1_000):
            yield writer.row(row)

    def _whole_entries(self) -> Iterator[str]:
        entries = self._entries().annotate(sorted_slug=_by_code_point("slug"))
        rows = entries.order_by("sorted_slug").values_list("pk", "kind", "slug", "created_at")
        chunk: list[Any] = []
        for row in rows.iterator(chunk_size=1_000):
            chunk.append(row)
            if len(chunk) == ENTRIES_AT_ONCE:
                yield from self._chunk(chunk)
                chunk = []
        if chunk:
            yield from self._chunk(chunk)

    def _chunk(self, entries: list[Any]) -> Iterator[str]:
        """Some entries, in a fixed number of queries."""
        pks = [pk for pk, *_ in entries]
        slugs = {pk: slug for pk, _, slug, _ in entries}
        spans, reviews, texts = self._spans_of(pks, slugs), self._reviews_of(pks), {}
        chosen = {span[2] for rows in spans.values() for span in rows}
        chosen |= {row[1] for rows in reviews.values() for row in rows}
        revisions = Revision.objects.filter(entry__in=pks).order_by("entry", "number")
        if self.selection.mode != "history":
            revisions = revisions.filter(uuid__in=chosen)
        numbers = revisions.values_list("entry", "number", "pk", "uuid")
        last: dict[int, int] = {}
        by_entry: dict[int, list[int]] = defaultdict(list)
        for entry, number, pk, uuid in numbers:
            last[entry] = number
            by_entry[entry].append(pk)
            texts[pk] = uuid
        tags = self._tags_of(list(texts))
        redirects = self._redirects_of(pks, slugs)
        order = [number for pk in pks for number in by_entry[pk]]
        rows = self._texts_in(order)
        for pk, kind, slug, created_at in entries:
            yield WRITE["entry"].row((kind, slug, created_at, last[pk]))
            yield from redirects[pk]
            for number in by_entry[pk]:
                uuid, *values = next(rows)
                yield WRITE["revision"].row((uuid, slug, *values))
                for tag in tags.get(number, ()):
                    yield WRITE["taggedrevision"].row((uuid, tag))
            for row in spans[pk]:
                yield WRITE["publication"].row(row)
            held = {texts[number] for number in by_entry[pk]}
            for row in reviews[pk]:
                if row[1] in held:
                    yield WRITE["review"].row(row)

    @staticmethod
    def _texts_in(order: list[int]) -> Iterator[Any]:
        """The texts with these ids in this order, with only a few in memory."""
        names = [name for name in WRITE["revision"].names if name not in ("uuid", "entry")]
        names = ["category__slug" if name == "category" else name for name in names]
        for start in range(0, len(order), TEXTS_AT_ONCE):
            some = order[start : start + TEXTS_AT_ONCE]
            rows = Revision.objects.filter(pk__in=some).order_by()
            found = {pk: row for pk, *row in rows.values_list("pk", "uuid", *names)}
            yield from (found[pk] for pk in some)

    @staticmethod
    def _tags_of(texts: list[int]) -> dict[int, list[str]]:
        links = TaggedRevision.objects.filter(content_object__in=texts).order_by()
        found: dict[int, list[str]] = defaultdict(list)
        for text, slug in links.values_list("content_object", "tag__slug"):
            found[text].append(slug)
        return {text: sorted(slugs) for text, slugs in found.items()}

    def _spans_of(self, pks: list[int], slugs: dict[int, str]) -> dict[int, list[Any]]:
        found: dict[int, list[Any]] = defaultdict(list)
        rows = self._spans().filter(entry__in=pks).order_by("entry", "live_from")
        # Without the text that is scheduled to follow, only a person's end is an end.
        end = "take_down_at" if self.selection.mode == "live" else "live_until"
        for entry, uuid, *values in rows.values_list(
            "entry", "uuid", "revision__uuid", "live_from", end, "take_down_at"
        ):
            found[entry].append((uuid, slugs[entry], *values))
        return found

    def _reviews_of(self, pks: list[int]) -> dict[int, list[Any]]:
        """The reviews to export: of every text, or of public texts and the last one."""
        reviews = Review.objects.filter(revision__entry__in=pks)
        if self.selection.mode != "history":
            shown = self._spans().filter(revision=OuterRef("revision"))
            last = Q(pk__in=self._reviewed().filter(revision__entry__in=pks).values("pk"))
            also = Q(
                revision__in=self._reviewed().filter(revision__entry__in=pks).values("revision")
            )
            reviews = reviews.filter(Exists(shown) | last | also)
        rows = reviews.annotate(number=F("revision__number"))
        rows = rows.order_by("number", "reviewed_on", "created_at", "uuid")
        names = WRITE["review"].names[2:]
        found: dict[int, list[Any]] = defaultdict(list)
        for entry, uuid, text, *values in rows.values_list(
            "revision__entry", "uuid", "revision__uuid", *names
        ):
            found[entry].append((uuid, text, *values))
        return found

    @staticmethod
    def _redirects_of(pks: list[int], slugs: dict[int, str]) -> dict[int, list[str]]:
        found: dict[int, list[str]] = defaultdict(list)
        rows = Redirect.objects.filter(entry__in=pks).values_list("entry", "slug", "created_at")
        for entry, slug, created_at in sorted(rows, key=lambda row: row[1]):
            found[entry].append(WRITE["redirect"].row((slug, slugs[entry], created_at)))
        return found
