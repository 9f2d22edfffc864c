"""What an import writes: whole entries that come with UUIDs, numbers and times of their own.

The verbs make one change for one person. Here many come at once, each decided on and
validated before (causes/interchange/), in the importer's transaction. No signal is
sent, so what guards and `bulk_create` would do is done here; the triggers see every row.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from causes.database import bulk
from causes.models import Event, Import, Redirect
from causes.publishing.verb import User
from causes.text.body import cited_keys
from causes.text.derived import Derived
from causes.text.markdown import RENDERER
from causes.text.names import sort_key

Row = dict[str, Any]

_REVISION = (
    "uuid entry_id number based_on predecessors title summary body category_id tag_count note "
    f"created_at withheld_at author_id {' '.join(Derived._fields)} sort_title"
)
_EVENT = (
    "uuid at verb subject entry_id revision_uuid from_state reason details actor_id by_import_id"
)


@dataclass
class Incoming:
    """What happens to one entry. Rows are as a fixture has them; ids are those of here."""

    kind: str
    slug: str
    created_at: str
    entry: int | None = None
    """None for an entry that is made."""

    last_number: int = 0
    rename_to: str = ""
    redirects: list[Row] = field(default_factory=list)
    unredirect: list[str] = field(default_factory=list)
    """Old slugs that are this entry's own again."""

    revisions: list[Row] = field(default_factory=list)
    """With `category` and `tags` as slugs."""

    end: list[tuple[int, str | None]] = field(default_factory=list)
    """Spans by id, and when they end (None: no end is set)."""

    forget: list[int] = field(default_factory=list)
    """Spans, by id, that have not begun and will not."""

    lay: list[Row] = field(default_factory=list)
    reviews: list[Row] = field(default_factory=list)
    head: str | None = None
    """The revision that the event is about."""

    details: Row = field(default_factory=dict)

    @property
    def writes(self) -> bool:
        return bool(
            self.entry is None
            or self.rename_to
            or self.redirects
            or self.revisions
            or self.end
            or self.forget
            or self.lay
            or self.reviews
        )


@dataclass
class Names:
    """The ids of categories and tags, by slug."""

    category: dict[str, int]
    tag: dict[str, int]


def write(
    coming: Sequence[Incoming],
    names: Names,
    *,
    at: str,
    by: User,
    run: Import,
    verb: Event.Verb = Event.Verb.IMPORT,
    reason: str = "",
    states: dict[int, str] | None = None,
) -> None:
    """Writes all of these entries, with one event each. Inside the importer's transaction.

    `at` is the moment of the import, `states` where each entry stands before it.
    """
    author = by.pk if by else None
    old = [one for one in coming if one.entry is not None]
    _make_entries(coming)
    _move_entries(coming, old)
    revisions = [(one, row) for one in coming for row in one.revisions]
    bulk.insert(
        "causes_revision", _REVISION, [_revision(o, r, names, author) for o, r in revisions]
    )
    ids = _revision_ids(coming)
    bulk.insert(
        "causes_taggedrevision",
        "revision_id tag_id",
        [
            (ids[row["uuid"]], names.tag[slug])
            for _, row in revisions
            for slug in sorted(row["tags"])
        ],
    )
    bulk.insert(
        "causes_citation",
        "revision_id source_key",
        [(ids[row["uuid"]], key) for _, row in revisions for key in derived_of(row)[0]],
    )
    _lay_spans(coming, ids)
    bulk.insert(
        "causes_review",
        "uuid revision_id reviewer qualification reviewed_on due_on notes created_at",
        [
            (
                bulk.uuid(row["uuid"]),
                ids[row["revision"]],
                *(row[name] for name in ("reviewer", "qualification", "reviewed_on", "due_on")),
                row["notes"],
                bulk.moment(row["created_at"] or at),
            )
            for one in coming
            for row in one.reviews
        ],
    )
    states = states or {}
    bulk.insert(
        "causes_event",
        _EVENT,
        [
            (
                bulk.uuid(str(uuid4())),
                bulk.moment(at),
                verb.value,
                f"{one.kind} {one.slug}"[:300],
                one.entry,
                bulk.uuid(one.head),
                states.get(one.entry or 0, ""),
                reason[:500],
                json.dumps(one.details, ensure_ascii=False),
                author,
                run.pk,
            )
            for one in coming
        ],
    )


def _make_entries(coming: Sequence[Incoming]) -> None:
    new = [one for one in coming if one.entry is None]
    bulk.insert(
        "causes_entry",
        "kind slug created_at last_number",
        [(one.kind, one.slug, bulk.moment(one.created_at), one.last_number) for one in new],
    )
    ids = bulk.ids("causes_entry", "slug", [one.slug for one in new])
    for one in new:
        one.entry = ids[one.slug]


def _move_entries(coming: Sequence[Incoming], old: Sequence[Incoming]) -> None:
    """Old addresses first: the trigger wants the redirect before the slug goes."""
    bulk.insert(
        "causes_redirect",
        "slug entry_id created_at",
        [
            (row["slug"], one.entry, bulk.moment(row["created_at"]))
            for one in coming
            for row in one.redirects
        ],
    )
    for one in old:
        if one.unredirect:
            Redirect.objects.filter(slug__in=one.unredirect, entry=one.entry).delete()
    renamed = [(one.rename_to, one.entry) for one in old if one.rename_to]
    bulk.update("causes_entry", "slug", renamed)
    for one in old:
        one.slug = one.rename_to or one.slug
    grown = [(one.last_number, one.entry) for one in old if one.revisions]
    bulk.update("causes_entry", "last_number", grown)


def _revision(one: Incoming, row: Row, names: Names, author: int | None) -> tuple[Any, ...]:
    return (
        bulk.uuid(row["uuid"]),
        one.entry,
        row["number"],
        bulk.uuid(row["based_on"]),
        json.dumps(list(row["predecessors"])),
        row["title"],
        row["summary"],
        row["body"],
        names.category[row["category"]] if row["category"] else None,
        len(row["tags"]),
        row["note"],
        bulk.moment(row["created_at"]),
        bulk.moment(row["withheld_at"]),
        author,
        *derived_of(row)[1],
        sort_key(row["title"]),
    )


def derived_of(row: Row) -> tuple[list[str], Sequence[Any]]:
    """The keys that a revision cites, and its derived columns: as the plan noted them, if it did.

    A plan that an older version made may stand on disk, and does not count.
    """
    noted = row.get("derived")
    if noted and noted[-1] == RENDERER:
        return row["keys"], noted
    withheld = bool(row["withheld_at"])
    keys = [] if withheld else cited_keys(row["body"])
    return keys, Derived.of(row["title"], row["summary"], row["body"], withheld=withheld)


def _revision_ids(coming: Sequence[Incoming]) -> dict[str, int]:
    """The id of every revision that these entries speak of, by UUID."""
    wanted = {row["uuid"] for one in coming for row in one.revisions}
    wanted |= {row["revision"] for one in coming for row in (*one.lay, *one.reviews)}
    stored = {str(bulk.uuid(uuid)): uuid for uuid in wanted}
    found = bulk.ids("causes_revision", "uuid", list(stored))
    return {stored[value]: pk for value, pk in found.items()}


def _lay_spans(coming: Sequence[Incoming], ids: dict[str, int]) -> None:
    bulk.delete("causes_publication", [pk for one in coming for pk in one.forget])
    ends = [(bulk.moment(until), pk) for one in coming for pk, until in one.end]
    bulk.update("causes_publication", "live_until", ends)
    bulk.insert(
        "causes_publication",
        "uuid entry_id revision_id live_from live_until",
        [
            (
                bulk.uuid(row["uuid"]),
                one.entry,
                ids[row["revision"]],
                bulk.moment(row["live_from"]),
                bulk.moment(row["live_until"]),
            )
            for one in coming
            for row in one.lay
        ],
    )


def note_changes(
    changes: Sequence[tuple[str, Row]],
    *,
    at: datetime,
    by: User,
    run: Import,
    verb: Event.Verb = Event.Verb.CHANGE,
) -> None:
    """One event for each category, tag and source that changed: (what, details).

    The details have `changes`, {field: [before, after]} as text, like those of `save_record`.
    """
    Event.objects.bulk_create(
        Event(at=at, verb=verb, subject=what[:300], details=details, actor=by, by_import=run)
        for what, details in changes
    )
