"""PostgreSQL's full-text search: Porter stems, weighted columns, ts_rank."""

from collections.abc import Collection
from typing import Any

from django.db import connection

from causes.clock import now
from causes.database.live import live
from causes.search.query import RANKED, Item

# The newest are found first and ranked afterwards, since ranking reads whole index entries.
_NEWEST = f"""SELECT s.revision_id, s.words FROM causes_search s
    WHERE s.{{column}} @@ {{{{query}}}} AND EXISTS (
        SELECT 1 FROM causes_publication p WHERE p.revision_id = s.revision_id AND {live("p")})
    ORDER BY s.revision_id DESC LIMIT {RANKED}"""

_FIND = f"""WITH
    titled AS MATERIALIZED ({_NEWEST.format(column="title")}),
    found AS MATERIALIZED ({_NEWEST.format(column="words")}),
    ranked AS MATERIALIZED (
        SELECT revision_id, true AS in_title, ts_rank(words, {{words}}, 1) AS score FROM titled
        UNION ALL
        SELECT revision_id, false, ts_rank(words, {{words}}, 1) FROM found
        WHERE revision_id NOT IN (SELECT revision_id FROM titled))
    SELECT total, revision_id FROM (SELECT count(*) AS total FROM ranked) counted LEFT JOIN (
        SELECT revision_id FROM ranked ORDER BY in_title DESC, score DESC, revision_id
        LIMIT %s OFFSET %s) shown ON true"""


def find(items: list[Item], all_words: bool, limit: int, offset: int) -> tuple[int, list[int]]:
    """The number of public texts that match, and the ids of the revisions on one page."""
    phrases = [" ".join(phrase) for item in items for phrase in item]
    single = sorted({word for item in items for phrase in item for word in phrase})
    moment = now()
    asked: list[Any] = [*phrases, moment, moment]
    # The query consists of constants, so the planner knows it before it chooses a plan. Ranking
    # uses single words: given phrases, ts_rank compares every position of every word.
    statement = _FIND.format(
        query=f"({(' && ' if all_words else ' || ').join(map(_one_of, items))})",
        words=_one_of(single),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*asked, *asked, *single, *single, limit, offset])
        rows = cursor.fetchall()
    return rows[0][0], [revision for _, revision in rows if revision is not None]


def _one_of(asked: Collection[Any]) -> str:
    return f"({' || '.join('causes_question(%s)' for _ in asked)})"
