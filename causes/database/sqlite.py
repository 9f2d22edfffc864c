"""SQLite's half of causes/database/: FTS5, and triggers that fire once for each row."""

from collections.abc import Iterator

from causes.database import listing
from causes.database.dialect import INSERT, UPDATE, Dialect, Refusal
from causes.database.effects import backfill, effects, public_texts
from causes.database.rules import refusals
from causes.database.words import taken_apart
from causes.text.characters import UNSTORABLE
from causes.text.slugs import SLUG_LETTERS
from causes.text.words import LINE

GENERATION = """CREATE TABLE IF NOT EXISTS causes_generation (
    id integer PRIMARY KEY CHECK (id = 1), token integer, version text, seal text)"""

RANDOM = "random()"

# A bigint would not be the rowid, and each lookup would need two.
_TYPES = {
    "moment": "datetime",
    "integer": "integer",
    "by_code_point": "",
    "key": "id integer PRIMARY KEY",
}
TABLES = (
    """CREATE VIRTUAL TABLE IF NOT EXISTS causes_search USING fts5(
        title, summary, body, tags, tokenize = 'porter unicode61 remove_diacritics 2')""",
    *(table.format(**_TYPES) for table in listing.TABLES),
)

_TAG_NAME = taken_apart("coalesce(now_called.name, tag.name)")
_TAG_NAMES = f"""(SELECT group_concat(name, ' {LINE} ') FROM (SELECT {_TAG_NAME} AS name
    FROM causes_taggedrevision link JOIN causes_tag tag ON tag.id = link.tag_id
    LEFT JOIN causes_tag now_called ON now_called.id = tag.merged_into_id
    WHERE link.revision_id = r.id ORDER BY link.id))"""


# The words as Django noted them, if it did.
_SOUGHT = ", ".join(
    f"CASE WHEN json_valid(r.sought) THEN json_extract(r.sought, '$[{place}]') "
    f"ELSE {taken_apart(f'r.{column}')} END"
    for place, column in enumerate(("title", "summary", "body"))
)


INDEXED = f"""SELECT r.id, {_SOUGHT}, {_TAG_NAMES}
        FROM causes_revision r WHERE r.id {{these}} AND r.withheld_at IS NULL"""
IN_INDEX = "SELECT rowid, title, summary, body, tags FROM causes_search ORDER BY rowid"
"""The rows of the search index as they follow from the texts, and as they are."""


def _reindex(these: str) -> tuple[str, ...]:
    return (
        f"DELETE FROM causes_search WHERE rowid {these};",
        "INSERT INTO causes_search (rowid, title, summary, body, tags)"
        f" {INDEXED.format(these=these)};",
    )


# SQLite reads these two as U+FFFD, so they are found as bytes, and so is NUL.
_AS_BYTES = ("EFBFBE", "EFBFBF")
_CLASS = " || ".join(
    f"char({first}) || '-' || char({last})" for first, last in UNSTORABLE if first != 0xFFFE
)


def _unstorable(column: str) -> str:
    def holds(code: str) -> str:
        return f"instr(CAST({column} AS BLOB), x'{code}') > 0"

    # GLOB takes a tenth of a microsecond for each character, so it runs only on suspicion:
    # JSON escapes controls, and noncharacters have these bytes.
    escaped = (f"instr(json_quote({column}), '{sign}') > 0" for sign in (r"\u00", r"\b", r"\f"))
    suspicious = " OR ".join((*escaped, *map(holds, ("BFBE", "BFBF", "EFB7"))))
    found = " OR ".join((*map(holds, _AS_BYTES), f"{column} GLOB '*[' || {_CLASS} || ']*'"))
    return f"{holds('00')} OR (({suspicious}) AND ({found}))"


def _no_slug(column: str) -> str:
    """The form in causes/text/slugs.py; SQLite's GLOB has no repetition."""
    letters = f"{column} = '' OR {column} GLOB '*[^{SLUG_LETTERS}-]*'"
    hyphens = (f"{column} GLOB '{bad}'" for bad in ("-*", "*-", "*--*"))
    return " OR ".join((letters, *hyphens))


# As Django writes a moment: with fewer digits, the present would sort before itself.
_NOW = "strftime('%Y-%m-%d %H:%M:%f000', 'now')"

SQL = Dialect(
    differs="IS NOT",
    now=_NOW,
    no_slug=_no_slug,
    unstorable=_unstorable,
    lengths=True,
    search_key="rowid",
    reindex=_reindex,
    relist=lambda these: listing.refresh(these, _NOW),
    # Only a JSON array becomes a table.
    split_at=lambda text: (
        f"json_each('[' || replace(json_quote(' ' || {text}), '@', '\",\"') || ']')"
    ),
    advance=f"UPDATE causes_generation SET token = {RANDOM} WHERE token IS NOT NULL;",
)

REFUSALS = (
    *refusals(SQL),
    # PostgreSQL has a constraint.
    Refusal(
        "publication_apart",
        (INSERT, UPDATE),
        "causes_publication",
        """EXISTS (SELECT 1 FROM causes_publication other
        WHERE other.entry_id = NEW.entry_id AND other.id IS NOT NEW.id
        AND (other.live_until IS NULL OR other.live_until > NEW.live_from)
        AND (NEW.live_until IS NULL OR other.live_from < NEW.live_until))""",
        "two texts of one entry cannot be public at the same time",
    ),
)


def triggers() -> Iterator[str]:
    """Statements that make all triggers; each is of one event."""
    for name, events, table, condition, sentence in REFUSALS:
        for event in events:
            full = f"causes_{name}" if len(events) == 1 else f"causes_{name}_{event.lower()}"
            yield (
                f"CREATE TRIGGER {full} BEFORE {event} ON {table} WHEN {condition} "
                f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
            )
    for name, event, table, of, condition, statements in effects(SQL):
        body = " ".join(statements).replace("{these}", f"= {of}")
        yield (
            f"CREATE TRIGGER causes_{name} AFTER {event} ON {table} WHEN {condition or 1} "
            f"BEGIN {body} END"
        )


BACKFILL = backfill(SQL)

PUBLIC_TEXTS = public_texts(SQL)

AS_STATEMENT = "{}"
"""How a statement of a trigger is run by itself."""

REMAKE: tuple[str, ...] = ()

TRIGGERS = r"""SELECT name, tbl_name, sql FROM sqlite_master
    WHERE type = 'trigger' AND name LIKE 'causes\_%' ESCAPE '\'"""

# Counts every change of the schema, so also a trigger that is dropped and made again.
SEAL = "PRAGMA schema_version"

PRESENT = "SELECT name FROM sqlite_master WHERE name LIKE 'causes_%'"
