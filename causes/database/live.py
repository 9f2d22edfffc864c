"""The SQL for "public at a moment", for queries that the ORM does not write.

`SpanQuerySet.live` (causes/models/publication.py) is the same rule for the ORM.
"""


def live(span: str, at: str = "%s") -> str:
    """The condition that a span is live. `span` is an alias of a table, `at` is SQL, used twice."""
    return f"({span}.live_from <= {at} AND {not_ended(span, at)})"


def not_ended(span: str, at: str = "%s") -> str:
    """The condition that a span has not ended: it is live or scheduled. See `live`."""
    return f"({span}.live_until IS NULL OR {span}.live_until > {at})"
