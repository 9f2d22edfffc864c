"""Content from Markdown files with front matter, in the form that a fixture gives.

docs/fixtures.md documents the keys. The files have no UUIDs: that of a revision is a hash of its
text, so the same text is the same revision in every import. It has version 8 (RFC 9562, for custom
uses), by which a later import recognises texts from Markdown files.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID

from causes.interchange import front_matter
from causes.interchange.problems import Problem, Unreadable, Wrong
from causes.interchange.schema import SCHEMAS, BadRow, Row, read_row
from causes.interchange.store import Store
from causes.interchange.things import TICK, Progress, Thing, whole_entry
from causes.interchange.values import moment, shown_moment, slug
from causes.models import Category, Entry, Redirect, Revision, Tag
from causes.text.characters import bad_characters, tidy, tidy_line
from causes.text.names import fold, tags_from_string
from causes.text.slugs import name_slug, old_slug_from_title, slug_from_title

KEYS = {
    "title": "The title. Without it, the first `# heading` is moved out of the text.",
    "slug": "The address. Without it, the name of the file is used.",
    "kind": "`cause` (the default) or `page`.",
    "summary": "One or two sentences for lists and search engines.",
    "category": "The name or slug of one category, which is created if need be.",
    "tags": "Names of tags, as a list or separated by commas, which are created if need be.",
    "note": "What changed and why, for colleagues.",
    "published": "`true`, or the date from which the text is public. Without it, a draft.",
    "date": "When the text was written.",
    "based_on": "The UUID of the revision that the text started from.",
    "sources": "A list of sources, each with the fields of a source in a fixture.",
}

_ENDINGS = {".md", ".markdown"}


def markdown_files(paths: list[Path]) -> dict[Path, str]:
    """The Markdown files among these files and in these folders, with their names in messages.

    Raises Unreadable if there are none.
    """
    found: dict[Path, str] = {}
    for path in paths:
        if path.is_dir():
            inside = (one for one in path.rglob("*") if one.suffix.lower() in _ENDINGS)
            found |= {one: str(one.relative_to(path)) for one in inside if one.is_file()}
        elif path.suffix.lower() in _ENDINGS and path.is_file():
            found[path] = path.name
        else:
            sentence = "This is neither a folder nor a Markdown file (.md)."
            raise Unreadable(Problem(str(path), 0, "", "", sentence))
    if not found:
        raise Unreadable(
            Problem(str(paths[0]), 0, "", "", "There is no Markdown file (.md) in this folder.")
        )
    return dict(sorted(found.items()))


def things(paths: list[Path], store: Store) -> Iterator[Thing]:
    """The content of Markdown files, as `staging.things` yields it. Raises Unreadable."""
    files = markdown_files(paths)
    reader = _Reader(store, files)
    # Each file is read twice: all names must be known before the first entry, but not all texts.
    for done, path in enumerate(files):
        yield TICK, Progress("Reading names", done, len(files))
        reader.names(path)
    reader.find_old_slugs()
    yield from reader.taxonomy()
    for done, path in enumerate(sorted(files, key=lambda path: reader.slugs[path])):
        yield TICK, Progress("Checking", done, len(files))
        yield "entry", reader.entry(path)
    yield TICK, Progress("Checking", len(files), len(files))


class _Reader:
    def __init__(self, store: Store, called: dict[Path, str]) -> None:
        self.store, self.called = store, called
        self.slugs: dict[Path, str] = {}
        self.from_name: list[Path] = []
        """Files whose slug follows from their name."""
        self.here = {
            "category": _by_name(Category.objects.values_list("slug", "name")),
            "tag": _by_name(Tag.objects.values_list("slug", "name")),
        }
        self.new: dict[str, dict[str, Row]] = {"category": {}, "tag": {}, "source": {}}
        self.bad: set[Path] = set()
        self.untidy: set[Path] = set()
        """Files in which tidying changes something."""

    # First reading: names ---------------------------------------------------------

    def names(self, path: Path) -> None:
        front, body = self._split(path, report=True)
        for name in front.keys() - KEYS.keys():
            known = ", ".join(KEYS)
            self._report(path, str(name), f"There is no such key. The keys are: {known}.")
        self.slugs[path] = self._slug(path, front, body)
        if isinstance(front.get("category"), str):
            self._name(path, "category", front["category"])
        for name in self._tags(path, front, report=True):
            self._name(path, "tag", name)
        self._sources(path, front)

    def find_old_slugs(self) -> None:
        """Keeps the slugs of entries that were imported under the previous rule for slugs."""
        old = {path: old_slug_from_title(front_matter.stem(path)) for path in self.from_name}
        old = {path: made for path, made in old.items() if made not in ("", self.slugs[path])}
        asked = sorted({*old.values(), *(self.slugs[path] for path in old)})
        here: set[str] = set()
        for start in range(0, len(asked), 900):
            for model in (Entry, Redirect):
                rows = model.objects.filter(slug__in=asked[start : start + 900]).order_by()
                here.update(rows.values_list("slug", flat=True))
        taken = set(self.slugs.values())
        for path, former in old.items():
            if former in here and former not in taken and self.slugs[path] not in here:
                self.slugs[path] = former

    def _name(self, path: Path, kind: str, name: str) -> str:
        """The slug of a category or tag with this name, which may be new."""
        name = tidy_line(name)
        known = self.here[kind].get(fold(name)) or self.here[kind].get(name)
        made = name_slug(name)
        if known or made in self.new[kind]:
            return known or made
        try:
            row = read_row(kind, {"name": name, "slug": made})
        except BadRow as error:
            for _, sentence in error.problems:
                self._report(path, kind if kind == "category" else "tags", sentence)
            return made
        self.new[kind][made] = row | {"at": (self.called[path], 0)}
        return made

    def _sources(self, path: Path, front: Row) -> None:
        sources = front.get("sources", [])
        if not isinstance(sources, list):
            self._report(path, "sources", "It must be a list of sources.")
            return
        for held in sources:
            if not isinstance(held, dict):
                self._report(path, "sources", "A source must have fields: key, kind, title …")
                continue
            try:
                row = read_row("source", {name: _plain(name, held[name]) for name in held})
            except BadRow as error:
                for name, sentence in error.problems:
                    self._report(path, f"sources: {name}", f"{error.row}: {sentence}")
                continue
            before = self.new["source"].get(row["key"])
            if before and before | {"at": 0} != row | {"at": 0}:
                sentence = f"The source {row['key']!r} has other values in {before['at'][0]}."
                self._report(path, "sources", sentence)
            self.new["source"].setdefault(row["key"], row | {"at": (self.called[path], 0)})

    def taxonomy(self) -> Iterator[Thing]:
        for kind, rows in self.new.items():
            for key in sorted(rows):
                yield kind, rows[key]

    # Second reading: entries ------------------------------------------------------------------

    def entry(self, path: Path) -> Row:
        front, body = self._split(path, report=False)
        made_slug, at = self.slugs[path], (self.called[path], 0)
        text = self._text(front, body)
        tags = [self._name(path, "tag", name) for name in self._tags(path, front)]
        category = front.get("category")
        named = [self._name(path, "category", category)] if isinstance(category, str) else None
        uuid = _uuid8([made_slug, *text.values(), named, sorted(tags)])
        if path in self.untidy:
            uuid = self._uuid_before(path, made_slug, named, tags) or uuid
        based_on = front.get("based_on")
        row = {
            "uuid": uuid,
            "entry": [made_slug],
            "number": 1,
            "based_on": based_on,
            "predecessors": [] if based_on is None else [based_on],
            **text,
            "category": named,
        }
        read = self._moment(path, front, "date")
        try:
            entry = read_row("entry", {"slug": made_slug, "kind": front.get("kind", "cause")})
            revision = read_row("revision", row)
        except BadRow as error:
            for name, sentence in error.problems:
                self._report(path, name, sentence)
            return whole_entry(None, at, bad=True)
        revision |= {"tags": list(dict.fromkeys(tags)), "from_markdown": True, "at": at}
        revision["created_at"] = read
        publications = self._publications(path, front, uuid)
        return whole_entry(
            entry | {"at": at},
            at,
            revisions=[revision],
            publications=publications,
            bad=path in self.bad,
        )

    def _text(self, front: Row, body: str) -> Row:
        title, body = front_matter.title_and_body(front, body)
        return {
            "title": title,
            "summary": front.get("summary", ""),
            "body": body,
            "category": None,
            "note": front.get("note", ""),
        }

    def _uuid_before(
        self, path: Path, made_slug: str, named: list[str] | None, tags: list[str]
    ) -> str | None:
        """The UUID of a text that was imported from this file before texts were tidied."""
        try:
            text = self._text(*front_matter.split(front_matter.read(path).replace("\r\n", "\n")))
        except Wrong:
            return None
        uuid = _uuid8([made_slug, *text.values(), named, sorted(tags)])
        return uuid if Revision.objects.filter(uuid=uuid).exists() else None

    def _publications(self, path: Path, front: Row, uuid: str) -> list[Row]:
        said = str(front.get("published", "")).strip()
        if said.lower() in ("", "false", "no"):
            return []
        begin = None
        if said.lower() not in ("true", "yes"):
            begin = self._moment(path, front, "published")
        return [
            {
                "uuid": _uuid8([uuid, "public"]),
                "revision": uuid,
                "live_from": begin,
                "live_until": None,
                "take_down_at": None,
                "at": (self.called[path], 0),
            }
        ]

    def _moment(self, path: Path, front: Row, name: str) -> str | None:
        """A moment, or a day, which begins at midnight UTC."""
        value = front.get(name)
        if value is None:
            return None
        try:
            day = date.fromisoformat(value) if isinstance(value, str) else None
            if day is not None:
                return shown_moment(datetime.combine(day, time(), UTC))
        except ValueError:
            pass
        try:
            return str(moment(value))
        except Wrong as error:
            self._report(path, name, str(error))
            return None

    # Parts of a file -----------------------------------------------------------------------------

    def _split(self, path: Path, *, report: bool) -> tuple[Row, str]:
        try:
            text = front_matter.read(path)
            if sentence := bad_characters(text):
                raise Wrong(sentence)
            tidied = tidy(text)
            if tidied != text.replace("\r\n", "\n").strip():
                self.untidy.add(path)
            return front_matter.split(tidied)
        except Wrong as error:
            if report:
                self._report(path, "", str(error))
        return {}, ""

    def _slug(self, path: Path, front: Row, body: str) -> str:
        said = front.get("slug")
        if not said:
            said = slug_from_title(front_matter.stem(path))
            self.from_name.append(path)
        try:
            return str(slug(said))
        except Wrong as error:
            self._report(path, "slug", str(error))
            return ""

    def _tags(self, path: Path, front: Row, *, report: bool = False) -> list[str]:
        tags = front.get("tags", [])
        if isinstance(tags, str):
            return tags_from_string(tags)
        if isinstance(tags, list) and all(isinstance(tag, str) for tag in tags):
            return [tag for tag in tags if tag.strip()]
        if report:
            self._report(path, "tags", "It must be a list of names, or names separated by commas.")
        return []

    def _report(self, path: Path, field: str, sentence: str) -> None:
        self.bad.add(path)
        self.store.report(Problem(self.called[path], 0, "", field, sentence))


def _by_name(rows: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for made, name in rows:
        found |= {made: made, fold(name): made}
    return found


def _plain(name: str, value: Any) -> Any:
    """A value of a source as in a fixture, where the year is a number."""
    reads = {field.name for field in SCHEMAS["source"].fields}
    if name == "year" and isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value) if len(value) < 6 else value
    if name in reads and name.endswith("_on") and value == "":
        return None
    return value


def _uuid8(parts: list[Any]) -> str:
    digest = hashlib.sha256(json.dumps(parts, default=str).encode()).digest()
    number = int.from_bytes(digest[:16])
    number = number & ~(0xF000 << 64) | 8 << 76
    number = number & ~(0xC000 << 48) | 0x8000 << 48
    return str(UUID(int=number))
