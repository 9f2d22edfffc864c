"""The format of a fixture: its rows, their fields, and what each field may hold.

docs/fixtures.md tells the same in prose, and a test compares the two. A row that was
read is a plain dict with one form for each kind of value: moments and days as text in
UTC (`2026-11-23T09:00:00.000Z`), UUIDs with hyphens, a reference as the natural key of
the row it leads to, or as `Number` where a foreign fixture names a primary key.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from causes.interchange.problems import Wrong
from causes.interchange.values import (
    Read,
    body,
    choice,
    column,
    day,
    identifier,
    moment,
    nullable,
    past_day,
    reference,
    slug,
    source_key,
    taxon_name,
    taxon_slug,
    text,
    uuid,
    uuids,
    whole,
)
from causes.models import Category, Entry, Review, Revision, Source, Tag
from causes.models.format import FORMAT, VERSION
from causes.text.comments import without_comments

Row = dict[str, Any]


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
                Field("doi", identifier(Source, "doi"), False, ""),
                Field("pmid", identifier(Source, "pmid"), False, ""),
                Field("pmcid", identifier(Source, "pmcid"), False, ""),
                Field("url", identifier(Source, "url"), False, ""),
                Field("checked_on", nullable(past_day), False),
                Field("withdrawn_on", nullable(past_day), False),
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
                Field("take_down_at", nullable(moment), False),
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
                Field("reviewed_on", past_day),
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
    "revision": {"tags", "author", "uncited", "sort_title", "plain", "sought", "reader"},
    "category": {"folded", "sort_name"},
    "tag": {"folded", "sort_name"},
    "source": {"checked_by", "sort_authors"},
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
    if model == "revision" and (comments := without_comments(fields.get("body", ""))[1]):
        made["comments"] = comments
    return made
