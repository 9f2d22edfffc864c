"""PostgreSQL's full-text search: the English dictionary, weighted columns, ts_rank."""

from django.db import connection

from causes.models.clock import now
from causes.search.query import RANKED
from causes.search.snippet import END, START

_MARKED = f"StartSel={START}, StopSel={END}, HighlightAll=true"

# Ranked when the newest are known, since that reads the whole of an index entry.
_NEWEST = f"""SELECT s.revision_id, s.words FROM causes_search s
    WHERE s.{{column}} @@ %s::tsquery AND EXISTS (
        SELECT 1 FROM causes_publication p WHERE p.revision_id = s.revision_id
        AND p.live_from <= %s AND (p.live_until IS NULL OR p.live_until > %s))
    ORDER BY s.revision_id DESC LIMIT {RANKED}"""

_FIND = f"""WITH
    titled AS MATERIALIZED ({_NEWEST.format(column="title")}),
    found AS MATERIALIZED ({_NEWEST.format(column="words")}),
    ranked AS MATERIALIZED (
        SELECT revision_id, true AS in_title, ts_rank(words, %s::tsquery, 1) AS score FROM titled
        UNION ALL
        SELECT revision_id, false, ts_rank(words, %s::tsquery, 1) FROM found
        WHERE revision_id NOT IN (SELECT revision_id FROM titled))
    SELECT total, revision_id FROM (SELECT count(*) AS total FROM ranked) counted LEFT JOIN (
        SELECT revision_id FROM ranked ORDER BY in_title DESC, score DESC, revision_id
        LIMIT %s OFFSET %s) shown ON true"""


def find(
    phrases: list[list[str]], all_words: bool, limit: int, offset: int
) -> tuple[int, list[tuple[int, str, str, str]]]:
    """How many public texts match, and one page of their revisions with the matches marked."""
    one = "phraseto_tsquery('english', causes_plain(%s))"
    words = [" ".join(phrase) for phrase in phrases]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(f'{one}::text' for _ in words)}", words)
        # A stop word alone makes an empty query, which matches nothing.
        queries = [f"({query})" for query in cursor.fetchone() if query]
        if not queries:
            return 0, []
        query = (" & " if all_words else " | ").join(queries)
        moment = now()
        asked = (query, moment, moment)
        cursor.execute(_FIND, [*asked, *asked, query, query, limit, offset])
        rows = cursor.fetchall()
        total, revisions = rows[0][0], [revision for _, revision in rows if revision is not None]
        if not revisions:
            return total, []
        marked = ", ".join(
            f"ts_headline('english', {column}, %s::tsquery, %s)"
            for column in ("title", "summary", "body")
        )
        cursor.execute(
            f"SELECT id, {marked} FROM causes_revision WHERE id = ANY (%s)",
            [*[query, _MARKED] * 3, revisions],
        )
        shown = {row[0]: row for row in cursor.fetchall()}
    return total, [shown[revision] for revision in revisions]
