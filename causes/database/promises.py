"""The promises about rows, as SQL that finds the rows that break them.

Most follow from the refusals in causes/database/rules.py: what no row may be inserted with, no
row may hold. Rows from before a rule, or written while no trigger was there, may break it.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.apps import apps

from causes.database.dialect import INSERT
from causes.models import Event
from causes.models.entry import RESERVED


class Promise(NamedTuple):
    """`question` finds rows: the thing in words, and more for the sentence `wrong`."""

    question: str
    wrong: str
    advice: str
    remark: bool = False
    """Whether a row may break it for a good reason."""


_LOST = "Rows were deleted or changed past the site: restore a backup."
_MEND = "Correct it at the desk."
_BY_HAND = "It cannot be corrected at the desk: restore a backup, or ask a developer."
_TEXT = "e.kind || ' ' || e.slug || ', revision ' || r.number"
_SPAN = "e.kind || ' ' || e.slug || ', publication ' || p.id"

# How a row of a table is called.
_NAMES = {
    "causes_entry": "NEW.kind || ' ' || NEW.slug",
    "causes_redirect": "'redirect ' || NEW.slug",
    "causes_source": "'source ' || NEW.key",
    "causes_category": "'category ' || NEW.slug",
    "causes_tag": "'tag ' || NEW.slug",
}
# The publications are compared below, in the same way for both engines.
_ELSEWHERE = ("tag_link_added", "publication_apart")


def of_rows(engine: Any) -> Iterator[Promise]:
    """Every promise in the words of one engine."""
    for name, events, table, condition, sentence in engine.REFUSALS:
        if INSERT not in events or name in _ELSEWHERE:
            continue
        called = _NAMES.get(table, f"'{table}, row ' || NEW.id")
        # Stored texts may be older than the rule; pages show them in tidied form.
        yield Promise(
            f"SELECT {called} FROM {table} NEW WHERE {condition}",
            f"{sentence}.",
            "Save a new revision." if table == "causes_revision" else _MEND,
            remark=name.endswith("_texts"),
        )
    yield from _OF_ENTRIES
    yield from _of_spans(engine.SQL)
    yield from _OF_OTHERS


_OF_ENTRIES = (
    Promise(
        """SELECT e.kind || ' ' || e.slug, e.last_number, coalesce(max(r.number), 0)
        FROM causes_entry e LEFT JOIN causes_revision r ON r.entry_id = e.id
        GROUP BY e.id, e.kind, e.slug, e.last_number
        HAVING coalesce(max(r.number), 0) <> e.last_number""",
        "the entry says that its newest revision is {}, but it is {}.",
        _LOST,
    ),
    Promise(
        """SELECT e.kind || ' ' || e.slug, count(*), max(r.number)
        FROM causes_entry e JOIN causes_revision r ON r.entry_id = e.id
        GROUP BY e.id, e.kind, e.slug HAVING count(*) <> max(r.number)""",
        "it has {} revisions, but the newest is number {}.",
        "This is right if it was imported without its history. If not, restore a backup.",
        remark=True,
    ),
    Promise(
        f"""SELECT {_TEXT} FROM causes_revision r JOIN causes_entry e ON e.id = r.entry_id
        WHERE r.number < 1""",
        "its number is below 1.",
        _LOST,
    ),
    Promise(
        f"""SELECT {_TEXT}, r.tag_count, (SELECT count(*) FROM causes_taggedrevision l
            WHERE l.revision_id = r.id)
        FROM causes_revision r JOIN causes_entry e ON e.id = r.entry_id
        WHERE r.tag_count <> (SELECT count(*) FROM causes_taggedrevision l
            WHERE l.revision_id = r.id)""",
        "it should have {} tags, but has {}.",
        _LOST,
    ),
    Promise(
        f"""SELECT {_TEXT} FROM causes_revision r JOIN causes_entry e ON e.id = r.entry_id
        WHERE r.withheld_at IS NOT NULL AND (r.title <> 'Withheld' OR r.summary <> ''
            OR r.body <> '' OR r.note <> '')""",
        "it is withheld, but some of its text is still there.",
        "Restore no backup. Ask a developer to blank it.",
    ),
    Promise(
        """SELECT 'redirect ' || d.slug, e.slug FROM causes_redirect d
        JOIN causes_entry e ON e.slug = d.slug WHERE e.id <> d.entry_id""",
        "it is an old address of one entry, and the address of another, {}.",
        "Rename that entry at the desk.",
    ),
    Promise(
        f"""SELECT 'page ' || slug FROM causes_entry WHERE kind = 'page'
        AND slug IN ({", ".join(f"'{slug}'" for slug in sorted(RESERVED))})""",
        "its address belongs to a part of the site.",
        "Rename it at the desk.",
    ),
)


def _of_spans(sql: Any) -> Iterator[Promise]:
    spans = f"""(SELECT {_SPAN} AS called, p.live_from, p.live_until,
            lead(p.live_from) OVER (PARTITION BY p.entry_id ORDER BY p.live_from, p.id) AS next
        FROM causes_publication p JOIN causes_entry e ON e.id = p.entry_id) spans"""
    yield Promise(
        f"SELECT called FROM {spans} WHERE next < live_until"
        " OR (live_until IS NULL AND next IS NOT NULL)",
        "it is public at the same time as the next publication of its entry.",
        "Take the entry down at the desk, then publish the right text.",
    )
    yield Promise(
        f"""SELECT {_SPAN} FROM causes_publication p JOIN causes_entry e ON e.id = p.entry_id
        WHERE p.live_until <= p.live_from OR p.live_until > p.take_down_at
            OR (p.take_down_at IS NOT NULL AND p.live_until IS NULL)""",
        "it ends before it begins, or after the end that a person set.",
        _BY_HAND,
    )


def _in(column: str, values: Any) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


_OF_OTHERS = (
    Promise(
        """SELECT 'event ' || v.id || ' (' || v.subject || ')' FROM causes_event v
        WHERE v.entry_id IS NOT NULL AND v.revision_uuid IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM causes_revision r WHERE r.uuid = v.revision_uuid)""",
        "it names a revision that does not exist.",
        _LOST,
    ),
    Promise(
        f"""SELECT 'event ' || id || ' (' || subject || ')', verb FROM causes_event
        WHERE NOT {_in("verb", Event.Verb.values)}""",
        "it is about a verb that the site does not know, {!r}.",
        _BY_HAND,
    ),
    *(
        Promise(
            f"""SELECT '{kind} ' || old.slug, current.slug FROM causes_{kind} old
            JOIN causes_{kind} current ON current.id = old.merged_into_id
            WHERE current.merged_into_id IS NOT NULL""",
            "it is an old name of {}, which is an old name itself.",
            f"Merge that {kind} again at the desk.",
        )
        for kind in ("category", "tag")
    ),
    Promise(
        """SELECT 'review ' || w.id, w.due_on FROM causes_review w
        WHERE w.due_on < w.reviewed_on""",
        "the next review was due on {}, before this one.",
        "Record a new review.",
    ),
)


def of_keys(connection: Any) -> Iterator[Promise]:
    """That every row that another one names is there, for all tables, accounts included."""
    quoted = connection.ops.quote_name
    for model in apps.get_models(include_auto_created=True):
        if not model._meta.managed or model._meta.proxy:
            continue
        fields: list[Any] = list(model._meta.local_concrete_fields)
        for field in fields:
            if field.many_to_one and field.db_constraint:
                target: Any = field.target_field
                there = target.model._meta.db_table
                yield Promise(
                    f"SELECT '{model._meta.db_table}, row ' || t.{quoted(model._meta.pk.column)}, "
                    f"t.{quoted(field.column)} FROM {quoted(model._meta.db_table)} t "
                    f"WHERE t.{quoted(field.column)} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "
                    f"{quoted(there)} o "
                    f"WHERE o.{quoted(target.column)} = t.{quoted(field.column)})",
                    f"its {field.name} is row {{}} of {there}, which is gone.",
                    _LOST,
                )


OF_SQLITE = tuple(
    Promise(
        f"""SELECT '{table}, row ' || id, {column} FROM {table}
        WHERE length({column}) <> 32 OR {column} GLOB '*[^0-9a-f]*'""",
        f"its {column} is {{!r}}, which is no UUID.",
        _LOST,
    )
    for table, column in (
        ("causes_revision", "uuid"),
        ("causes_publication", "uuid"),
        ("causes_review", "uuid"),
        ("causes_event", "uuid"),
        ("causes_import", "uuid"),
    )
)
"""PostgreSQL has types for these."""
