"""SQLite's full-text search (FTS5): Porter stems, accents folded, bm25 for rank."""

from django.db import connection

from causes.models.clock import now
from causes.search.snippet import END, START


def find(
    phrases: list[list[str]], all_words: bool, limit: int, offset: int
) -> tuple[int, list[tuple[int, str, str, str]]]:
    """How many public texts match, and one page of them with the matches marked."""
    joined = (" AND " if all_words else " OR ").join(f'"{" ".join(phrase)}"' for phrase in phrases)
    moment = now().replace(tzinfo=None).isoformat(" ")
    live = "p.live_from <= %s AND (p.live_until IS NULL OR p.live_until > %s)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT count(*) FROM causes_search
                JOIN causes_publication p ON p.revision_id = causes_search.rowid
                WHERE causes_search MATCH %s AND {live}""",
            [joined, moment, moment],
        )
        total = cursor.fetchone()[0]
        if not total:
            return 0, []
        cursor.execute(
            f"""WITH ranked AS MATERIALIZED (
                    SELECT causes_search.rowid AS revision, p.id AS publication,
                        causes_search.rowid IN (SELECT t.rowid FROM causes_search t
                            WHERE t.causes_search MATCH %s) AS in_title,
                        bm25(causes_search, 10, 4, 1, 4) AS score
                    FROM causes_search
                    JOIN causes_publication p ON p.revision_id = causes_search.rowid
                    WHERE causes_search MATCH %s AND {live}
                    ORDER BY in_title DESC, score, revision LIMIT %s OFFSET %s)
                SELECT publication, highlight(causes_search, 0, %s, %s),
                    highlight(causes_search, 1, %s, %s), highlight(causes_search, 2, %s, %s)
                FROM causes_search JOIN ranked ON ranked.revision = causes_search.rowid
                WHERE causes_search MATCH %s
                ORDER BY in_title DESC, score, revision""",
            [
                *(f"{{title}} : ({joined})", joined, moment, moment, limit, offset),
                *(START, END) * 3,
                joined,
            ],
        )
        return total, cursor.fetchall()
