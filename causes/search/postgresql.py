"""PostgreSQL's full-text search: the English dictionary, weighted columns, ts_rank."""

from django.db import connection

from causes.models.clock import now
from causes.search.snippet import END, START

_MARKED = f"StartSel={START}, StopSel={END}, HighlightAll=true"


def find(
    phrases: list[list[str]], all_words: bool, limit: int, offset: int
) -> tuple[int, list[tuple[int, str, str, str]]]:
    """How many public texts match, and one page of them with the matches marked."""
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
        matching = """FROM causes_search s
            JOIN causes_publication p ON p.revision_id = s.revision_id
            WHERE s.words @@ %s::tsquery
            AND p.live_from <= %s AND (p.live_until IS NULL OR p.live_until > %s)"""
        cursor.execute(f"SELECT count(*) {matching}", [query, moment, moment])
        total = cursor.fetchone()[0]
        if not total:
            return 0, []
        marked = ", ".join(
            f"ts_headline('english', r.{column}, %s::tsquery, %s)"
            for column in ("title", "summary", "body")
        )
        cursor.execute(
            f"""WITH ranked AS MATERIALIZED (
                    SELECT p.id AS publication, s.revision_id, s.title @@ %s::tsquery AS in_title,
                        ts_rank(s.words, %s::tsquery, 1) AS score
                    {matching}
                    ORDER BY in_title DESC, score DESC, s.revision_id LIMIT %s OFFSET %s)
                SELECT publication, {marked}
                FROM ranked JOIN causes_revision r ON r.id = ranked.revision_id
                ORDER BY in_title DESC, score DESC, ranked.revision_id""",
            [query, query, query, moment, moment, limit, offset, *[query, _MARKED] * 3],
        )
        return total, cursor.fetchall()
