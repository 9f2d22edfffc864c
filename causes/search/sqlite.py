"""SQLite's full-text search (FTS5): Porter stems, bm25 for rank."""

from django.db import connection

from causes.clock import now
from causes.database.live import live
from causes.search.query import RANKED, Item

_LIVE = f"""EXISTS (SELECT 1 FROM causes_publication p
    WHERE p.revision_id = causes_search.rowid AND {live("p")})"""

_FIND = f"""WITH
    titled AS MATERIALIZED (
        SELECT rowid AS revision, bm25(causes_search) AS score FROM causes_search
        WHERE causes_search MATCH %s AND {_LIVE} ORDER BY rowid DESC LIMIT {RANKED}),
    found AS MATERIALIZED (
        SELECT rowid AS revision, bm25(causes_search, 10, 4, 1, 4) AS score FROM causes_search
        WHERE causes_search MATCH %s AND {_LIVE} ORDER BY rowid DESC LIMIT {RANKED}),
    ranked AS MATERIALIZED (
        SELECT revision, 1 AS in_title, score FROM titled
        UNION ALL
        SELECT revision, 0, score FROM found
        WHERE revision NOT IN (SELECT revision FROM titled))
    SELECT total, revision FROM (SELECT count(*) AS total FROM ranked) LEFT JOIN (
        SELECT revision FROM ranked ORDER BY in_title DESC, score, revision LIMIT %s OFFSET %s)"""


def find(items: list[Item], all_words: bool, limit: int, offset: int) -> tuple[int, list[int]]:
    """The number of public texts that match, and the ids of the revisions on one page."""
    joined = (" AND " if all_words else " OR ").join(map(_any_of, items))
    moment = now().replace(tzinfo=None).isoformat(" ")
    asked = (f"{{title}} : ({joined})", moment, moment, joined, moment, moment, limit, offset)
    with connection.cursor() as cursor:
        cursor.execute(_FIND, asked)
        rows = cursor.fetchall()
    return rows[0][0], [revision for _, revision in rows if revision is not None]


def _any_of(item: Item) -> str:
    phrases = (f'"{" ".join(phrase)}"' for phrase in item)
    return f"({' OR '.join(phrases)})"
