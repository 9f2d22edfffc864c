"""What can be wrong with an entry of a file as a whole, before anything here is looked at."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from causes.interchange.schema import Row
from causes.models import Entry
from causes.models.revision import WITHHELD_TITLE
from causes.publishing import Text, publishing_problems
from causes.timeline import Span, Timeline

Flaw = tuple[Any, str, str, str]
"""(at, what, field, sentence)"""


@dataclass
class Known:
    """What texts may name: slugs of categories and tags, keys of sources; here or in the file."""

    categories: set[str]
    tags: set[str]
    sources: set[str] = field(default_factory=set)


class Checks:
    """Looks at one entry when it is made; `problems` is what it found."""

    def __init__(
        self, entry: Row, revisions: list[Row], timeline: Timeline, known: Known, at: datetime
    ) -> None:
        """`revisions` are in the order of their numbers."""
        self.file, self.revisions, self.timeline = entry, revisions, timeline
        self.known, self.at = known, at
        self.kind, self.slug = entry["entry"]["kind"], entry["entry"]["slug"]
        self.problems: list[Flaw] = []
        self._check_rows()

    def _wrong(self, row: Row, what: str, field: str, sentence: str) -> None:
        self.problems.append((row["at"], what, field, sentence))

    def _check_rows(self) -> None:
        row = self.file["entry"]
        if objection := Entry.slug_objection(self.slug, self.kind):
            self._wrong(row, f"entry {self.slug}", "slug", objection)
        if not self.revisions:
            self._wrong(row, f"entry {self.slug}", "", "It has no revision, and so no text.")
        numbers: set[int] = set()
        for revision in self.revisions:
            self._check_revision(revision, numbers)
        if numbers and 0 < row["last_number"] < max(numbers):
            sentence = f"It is smaller than the number of a revision, {max(numbers)}."
            self._wrong(row, f"entry {self.slug}", "last_number", sentence)
        self._check_spans({revision["uuid"]: revision for revision in self.revisions})

    def _check_revision(self, row: Row, numbers: set[int]) -> None:
        what = f"revision {row['uuid']}"
        if row["number"] in numbers:
            sentence = f"Another revision of the entry has the number {row['number']} too."
            self._wrong(row, what, "number", sentence)
        numbers.add(row["number"])
        tags = row["tags"]
        if len(set(tags)) < len(tags):
            self._wrong(row, what, "tags", "One of its tags stands twice.")
        if row["tag_count"] is not None and row["tag_count"] != len(tags):
            sentence = f"It says {row['tag_count']}, and {len(tags)} tags are in the file."
            self._wrong(row, what, "tag_count", sentence)
        if row["category"] is not None and row["category"] not in self.known.categories:
            sentence = f"There is no category {row['category']!r}, neither here nor in the file."
            self._wrong(row, what, "category", sentence)
        for tag in tags:
            if tag not in self.known.tags:
                sentence = f"There is no tag {tag!r}, neither here nor in the file."
                self._wrong(row, what, "tags", sentence)
        if row["withheld_at"] is not None:
            held = (row["title"], row["summary"], row["body"], row["note"])
            if held != (WITHHELD_TITLE, "", "", ""):
                sentence = f"A withheld text is called {WITHHELD_TITLE!r}, and the rest is blank."
                self._wrong(row, what, "withheld_at", sentence)

    def _check_spans(self, texts: dict[str, Row]) -> None:
        rows = {row["uuid"]: row for row in self.file["publications"]}
        before = Timeline()
        for span in self.timeline.spans:
            row, what = rows[span.uuid], f"publication {span.uuid}"
            if objection := before.objection(span):
                self._wrong(row, what, *objection)
            before = Timeline([span])
            text = texts.get(span.revision)
            if text is None:
                self._wrong(row, what, "revision", "It is of no revision of this entry.")
            elif not span.has_ended(self.at) and text["withheld_at"]:
                self._wrong(row, what, "revision", "A withheld text cannot be public.")
            elif not span.has_ended(self.at):
                self._check_publishable(text)

    def _check_publishable(self, row: Row) -> None:
        # The plan notes the keys of a text once all is well with it. Only sources can go after that.
        if "keys" in row and self.known.sources.issuperset(row["keys"]):
            return
        # What matters of the category is whether there is one.
        stand_in: Any = row["category"]
        text = Text(row["title"], row["summary"], row["body"], stand_in)
        for name, sentence in publishing_problems(text, self.kind, self.known.sources):
            self._wrong(
                row, f"revision {row['uuid']}", name, f"It is public in the file. {sentence}"
            )


def flaws_of_stored(row: Row, held: Row, entry: int | None) -> list[Flaw]:
    """Why a revision of the file is not the one that is stored here under its UUID, if it is not.

    `entry` is the id of the entry here to which the file's belongs.
    """
    what, found = f"revision {row['uuid']}", []
    if held["entry"] != entry:
        return [(row["at"], what, "entry", "It is a text of another entry here.")]
    if held["withheld_at"] or row["withheld_at"]:
        return []
    for name in ("title", "summary", "body", "category", "note", "created_at"):
        # A Markdown file need not say when it was written.
        if row[name] != held[name] and not (name == "created_at" and row[name] is None):
            sentence = "It is another one here, and a stored text never changes."
            found.append((row["at"], what, name, sentence))
    if sorted(row["tags"]) != held["tags"]:
        sentence = "They are others here, and the tags of a stored text never change."
        found.append((row["at"], what, "tags", sentence))
    return found


def flaws_of_span(
    row: Row, span: Span, held: Span | None, *, elsewhere: bool, at: datetime
) -> list[Flaw]:
    """Why a publication of the file is not the one that is stored under its UUID, if it is not."""
    what = f"publication {span.uuid}"
    if elsewhere:
        return [(row["at"], what, "uuid", "Another entry on this site has it.")]
    if held is None:
        return []
    if held.revision != span.revision:
        sentence = "It shows another text on this site, and that never changes."
        return [(row["at"], what, "revision", sentence)]
    if held.has_begun(at) and not span.has_begun(at):
        return [(row["at"], what, "live_from", "It has begun on this site already.")]
    return []
