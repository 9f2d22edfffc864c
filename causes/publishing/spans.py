"""The verbs that publish, schedule, take down and withhold texts.

causes/timeline.py has the rules. A verb checks the permission, takes the lock, asks the
entry's timeline for the change, writes it, and records the event.
"""

from datetime import datetime
from typing import Any

from causes.clock import now, reach
from causes.models import Entry, Event, Publication, Revision
from causes.models.derived import derive_if_outdated
from causes.models.revision import LONG_OF_REVISION, WITHHELD_TEXT
from causes.publishing.approval import check_approved
from causes.publishing.situations import (
    AlreadyScheduled,
    NothingScheduled,
    NotLive,
    NotPermitted,
    NotPublishable,
    ScheduledAhead,
    Withheld,
    WrongMoment,
    shown,
)
from causes.publishing.text import Text, publishing_problems
from causes.publishing.verb import User, locked, need, need_reason, record, standing, verb
from causes.text.derived import Derived
from causes.timeline import SECOND, Change, Timeline


class _Stored:
    """The publications of an entry that have not ended, at the moment of the verb."""

    def __init__(self, entry: Entry) -> None:
        rows = Publication.objects.filter(entry=entry).open_or_upcoming()
        rows = rows.select_related("revision").defer(*LONG_OF_REVISION)
        self.rows: dict[Any, Publication] = {row.uuid: row for row in rows}
        for row in self.rows.values():
            row.entry = entry
        self.entry = entry
        self.timeline = Timeline(row.span for row in self.rows.values())
        self.at = self.timeline.next_instant(now())
        if self.at > now():
            reach(self.at.timestamp())  # so that it has passed once the event is written
        self.live_span = self.timeline.live(self.at)
        self.live = self.rows[self.live_span.uuid] if self.live_span else None
        self.ahead = [self.rows[span.uuid] for span in self.timeline.ahead(self.at)]

    def write(self, change: Change, revision: Any = None) -> list[Publication]:
        """Writes a change, whose new publications show `revision`.

        Returns the rows that it added, or those with another end if it added none.
        """
        for span in change.drops:
            self.rows[span.uuid].delete()
        for span in change.ends:
            row = self.rows[span.uuid]
            row.live_until, row.take_down_at = span.live_until, span.take_down_at
            row.save(update_fields=["live_until", "take_down_at"])
        added = [
            Publication.objects.create(
                uuid=span.uuid,
                entry=self.entry,
                revision=revision,
                live_from=span.live_from,
                live_until=span.live_until,
                take_down_at=span.take_down_at,
            )
            for span in change.adds
        ]
        return added or [self.rows[span.uuid] for span in change.ends]


@verb
def publish(revision: Revision, *, by: User, reason: str = "") -> Publication:
    """Makes this text the public one, from now on.

    The text that was public stops being public at the same instant. If another is
    scheduled, the new publication ends when that one begins. If the text is live already,
    nothing is written. Raises NotPermitted, NotPublishable, FourEyes, Withheld.
    """
    need(by, "publish_entry")
    entry = locked(revision.entry_id)
    stored = _Stored(entry)
    change = stored.timeline.publish(revision.pk, stored.at)
    revision = _check_fit(revision, entry, by, was_live=not change)
    if not change and stored.live:
        return stored.live
    state = standing(entry)
    made = stored.write(change, revision)[0]
    derive_if_outdated(revision)
    record(
        Event.Verb.PUBLISH,
        entry,
        by,
        revision=revision,
        from_state=state,
        reason=reason,
        span=str(made.uuid),
    )
    return made


@verb
def schedule(
    revision: Revision,
    *,
    by: User,
    publish_at: datetime | None = None,
    take_down_at: datetime | None = None,
    reason: str = "",
) -> Publication:
    """Makes this text public from one moment, until another, or both. No job is needed.

    Without `publish_at` the text must be live, and only its end is set. Both are
    aware datetimes in the future. Raises NotPermitted, NotPublishable, FourEyes,
    Withheld, NotLive, AlreadyScheduled, WrongMoment.
    """
    need(by, "publish_entry")
    entry = locked(revision.entry_id)
    stored = _Stored(entry)
    publish_at, take_down_at = _whole(publish_at), _whole(take_down_at)
    named = {"publish_at": publish_at, "take_down_at": take_down_at}
    moments = {field: moment for field, moment in named.items() if moment is not None}
    for field, moment in moments.items():
        if moment <= stored.at + SECOND:
            raise WrongMoment(field, f"{shown(moment)} is past: choose a moment in the future.")
    if publish_at is not None:
        if take_down_at is not None and take_down_at <= publish_at:
            raise WrongMoment("take_down_at", "It can only be taken down after it is published.")
        revision = _check_fit(revision, entry, by)
        if stored.ahead:
            number, begin = stored.ahead[0].revision.number, stored.ahead[0].live_from
            raise AlreadyScheduled(f"Revision {number} is scheduled for {shown(begin)}.")
        change = stored.timeline.schedule(revision.pk, publish_at, take_down_at)
    elif take_down_at is not None:
        _check_end(stored, revision, take_down_at)
        change = stored.timeline.end(take_down_at, stored.at)
    else:
        raise WrongMoment("publish_at", "Say when it should be published or taken down.")
    state = standing(entry)
    written = stored.write(change, revision)[0]
    if publish_at is not None:
        derive_if_outdated(revision)
    record(
        Event.Verb.SCHEDULE,
        entry,
        by,
        revision=revision,
        from_state=state,
        reason=reason,
        span=str(written.uuid),
        **{field: moment.isoformat() for field, moment in moments.items()},
    )
    return written


def _check_end(stored: _Stored, revision: Revision, take_down_at: datetime) -> None:
    """Raises NotLive, AlreadyScheduled unless the live text can be given this end."""
    live = stored.live_span
    if live is None or live.revision != revision.pk:
        raise NotLive(stored.entry)
    if live.live_until and live.ends_by_decision:
        raise AlreadyScheduled(f"It is to be taken down on {shown(live.live_until)} already.")
    if stored.ahead and take_down_at >= stored.ahead[0].live_from:
        number, begin = stored.ahead[0].revision.number, stored.ahead[0].live_from
        raise AlreadyScheduled(f"Revision {number} takes its place on {shown(begin)}.")


@verb
def cancel_schedule(entry: Entry, *, by: User, reason: str = "") -> Publication | None:
    """Cancels the publication that is scheduled, or else the take-down that is.

    Returns the publication before it, if that one ends later now or not at all.
    Raises NotPermitted, NothingScheduled.
    """
    need(by, "publish_entry")
    entry = locked(entry.pk)
    stored = _Stored(entry)
    change = stored.timeline.cancel(stored.at)
    if not change:
        raise NothingScheduled(entry)
    state = standing(entry)
    first = (*change.drops, *change.ends)[0]
    cancelled = stored.rows[first.uuid]
    name = "publish_at" if change.drops else "take_down_at"
    moment = cancelled.live_from if change.drops else cancelled.live_until
    details: dict[str, Any] = {name: moment and moment.isoformat()}
    reopened = next(iter(stored.write(change)), None)
    record(
        Event.Verb.CANCEL_SCHEDULE,
        entry,
        by,
        revision=cancelled.revision,
        from_state=state,
        reason=reason,
        reopened=str(reopened.uuid) if reopened else None,
        **details,
    )
    return reopened


@verb
def take_down(entry: Entry, *, by: User, reason: str = "", cancel_scheduled: bool = False) -> None:
    """Ends the publication that is live, and cancels those that have not begun.

    Raises NotPermitted, NotLive, and ScheduledAhead when something is scheduled
    and `cancel_scheduled` does not say that it may go.
    """
    need(by, "publish_entry")
    entry = locked(entry.pk)
    stored = _Stored(entry)
    change = stored.timeline.take_down(stored.at)
    if not change:
        raise NotLive(entry)
    if stored.ahead and not cancel_scheduled:
        raise ScheduledAhead(stored.ahead)
    state = standing(entry)
    revision = (stored.live or stored.ahead[0]).revision
    stored.write(change)
    record(
        Event.Verb.TAKE_DOWN,
        entry,
        by,
        revision=revision,
        from_state=state,
        reason=reason,
        cancelled=[span.live_from.isoformat() for span in stored.ahead],
    )


@verb
def withhold(revision: Revision, reason: str, *, by: User) -> Revision:
    """Blanks a text for good: for leaked personal data, or words that endanger somebody.

    It stops being public at this instant, its schedule is cancelled, and its address
    answers 410 until another text is published there. The row, its date, the event and
    the reason stay. For superusers. Raises NotPermitted, ReasonNeeded, Withheld.
    """
    if by is not None and not (by.is_active and by.is_superuser):
        raise NotPermitted("Only a superuser withholds a text.")
    reason = need_reason(reason)
    entry = locked(revision.entry_id)
    revision = Revision.objects.select_related("entry").get(pk=revision.pk)
    if revision.withheld_at:
        raise Withheld(revision)
    state = standing(entry)
    stored = _Stored(entry)
    stored.write(stored.timeline.without(revision.pk, stored.at))
    for name, value in WITHHELD_TEXT.items():
        setattr(revision, name, value)
    revision.withheld_at = now()
    revision.save(update_fields=(*WITHHELD_TEXT, "sort_title", "withheld_at", *Derived._fields))
    record(Event.Verb.WITHHOLD, entry, by, revision=revision, from_state=state, reason=reason)
    return revision


def _check_fit(revision: Revision, entry: Entry, by: User, *, was_live: bool = False) -> Revision:
    """The revision as it is stored now. Raises unless it may be published."""
    revision = Revision.objects.with_taxonomy().get(pk=revision.pk)
    revision.entry = entry
    if revision.withheld_at:
        raise Withheld(revision)
    if problems := publishing_problems(Text.of(revision), entry.kind):
        raise NotPublishable(problems)
    if not was_live:
        check_approved(revision, by)
    return revision


def _whole(moment: datetime | None) -> datetime | None:
    """In whole milliseconds, as every public time is stored."""
    return moment and moment.replace(microsecond=moment.microsecond // 1000 * 1000)
