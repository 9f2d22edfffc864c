"""The outcomes for the categories, tags and sources of a file.

These have no revisions, so `updated_at` decides which side is newer.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from causes.interchange.outcomes import CHANGED, CONFLICT, CREATED, KEPT, REFUSED, UNCHANGED, May
from causes.interchange.schema import SCHEMAS, Row
from causes.interchange.values import shown_moment
from causes.models import Category, Source, Tag
from causes.models.texts import text_fields
from causes.publishing import shown
from causes.text.identifiers import LABELS, TIDY, identities
from causes.text.names import fold

MODELS: dict[str, Any] = {"category": Category, "tag": Tag, "source": Source}
KEY = {"category": "slug", "tag": "slug", "source": "key"}


class Decision(NamedTuple):
    outcome: str
    sentences: list[str]
    problem: tuple[str, str] | None = None
    """(field, sentence): the reason for a refusal."""


def stored(kind: str, keys: Iterable[str] | None = None) -> dict[str, tuple[int, Row]]:
    """The rows of this site by key, all or some: (id, fields as in a fixture) of each."""
    rows = MODELS[kind].objects.order_by()
    if keys is not None:
        rows = rows.filter(**{f"{KEY[kind]}__in": list(keys)})
    names = [field.name for field in SCHEMAS[kind].fields]
    columns = ["merged_into__slug" if name == "merged_into" else name for name in names]
    found = {}
    for pk, *values in rows.values_list("pk", *columns):
        fields = dict(zip(names, values, strict=True))
        for name in ("checked_on", "withdrawn_on"):
            if fields.get(name) is not None:
                fields[name] = fields[name].isoformat()
        fields["updated_at"] = shown_moment(fields["updated_at"])
        for field in text_fields(MODELS[kind]):
            fields[field.name] = field.tidied(fields[field.name], stored=True)
        found[fields[KEY[kind]]] = (pk, fields)
    return found


def mark(here: Row | None) -> str:
    """A value that differs after every change of a row of this site."""
    if here is None:
        return ""
    return hashlib.blake2b(json.dumps(here).encode(), digest_size=12).hexdigest()


def differences(row: Row, here: Row) -> list[str]:
    return [name for name in here if name != "updated_at" and row[name] != here[name]]


def decide(kind: str, row: Row, here: Row | None, may: May, on_conflict: str) -> Decision:
    """The outcome for one row by itself."""
    if kind == "source" and row["withdrawn_reason"] and not row["withdrawn_on"]:
        return _refused("withdrawn_on", "Say when it was withdrawn.")
    if here is None:
        if not may.do(f"add_{kind}"):
            return _refused("", f"You may not add a {kind}.")
        return Decision(CREATED, [])
    changed = differences(row, here)
    if not changed:
        return Decision(UNCHANGED, [])
    names = ", ".join(name.replace("_", " ") for name in changed)
    newer = row["updated_at"] is not None and row["updated_at"] > here["updated_at"]
    if not newer:
        when = shown(datetime.fromisoformat(here["updated_at"]))
        sentence = f"This site has other values ({names}) and changed last, on {when}."
        if on_conflict == "refuse":
            return Decision(CONFLICT, [sentence])
        if on_conflict in ("ours", "draft"):
            return Decision(KEPT, [sentence])
    permission = f"merge_{kind}" if "merged_into" in changed else f"change_{kind}"
    if not may.do(permission):
        return _refused("", f"You may not change a {kind} in this way ({names}).")
    return Decision(
        CHANGED, [f"{name.replace('_', ' ')}: {_change(row, here, name)}" for name in changed]
    )


def _refused(field: str, sentence: str) -> Decision:
    return Decision(REFUSED, [sentence], (field, sentence))


def _change(row: Row, here: Row, name: str) -> str:
    return f"{_text(here[name])} → {_text(row[name])}"


def _text(value: Any) -> str:
    text = "" if value is None else str(value)
    return f"“{text[:120]}{'…' if len(text) > 120 else ''}”" if text else "nothing"


class Papers:
    """The sources of this site and of a file by identifiers of papers, to find duplicates."""

    def __init__(self) -> None:
        self.keys: dict[tuple[str, str], str] = {}
        for source in Source.objects.only("key", *TIDY).order_by("key").iterator():
            for identity in source.identities():
                self.keys.setdefault(identity, source.key)

    def twins(self, row: Row) -> list[str]:
        """A sentence for each other source with an identifier of this row, which is remembered."""
        found: dict[str, str] = {}
        for identity, field in identities(row).items():
            other = self.keys.setdefault(identity, row["key"])
            if other != row["key"]:
                sentence = f"[@{other}] has the same {LABELS[field]}: it may be the same paper."
                found.setdefault(other, sentence)
        return list(found.values())


class Taxonomy:
    """The categories or tags of a file with those of this site: names are unique, no circles."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.here = stored(kind)
        self.file: dict[str, Row] = {}
        self._by_name: dict[str, list[tuple[str, str]]] | None = None

    def slugs(self) -> set[str]:
        return self.here.keys() | self.file.keys()

    def problem(self, row: Row) -> tuple[str, str] | None:
        """Why this row of the file cannot be imported: (field, sentence)."""
        slug, folded = row["slug"], fold(row["name"])
        aim = row["merged_into"]
        known = slug in self.here and self.here[slug][1]["name"] == row["name"]
        for other, name in () if known or aim else self._names().get(folded, ()):
            if other != slug and not self._stood_together(slug, other):
                sentence = (
                    f"The {self.kind} {name!r} ({other}) has the same name. Merge the two on the "
                    "site that the file comes from, or rename one of them."
                )
                return "name", sentence
        seen = {slug}
        while aim is not None:
            if aim in seen:
                return "merged_into", f"This would make it an old name of itself, through {aim!r}."
            seen.add(aim)
            step = self.file.get(aim) or (self.here[aim][1] if aim in self.here else None)
            if step is None:
                sentence = f"There is no {self.kind} {aim!r}, either on this site or in the file."
                return "merged_into", sentence
            aim = step["merged_into"]
        return None

    def _stood_together(self, slug: str, other: str) -> bool:
        """Whether the file has both under one name, from before the rule that made names unique.

        Both are kept until somebody merges them.
        """
        one, two = self.file.get(slug), self.file.get(other)
        return one is not None and two is not None and one["name"] == two["name"]

    def leave_out(self, slugs: Iterable[str]) -> None:
        """Removes these rows of the file."""
        for slug in slugs:
            del self.file[slug]
        self._by_name = None

    def _names(self) -> dict[str, list[tuple[str, str]]]:
        """(slug, name) of the current names, by folded name."""
        if self._by_name is None:
            rows = {slug: row for slug, (_, row) in self.here.items()} | self.file
            self._by_name = {}
            for slug, row in rows.items():
                if row["merged_into"] is not None:
                    continue  # an old name may be the current name of another row
                self._by_name.setdefault(fold(row["name"]), []).append((slug, row["name"]))
        return self._by_name
