"""The derived tables, and the SQL that fills the lists, in words that both engines know.

causes/models/listing.py describes the rows of the lists.
"""

TABLES = (
    """CREATE TABLE IF NOT EXISTS causes_citation (
        {key}, revision_id bigint NOT NULL, source_key varchar(100) NOT NULL,
        UNIQUE (revision_id, source_key))""",
    """CREATE INDEX IF NOT EXISTS causes_citation_by_source
        ON causes_citation (source_key, revision_id)""",
    """CREATE TABLE IF NOT EXISTS causes_listing (
        publication_id {integer} PRIMARY KEY, kind varchar(10) NOT NULL, slug varchar(100) NOT NULL,
        title varchar(200) NOT NULL, summary varchar(500) NOT NULL, category_id bigint,
        sort_title varchar(301) {by_code_point} NOT NULL, live_from {moment} NOT NULL,
        live_until {moment})""",
    """CREATE TABLE IF NOT EXISTS causes_listed_tag (
        {key}, tag_id bigint NOT NULL, publication_id bigint NOT NULL,
        sort_title varchar(301) {by_code_point} NOT NULL, live_from {moment} NOT NULL,
        live_until {moment},
        UNIQUE (publication_id, tag_id))""",
    # Each has every column that a list needs, so that the row itself is not read.
    """CREATE INDEX IF NOT EXISTS causes_listing_by_category ON causes_listing
        (kind, category_id, sort_title, publication_id, live_from, live_until)""",
    """CREATE INDEX IF NOT EXISTS causes_listing_by_title ON causes_listing
        (kind, sort_title, publication_id, live_from, live_until)""",
    """CREATE INDEX IF NOT EXISTS causes_listed_tag_by_title ON causes_listed_tag
        (tag_id, sort_title, publication_id, live_from, live_until)""",
    """CREATE INDEX IF NOT EXISTS causes_listed_tag_by_begin ON causes_listed_tag
        (tag_id, live_from, publication_id, live_until)""",
)

_SPANS = """FROM causes_publication p
    JOIN causes_entry e ON e.id = p.entry_id
    JOIN causes_revision r ON r.id = p.revision_id"""
# A text that a database client inserted has no sort key.
_SORT_TITLE = "coalesce(nullif(r.sort_title, ''), lower(r.title))"

FORGET = (
    "DELETE FROM causes_listing WHERE publication_id {these};",
    "DELETE FROM causes_listed_tag WHERE publication_id {these};",
)

LISTED = f"""SELECT p.id, e.kind, e.slug, r.title, r.summary, coalesce(c.merged_into_id, c.id),
        {_SORT_TITLE}, p.live_from, p.live_until
    {_SPANS} LEFT JOIN causes_category c ON c.id = r.category_id
    WHERE p.id {{these}} AND (p.live_until IS NULL OR p.live_until > {{now}})"""
LISTED_TAG = f"""SELECT DISTINCT coalesce(t.merged_into_id, t.id), p.id, {_SORT_TITLE},
        p.live_from, p.live_until
    {_SPANS} JOIN causes_taggedrevision l ON l.revision_id = r.id
    JOIN causes_tag t ON t.id = l.tag_id
    WHERE p.id {{these}} AND e.kind = 'cause'
    AND (p.live_until IS NULL OR p.live_until > {{now}})"""
COLUMNS = """publication_id, kind, slug, title, summary, category_id, sort_title, live_from,
        live_until"""
TAG_COLUMNS = "tag_id, publication_id, sort_title, live_from, live_until"
"""The rows of the lists as they follow from the others, and the columns in which they are."""

WRITE = (
    f"INSERT INTO causes_listing ({COLUMNS}) {LISTED};",
    f"INSERT INTO causes_listed_tag ({TAG_COLUMNS}) {LISTED_TAG};",
)


def refresh(these: str, now: str) -> tuple[str, ...]:
    """Statements that write the rows of some publications anew: `these` is `= …` or `IN (…)`."""
    return tuple(statement.format(these=these, now=now) for statement in (*FORGET, *WRITE))


OF_TAGS = """SELECT p.id FROM causes_publication p
    JOIN causes_taggedrevision l ON l.revision_id = p.revision_id
    WHERE l.tag_id {these}
    OR l.tag_id IN (SELECT id FROM causes_tag WHERE merged_into_id {these})"""
OF_CATEGORIES = """SELECT p.id FROM causes_publication p
    JOIN causes_revision r ON r.id = p.revision_id
    WHERE r.category_id {these}
    OR r.category_id IN (SELECT id FROM causes_category WHERE merged_into_id {these})"""
"""The publications under these tags or categories, by any of their names."""


def backfill(now: str) -> tuple[str, ...]:
    """Statements that add missing rows, for a database that was filled without triggers."""
    listing, listed_tag = WRITE
    absent = "NOT IN (SELECT publication_id FROM causes_listing)"
    gone = "NOT IN (SELECT id FROM causes_publication)"
    return (
        *(statement.format(these=gone) for statement in FORGET),
        # The tags first: the other statement adds the rows by which they are missed.
        listed_tag.format(these=absent, now=now),
        listing.format(these=absent, now=now),
    )
