"""SQLite's half of causes/database/: FTS5, and triggers row by row."""

from collections.abc import Iterator

from django.apps import apps
from django.db.models import CharField, TextField

from causes.database import listing, texts
from causes.database.rules import (
    INSERT,
    PUBLIC_TABLES,
    UPDATE,
    WITHHELD,
    Refusal,
    differs,
    public_or_to_come,
    refusals,
    withheld_public,
)
from causes.database.words import taken_apart
from causes.text.characters import UNSTORABLE
from causes.text.words import LINE

DIFFERENT = "IS NOT"

GENERATION = """CREATE TABLE IF NOT EXISTS causes_generation (
    id integer PRIMARY KEY CHECK (id = 1), token integer, version text, seal text)"""

RANDOM = "random()"

TABLES = (
    """CREATE TABLE IF NOT EXISTS causes_citation (
        id integer PRIMARY KEY, revision_id bigint NOT NULL, source_key varchar(100) NOT NULL,
        UNIQUE (revision_id, source_key))""",
    """CREATE INDEX IF NOT EXISTS causes_citation_by_source
        ON causes_citation (source_key, revision_id)""",
    """CREATE VIRTUAL TABLE IF NOT EXISTS causes_search USING fts5(
        title, summary, body, tags, tokenize = 'porter unicode61 remove_diacritics 2')""",
    # A bigint would not be the row's own number, and each lookup two.
    *(
        table.format(
            moment="datetime",
            integer="integer",
            by_code_point="",
            key="id integer PRIMARY KEY",
        )
        for table in listing.TABLES
    ),
)

_TAG_NAME = taken_apart("coalesce(now_called.name, tag.name)")
_TAG_NAMES = f"""(SELECT group_concat({_TAG_NAME}, ' {LINE} ')
    FROM causes_taggedrevision link JOIN causes_tag tag ON tag.id = link.tag_id
    LEFT JOIN causes_tag now_called ON now_called.id = tag.merged_into_id
    WHERE link.revision_id = {{revision}})"""


def _sought(row: str) -> dict[str, str]:
    """SQL for the words of each column of a revision, as Django noted them if it did."""
    return {
        column: f"CASE WHEN json_valid({row}.sought) THEN json_extract({row}.sought, '$[{place}]') "
        f"ELSE {taken_apart(f'{row}.{column}')} END"
        for place, column in enumerate(("title", "summary", "body"))
    }


_INDEX = f"""INSERT INTO causes_search (rowid, title, summary, body, tags)
    SELECT r.id, {", ".join(_sought("r").values())}, {_TAG_NAMES.format(revision="r.id")}
    FROM causes_revision r WHERE"""

_BAD_SLUG = (
    "({column} GLOB '*[^a-z0-9-]*' OR {column} = '' OR {column} GLOB '-*'"
    " OR {column} GLOB '*-' OR {column} GLOB '*--*')"
)
# Written as Django writes a moment: with fewer digits the present one would come before itself.
_NOW = "strftime('%Y-%m-%d %H:%M:%f000', 'now')"
_PUBLIC = public_or_to_come(_NOW)
_OVERLAP = """EXISTS (SELECT 1 FROM causes_publication other
    WHERE other.entry_id = NEW.entry_id AND other.id IS NOT NEW.id
    AND (other.live_until IS NULL OR other.live_until > NEW.live_from)
    AND (NEW.live_until IS NULL OR other.live_from < NEW.live_until))"""


# SQLite reads these two as U+FFFD: they are looked for as bytes, and so is NUL.
_AS_BYTES = ("EFBFBE", "EFBFBF")
_CLASS = " || ".join(
    f"char({first}) || '-' || char({last})" for first, last in UNSTORABLE if first != 0xFFFE
)


def _unstorable(column: str) -> str:
    def holds(code: str) -> str:
        return f"instr(CAST({column} AS BLOB), x'{code}') > 0"

    # GLOB takes a tenth of a microsecond a character: it looks only where something may be.
    # JSON escapes controls; noncharacters have these bytes.
    escaped = (f"instr(json_quote({column}), '{sign}') > 0" for sign in (r"\u00", r"\b", r"\f"))
    suspicious = " OR ".join((*escaped, *map(holds, ("BFBE", "BFBF", "EFB7"))))
    found = " OR ".join((*map(holds, _AS_BYTES), f"{column} GLOB '*[' || {_CLASS} || ']*'"))
    return f"{holds('00')} OR (({suspicious}) AND ({found}))"


def _too_long() -> Iterator[Refusal]:
    """What PostgreSQL refuses by the type of a column: SQLite takes any length, and NULs.

    `texts.refusals` looks at the columns that people write, on both engines.
    """
    from causes.models.texts import TidyField

    for model in apps.get_app_config("causes").get_models():
        fields = [f for f in model._meta.concrete_fields if not isinstance(f, TidyField)]
        short = [field for field in fields if isinstance(field, CharField)]
        written = short + [field for field in fields if isinstance(field, TextField)]
        if model._meta.managed and not model._meta.proxy and written:
            table = model._meta.db_table
            wrong = [f'length(NEW."{field.column}") > {field.max_length}' for field in short]
            wrong += [f"instr(CAST(NEW.\"{f.column}\" AS BLOB), x'00') > 0" for f in written]
            sentence = f"a text of {table} is too long, or holds a NUL"
            name = f"{table.removeprefix('causes_')}_fits"
            yield Refusal(name, (INSERT, UPDATE), table, " OR ".join(wrong), sentence)


def all_refusals() -> Iterator[Refusal]:
    """The refusals of this engine, those that both have among them."""
    yield from refusals(DIFFERENT)
    yield from texts.refusals(DIFFERENT, _unstorable)
    both = (INSERT, UPDATE)
    yield Refusal(
        "revision_sound",
        (INSERT,),
        "causes_revision",
        "trim(NEW.title, ' ' || char(9, 10, 13)) = ''",
        "a text needs a title",
    )
    yield Refusal(
        "publication_apart",
        both,
        "causes_publication",
        _OVERLAP,
        "two texts of one entry cannot be public in the same span of time",
    )
    yield Refusal(
        "publication_ended",
        (UPDATE,),
        "causes_publication",
        f"OLD.live_until <= {_NOW} AND (OLD.live_until IS NOT NEW.live_until"
        " OR OLD.take_down_at IS NOT NEW.take_down_at)",
        "a span that has ended is not reopened: publish the text again",
    )
    yield Refusal(
        "publication_withheld",
        both,
        "causes_publication",
        withheld_public(_NOW),
        WITHHELD,
    )
    for table in ("entry", "redirect"):
        yield Refusal(
            f"{table}_slug",
            both,
            f"causes_{table}",
            _BAD_SLUG.format(column="NEW.slug"),
            "a slug is small letters, digits and single hyphens",
        )
    yield Refusal(
        "source_key",
        both,
        "causes_source",
        _BAD_SLUG.format(column="NEW.key"),
        "a source key is small letters, digits and single hyphens",
    )
    yield from _too_long()


def _refusal_triggers() -> Iterator[tuple[str, str]]:
    """(name, statement): SQLite has one trigger for each event."""
    for name, events, table, condition, sentence in all_refusals():
        for event in events:
            full = f"causes_{name}" if len(events) == 1 else f"causes_{name}_{event.lower()}"
            yield (
                full,
                f"CREATE TRIGGER {full} BEFORE {event} ON {table} WHEN {condition} "
                f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END",
            )


def _effects() -> Iterator[tuple[str, str, str, str]]:
    """(name, when, condition, statements) of each trigger that writes elsewhere."""
    bump = f"UPDATE causes_generation SET token = {RANDOM} WHERE token IS NOT NULL;"
    for table, columns in PUBLIC_TABLES.items():
        short = table.removeprefix("causes_")
        yield f"generation_{short}_insert", f"INSERT ON {table}", "1", bump
        yield f"generation_{short}_delete", f"DELETE ON {table}", "1", bump
        yield f"generation_{short}_update", f"UPDATE ON {table}", differs(columns, DIFFERENT), bump
    yield (
        "search_published",
        "INSERT ON causes_publication",
        f"(NEW.live_until IS NULL OR NEW.live_until > {_NOW})"
        " AND NOT EXISTS (SELECT 1 FROM causes_search WHERE rowid = NEW.revision_id)",
        f"{_INDEX} r.id = NEW.revision_id;",
    )
    # All texts of the entry, since one whose end was planned is not written when it ends.
    yield (
        "search_ended",
        "UPDATE ON causes_publication",
        "OLD.live_until IS NOT NEW.live_until",
        f"""DELETE FROM causes_search WHERE rowid IN (SELECT p.revision_id
            FROM causes_publication p WHERE p.entry_id = NEW.entry_id
            AND NOT {_PUBLIC.format(text="p.revision_id")});""",
    )
    yield (
        "search_unpublished",
        "DELETE ON causes_publication",
        f"NOT {_PUBLIC.format(text='OLD.revision_id')}",
        "DELETE FROM causes_search WHERE rowid = OLD.revision_id;",
    )
    # In a fixture the links may come after the span.
    yield (
        "search_tagged",
        "INSERT ON causes_taggedrevision",
        "1",
        f"""UPDATE causes_search SET tags = {_TAG_NAMES.format(revision="NEW.revision_id")}
            WHERE rowid = NEW.revision_id;""",
    )
    yield (
        "search_tag_renamed",
        "UPDATE ON causes_tag",
        "OLD.name IS NOT NEW.name OR OLD.merged_into_id IS NOT NEW.merged_into_id",
        f"""UPDATE causes_search SET tags = {_TAG_NAMES.format(revision="causes_search.rowid")}
            WHERE rowid IN (SELECT revision_id FROM causes_taggedrevision WHERE tag_id = NEW.id
            OR tag_id IN (SELECT id FROM causes_tag WHERE merged_into_id = NEW.id));""",
    )

    def refresh(these: str) -> str:
        return listing.refresh(these, _NOW)

    tagged = "IN (SELECT id FROM causes_publication WHERE revision_id = {row}.revision_id)"
    yield "listing_published", "INSERT ON causes_publication", "1", refresh("= NEW.id")
    yield (
        "listing_span_moved",
        "UPDATE ON causes_publication",
        "OLD.live_until IS NOT NEW.live_until",
        refresh("= NEW.id"),
    )
    yield (
        "listing_renamed",
        "UPDATE ON causes_entry",
        "OLD.slug IS NOT NEW.slug",
        refresh("IN (SELECT id FROM causes_publication WHERE entry_id = NEW.id)"),
    )
    forget = " ".join(listing.FORGET).format(these="= OLD.id")
    yield "listing_unpublished", "DELETE ON causes_publication", "1", forget
    for event, row in (("insert", "NEW"), ("delete", "OLD")):
        these = tagged.format(row=row)
        yield (
            f"listing_tag_{event}",
            f"{event.upper()} ON causes_taggedrevision",
            f"EXISTS (SELECT 1 FROM causes_publication WHERE revision_id = {row}.revision_id)",
            refresh(these),
        )
    yield (
        "listing_tag_merged",
        "UPDATE ON causes_tag",
        "OLD.merged_into_id IS NOT NEW.merged_into_id",
        refresh(f"IN ({listing.OF_TAGS})".format(changed="SELECT NEW.id")),
    )
    yield (
        "listing_category_merged",
        "UPDATE ON causes_category",
        "OLD.merged_into_id IS NOT NEW.merged_into_id",
        refresh(f"IN ({listing.OF_CATEGORIES})".format(changed="SELECT NEW.id")),
    )
    yield (
        "text_withheld",
        "UPDATE ON causes_revision",
        "OLD.withheld_at IS NULL AND NEW.withheld_at IS NOT NULL",
        """DELETE FROM causes_citation WHERE revision_id = NEW.id;
            DELETE FROM causes_search WHERE rowid = NEW.id;
            DELETE FROM causes_rendering WHERE revision_id = NEW.id;
            UPDATE causes_revision SET plain = '', sought = '' WHERE id = NEW.id;""",
    )
    columns = ", ".join(f"{column} = {value}" for column, value in _sought("NEW").items())
    yield (
        "search_read",
        "UPDATE ON causes_revision",
        "OLD.sought IS NOT NEW.sought",
        f"UPDATE causes_search SET {columns} WHERE rowid = NEW.id;",
    )
    yield (
        "citations_gone",
        "DELETE ON causes_revision",
        "1",
        """DELETE FROM causes_citation WHERE revision_id = OLD.id;
            DELETE FROM causes_rendering WHERE revision_id = OLD.id;""",
    )


def tables() -> Iterator[str]:
    """Statements that make what BACKFILL fills."""
    yield from TABLES


def triggers() -> Iterator[str]:
    yield from (statement for _, statement in _refusal_triggers())
    for name, when, condition, effect in _effects():
        yield f"CREATE TRIGGER causes_{name} AFTER {when} WHEN {condition} BEGIN {effect} END"


BACKFILL = (
    "DELETE FROM causes_citation WHERE revision_id NOT IN (SELECT id FROM causes_revision)",
    f"""DELETE FROM causes_search WHERE rowid IN (SELECT rowid FROM causes_search kept
        WHERE NOT {_PUBLIC.format(text="kept.rowid")})""",
    f"""{_INDEX} {_PUBLIC.format(text="r.id")}
        AND r.id NOT IN (SELECT rowid FROM causes_search) AND r.withheld_at IS NULL""",
    *listing.backfill(_NOW),
)

REMAKE: tuple[str, ...] = ()

TRIGGERS = r"""SELECT name, tbl_name, sql FROM sqlite_master
    WHERE type = 'trigger' AND name LIKE 'causes\_%' ESCAPE '\'"""

# Counts all changes of the schema: a trigger that is dropped and made again counts twice.
SEAL = "PRAGMA schema_version"

PRESENT = "SELECT name FROM sqlite_master WHERE name LIKE 'causes_%'"


def names() -> Iterator[str]:
    """What must be there after `install`: tables, indexes and triggers."""
    yield from (
        "causes_generation",
        "causes_citation",
        "causes_citation_by_source",
        "causes_search",
        *listing.NAMES,
    )
    for name, _ in _refusal_triggers():
        yield name
    for name, *_ in _effects():
        yield f"causes_{name}"
