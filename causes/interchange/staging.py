"""From rows in any order to content in one: categories, tags, sources, then whole entries.

The rows of all files are written to tables of the plan's store and read back in order. So memory
does not grow with the files, and a dump that Django wrote is as good as our own export, whether it
names rows by natural keys or by the primary keys of another database.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from causes.interchange import files
from causes.interchange.problems import Problem, Unreadable, Wrong
from causes.interchange.schema import LEFT_OUT, SCHEMAS, BadRow, Row, described, read_row
from causes.interchange.store import Store
from causes.interchange.things import TICK, Progress, Thing, whole_entry
from causes.interchange.upgrade import upgrade
from causes.models.format import FORMAT, VERSION

ROWS_A_TICK, RECORDS_A_TICK, ENTRIES_A_TICK = 2_000, 500, 50

_TAXONOMY = ("category", "tag", "source")
_OF_ENTRIES = ("entry", "redirect", "revision", "taggedrevision", "publication", "review")
"""The models whose rows make up an entry, in the order in which they are read back."""

_ENTRY = {"entry": "slug", "redirect": "entry", "revision": "entry", "publication": "entry"}
"""The field that names the entry of a row."""

_REVISION = {"taggedrevision": "content_object", "review": "revision"}
"""The field that names the revision of a row which does not name its entry."""

_REFERENCES = {
    "entry": "entry",
    "revision": "revision",
    "content_object": "revision",
    "category": "category",
    "tag": "tag",
    "merged_into": "",
}
"""The model that each reference leads to; no name is the model of the row itself."""

_READERS = {
    model: {field.name: field.read for field in schema.fields} for model, schema in SCHEMAS.items()
}


def things(paths: list[Path], store: Store, *, limit: int) -> Iterator[Thing]:
    """The content of some files: categories, tags, sources and entries, each sorted by key.

    Each row, and each entry as a whole, has `at`: (file, number of the object). Problems of a row
    are reported to the store, and the entry of the row is marked `bad`. `limit` is the most bytes
    of one file. Raises Unreadable.
    """
    staging = _Staging(paths, store)
    yield from staging.write(limit)
    yield from staging.read()
    staging.clear()


class _Raw(NamedTuple):
    """A row as a file has it, with its place."""

    file: int
    number: int
    model: str
    fields: Row
    bad: bool = False
    """Whether a problem of the row has been reported."""


def _loaded(file: int, number: int, model: str, fields: str, bad: int) -> _Raw:
    """A row that was stored."""
    return _Raw(file, number, model, json.loads(fields), bool(bad))


_COLUMNS = "file, number, model, fields, bad"


class _Staging:
    def __init__(self, paths: list[Path], store: Store) -> None:
        self.paths, self.store = paths, store
        self.versions = [VERSION] * len(paths)
        """The version of the format in which each file is written."""

        self.left_out: dict[str, int] = {}
        self.bytes = self.checked = self.total = 0

    # From the files to the tables -----------------------------------------------------------

    def write(self, limit: int) -> Iterator[Thing]:
        """Writes each row under its natural key and that of its entry."""
        sizes = [path.stat().st_size if path.exists() else 0 for path in self.paths]
        for file, path in enumerate(self.paths):
            for number, raw in files.rows(path, limit=limit, read=self._read_to):
                if number % ROWS_A_TICK == 0:
                    done = sum(sizes[:file]) + self.bytes
                    yield TICK, Progress("Reading", done, sum(sizes))
                self._take(file, number, raw)
        yield TICK, Progress("Reading", sum(sizes), sum(sizes))
        self.store.set_fact("left_out", self.left_out)
        for row in self.store.rows(f"SELECT {_COLUMNS} FROM waiting"):
            self._resolve(_loaded(*row))
        self._find_entries()

    def _read_to(self, at: int, _: int) -> None:
        self.bytes = at

    def _take(self, file: int, number: int, held: Any) -> None:
        """One object of a file."""
        try:
            model, fields = _parts(held)
            if model == "fixtureformat":
                self.versions[file] = self._version(file, number, fields)
                return
        except BadRow as error:
            self._report(file, number, error)
            return
        if model in LEFT_OUT:
            self.left_out[model] = self.left_out.get(model, 0) + 1
            return
        raw = self._marked(_Raw(file, number, model, fields), _problems(held, fields))
        pk = held.get("pk")
        if isinstance(pk, str | int) and str(pk).isascii() and (key := _key(model, fields)):
            row = (file, model, str(pk), key)
            self.store.db.execute("INSERT OR IGNORE INTO pk VALUES (?, ?, ?, ?)", row)
        self._lay(raw)

    def _version(self, file: int, number: int, fields: Row) -> int:
        """The version of a file. Raises BadRow, and Unreadable for a version that is not known."""
        row = read_row("fixtureformat", fields)
        if row["name"] != FORMAT or row["version"] > VERSION:
            sentence = (
                f"The file is in format {row['name']} {row['version']}, but this site reads "
                f"{FORMAT} 1 to {VERSION}: use a newer version of the site."
            )
            raise Unreadable(Problem(self.paths[file].name, number, "", "version", sentence))
        return int(row["version"])

    def _marked(self, raw: _Raw, problems: list[tuple[str, str]]) -> _Raw:
        """The row, marked as bad if there are problems, which are reported."""
        if not problems:
            return raw
        self._report(raw.file, raw.number, BadRow(described(raw.model, raw.fields), problems))
        return raw._replace(bad=True)

    def _lay(self, raw: _Raw) -> None:
        """Stores a row, or lets it wait until all primary keys are known."""
        model, fields = raw.model, raw.fields
        # Lone surrogates stay escaped until the field is refused.
        row = (*raw[:3], json.dumps(fields), raw.bad)
        if any(type(fields.get(name)) is int for name in _REFERENCES):
            self.store.db.execute("INSERT INTO waiting VALUES (?, ?, ?, ?, ?)", row)
            return
        place = _OF_ENTRIES.index(model) if model in _OF_ENTRIES else None
        entry = _read(model, _ENTRY.get(model), fields)
        revision = _read(model, _REVISION.get(model), fields)
        key = _key(model, fields)
        insert = (
            f"INSERT INTO row ({_COLUMNS}, place, entry, revision, key) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        )
        try:
            self.store.db.execute(insert, (*row, place, entry, revision, key))
        except sqlite3.IntegrityError:
            if not self._is_again(raw, str(key)):
                row = (*row[:4], True)
                self.store.db.execute(insert, (*row, place, entry, revision, None))

    def _resolve(self, raw: _Raw) -> None:
        """Replaces primary keys by the natural keys that the same file has for them."""
        problems = []
        for name, aim in _REFERENCES.items():
            pk = raw.fields.get(name)
            if type(pk) is not int:
                continue
            aim = aim or raw.model
            question = "SELECT key FROM pk WHERE file = ? AND model = ? AND pk = ?"
            key = self.store.one(question, raw.file, aim, str(pk))
            if key is None:
                sentence = (
                    f"This is the primary key {str(pk)[:40]} of a {aim} that is not in the file: "
                    "write the file with natural keys "
                    "(dumpdata --natural-primary --natural-foreign)."
                )
                problems.append((name, sentence))
            raw.fields[name] = [key]
        self._lay(self._marked(raw, problems))

    def _is_again(self, raw: _Raw, key: str) -> bool:
        """Whether a row equals the one with the same key, as in two exports. Reports it if not."""
        question = f"SELECT {_COLUMNS} FROM row WHERE model = ? AND key = ?"
        first = _loaded(*next(self.store.rows(question, raw.model, key)))
        row, before = self._checked(raw), self._checked(first._replace(bad=True))
        if row is not None and before is not None and row | {"at": ()} == before | {"at": ()}:
            return True
        if row is not None:
            where = f"object {first.number}"
            if first.file != raw.file:
                where += f" of {self.paths[first.file].name}"
            sentence = f"This row differs from {where}, which has the same key: keep one of them."
            self._marked(raw, [("", sentence)])
        return False

    def _find_entries(self) -> None:
        """Finds the entry of each tag and review, and reports the rows that have none."""
        db = self.store.db
        db.execute(
            "UPDATE row SET entry = (SELECT entry FROM row AS text WHERE text.model = 'revision' "
            "AND text.key = row.revision) WHERE revision IS NOT NULL"
        )
        without = (
            "FROM row WHERE place IS NOT NULL AND (entry IS NULL OR NOT EXISTS "
            "(SELECT 1 FROM row AS whole WHERE whole.model = 'entry' AND whole.key = row.entry))"
        )
        lost = f"SELECT entry, revision, {_COLUMNS} {without} ORDER BY file, number"
        for entry, revision, *row in self.store.rows(lost):
            self._report_lost(_loaded(*row), entry, revision)
        db.execute(f"DELETE FROM row WHERE id IN (SELECT id {without})")
        db.execute("CREATE INDEX IF NOT EXISTS row_by_entry ON row (entry, place, file, number)")

    def _report_lost(self, raw: _Raw, entry: str | None, revision: str | None) -> None:
        question = "SELECT 1 FROM row WHERE model = 'revision' AND key = ?"
        # A tag or review has no entry where its revision has none, which is reported already.
        if self._checked(raw) is None or raw.bad or self.store.one(question, revision):
            return
        aim, key = ("revision", revision) if revision else ("entry", entry)
        sentence = f"This row belongs to {aim} {key}, which is not in the file."
        self._marked(raw, [(_REVISION.get(raw.model, "entry"), sentence)])

    # From the tables to the plan --------------------------------------------------------------

    def read(self) -> Iterator[Thing]:
        """Reads the rows back in order, and checks each."""
        self.checked, self.total = 0, self.store.one("SELECT count(*) FROM row")
        yield from self._taxonomy()
        yield from self._entries()
        yield self._progress()

    def _progress(self) -> Thing:
        return TICK, Progress("Checking", self.checked, self.total)

    def _taxonomy(self) -> Iterator[Thing]:
        question = f"SELECT {_COLUMNS} FROM row WHERE model = ? AND NOT bad ORDER BY key, number"
        for model in _TAXONOMY:
            for place, row in enumerate(self.store.rows(question, model)):
                if place % RECORDS_A_TICK == 0:
                    yield self._progress()
                if (checked := self._checked(_loaded(*row))) is not None:
                    yield model, checked

    def _entries(self) -> Iterator[Thing]:
        question = (
            f"SELECT entry, {_COLUMNS} FROM row WHERE place IS NOT NULL "
            "ORDER BY entry, place, file, number"
        )
        for place, (_, rows) in enumerate(groupby(self.store.rows(question), itemgetter(0))):
            if place % ENTRIES_A_TICK == 0:
                yield self._progress()
            entry = self._entry(rows)
            if entry["entry"] is not None:
                yield "entry", entry

    def _entry(self, rows: Iterable[tuple[Any, ...]]) -> Row:
        whole = whole_entry(None, ("", 0))
        tags: dict[str, list[str]] = {}
        for _, *held in rows:
            raw = _loaded(*held)
            row = self._checked(raw)
            whole["bad"] = whole["bad"] or raw.bad or row is None
            if row is None:
                continue
            if raw.model == "entry":
                whole |= {"entry": row, "at": row["at"]}
            elif raw.model == "revision":
                tags[row["uuid"]] = row["tags"] = []
                whole["revisions"].append(row)
            elif raw.model == "taggedrevision":
                # The revision of a tag is not known if its own row is bad.
                tags.get(row["content_object"], []).append(row["tag"])
            else:
                whole[f"{raw.model}s"].append(row)
        return whole

    def _checked(self, raw: _Raw) -> Row | None:
        """The row in the current format with its place, or None where a field is wrong.

        Problems are reported, unless the row is marked as bad already.
        """
        self.checked += 1
        try:
            row = read_row(raw.model, upgrade(raw.model, raw.fields, self.versions[raw.file]))
        except BadRow as error:
            if not raw.bad:
                self._report(raw.file, raw.number, error)
            return None
        row["at"] = (self.paths[raw.file].name, raw.number)
        return row

    def _report(self, file: int, number: int, error: BadRow) -> None:
        for field, sentence in error.problems:
            name = self.paths[file].name
            self.store.report(Problem(name, number, error.row, field, sentence))

    def clear(self) -> None:
        """Makes room for the plan."""
        for table in ("row", "waiting", "pk"):
            self.store.db.execute(f"DELETE FROM {table}")


def _parts(raw: Any) -> tuple[str, Row]:
    """The model and fields of an object. Raises BadRow for one that is no row of ours."""
    if not isinstance(raw, dict):
        sentence = "This is not a row: a row is an object with a model and its fields."
        raise BadRow("", [("", sentence)])
    label, fields = raw.get("model"), raw.get("fields")
    if type(label) is not str:
        raise BadRow("", [("model", "This part is missing: each row names its model.")])
    app, _, model = label.lower().partition(".")
    if app != "causes":
        sentence = "This model belongs to another app: only content can be imported."
        raise BadRow(label[:80], [("model", sentence)])
    if model not in SCHEMAS and model not in LEFT_OUT:
        raise BadRow(label[:80], [("model", "There is no such model.")])
    if not isinstance(fields, dict):
        sentence = "This part must be an object with the fields of the row."
        raise BadRow(label[:80], [("fields", sentence)])
    return model, fields


def _problems(raw: Row, fields: Row) -> list[tuple[str, str]]:
    """Problems of a row as a whole, for which it cannot be used: (field, sentence) of each."""
    extra = sorted(str(name)[:60] for name in raw.keys() - {"model", "pk", "fields"})
    problems = [(name, "A row has no such part.") for name in extra]
    for part in (raw, fields):
        if isinstance(part, files.Doubled):
            sentence = "This name appears twice in the row: keep one of them."
            problems.append((part.name[:60], sentence))
    return problems


def _read(model: str, name: str | None, fields: Row) -> str | None:
    """The value of a field that names a row, or None if it is not valid."""
    try:
        return str(_READERS[model][name](fields.get(name))) if name else None
    except Wrong:
        return None


def _key(model: str, fields: Row) -> str | None:
    """The natural key of a row, or None if part of it is missing or not valid."""
    parts = [_read(model, name, fields) for name in SCHEMAS[model].key]
    return None if None in parts else " ".join(part or "" for part in parts)
