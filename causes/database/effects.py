"""The effects of changes: one table, from which both engines make their triggers.

They advance the generation, and keep the derived tables (lists, search index, citations) in
step with the rows. Of each table only those rows and columns count that a visitor can see:
a draft may be saved, tagged, reviewed and deleted, and every cached page stays valid.
"""

from collections.abc import Iterator
from string import ascii_lowercase, digits
from typing import NamedTuple

from causes.database import listing
from causes.database.dialect import DELETE, INSERT, UPDATE, Dialect
from causes.text.slugs import SLUG_LIMIT


class Public(NamedTuple):
    """What a visitor may see of a table."""

    columns: str
    shown: str = ""
    """SQL for: a page may show `{row}`. Without it, every row counts."""


def _published(revision: str) -> str:
    # Any publication, even one that ended: a withheld text is still answered with 410.
    return f"EXISTS (SELECT 1 FROM causes_publication WHERE revision_id = {revision})"


def _used(table: str, where: str, revision: str, column: str) -> str:
    """SQL for: a published text is under this tag or category, by any of its names."""
    same = "IN ({row}.id, {row}.merged_into_id)"
    return (
        f"EXISTS (SELECT 1 FROM {where} used JOIN causes_publication span"
        f" ON span.revision_id = used.{revision} WHERE used.{column} IN"
        f" (SELECT id FROM {table} WHERE id {same} OR merged_into_id {same}))"
    )


PUBLIC = {
    "causes_entry": Public(
        "slug kind", "EXISTS (SELECT 1 FROM causes_publication WHERE entry_id = {row}.id)"
    ),
    # Even one that leads to a draft: its slug may have led elsewhere before.
    "causes_redirect": Public("slug entry_id"),
    "causes_revision": Public(
        "title summary body category_id withheld_at plain sought", _published("{row}.id")
    ),
    "causes_taggedrevision": Public("revision_id tag_id", _published("{row}.revision_id")),
    "causes_publication": Public("entry_id revision_id live_from live_until"),
    # A page shows the last review of its entry, whichever revision it was of.
    "causes_review": Public(
        "revision_id reviewer qualification reviewed_on due_on created_at",
        "EXISTS (SELECT 1 FROM causes_revision reviewed JOIN causes_publication span"
        " ON span.entry_id = reviewed.entry_id WHERE reviewed.id = {row}.revision_id)",
    ),
    "causes_category": Public(
        "name slug description position merged_into_id sort_name",
        _used("causes_category", "causes_revision", "id", "category_id"),
    ),
    "causes_tag": Public(
        "name slug merged_into_id sort_name",
        _used("causes_tag", "causes_taggedrevision", "revision_id", "tag_id"),
    ),
    "causes_source": Public(
        "key kind authors sort_authors title published_in year doi pmid pmcid url checked_on"
        " withdrawn_on withdrawn_reason",
        "EXISTS (SELECT 1 FROM causes_citation used JOIN causes_publication span"
        " ON span.revision_id = used.revision_id WHERE used.source_key = {row}.key)",
    ),
    "causes_citation": Public("revision_id source_key", _published("{row}.revision_id")),
}
"""The tables from which pages are made."""

OF_A_REVISION = ("causes_citation", "causes_rendering")
"""Derived tables with rows that go when their revision is deleted or withheld."""


class Effect(NamedTuple):
    """A trigger that writes elsewhere after an event, for each row that meets the condition."""

    name: str
    event: str
    table: str
    statements: tuple[str, ...]
    """They may hold `{these}`: `= …` with the values of `of` in the rows that changed."""
    condition: str = ""
    """About NEW and OLD; empty for every row."""
    of: str = ""


def effects(sql: Dialect) -> Iterator[Effect]:
    """Every effect in the words of one engine."""
    for table, (columns, shown) in PUBLIC.items():
        name = f"generation_{table.removeprefix('causes_')}"
        before, after = shown.format(row="OLD"), shown.format(row="NEW")
        change = f"({sql.change(columns.split())})" + (
            f" AND ({before} OR {after})" if shown else ""
        )
        yield Effect(f"{name}_insert", INSERT, table, sql.advance, after)
        yield Effect(f"{name}_update", UPDATE, table, sql.advance, change)
        yield Effect(f"{name}_delete", DELETE, table, sql.advance, before)
    yield from _of_search(sql)
    yield from _of_lists(sql)
    yield from _of_texts(sql)


def _of_search(sql: Dialect) -> Iterator[Effect]:
    key = sql.search_key
    indexed = f"EXISTS (SELECT 1 FROM causes_search WHERE {key} = {{0}})"
    forget = (
        f"DELETE FROM causes_search WHERE {key} IN (SELECT revision_id FROM causes_publication"
        f" WHERE {{0}}) AND {key} NOT IN (SELECT span.revision_id FROM causes_publication span"
        f" WHERE span.{{0}} AND {sql.not_ended('span')});"
    )
    yield Effect(
        "search_published",
        INSERT,
        "causes_publication",
        sql.index("{these}"),
        f"{sql.not_ended('NEW')} AND NOT {indexed.format('NEW.revision_id')}",
        "NEW.revision_id",
    )
    # Every text of the entry: when a planned end is reached, nothing is written.
    yield Effect(
        "search_ended",
        UPDATE,
        "causes_publication",
        (forget.format("entry_id {these}"),),
        sql.change(["live_until"]),
        "NEW.entry_id",
    )
    yield Effect(
        "search_unpublished",
        DELETE,
        "causes_publication",
        (
            f"DELETE FROM causes_search WHERE {key} {{these}} AND {key} NOT IN (SELECT revision_id"
            " FROM causes_publication span"
            f" WHERE revision_id {{these}} AND {sql.not_ended('span')});",
        ),
        of="OLD.revision_id",
    )
    # In a fixture the tags may come after the publication.
    yield Effect(
        "search_tagged",
        INSERT,
        "causes_taggedrevision",
        sql.index("{these}"),
        indexed.format("NEW.revision_id"),
        "NEW.revision_id",
    )
    yield Effect(
        "search_tag_renamed",
        UPDATE,
        "causes_tag",
        sql.index(
            "IN (SELECT link.revision_id FROM causes_taggedrevision link"
            " JOIN causes_publication span ON span.revision_id = link.revision_id"
            f" WHERE {sql.not_ended('span')} AND (link.tag_id {{these}} OR link.tag_id IN"
            " (SELECT id FROM causes_tag WHERE merged_into_id {these})))"
        ),
        sql.change(["name", "merged_into_id"]),
        "NEW.id",
    )
    yield Effect(
        "search_read",
        UPDATE,
        "causes_revision",
        sql.index("{these}"),
        f"({sql.change(['sought'])}) AND {indexed.format('NEW.id')}",
        "NEW.id",
    )


def _of_lists(sql: Dialect) -> Iterator[Effect]:
    own = "IN (SELECT id FROM causes_publication WHERE {0} {{these}})"
    yield Effect(
        "listing_published", INSERT, "causes_publication", sql.relist("{these}"), of="NEW.id"
    )
    yield Effect(
        "listing_span_moved",
        UPDATE,
        "causes_publication",
        sql.relist("{these}"),
        sql.change(["live_until"]),
        "NEW.id",
    )
    yield Effect(
        "listing_unpublished",
        DELETE,
        "causes_publication",
        listing.FORGET,
        of="OLD.id",
    )
    yield Effect(
        "listing_renamed",
        UPDATE,
        "causes_entry",
        sql.relist(own.format("entry_id")),
        sql.change(["slug"]),
        "NEW.id",
    )
    for event, row in ((INSERT, "NEW"), (DELETE, "OLD")):
        yield Effect(
            f"listing_tag_{event.lower()}",
            event,
            "causes_taggedrevision",
            sql.relist(own.format("revision_id")),
            _published(f"{row}.revision_id"),
            f"{row}.revision_id",
        )
    for table, those in (("tag", listing.OF_TAGS), ("category", listing.OF_CATEGORIES)):
        yield Effect(
            f"listing_{table}_merged",
            UPDATE,
            f"causes_{table}",
            sql.relist(f"IN ({those})"),
            sql.change(["merged_into_id"]),
            "NEW.id",
        )


def _of_texts(sql: Dialect) -> Iterator[Effect]:
    forget = tuple(f"DELETE FROM {table} WHERE revision_id {{these}};" for table in OF_A_REVISION)
    yield Effect("citations_gone", DELETE, "causes_revision", forget, of="OLD.id")
    yield Effect(
        "text_withheld",
        UPDATE,
        "causes_revision",
        (
            *forget,
            f"DELETE FROM causes_search WHERE {sql.search_key} {{these}};",
            "UPDATE causes_revision SET plain = '', sought = '' WHERE id {these};",
        ),
        "OLD.withheld_at IS NULL AND NEW.withheld_at IS NOT NULL",
        "NEW.id",
    )
    # Python has not read a text that a database client inserted. Until it does, every word
    # behind an `@` counts as a key, so that a change of its source is noticed.
    rest = f"ltrim(part.value, '{ascii_lowercase}{digits}-')"
    word = f"substr(part.value, 1, length(part.value) - length({rest}))"
    yield Effect(
        "citations_unread",
        INSERT,
        "causes_publication",
        (
            "INSERT INTO causes_citation (revision_id, source_key) SELECT DISTINCT id, word"
            f" FROM (SELECT unread.id AS id, {word} AS word FROM causes_revision unread"
            f" CROSS JOIN {sql.split('unread.body')} AS part"
            " WHERE unread.id {these} AND reader = 0) words"
            f" WHERE length(word) BETWEEN 1 AND {SLUG_LIMIT} ON CONFLICT DO NOTHING;",
        ),
        "EXISTS (SELECT 1 FROM causes_revision unread WHERE unread.id = NEW.revision_id"
        " AND unread.reader = 0 AND unread.body LIKE '%[@%')",
        "NEW.revision_id",
    )


def backfill(sql: Dialect) -> tuple[str, ...]:
    """Statements that make the derived tables fit rows that were written without triggers."""
    waiting = f"SELECT revision_id FROM causes_publication span WHERE {sql.not_ended('span')}"
    indexed = f"SELECT {sql.search_key} FROM causes_search"
    return (
        *(
            f"DELETE FROM {table} WHERE revision_id NOT IN"
            " (SELECT id FROM causes_revision WHERE withheld_at IS NULL)"
            for table in OF_A_REVISION
        ),
        f"DELETE FROM causes_search WHERE {sql.search_key} NOT IN ({waiting})",
        *sql.index(f"IN ({waiting} AND revision_id NOT IN ({indexed}))"),
        *listing.backfill(sql.now),
    )
