"""The writer of imports: whole entries that bring UUIDs, numbers and times of their own.

The verbs make one change for one person. This module writes many at once, which
causes/interchange/ has validated and decided on, in the importer's transaction. No signal is
sent, so it also does what guards and `bulk_create` would do; the triggers see every row.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from causes.database import bulk
from causes.models import Event, Import, Redirect
from causes.models.event import REASON_LIMIT
from causes.publishing.verb import User
from causes.text.body import cited_keys
from causes.text.derived import Derived
from causes.text.markdown import RENDERER
from causes.text.names import sort_key
from causes.timeline import Change

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
    """The work for one entry. Rows have the form of a fixture; ids are this database's."""

    kind: str
    slug: str
    created_at: str
    entry: int | None = None
    """Its id; None for a new entry."""

    last_number: int = 0
    rename_to: str = ""
    redirects: list[Row] = field(default_factory=list)
    unredirect: list[str] = field(default_factory=list)
    """Old slugs that become the entry's own slug again."""

    revisions: list[Row] = field(default_factory=list)
    """With `category` and `tags` as slugs."""

    change: Change = field(default_factory=Change)
    """The change of its publications."""

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
            or self.change
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

    `at` is the moment of the import; `states` has the state of each entry before it, by id.
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
    _write_publications(coming, ids)
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
                reason[:REASON_LIMIT],
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
    """Writes old addresses first: the trigger needs the redirect before the slug changes."""
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
    """The keys that a revision cites, and its derived columns: from the plan, if it has them.

    Those of a plan that an older version left on disk are computed again.
    """
    noted = row.get("derived")
    if noted and noted[-1] == RENDERER:
        return row["keys"], noted
    withheld = bool(row["withheld_at"])
    keys = [] if withheld else cited_keys(row["body"])
    return keys, Derived.of(row["title"], row["summary"], row["body"], withheld=withheld)


def _revision_ids(coming: Sequence[Incoming]) -> dict[str, int]:
    """The id of every revision that these entries name, by UUID."""
    wanted = {row["uuid"] for one in coming for row in one.revisions}
    wanted |= {span.revision for one in coming for span in one.change.adds}
    wanted |= {row["revision"] for one in coming for row in one.reviews}
    stored = {str(bulk.uuid(uuid)): uuid for uuid in wanted}
    found = bulk.ids("causes_revision", "uuid", list(stored))
    return {stored[value]: pk for value, pk in found.items()}


def _write_publications(coming: Sequence[Incoming], ids: dict[str, int]) -> None:
    stored = [span for one in coming for span in (*one.change.drops, *one.change.ends)]
    uuids = {span.uuid: str(bulk.uuid(span.uuid)) for span in stored}
    found = bulk.ids("causes_publication", "uuid", list(uuids.values()))
    pks = {span.uuid: found[uuids[span.uuid]] for span in stored}
    drops = [pks[span.uuid] for one in coming for span in one.change.drops]
    ends = [
        (bulk.moment(span.live_until), bulk.moment(span.take_down_at), pks[span.uuid])
        for one in coming
        for span in one.change.ends
    ]
    bulk.delete("causes_publication", drops)
    bulk.update("causes_publication", "live_until take_down_at", ends)
    bulk.insert(
        "causes_publication",
        "uuid entry_id revision_id live_from live_until take_down_at",
        [
            (
                bulk.uuid(str(span.uuid)),
                one.entry,
                ids[span.revision],
                bulk.moment(span.live_from),
                bulk.moment(span.live_until),
                bulk.moment(span.take_down_at),
            )
            for one in coming
            for span in one.change.adds
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
    """Records one event for each category, tag and source that changed: (subject, details).

    The details have `changes`, {field: [before, after]} as text, like those of `save_record`.
    """
    Event.objects.bulk_create(
        Event(at=at, verb=verb, subject=what[:300], details=details, actor=by, by_import=run)
        for what, details in changes
    )
