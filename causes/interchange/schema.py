"""The schema of a fixture: the models, their fields, and the reader of each field.

docs/fixtures.md describes the same schema in prose, and a test compares the two. `read_row` returns
a plain dict with one form for each kind of value: moments and days as text in UTC
(`2026-11-23T09:00:00.000Z`), UUIDs with hyphens, a reference as the natural key of its row.
"""

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
    """The value of a field that is not in the row."""


class Schema(NamedTuple):
    """The rows of one model."""

    model: str
    key: tuple[str, ...]
    """The fields that make its natural key."""

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


SCHEMAS: dict[str, Schema] = {
    schema.model: schema
    for schema in (
        Schema(
            "fixtureformat",
            ("name",),
            (
                Field("name", text(50), False, FORMAT),
                Field("version", whole(1, _LARGE), False, VERSION),
            ),
        ),
        Schema(
            "category",
            ("slug",),
            _taxon(
                Category,
                Field("description", column(Category, "description"), False, ""),
                Field("position", whole(0, _SMALL), False, 100),
                Field("review_months", whole(1, 240), False, 36),
            ),
        ),
        Schema("tag", ("slug",), _taxon(Tag)),
        Schema(
            "source",
            ("key",),
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
        Schema(
            "entry",
            ("slug",),
            (
                Field("kind", choice(Entry.Kind), False, "cause"),
                Field("slug", slug),
                Field("created_at", moment, False),
                Field("last_number", whole(0, _LARGE), False, 0),
            ),
        ),
        Schema(
            "redirect",
            ("slug",),
            (
                Field("slug", slug),
                Field("entry", reference(slug)),
                Field("created_at", moment, False),
            ),
        ),
        Schema(
            "revision",
            ("uuid",),
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
        Schema(
            "taggedrevision",
            ("content_object", "tag"),
            (
                Field("content_object", reference(uuid)),
                Field("tag", reference(taxon_slug)),
            ),
        ),
        Schema(
            "publication",
            ("uuid",),
            (
                Field("uuid", uuid),
                Field("entry", reference(slug)),
                Field("revision", reference(uuid)),
                Field("live_from", moment),
                Field("live_until", nullable(moment), False),
                Field("take_down_at", nullable(moment), False),
            ),
        ),
        Schema(
            "review",
            ("uuid",),
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
"""Models of this app that are not content: they record what happened on one site, or follow
from the texts."""

# Columns that `dumpdata` writes. They follow from other columns, or name a user of one site.
_IGNORED = {
    "revision": {"tags", "author", "uncited", "sort_title", "plain", "sought", "reader"},
    "category": {"folded", "sort_name"},
    "tag": {"folded", "sort_name"},
    "source": {"checked_by", "sort_authors"},
    "review": {"recorded_by"},
}

_KNOWN = {
    model: _IGNORED.get(model, set()) | {field.name for field in schema.fields}
    for model, schema in SCHEMAS.items()
}


class BadRow(Exception):
    """Everything that is wrong with one row: (field, sentence) of each problem."""

    def __init__(self, row: str, problems: list[tuple[str, str]]) -> None:
        super().__init__(row)
        self.row, self.problems = row, problems


def described(model: str, fields: Row) -> str:
    """The row as a message names it: its model and natural key, as far as it has one."""
    schema = SCHEMAS.get(model)
    parts = [fields.get(name) for name in schema.key] if schema else []
    parts = [part[0] if isinstance(part, list) and len(part) == 1 else part for part in parts]
    key = " ".join(str(part)[:100] for part in parts if isinstance(part, str | int))
    return f"{model} {key}".strip()


def read_row(model: str, fields: Row) -> Row:
    """The row with every value checked and in its one form. Raises BadRow."""
    schema = SCHEMAS[model]
    row: Row = {}
    problems: list[tuple[str, str]] = []
    for name, read, needed, default in schema.fields:
        if name in fields:
            try:
                row[name] = read(fields[name])
            except Wrong as error:
                problems.append((name, str(error)))
        elif needed:
            problems.append((name, "This field is missing."))
        else:
            row[name] = default
    unknown = (name for name in fields if name not in _KNOWN[model])
    problems += [(str(name)[:60], "There is no such field.") for name in unknown]
    if problems:
        raise BadRow(described(model, fields), problems)
    if model == "revision" and (comments := without_comments(fields.get("body", ""))[1]):
        row["comments"] = comments
    return row
