"""SQLite's full-text search (FTS5): Porter stems, accents folded, bm25 for rank."""

from django.db import connection

from causes.models.clock import now
from causes.search.query import RANKED
from causes.search.snippet import END, START

_LIVE = """EXISTS (SELECT 1 FROM causes_publication p WHERE p.revision_id = causes_search.rowid
    AND p.live_from <= %s AND (p.live_until IS NULL OR p.live_until > %s))"""

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

_SHOW = """SELECT rowid, highlight(causes_search, 0, %s, %s), highlight(causes_search, 1, %s, %s),
    highlight(causes_search, 2, %s, %s)
    FROM causes_search WHERE causes_search MATCH %s AND rowid IN ({places})"""


def find(
    phrases: list[list[str]], all_words: bool, limit: int, offset: int
) -> tuple[int, list[tuple[int, str, str, str]]]:
    """How many public texts match, and one page of their revisions with the matches marked."""
    joined = (" AND " if all_words else " OR ").join(f'"{" ".join(phrase)}"' for phrase in phrases)
    moment = now().replace(tzinfo=None).isoformat(" ")
    asked = (f"{{title}} : ({joined})", moment, moment, joined, moment, moment, limit, offset)
    with connection.cursor() as cursor:
        cursor.execute(_FIND, asked)
        rows = cursor.fetchall()
        total, revisions = rows[0][0], [revision for _, revision in rows if revision is not None]
        if not revisions:
            return total, []
        places = ", ".join(["%s"] * len(revisions))
        cursor.execute(_SHOW.format(places=places), [*(START, END) * 3, joined, *revisions])
        shown = {row[0]: row for row in cursor.fetchall()}
    return total, [shown[revision] for revision in revisions]
