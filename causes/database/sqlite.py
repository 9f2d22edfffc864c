"""SQLite's half of causes/database/: FTS5, and triggers row by row."""

from collections.abc import Iterator

PUBLIC_TABLES = {
    "causes_entry": "slug kind created_at last_number",
    "causes_redirect": "slug entry_id",
    "causes_revision": "title summary body category_id",
    "causes_taggedrevision": "revision_id tag_id",
    "causes_publication": "entry_id revision_id live_from live_until",
    "causes_review": "revision_id reviewer qualification reviewed_on due_on",
    "causes_category": "name slug description position merged_into_id",
    "causes_tag": "name slug merged_into_id",
    "causes_source": "key kind authors title published_in year doi pmid pmcid url checked_on"
    " withdrawn_on withdrawn_reason",
}
"""Each table that a visitor sees something of, with the columns that show."""

TEXT_COLUMNS = (
    "uuid entry_id number based_on title summary body category_id tag_count note created_at"
)

TABLES = (
    """CREATE TABLE IF NOT EXISTS causes_generation (
        id integer PRIMARY KEY CHECK (id = 1), number integer NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS causes_citation (
        id integer PRIMARY KEY, revision_id bigint NOT NULL, source_key varchar(100) NOT NULL,
        UNIQUE (revision_id, source_key))""",
    """CREATE INDEX IF NOT EXISTS causes_citation_by_source
        ON causes_citation (source_key, revision_id)""",
    """CREATE VIRTUAL TABLE IF NOT EXISTS causes_search USING fts5(
        title, summary, body, tags, tokenize = 'porter unicode61 remove_diacritics 2')""",
)

_TAG_NAMES = """(SELECT group_concat(coalesce(now_called.name, tag.name), ', ')
    FROM causes_taggedrevision link JOIN causes_tag tag ON tag.id = link.tag_id
    LEFT JOIN causes_tag now_called ON now_called.id = tag.merged_into_id
    WHERE link.revision_id = {revision})"""

_NUL = "instr(CAST({column} AS BLOB), x'00') > 0"
_BAD_SLUG = (
    "(NEW.slug GLOB '*[^a-z0-9-]*' OR NEW.slug = '' OR NEW.slug GLOB '-*'"
    " OR NEW.slug GLOB '*-' OR NEW.slug GLOB '*--*')"
)
_NOW = "strftime('%Y-%m-%d %H:%M:%f', 'now')"
_OVERLAP = """EXISTS (SELECT 1 FROM causes_publication other
    WHERE other.entry_id = NEW.entry_id AND other.id IS NOT NEW.id
    AND (other.live_until IS NULL OR other.live_until > NEW.live_from)
    AND (NEW.live_until IS NULL OR other.live_from < NEW.live_until))"""
_OTHER_ENTRY = "(SELECT entry_id FROM causes_revision WHERE id = NEW.revision_id) <> NEW.entry_id"
_UNREDIRECTED = """OLD.slug <> NEW.slug
    AND EXISTS (SELECT 1 FROM causes_publication WHERE entry_id = OLD.id)
    AND NOT EXISTS (SELECT 1 FROM causes_redirect
        WHERE slug = OLD.slug AND entry_id = OLD.id)"""


def _differs(columns: str) -> str:
    return " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in columns.split())


def _nul(columns: str) -> str:
    return " OR ".join(_NUL.format(column=f"NEW.{column}") for column in columns.split())


def _refusals() -> Iterator[tuple[str, str, str, str]]:
    """(name, when, condition, sentence) of each trigger that refuses."""
    yield (
        "revision_fixed",
        "UPDATE ON causes_revision",
        _differs(TEXT_COLUMNS),
        "a stored text never changes: save a new revision",
    )
    yield (
        "revision_sound",
        "INSERT ON causes_revision",
        f"trim(NEW.title, ' ' || char(9, 10, 13)) = '' OR {_nul('title summary body note')}"
        " OR length(NEW.title) > 200 OR length(NEW.summary) > 500 OR length(NEW.body) > 200000",
        "a text needs a title, fits its limits and holds no NUL",
    )
    yield (
        "tag_link_added",
        "INSERT ON causes_taggedrevision",
        "(SELECT count(*) FROM causes_taggedrevision WHERE revision_id = NEW.revision_id)"
        " >= (SELECT tag_count FROM causes_revision WHERE id = NEW.revision_id)",
        "the tags of a stored text never change: save a new revision",
    )
    yield (
        "tag_link_fixed",
        "UPDATE ON causes_taggedrevision",
        _differs("revision_id tag_id"),
        "the tags of a stored text never change: save a new revision",
    )
    for event, suffix in (("INSERT", "added"), ("UPDATE", "changed")):
        yield (
            f"publication_apart_{suffix}",
            f"{event} ON causes_publication",
            _OVERLAP,
            "two texts of one entry cannot be public in the same span of time",
        )
        yield (
            f"publication_own_text_{suffix}",
            f"{event} ON causes_publication",
            _OTHER_ENTRY,
            "the text that is published belongs to another entry",
        )
        yield (
            f"entry_slug_{suffix}",
            f"{event} ON causes_entry",
            f"{_BAD_SLUG} OR NEW.kind NOT IN ('cause', 'page')",
            "a slug is small letters, digits and single hyphens, and an entry a cause or a page",
        )
        yield (
            f"redirect_slug_{suffix}",
            f"{event} ON causes_redirect",
            _BAD_SLUG,
            "a slug is small letters, digits and single hyphens",
        )
        for table in ("category", "tag"):
            yield (
                f"{table}_sound_{suffix}",
                f"{event} ON causes_{table}",
                f"NEW.slug = '' OR trim(NEW.name) = '' OR NEW.folded = '' OR {_nul('name slug')}"
                " OR NEW.merged_into_id = NEW.id",
                f"a {table} needs a name and a slug without NUL, and is no alias of itself",
            )
        yield (
            f"source_sound_{suffix}",
            f"{event} ON causes_source",
            f"NEW.key = '' OR NEW.key GLOB '*[^a-z0-9-]*' OR {_nul('title authors')}",
            "a source key is small letters, digits and hyphens, and its text holds no NUL",
        )
    yield (
        "publication_fixed",
        "UPDATE ON causes_publication",
        _differs("uuid entry_id revision_id live_from"),
        "which text was public, and since when, never changes",
    )
    yield (
        "publication_ended",
        "UPDATE ON causes_publication",
        f"OLD.live_until <= {_NOW} AND OLD.live_until IS NOT NEW.live_until",
        "a span that has ended is not reopened: publish the text again",
    )
    yield (
        "entry_address",
        "UPDATE ON causes_entry",
        _UNREDIRECTED,
        "the address of an entry that was public changes by the verb rename only",
    )
    yield (
        "entry_number",
        "UPDATE ON causes_entry",
        "NEW.last_number < OLD.last_number OR NEW.kind <> OLD.kind",
        "the number of the newest revision never falls, and an entry never changes its kind",
    )
    yield (
        "event_fixed",
        "UPDATE ON causes_event",
        _differs("uuid at verb subject revision_uuid from_state reason details actor_id")
        + " OR (NEW.entry_id IS NOT NULL AND NEW.entry_id IS NOT OLD.entry_id)",
        "the event log is only ever added to",
    )


def _effects() -> Iterator[tuple[str, str, str, str]]:
    """(name, when, condition, statements) of each trigger that writes elsewhere."""
    bump = "UPDATE causes_generation SET number = number + 1 WHERE id = 1;"
    for table, columns in PUBLIC_TABLES.items():
        short = table.removeprefix("causes_")
        yield f"generation_{short}_insert", f"INSERT ON {table}", "1", bump
        yield f"generation_{short}_delete", f"DELETE ON {table}", "1", bump
        yield f"generation_{short}_update", f"UPDATE ON {table}", _differs(columns), bump
    yield (
        "search_published",
        "INSERT ON causes_publication",
        "NOT EXISTS (SELECT 1 FROM causes_search WHERE rowid = NEW.revision_id)",
        f"""INSERT INTO causes_search (rowid, title, summary, body, tags)
            SELECT r.id, r.title, r.summary, r.body, {_TAG_NAMES.format(revision="r.id")}
            FROM causes_revision r WHERE r.id = NEW.revision_id;""",
    )
    yield (
        "search_unpublished",
        "DELETE ON causes_publication",
        "NOT EXISTS (SELECT 1 FROM causes_publication WHERE revision_id = OLD.revision_id)",
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
    yield (
        "citations_gone",
        "DELETE ON causes_revision",
        "1",
        "DELETE FROM causes_citation WHERE revision_id = OLD.id;",
    )


def statements() -> Iterator[str]:
    yield from TABLES
    for name, when, condition, sentence in _refusals():
        yield f"DROP TRIGGER IF EXISTS causes_{name}"
        yield (
            f"CREATE TRIGGER causes_{name} BEFORE {when} WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
        )
    for name, when, condition, effect in _effects():
        yield f"DROP TRIGGER IF EXISTS causes_{name}"
        yield f"CREATE TRIGGER causes_{name} AFTER {when} WHEN {condition} BEGIN {effect} END"


BACKFILL = (
    "DELETE FROM causes_citation WHERE revision_id NOT IN (SELECT id FROM causes_revision)",
    "DELETE FROM causes_search WHERE rowid NOT IN (SELECT revision_id FROM causes_publication)",
    f"""INSERT INTO causes_search (rowid, title, summary, body, tags)
        SELECT r.id, r.title, r.summary, r.body, {_TAG_NAMES.format(revision="r.id")}
        FROM causes_revision r WHERE r.id IN (SELECT revision_id FROM causes_publication)
        AND r.id NOT IN (SELECT rowid FROM causes_search)""",
)

PRESENT = "SELECT name FROM sqlite_master WHERE name LIKE 'causes_%'"


def names() -> Iterator[str]:
    """What must be there after `statements`: tables, indexes and triggers."""
    yield from (
        "causes_generation",
        "causes_citation",
        "causes_citation_by_source",
        "causes_search",
    )
    for name, *_ in (*_refusals(), *_effects()):
        yield f"causes_{name}"
