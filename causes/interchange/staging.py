"""From rows in any order to content in ours: categories, tags, sources, then whole entries.

A file that this site wrote is in that order already and is passed through as it is
read. Another one, or several, are laid down in the plan's store first and taken out in
order: so memory does not grow with the file, and Django's own dumps come in, be they
written with natural keys or with the primary keys of another database.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from causes.interchange import files
from causes.interchange.format import FORMS, LEFT_OUT, BadRow, Row, read_row, what_is
from causes.interchange.problems import Problem, Unreadable
from causes.interchange.store import Store
from causes.interchange.upgrade import upgrade
from causes.interchange.values import Number
from causes.models.format import FORMAT, VERSION
from causes.text.characters import bad_characters

Thing = tuple[str, Row]
"""A kind (`category`, `tag`, `source`, `entry`) and what belongs to it."""

TICK = "tick"
"""No thing, but a sign of life while many rows are put in order."""

Reading = Callable[[int, int], None]
"""Told how many bytes are read, of how many."""

_TAXONOMY = ("category", "tag", "source")
_WITHIN = ("redirect", "revision", "taggedrevision", "publication", "review")
_OWNER = {"entry": "slug", "redirect": "entry", "revision": "entry", "publication": "entry"}
_NAMES = ("category", "tag", "merged_into")
_TEXT = {"taggedrevision": "content_object", "review": "revision"}


ROWS_A_TICK = 2_000


class OutOfOrder(Exception):
    """The file is not in our own order: read it the other way."""


def things(
    paths: list[Path], store: Store, *, limit: int, read: Reading, in_order: bool
) -> Iterator[Thing]:
    """All content of some files, in our order.

    Each row, and each entry as a whole, comes with `at`: (file, object number). What is
    wrong with a row is reported to the store, and what it belongs to is marked `bad`.
    Raises Unreadable; with `in_order` OutOfOrder, as soon as a file is not.
    """
    if in_order:
        if len(paths) > 1:
            raise OutOfOrder
        return _as_they_come(paths[0], store, limit, read)
    return _sorted(paths, store, limit, read)


def _shape(raw: Any) -> tuple[str, Any, Row]:
    """(model, primary key, fields) of a row. Raises BadRow."""
    if not isinstance(raw, dict):
        raise BadRow("", [("", "It is no row: a row is an object with a model and its fields.")])
    if isinstance(raw, files.Doubled):
        raise BadRow("", [(raw.name[:60], "The name stands twice in this row: keep one.")])
    label, fields = raw.get("model"), raw.get("fields")
    if type(label) is not str:
        raise BadRow("", [("model", "It is missing: a row names its model.")])
    app, _, model = label.lower().partition(".")
    shown = label[:80]
    if app != "causes":
        raise BadRow(shown, [("model", "It belongs to another app: only content comes in here.")])
    if model not in FORMS and model not in LEFT_OUT:
        raise BadRow(shown, [("model", "There is no such model.")])
    if isinstance(fields, files.Doubled):
        name = fields.name[:60]
        raise BadRow(
            what_is(model, fields), [(name, "The field stands twice in this row: keep one.")]
        )
    if not isinstance(fields, dict):
        raise BadRow(shown, [("fields", "It must be an object with the row's fields.")])
    extra = raw.keys() - {"model", "pk", "fields"}
    if extra:
        found = sorted(str(name)[:60] for name in extra)
        raise BadRow(what_is(model, fields), [(name, "A row has no such part.") for name in found])
    return model, raw.get("pk"), fields


def _version(fields: Row, file: str, number: int) -> int:
    """The version in which a file is written. Raises Unreadable for one that is not known."""
    row = read_row("fixtureformat", fields)
    if row["name"] != FORMAT or row["version"] > VERSION:
        sentence = (
            f"It is written in format {row['name']} {row['version']}, and this site reads "
            f"{FORMAT} 1 to {VERSION}: use a newer version of the site."
        )
        raise Unreadable(Problem(file, number, "", "version", sentence))
    return int(row["version"])


def _report(store: Store, file: str, number: int, error: BadRow) -> None:
    for field, sentence in error.problems:
        store.report(Problem(file, number, error.what, field, sentence))


# As they come -----------------------------------------------------------------------------


def _as_they_come(path: Path, store: Store, limit: int, read: Reading) -> Iterator[Thing]:
    version = VERSION
    entry: Row | None = None
    last: dict[str, str] = {}
    for number, raw in files.rows(path, limit=limit, read=read):
        at = (path.name, number)
        try:
            model, pk, fields = _shape(raw)
            if pk is not None or (number == 1) != (model == "fixtureformat"):
                raise OutOfOrder
            if model == "fixtureformat":
                version = _version(fields, path.name, number)
                continue
            if model in LEFT_OUT:
                raise OutOfOrder
            if version != VERSION:
                fields = upgrade(model, fields, version)
            row = read_row(model, fields)
            if any(type(row.get(name)) is Number for name in _NAMES):
                raise OutOfOrder
        except BadRow:
            # Where it belongs is found out the other way.
            raise OutOfOrder from None
        row["at"] = at
        if model in _WITHIN:
            if entry is None:
                raise OutOfOrder
            _add(entry, model, row)
            continue
        key = row["key"] if model == "source" else row["slug"]
        if key <= last.get(model, "") or (model != "entry" and entry is not None):
            raise OutOfOrder
        last[model] = key
        if model != "entry":
            yield model, row
            continue
        if entry is not None:
            yield "entry", entry
        entry = _whole(row, at)
    if entry is not None:
        yield "entry", entry


def _whole(row: Row | None, at: tuple[str, int]) -> Row:
    return {
        "entry": row,
        "redirects": [],
        "revisions": [],
        "publications": [],
        "reviews": [],
        "bad": False,
        "at": at,
    }


def _add(entry: Row, model: str, row: Row) -> None:
    """Puts a row where it belongs in an entry. Raises OutOfOrder where it does not."""
    slug = entry["entry"]["slug"] if entry["entry"] else None
    if model in _OWNER and row["entry"] != slug:
        raise OutOfOrder
    if model == "revision":
        row["tags"] = []
        entry["revisions"].append(row)
    elif model == "taggedrevision":
        for revision in reversed(entry["revisions"]):
            if revision["uuid"] == row["content_object"]:
                revision["tags"].append(row["tag"])
                return
        raise OutOfOrder
    elif model == "review":
        if all(revision["uuid"] != row["revision"] for revision in entry["revisions"]):
            raise OutOfOrder
        entry["reviews"].append(row)
    else:
        entry[f"{model}s"].append(row)


# In any order -----------------------------------------------------------------------------


def _sorted(paths: list[Path], store: Store, limit: int, read: Reading) -> Iterator[Thing]:
    versions: list[int] = []
    for _ in _lay_down(paths, store, limit, read, versions):
        yield TICK, {}
    for _ in _clean(paths, versions, store):
        yield TICK, {}
    _find_owners(paths, store)
    for model in _TAXONOMY:
        question = "SELECT file, number, fields FROM clean WHERE model = ? ORDER BY key"
        for file, number, fields in store.rows(question, model):
            yield model, json.loads(fields) | {"at": (paths[file].name, number)}
    yield from _entries(paths, store)


def _lay_down(
    paths: list[Path], store: Store, limit: int, read: Reading, versions: list[int]
) -> Iterator[None]:
    """Every row as it is, and which natural key stands behind each primary key.

    Adds the version of each file.
    """
    sizes = [path.stat().st_size if path.exists() else 0 for path in paths]
    for index, path in enumerate(paths):
        version = None
        done, total = sum(sizes[:index]), sum(sizes)

        def tell(at: int, _size: int, done: int = done, total: int = total) -> None:
            read(done + at, total)

        for number, raw in files.rows(path, limit=limit, read=tell):
            if number % ROWS_A_TICK == 0:
                yield
            try:
                model, pk, fields = _shape(raw)
                if model == "fixtureformat":
                    version = _version(fields, path.name, number)
                    continue
            except BadRow as error:
                _report(store, path.name, number, error)
                _spoil(store, raw)
                continue
            if model in LEFT_OUT:
                left = store.fact("left_out", {})
                store.set_fact("left_out", left | {model: left.get(model, 0) + 1})
                continue
            store.db.execute(
                "INSERT INTO row (file, number, model, fields) VALUES (?, ?, ?, ?)",
                # Half characters are kept until they are refused.
                (index, number, model, json.dumps(fields)),
            )
            key = fields.get("slug") or fields.get("uuid") or fields.get("key")
            if isinstance(pk, str | int) and _storable(key) and _storable(str(pk)):
                store.db.execute(
                    "INSERT OR IGNORE INTO pk VALUES (?, ?, ?, ?)", (index, model, str(pk), key)
                )
        versions.append(version or VERSION)


def _storable(text: Any) -> bool:
    return isinstance(text, str) and not bad_characters(text)


def _spoil(store: Store, raw: Any) -> None:
    """Remembers to what a row that cannot be used would have belonged."""
    fields = raw.get("fields") if isinstance(raw, dict) else None
    if not isinstance(fields, dict):
        return
    model = str(raw.get("model")).lower().removeprefix("causes.")
    if model not in FORMS:
        return
    kind = "entry" if model in _OWNER else "text" if model in _TEXT else model
    key = fields.get(_OWNER.get(model) or _TEXT.get(model) or "slug", fields.get("key"))
    key = key[0] if isinstance(key, list) and len(key) == 1 else key
    if _storable(key):
        store.db.execute("INSERT OR IGNORE INTO spoiled VALUES (?, ?)", (kind, key))
    uuid = fields.get("uuid")
    if model == "revision" and _storable(uuid):
        store.db.execute("INSERT OR IGNORE INTO spoiled VALUES ('text', ?)", (uuid,))


def _clean(paths: list[Path], versions: list[int], store: Store) -> Iterator[None]:
    """Each row checked, and with natural keys only."""
    for place, (file, number, model, held) in enumerate(
        store.rows("SELECT file, number, model, fields FROM row ORDER BY id")
    ):
        if place % ROWS_A_TICK == 0:
            yield
        fields = json.loads(held)
        try:
            row = read_row(model, upgrade(model, fields, versions[file]))
            _resolve(store, file, model, row)
        except BadRow as error:
            _report(store, paths[file].name, number, error)
            _spoil(store, {"model": model, "fields": fields})
            continue
        key, text = FORMS[model].key(row), json.dumps(row, ensure_ascii=False)
        owner, revision = row.get(_OWNER.get(model, "")), row.get(_TEXT.get(model, ""))
        rank = _WITHIN.index(model) + 1 if model in _WITHIN else 0
        try:
            store.db.execute(
                "INSERT INTO clean (file, number, model, key, rank, owner, revision, fields) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (file, number, model, key, rank, owner, revision, text),
            )
        except sqlite3.IntegrityError:
            _same_again(paths, store, file, number, model, key, text)
        if model == "revision":
            store.db.execute("INSERT OR IGNORE INTO text VALUES (?, ?)", (row["uuid"], owner))
    store.db.execute("DELETE FROM row")


def _resolve(store: Store, file: int, model: str, row: Row) -> None:
    """Puts natural keys in the place of primary keys, by what the same file says of them."""
    aims = {
        "entry": "entry",
        "revision": "revision",
        "content_object": "revision",
        "category": "category",
        "tag": "tag",
        "merged_into": model,
    }
    problems = []
    for name, value in row.items():
        if not isinstance(value, Number):
            continue
        aim = aims[name]
        key = store.one(
            "SELECT key FROM pk WHERE file = ? AND model = ? AND pk = ?", file, aim, str(value)
        )
        if key is None:
            sentence = (
                f"It names the {aim} with the primary key {value}, which is not in this file: "
                "write the file with natural keys (dumpdata --natural-primary --natural-foreign)."
            )
            problems.append((name, sentence))
        row[name] = key
    if problems:
        raise BadRow(what_is(model, row), problems)


def _same_again(
    paths: list[Path], store: Store, file: int, number: int, model: str, key: str, text: str
) -> None:
    """A row that came before: that is fine if it says the same, as two exports of one site do."""
    question = "SELECT file, number, fields FROM clean WHERE model = ? AND key = ?"
    other, first, before = next(store.rows(question, model, key))
    if before == text:
        return
    where = f"object {first}" + (f" of {paths[other].name}" if other != file else "")
    sentence = f"It stands twice, and not the same: {where} has the same key. Keep one."
    store.report(Problem(paths[file].name, number, f"{model} {key}", "", sentence))
    _spoil(store, {"model": model, "fields": json.loads(text)})


def _find_owners(paths: list[Path], store: Store) -> None:
    """To which entry each row belongs."""
    store.db.execute(
        "UPDATE clean SET owner = (SELECT owner FROM text WHERE uuid = clean.revision) "
        "WHERE revision IS NOT NULL"
    )
    store.db.execute(
        "INSERT OR IGNORE INTO spoiled SELECT 'entry', owner FROM text "
        "JOIN spoiled ON kind = 'text' AND key = uuid WHERE owner IS NOT NULL"
    )
    lost = (
        "FROM clean WHERE rank > 0 AND (owner IS NULL OR NOT EXISTS (SELECT 1 FROM clean entry "
        "WHERE entry.model = 'entry' AND entry.key = clean.owner))"
    )
    columns = "file, number, model, key, owner, revision"
    for file, number, model, key, owner, revision in list(
        store.rows(f"SELECT {columns} {lost} ORDER BY id")
    ):
        kind, missing = ("revision", revision) if owner is None else ("entry", owner)
        spoiled = store.one(
            "SELECT 1 FROM spoiled WHERE kind = ? AND key = ?",
            "text" if owner is None else "entry",
            missing,
        )
        if not spoiled:
            field = _TEXT[model] if owner is None else "entry"
            sentence = f"It belongs to {kind} {missing}, which is not in the file."
            store.report(Problem(paths[file].name, number, f"{model} {key}", field, sentence))
    store.db.execute(f"DELETE FROM clean WHERE id IN (SELECT id {lost})")
    store.db.execute("CREATE INDEX IF NOT EXISTS clean_by_owner ON clean (owner, rank, id)")


def _entries(paths: list[Path], store: Store) -> Iterator[Thing]:
    question = (
        "SELECT file, number, model, owner, fields FROM clean WHERE owner IS NOT NULL "
        "ORDER BY owner, rank, id"
    )
    entry: Row | None = None
    owner = None
    for file, number, model, own, fields in store.rows(question):
        row = json.loads(fields) | {"at": (paths[file].name, number)}
        if own != owner:
            if entry is not None:
                yield "entry", entry
            owner, entry = own, _whole(row, row["at"])
            spoiled = "SELECT 1 FROM spoiled WHERE kind = 'entry' AND key = ?"
            entry["bad"] = bool(store.one(spoiled, own))
            continue
        if entry is not None:
            _add(entry, model, row)
    if entry is not None:
        yield "entry", entry
