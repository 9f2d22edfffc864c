"""The effects of changes: one table, from which both engines make their triggers.

They advance the generation, and keep the derived tables (lists, search index, citations) in
step with the rows. Of each table only those rows and columns count that a visitor can see:
a draft may be saved, tagged, reviewed and deleted, and every cached page stays valid.
"""

from collections.abc import Iterable, Iterator
from string import ascii_lowercase, digits
from typing import NamedTuple

from causes.database import listing
from causes.database.dialect import DELETE, INSERT, UPDATE, Dialect, Effect, Statements
from causes.text.slugs import SLUG_LIMIT


class Public(NamedTuple):
    """The part of a table that pages can show: its columns, and an SQL condition on `{row}`.

    Without a condition, every row counts.
    """

    columns: str
    shown: str = ""


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

OF_A_REVISION = ("causes_citation",)
"""Derived tables with rows that go when their revision is deleted or withheld."""


def effects(sql: Dialect) -> Iterator[Effect]:
    """Every effect in the words of one engine."""
    for table, (columns, shown) in PUBLIC.items():
        name, advance = f"generation_{table.removeprefix('causes_')}", (sql.advance,)
        before, after = shown.format(row="OLD"), shown.format(row="NEW")
        changed = f"({sql.change(columns.split())})" + (shown and f" AND ({before} OR {after})")
        yield Effect(f"{name}_insert", INSERT, table, "", after, advance)
        yield Effect(f"{name}_update", UPDATE, table, "", changed, advance)
        yield Effect(f"{name}_delete", DELETE, table, "", before, advance)
    yield from _on_search(sql)
    yield from _on_lists(sql)
    yield from _on_rows_of_texts(sql)


def _on_search(sql: Dialect) -> Iterable[Effect]:
    publication, text, link = "causes_publication", "causes_revision", "causes_taggedrevision"
    unended = f"FROM causes_publication span WHERE {sql.not_ended('span')}"
    indexed = f"EXISTS (SELECT 1 FROM causes_search WHERE {sql.search_key} = {{}})"
    tagged = (
        f"IN (SELECT revision_id {unended} AND revision_id IN (SELECT revision_id"
        " FROM causes_taggedrevision WHERE tag_id {these} OR tag_id IN"
        " (SELECT id FROM causes_tag WHERE merged_into_id {these})))"
    )
    forget = f"DELETE FROM causes_search WHERE {sql.search_key}"
    forget_ended = (
        f"{forget} IN (SELECT revision_id FROM causes_publication WHERE entry_id {{these}})"
        f" AND {sql.search_key} NOT IN (SELECT revision_id {unended} AND entry_id {{these}});"
    )
    forget_unpublished = (
        f"{forget} {{these}} AND {sql.search_key} NOT IN"
        f" (SELECT revision_id {unended} AND revision_id {{these}});"
    )
    new = f"{sql.not_ended('NEW')} AND NOT {indexed.format('NEW.revision_id')}"
    moved, named = sql.change(["live_until"]), sql.change(["name", "merged_into_id"])
    read = f"({sql.change(['sought'])}) AND {indexed.format('NEW.id')}"
    one, several = sql.reindex("{these}"), sql.reindex(tagged)
    return (
        Effect("search_published", INSERT, publication, "NEW.revision_id", new, one),
        # Every text of the entry: when a planned end is reached, nothing is written.
        Effect("search_ended", UPDATE, publication, "NEW.entry_id", moved, (forget_ended,)),
        Effect(
            "search_unpublished", DELETE, publication, "OLD.revision_id", "", (forget_unpublished,)
        ),
        # In a fixture the tags may come after the publication.
        Effect(
            "search_tagged", INSERT, link, "NEW.revision_id", indexed.format("NEW.revision_id"), one
        ),
        Effect("search_tag_renamed", UPDATE, "causes_tag", "NEW.id", named, several),
        Effect("search_read", UPDATE, text, "NEW.id", read, one),
    )


def _on_lists(sql: Dialect) -> Iterable[Effect]:
    def own(column: str) -> Statements:
        return sql.relist(f"IN (SELECT id FROM causes_publication WHERE {column} {{these}})")

    publication, link = "causes_publication", "causes_taggedrevision"
    moved, merged, renamed = (
        sql.change([column]) for column in ("live_until", "merged_into_id", "slug")
    )
    tags, categories = (sql.relist(f"IN ({of})") for of in (listing.OF_TAGS, listing.OF_CATEGORIES))
    gained, lost = _published("NEW.revision_id"), _published("OLD.revision_id")
    one, of_text = sql.relist("{these}"), own("revision_id")
    return (
        Effect("listing_published", INSERT, publication, "NEW.id", "", one),
        Effect("listing_moved", UPDATE, publication, "NEW.id", moved, one),
        Effect("listing_unpublished", DELETE, publication, "OLD.id", "", listing.FORGET),
        Effect("listing_tag_insert", INSERT, link, "NEW.revision_id", gained, of_text),
        Effect("listing_tag_delete", DELETE, link, "OLD.revision_id", lost, of_text),
        Effect("listing_renamed", UPDATE, "causes_entry", "NEW.id", renamed, own("entry_id")),
        Effect("listing_tag_merged", UPDATE, "causes_tag", "NEW.id", merged, tags),
        Effect("listing_category_merged", UPDATE, "causes_category", "NEW.id", merged, categories),
    )


def _on_rows_of_texts(sql: Dialect) -> Iterable[Effect]:
    text, publication = "causes_revision", "causes_publication"
    forget = tuple(f"DELETE FROM {table} WHERE revision_id {{these}};" for table in OF_A_REVISION)
    withheld = "OLD.withheld_at IS NULL AND NEW.withheld_at IS NOT NULL"
    blank = (
        *forget,
        f"DELETE FROM causes_search WHERE {sql.search_key} {{these}};",
        "UPDATE causes_revision SET plain = '', sought = '' WHERE id {these};",
    )
    # Python has not read a text that a database client inserted. Until it does, every word
    # behind an `@` counts as a key, so that a change of its source is noticed.
    rest = f"ltrim(part.value, '{ascii_lowercase}{digits}-')"
    cite = (
        "INSERT INTO causes_citation (revision_id, source_key) SELECT DISTINCT id, word FROM"
        f" (SELECT unread.id, substr(part.value, 1, length(part.value) - length({rest})) AS word"
        f" FROM causes_revision unread CROSS JOIN {sql.split_at('unread.body')} AS part"
        " WHERE unread.id {these} AND unread.reader = 0 AND unread.body LIKE '%[@%') words"
        f" WHERE length(word) BETWEEN 1 AND {SLUG_LIMIT} ON CONFLICT DO NOTHING;"
    )
    return (
        Effect("text_gone", DELETE, text, "OLD.id", "", forget),
        Effect("text_withheld", UPDATE, text, "NEW.id", withheld, blank),
        Effect("text_unread", INSERT, publication, "NEW.revision_id", "", (cite,)),
    )


def public_texts(sql: Dialect) -> str:
    """SQL for the ids of the revisions that the search index holds."""
    return f"SELECT revision_id FROM causes_publication span WHERE {sql.not_ended('span')}"


def backfill(sql: Dialect) -> Statements:
    """Statements that make the derived tables fit rows that were written without triggers."""
    kept = "(SELECT id FROM causes_revision WHERE withheld_at IS NULL)"
    public = public_texts(sql)
    absent = f"{public} AND revision_id NOT IN (SELECT {sql.search_key} FROM causes_search)"
    return (
        *(f"DELETE FROM {table} WHERE revision_id NOT IN {kept}" for table in OF_A_REVISION),
        f"DELETE FROM causes_search WHERE {sql.search_key} NOT IN ({public})",
        *sql.reindex(f"IN ({absent})"),
        *listing.backfill(sql.now),
    )
