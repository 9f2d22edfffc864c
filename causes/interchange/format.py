"""The format of a fixture: its rows, their fields, and what each field may hold.

docs/fixtures.md tells the same in prose, and a test compares the two. A row that was
read is a plain dict with one form for each kind of value: moments and days as text in
UTC (`2026-11-23T09:00:00.000Z`), UUIDs with hyphens, a reference as the natural key of
the row it leads to, or as `Number` where a foreign fixture names a primary key.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError

from causes.interchange.problems import Wrong
from causes.models import Category, Entry, Review, Revision, Source, Tag
from causes.models.format import FORMAT, VERSION
from causes.text.markdown import objections
from causes.text.names import bad_characters, is_slug, name_slug

Row = dict[str, Any]
Read = Callable[[Any], Any]


class Number(int):
    """A primary key of the database that a fixture comes from: it means nothing here."""


class Field(NamedTuple):
    name: str
    read: Read
    needed: bool = True
    default: Any = None
    """What stands for a field that is left out."""


class Form(NamedTuple):
    """One kind of row."""

    model: str
    key: Callable[[Row], str]
    fields: tuple[Field, ...]


# Values ---------------------------------------------------------------------------------


def _of(model: Any, name: str) -> Any:
    return model._meta.get_field(name)


def text(limit: int, *, blank: bool = True) -> Read:
    def read(value: Any) -> str:
        if type(value) is not str:
            raise Wrong(f"It must be a text, and is {_shown(value)}.")
        if len(value) > limit:
            raise Wrong(f"It has {len(value):,} characters; the most is {limit:,}.")
        if ("\x00" in value or not value.isascii()) and (sentence := bad_characters(value)):
            raise Wrong(sentence)
        if not blank and not value.strip():
            raise Wrong("It is empty.")
        return value

    return read


def column(model: Any, name: str) -> Read:
    """A text as its model has it: how long, and what its validators refuse."""
    field = _of(model, name)
    read_text = text(field.max_length, blank=field.blank)
    # The limit and the NUL are looked at already.
    own = [v for v in field.validators if type(v).__module__ != "builtins" and _is_own(v)]

    def read(value: Any) -> str:
        value = read_text(value)
        if value:
            try:
                for validator in own:
                    validator(value)
            except ValidationError as error:
                raise Wrong(" ".join(error.messages)) from error
        return value

    return read if own else read_text


def _is_own(validator: Any) -> bool:
    return type(validator).__name__ in ("RegexValidator", "URLValidator")


def choice(choices: Any) -> Read:
    values = frozenset(choices.values)

    def read(value: Any) -> str:
        if type(value) is not str or value not in values:
            raise Wrong(f"It must be one of {', '.join(choices.values)}, and is {_shown(value)}.")
        return value

    return read


def whole(low: int, high: int) -> Read:
    def read(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise Wrong(f"It must be a whole number from {low} to {high:,}, not {_shown(value)}.")
        return value

    return read


_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def uuid(value: Any) -> str:
    if type(value) is str:
        if _UUID.fullmatch(value):
            return value
        try:
            return str(UUID(value))
        except ValueError:
            pass
    raise Wrong(f"It must be a UUID, and is {_shown(value)}.")


def moment(value: Any) -> str:
    if type(value) is str:
        try:
            read = datetime.fromisoformat(value)
        except ValueError:
            pass
        else:
            if read.tzinfo is None:
                raise Wrong(f"{value!r} has no time zone: write Z behind it for UTC.")
            try:
                return shown_moment(read)
            except OverflowError:
                pass
    raise Wrong(f"It must be a moment such as 2026-11-23T09:00:00Z, and is {_shown(value)}.")


def shown_moment(moment: datetime) -> str:
    """In UTC and whole milliseconds, always as many characters: texts compare as moments do."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return f"{moment.isoformat(timespec='milliseconds')[:23]}Z"


def day(value: Any) -> str:
    if type(value) is str and len(value) == 10:
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            pass
    raise Wrong(f"It must be a day such as 2026-11-23, and is {_shown(value)}.")


def nullable(read: Read) -> Read:
    return lambda value: None if value is None else read(value)


def reference(read: Read) -> Read:
    """The natural key of another row, as Django writes it: a list of its one part."""

    def read_key(value: Any) -> Any:
        if type(value) is list and len(value) == 1:
            return read(value[0])
        if type(value) is int:
            return Number(value)
        raise Wrong(f"It must be a natural key, a list of one value, and is {_shown(value)}.")

    return read_key


def slug(value: Any) -> str:
    if type(value) is not str or len(value) > 100 or not is_slug(value):
        raise Wrong(
            f"{_shown(value)} is no slug: small letters a to z, digits, single hyphens, at most "
            "100 characters."
        )
    return value


def taxon_slug(value: Any) -> str:
    if type(value) is not str or not value or not _is_taxon_slug(value):
        raise Wrong(f"{_shown(value)} is no slug of a category or tag.")
    return value


@lru_cache(maxsize=5_000)  # the same few names stand in row after row
def _is_taxon_slug(value: str) -> bool:
    return name_slug(value) == value


def taxon_name(model: Any) -> Read:
    read_text = column(model, "name")

    def read(value: Any) -> str:
        name: str = read_text(value)
        if objection := model.name_objection(name):
            raise Wrong(objection)
        return name

    return read


def source_key(value: Any) -> str:
    if type(value) is not str or len(value) > 100 or not is_slug(value):
        raise Wrong(
            f"{_shown(value)} is no key: write small letters a to z, digits and single hyphens, "
            "such as maas-2015."
        )
    return value


def body(value: Any) -> str:
    if type(value) is not str:
        raise Wrong(f"It must be a text, and is {_shown(value)}.")
    if found := objections(value):
        raise Wrong(" ".join(found))
    return value


def uuids(value: Any) -> list[str]:
    if type(value) is not list or len(value) > 200:
        raise Wrong(f"It must be a list of UUIDs, and is {_shown(value)}.")
    return [uuid(one) for one in value]


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}…"


# Rows -----------------------------------------------------------------------------------

_SMALL, _LARGE = 32_767, 2_147_483_647


def _taxon(model: Any, *more: Field) -> tuple[Field, ...]:
    return (
        Field("name", taxon_name(model)),
        Field("slug", taxon_slug),
        *more,
        Field("merged_into", nullable(reference(taxon_slug)), False),
        Field("updated_at", moment, False),
    )


def _own(name: str) -> Callable[[Row], str]:
    return lambda fields: str(fields.get(name, ""))


FORMS: dict[str, Form] = {
    form.model: form
    for form in (
        Form(
            "fixtureformat",
            _own("name"),
            (
                Field("name", text(50), False, FORMAT),
                Field("version", whole(1, _LARGE), False, VERSION),
            ),
        ),
        Form(
            "category",
            _own("slug"),
            _taxon(
                Category,
                Field("description", column(Category, "description"), False, ""),
                Field("position", whole(0, _SMALL), False, 100),
                Field("review_months", whole(1, 240), False, 36),
            ),
        ),
        Form("tag", _own("slug"), _taxon(Tag)),
        Form(
            "source",
            _own("key"),
            (
                Field("key", source_key),
                Field("kind", choice(Source.Kind)),
                Field("authors", column(Source, "authors")),
                Field("title", column(Source, "title")),
                Field("published_in", column(Source, "published_in"), False, ""),
                Field("year", nullable(whole(0, _SMALL)), False),
                Field("doi", column(Source, "doi"), False, ""),
                Field("pmid", column(Source, "pmid"), False, ""),
                Field("pmcid", column(Source, "pmcid"), False, ""),
                Field("url", column(Source, "url"), False, ""),
                Field("checked_on", nullable(day), False),
                Field("withdrawn_on", nullable(day), False),
                Field("withdrawn_reason", column(Source, "withdrawn_reason"), False, ""),
                Field("updated_at", moment, False),
            ),
        ),
        Form(
            "entry",
            _own("slug"),
            (
                Field("kind", choice(Entry.Kind), False, "cause"),
                Field("slug", slug),
                Field("created_at", moment, False),
                Field("last_number", whole(0, _LARGE), False, 0),
            ),
        ),
        Form(
            "redirect",
            _own("slug"),
            (
                Field("slug", slug),
                Field("entry", reference(slug)),
                Field("created_at", moment, False),
            ),
        ),
        Form(
            "revision",
            _own("uuid"),
            (
                Field("uuid", uuid),
                Field("entry", reference(slug)),
                Field("number", whole(1, _LARGE)),
                Field("based_on", nullable(uuid), False),
                Field("predecessors", uuids, False, ()),
                Field("title", column(Revision, "title")),
                Field("summary", column(Revision, "summary"), False, ""),
                Field("body", body, False, ""),
                Field("category", nullable(reference(taxon_slug)), False),
                Field("tag_count", whole(0, _SMALL), False),
                Field("note", column(Revision, "note"), False, ""),
                Field("created_at", moment, False),
                Field("withheld_at", nullable(moment), False),
            ),
        ),
        Form(
            "taggedrevision",
            lambda fields: f"{fields.get('content_object')} {fields.get('tag')}",
            (
                Field("content_object", reference(uuid)),
                Field("tag", reference(taxon_slug)),
            ),
        ),
        Form(
            "publication",
            _own("uuid"),
            (
                Field("uuid", uuid),
                Field("entry", reference(slug)),
                Field("revision", reference(uuid)),
                Field("live_from", moment),
                Field("live_until", nullable(moment), False),
            ),
        ),
        Form(
            "review",
            _own("uuid"),
            (
                Field("uuid", uuid),
                Field("revision", reference(uuid)),
                Field("reviewer", column(Review, "reviewer")),
                Field("qualification", column(Review, "qualification")),
                Field("reviewed_on", day),
                Field("due_on", nullable(day), False),
                Field("notes", column(Review, "notes"), False, ""),
                Field("created_at", moment, False),
            ),
        ),
    )
}

LEFT_OUT = frozenset(("event", "import", "citation"))
"""Our own rows that are no content: what happened on one site, or follows from the texts."""

# In rows that `dumpdata` writes; they come from elsewhere or are no content.
PASSED_OVER = {
    "revision": {"tags", "author", "uncited"},
    "category": {"folded"},
    "tag": {"folded"},
    "source": {"checked_by"},
    "review": {"recorded_by"},
}


class BadRow(Exception):
    """Everything that is wrong with one row: (field, sentence) of each."""

    def __init__(self, what: str, problems: list[tuple[str, str]]) -> None:
        super().__init__(what)
        self.what, self.problems = what, problems


def what_is(model: str, fields: Any) -> str:
    """A row as people call it: by its kind and natural key, as far as it has one."""
    form = FORMS.get(model)
    key = ""
    if form and isinstance(fields, dict):
        parts = [fields.get(part) for part in _KEYS.get(model, ("uuid",))]
        parts = [p[0] if isinstance(p, list) and len(p) == 1 else p for p in parts]
        key = " ".join(str(part)[:100] for part in parts if isinstance(part, str | int))
    return f"{model} {key}".strip()


_KEYS = {
    "fixtureformat": ("name",),
    "category": ("slug",),
    "tag": ("slug",),
    "source": ("key",),
    "entry": ("slug",),
    "redirect": ("slug",),
    "taggedrevision": ("content_object", "tag"),
}


def read_row(model: str, fields: Row) -> Row:
    """The row with every value checked and in its one form. Raises BadRow."""
    form = FORMS[model]
    made: Row = {}
    problems: list[tuple[str, str]] = []
    known = 0
    for name, read, needed, default in form.fields:
        if name in fields:
            known += 1
            try:
                made[name] = read(fields[name])
            except Wrong as error:
                problems.append((name, str(error)))
        elif needed:
            problems.append((name, "It is missing."))
        else:
            made[name] = default
    if known != len(fields):
        names = {field.name for field in form.fields} | PASSED_OVER.get(model, set())
        problems += [(str(n)[:60], "There is no such field.") for n in fields if n not in names]
    if problems:
        raise BadRow(what_is(model, fields), problems)
    return made
