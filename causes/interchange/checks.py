"""Problems of an entry in a file as a whole, apart from those of single fields."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from causes.interchange.schema import Row
from causes.models import Entry
from causes.models.revision import WITHHELD_TEXT
from causes.publishing import Text, publishing_problems
from causes.timeline import Span, Timeline

Flaw = tuple[Any, str, str, str]
"""(at, row by its natural key, field, sentence)"""


@dataclass
class Known:
    """The slugs of categories and tags and the keys of sources, on this site or in the file."""

    categories: set[str]
    tags: set[str]
    sources: set[str] = field(default_factory=set)


class Checks:
    """Checks one entry when it is created; `problems` has the results."""

    def __init__(
        self, entry: Row, revisions: list[Row], timeline: Timeline, known: Known, at: datetime
    ) -> None:
        """`revisions` are in the order of their numbers."""
        self.file, self.revisions, self.timeline = entry, revisions, timeline
        self.known, self.at = known, at
        self.kind, self.slug = entry["entry"]["kind"], entry["entry"]["slug"]
        self.problems: list[Flaw] = []
        self._check_rows()

    def _wrong(self, row: Row, subject: str, field: str, sentence: str) -> None:
        self.problems.append((row["at"], subject, field, sentence))

    def _check_rows(self) -> None:
        row = self.file["entry"]
        if objection := Entry.slug_objection(self.slug, self.kind):
            self._wrong(row, f"entry {self.slug}", "slug", objection)
        if not self.revisions:
            self._wrong(row, f"entry {self.slug}", "", "This entry has no revision.")
        numbers: set[int] = set()
        for revision in self.revisions:
            self._check_revision(revision, numbers)
        if numbers and 0 < row["last_number"] < max(numbers):
            sentence = f"This is less than {max(numbers)}, the number of one of its revisions."
            self._wrong(row, f"entry {self.slug}", "last_number", sentence)
        self._check_spans({revision["uuid"]: revision for revision in self.revisions})

    def _check_revision(self, row: Row, numbers: set[int]) -> None:
        subject = f"revision {row['uuid']}"
        if row["number"] in numbers:
            sentence = f"Another revision of this entry also has number {row['number']}."
            self._wrong(row, subject, "number", sentence)
        numbers.add(row["number"])
        tags = row["tags"]
        if len(set(tags)) < len(tags):
            self._wrong(row, subject, "tags", "The same tag appears twice.")
        if row["tag_count"] is not None and row["tag_count"] != len(tags):
            sentence = f"This says {row['tag_count']}, but the file has {len(tags)} tags."
            self._wrong(row, subject, "tag_count", sentence)
        if row["category"] is not None and row["category"] not in self.known.categories:
            sentence = (
                f"There is no category {row['category']!r}, either on this site or in the file."
            )
            self._wrong(row, subject, "category", sentence)
        for tag in tags:
            if tag not in self.known.tags:
                sentence = f"There is no tag {tag!r}, either on this site or in the file."
                self._wrong(row, subject, "tags", sentence)
        blank = all(row[name] == value for name, value in WITHHELD_TEXT.items())
        if row["withheld_at"] is not None and not blank:
            title = WITHHELD_TEXT["title"]
            sentence = f"A withheld text must have the title {title!r} and nothing else."
            self._wrong(row, subject, "withheld_at", sentence)

    def _check_spans(self, texts: dict[str, Row]) -> None:
        rows = {row["uuid"]: row for row in self.file["publications"]}
        before = Timeline()
        for span in self.timeline.spans:
            row, subject = rows[span.uuid], f"publication {span.uuid}"
            if objection := before.objection(span):
                self._wrong(row, subject, *objection)
            before = Timeline([span])
            text = texts.get(span.revision)
            if text is None:
                self._wrong(row, subject, "revision", "This is not a revision of this entry.")
            elif not span.has_ended(self.at) and text["withheld_at"]:
                self._wrong(row, subject, "revision", "A withheld text cannot be public.")
            elif not span.has_ended(self.at):
                self._check_publishable(text)

    def _check_publishable(self, row: Row) -> None:
        # The plan stores the keys of a text that has passed. Only its sources can be absent later.
        if "keys" in row and self.known.sources.issuperset(row["keys"]):
            return
        # The check only needs to know whether there is a category.
        stand_in: Any = row["category"]
        text = Text(row["title"], row["summary"], row["body"], stand_in)
        for name, sentence in publishing_problems(text, self.kind, self.known.sources):
            self._wrong(
                row, f"revision {row['uuid']}", name, f"This text is public in the file. {sentence}"
            )


def flaws_of_stored(row: Row, held: Row, entry: int | None) -> list[Flaw]:
    """How a revision of the file differs from the stored one with its UUID.

    `entry` is the id of the entry on this site that corresponds to the entry in the file.
    """
    subject, found = f"revision {row['uuid']}", []
    if held["entry"] != entry:
        return [
            (row["at"], subject, "entry", "This revision belongs to another entry on this site.")
        ]
    if held["withheld_at"] or row["withheld_at"]:
        return []
    for name in ("title", "summary", "body", "category", "note", "created_at"):
        # A Markdown file may have no date.
        if row[name] != held[name] and not (name == "created_at" and row[name] is None):
            sentence = "The stored revision has another value, and a stored text never changes."
            found.append((row["at"], subject, name, sentence))
    if sorted(row["tags"]) != held["tags"]:
        sentence = "The stored revision has other tags, and these never change."
        found.append((row["at"], subject, "tags", sentence))
    return found


def flaws_of_span(
    row: Row, span: Span, held: Span | None, *, elsewhere: bool, at: datetime
) -> list[Flaw]:
    """How a publication of the file contradicts the stored one with its UUID."""
    subject = f"publication {span.uuid}"
    if elsewhere:
        return [(row["at"], subject, "uuid", "Another entry on this site has it.")]
    if held is None:
        return []
    if held.revision != span.revision:
        sentence = "It shows another text on this site, and that never changes."
        return [(row["at"], subject, "revision", sentence)]
    if held.has_begun(at) and not span.has_begun(at):
        return [(row["at"], subject, "live_from", "It has begun on this site already.")]
    return []
