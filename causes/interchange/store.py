"""The data of a plan on disk, so that memory does not grow with the files.

They are in a SQLite file of their own, not in the database of the site. Without a path, the file is
temporary and disappears when it is closed.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from causes.interchange.problems import Problem

_TABLES = {
    # Problems, in the order in which they were found.
    "problem": "(id INTEGER PRIMARY KEY, file TEXT, number INT, subject TEXT, field TEXT, "
    "sentence TEXT)",
    # The outcome of each thing in the files, with its content if it may be written.
    "item": "(id INTEGER PRIMARY KEY, kind TEXT, key TEXT, title TEXT, outcome TEXT, "
    "sentences TEXT, seen TEXT, content TEXT)",
    # Slugs of entries in the files, which must be unique, and keys of sources.
    "taken": "(kind TEXT, key TEXT, owner TEXT, PRIMARY KEY (kind, key)) WITHOUT ROWID",
    # The ids of entries of this site that the files hold.
    "met": "(entry INTEGER PRIMARY KEY)",
    # Rows of the files until they are read back in order: see staging.py.
    "row": "(id INTEGER PRIMARY KEY, file INT, number INT, model TEXT, key TEXT, place INT, "
    "entry TEXT, revision TEXT, fields TEXT, bad INT, UNIQUE (model, key))",
    # Rows that name others by primary keys, and the natural keys of these.
    "waiting": "(file INT, number INT, model TEXT, fields TEXT, bad INT)",
    "pk": "(file INT, model TEXT, pk TEXT, key TEXT, PRIMARY KEY (file, model, pk)) WITHOUT ROWID",
    "fact": "(name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID",
}


MOST_PROBLEMS = 10_000
"""The most problems that a plan lists: a file of a few bytes for each would fill the disk."""


class Item(NamedTuple):
    id: int
    kind: str
    """`category`, `tag`, `source` or the kind of an entry."""
    key: str
    title: str
    outcome: str
    sentences: list[str]
    seen: str
    """A mark of the state of this site when the plan was made."""


class Store:
    def __init__(self, path: Path | None = None) -> None:
        # A page that streams its progress may change threads.
        self.db = sqlite3.connect(path or "", isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -8000"):
            self.db.execute(f"PRAGMA {pragma}")
        for name, columns in _TABLES.items():
            self.db.execute(f"CREATE TABLE IF NOT EXISTS {name} {columns}")
        # One transaction for all writing: nobody else reads the file at that time.
        self.db.execute("BEGIN")
        self._problems = self.problem_count()

    def keep(self) -> None:
        """Commits everything written so far."""
        self.db.execute("COMMIT")
        self.db.execute("BEGIN")

    def close(self) -> None:
        self.db.close()

    def clear(self, *, keep: Iterable[str] = ()) -> None:
        for name in _TABLES.keys() - set(keep):
            self.db.execute(f"DELETE FROM {name}")
        self._problems = self.problem_count()

    def many(self, statement: str, rows: Iterable[Any]) -> None:
        self.db.executemany(statement, rows)

    def rows(self, question: str, *values: Any) -> Iterator[Any]:
        return iter(self.db.execute(question, values))

    def one(self, question: str, *values: Any) -> Any:
        row = self.db.execute(question, values).fetchone()
        return row[0] if row else None

    # Facts ---------------------------------------------------------------------------

    def set_fact(self, name: str, value: Any) -> None:
        self.db.execute("REPLACE INTO fact VALUES (?, ?)", (name, json.dumps(value)))

    def fact(self, name: str, default: Any = None) -> Any:
        value = self.one("SELECT value FROM fact WHERE name = ?", name)
        return default if value is None else json.loads(value)

    # Problems ------------------------------------------------------------------------

    def report(self, problem: Problem) -> None:
        """Adds a problem to the list. Behind the last one that fits, a sentence says so."""
        self._problems += 1
        if self._problems > MOST_PROBLEMS:
            if self._problems > MOST_PROBLEMS + 1:
                return
            sentence = f"There are more problems. Correct these {MOST_PROBLEMS:,} first."
            problem = Problem("", 0, "", "", sentence)
        row = (problem.file, problem.number, problem.subject, problem.field, problem.sentence)
        self.db.execute(
            "INSERT INTO problem (file, number, subject, field, sentence) VALUES (?, ?, ?, ?, ?)",
            [part if isinstance(part, int) else _writable(part) for part in row],
        )

    def problems(self, start: int = 0, most: int = -1) -> Iterator[Problem]:
        question = "SELECT file, number, subject, field, sentence FROM problem ORDER BY id"
        for row in self.rows(f"{question} LIMIT ? OFFSET ?", most, start):
            yield Problem(*row)

    def problem_count(self) -> int:
        return int(self.one("SELECT count(*) FROM problem"))

    # Items ---------------------------------------------------------------------------

    def add_items(self, rows: Iterable[tuple[str, str, str, str, list[str], str, Any]]) -> None:
        """Each is (kind, key, title, outcome, sentences, mark of this site, content)."""
        self.many(
            "INSERT INTO item (kind, key, title, outcome, sentences, seen, content) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    kind,
                    _writable(key),
                    _writable(title),
                    outcome,
                    _writable(_json(sentences)) if sentences else "",
                    seen,
                    None if content is None else _json(content),
                )
                for kind, key, title, outcome, sentences, seen, content in rows
            ),
        )

    def items(
        self,
        where: str = "1",
        *values: Any,
        order: str = "id",
        start: int = 0,
        most: int = -1,
    ) -> Iterator[Item]:
        question = (
            "SELECT id, kind, key, title, outcome, sentences, seen FROM item "
            f"WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?"
        )
        for row in self.rows(question, *values, most, start):
            pk, kind, key, title, outcome, sentences, seen = row
            said = json.loads(sentences) if sentences else []
            yield Item(pk, kind, key, title, outcome, said, seen)

    def content(self, item: int) -> Any:
        held = self.one("SELECT content FROM item WHERE id = ?", item)
        return None if held is None else json.loads(held)

    def counts(self) -> dict[str, dict[str, int]]:
        """{kind: {outcome: how many}}"""
        found: dict[str, dict[str, int]] = {}
        question = "SELECT kind, outcome, count(*) FROM item GROUP BY kind, outcome ORDER BY 1, 2"
        for kind, outcome, number in self.rows(question):
            found.setdefault(kind, {})[outcome] = number
        return found

    # Keys -------------------------------------------------

    def take(self, kind: str, keys: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Stores (key, its owner) of each; returns the keys that have another owner already."""
        doubled = []
        for key, owner in keys:
            try:
                self.db.execute("INSERT INTO taken VALUES (?, ?, ?)", (kind, key, owner))
            except sqlite3.IntegrityError:
                other = self.one("SELECT owner FROM taken WHERE kind = ? AND key = ?", kind, key)
                if other != owner:
                    doubled.append((key, other))
        return doubled

    def taken(self, kind: str, keys: list[str]) -> set[str]:
        """The keys among these that are stored."""
        found: set[str] = set()
        for start in range(0, len(keys), 500):
            some = keys[start : start + 500]
            marks = ", ".join("?" * len(some))
            question = f"SELECT key FROM taken WHERE kind = ? AND key IN ({marks})"
            found.update(key for (key,) in self.rows(question, kind, *some))
        return found


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _writable(text: str) -> str:
    """Without characters that no database stores: a message may quote them."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
