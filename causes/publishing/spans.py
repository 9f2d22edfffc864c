"""The verbs that lay and end spans: what readers see, and from when to when."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from causes.clock import now
from causes.models import Entry, Event, Publication, Revision
from causes.models.derived import derive_if_outdated
from causes.models.revision import LONG_OF_REVISION, WITHHELD_TITLE
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

MILLISECOND = timedelta(milliseconds=1)
SECOND = timedelta(seconds=1)


@verb
def publish(revision: Revision, *, by: User, reason: str = "") -> Publication:
    """Makes this text the public one, from now on.

    The text that was public stops being so at the same instant. If another is
    scheduled, the new span ends when that one begins. A text that is live already
    stays so, and nothing is written. Raises NotPermitted, NotPublishable, FourEyes,
    Withheld.
    """
    need(by, "publish_entry")
    entry = locked(revision.entry_id)
    spans = _last_spans(entry)
    at = now()
    live = next((span for span in spans if span.is_live(at)), None)
    was_live = live is not None and live.revision_id == revision.pk
    revision = _check_fit(revision, entry, by, was_live=was_live)
    if live and was_live:
        return live
    state = standing(entry)
    at = _next_instant(spans)
    for span in spans:
        if span.is_live(at):
            span.live_until = at
            span.save(update_fields=["live_until"])
    ahead = [span for span in spans if span.live_from > at]
    upcoming = min(ahead, key=lambda span: span.live_from, default=None)
    made: Publication = Publication.objects.create(
        entry=entry,
        revision=revision,
        live_from=at,
        live_until=upcoming.live_from if upcoming else None,
    )
    derive_if_outdated(revision)
    details = {"span": str(made.uuid)} | ({"ends_for": str(upcoming.uuid)} if upcoming else {})
    record(
        Event.Verb.PUBLISH, entry, by, revision=revision, from_state=state, reason=reason, **details
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
    at = now()
    publish_at, take_down_at = _whole(publish_at), _whole(take_down_at)
    for field, moment in (("publish_at", publish_at), ("take_down_at", take_down_at)):
        if moment is not None and moment <= at + SECOND:
            raise WrongMoment(field, f"{shown(moment)} is past: choose a moment that is to come.")
    if publish_at is None:
        if take_down_at is None:
            raise WrongMoment("publish_at", "Say when it should be published or taken down.")
        return _schedule_end(entry, revision, take_down_at, by, reason)
    if take_down_at is not None and take_down_at <= publish_at:
        raise WrongMoment("take_down_at", "It can only be taken down after it is published.")
    spans = Publication.objects.filter(entry=entry)
    revision = _check_fit(revision, entry, by)
    if ahead := spans.upcoming().select_related("revision").first():
        raise AlreadyScheduled(
            f"Revision {ahead.revision.number} is scheduled for {shown(ahead.live_from)}."
        )
    state = standing(entry)
    details: dict[str, Any] = {"publish_at": publish_at.isoformat()}
    if take_down_at:
        details["take_down_at"] = take_down_at.isoformat()
    for span in spans.live(publish_at):
        until = span.live_until.isoformat() if span.live_until else None
        details |= {"closed": str(span.uuid), "closed_until": until}
        span.live_until = publish_at
        span.save(update_fields=["live_until"])
    made: Publication = Publication.objects.create(
        entry=entry, revision=revision, live_from=publish_at, live_until=take_down_at
    )
    derive_if_outdated(revision)
    details["span"] = str(made.uuid)
    record(
        Event.Verb.SCHEDULE,
        entry,
        by,
        revision=revision,
        from_state=state,
        reason=reason,
        **details,
    )
    return made


def _schedule_end(
    entry: Entry, revision: Revision, take_down_at: datetime, by: User, reason: str
) -> Publication:
    spans = Publication.objects.filter(entry=entry)
    live: Publication | None = spans.live().filter(revision=revision).first()
    if live is None:
        raise NotLive(entry)
    ahead = spans.upcoming().select_related("revision").first()
    for_ahead = ahead is not None and live.live_until == ahead.live_from
    if live.live_until and not for_ahead:
        raise AlreadyScheduled(f"It is to be taken down on {shown(live.live_until)} already.")
    if ahead and take_down_at >= ahead.live_from:
        raise AlreadyScheduled(
            f"Revision {ahead.revision.number} takes its place on {shown(ahead.live_from)}."
        )
    state = standing(entry)
    live.live_until = take_down_at
    live.save(update_fields=["live_until"])
    record(
        Event.Verb.SCHEDULE,
        entry,
        by,
        revision=revision,
        from_state=state,
        reason=reason,
        take_down_at=take_down_at.isoformat(),
        span=str(live.uuid),
    )
    return live


@verb
def cancel_schedule(entry: Entry, *, by: User, reason: str = "") -> Publication | None:
    """Cancels the publication that is ahead, or else the take-down that is.

    The span before it is reopened if the schedule had closed it, and is returned
    then. Raises NotPermitted, NothingScheduled.
    """
    need(by, "publish_entry")
    entry = locked(entry.pk)
    spans = Publication.objects.filter(entry=entry)
    state = standing(entry)
    ahead = spans.upcoming(now() + SECOND).select_related("revision").order_by("-live_from").first()
    if ahead is not None:
        reopened = _cancel(ahead)
        revision, details = ahead.revision, {"publish_at": ahead.live_from.isoformat()}
    else:
        live = spans.live().select_related("revision").first()
        if live is None or live.live_until is None or live.live_until <= now() + SECOND:
            raise NothingScheduled(entry)
        revision, details = live.revision, {"take_down_at": live.live_until.isoformat()}
        live.live_until = None
        live.save(update_fields=["live_until"])
        reopened = live
    record(
        Event.Verb.CANCEL_SCHEDULE,
        entry,
        by,
        revision=revision,
        from_state=state,
        reason=reason,
        reopened=str(reopened.uuid) if reopened else None,
        **details,
    )
    return reopened


def _cancel(ahead: Publication) -> Publication | None:
    """Forgets a span that has not begun, and reopens the one that had been closed for it."""
    before: Publication | None = Publication.objects.filter(
        entry=ahead.entry_id, live_until=ahead.live_from
    ).first()
    until: datetime | None = None
    if before is not None:
        log = Event.objects.filter(entry=ahead.entry_id)
        made = {"verb": Event.Verb.SCHEDULE, "details__closed": str(before.uuid)}
        closed = log.filter(details__span=str(ahead.uuid), **made).first()
        made = {"verb": Event.Verb.PUBLISH, "details__ends_for": str(ahead.uuid)}
        published = log.filter(details__span=str(before.uuid), **made).exists()
        if closed is None and not published:
            before = None
        elif closed and closed.details["closed_until"]:
            until = datetime.fromisoformat(closed.details["closed_until"])
    ahead.delete()
    if before is not None:
        before.live_until = until
        before.save(update_fields=["live_until"])
    return before


@verb
def take_down(entry: Entry, *, by: User, reason: str = "", cancel_scheduled: bool = False) -> None:
    """Ends the span that is live, and cancels those that have not begun.

    Raises NotPermitted, NotLive, and ScheduledAhead when something is scheduled
    and `cancel_scheduled` does not say that it may go.
    """
    need(by, "publish_entry")
    entry = locked(entry.pk)
    spans = Publication.objects.filter(entry=entry)
    ahead = list(spans.upcoming().select_related("revision"))
    live = spans.live().select_related("revision").first()
    if live is None and not ahead:
        raise NotLive(entry)
    if ahead and not cancel_scheduled:
        raise ScheduledAhead(ahead)
    state = standing(entry)
    for span in ahead:
        span.delete()
    if live is not None:
        live.live_until = _next_instant(spans)
        live.save(update_fields=["live_until"])
    revision = live.revision if live else ahead[0].revision
    record(
        Event.Verb.TAKE_DOWN,
        entry,
        by,
        revision=revision,
        from_state=state,
        reason=reason,
        cancelled=[span.live_from.isoformat() for span in ahead],
    )


@verb
def withhold(revision: Revision, reason: str, *, by: User) -> Revision:
    """Blanks a text for good: for leaked personal data, or words that endanger somebody.

    It stops being public at this instant, what was scheduled of it is cancelled, and
    its address answers 410 until another text is published there. The row, its date,
    the event and the reason stay. For superusers. Raises NotPermitted, ReasonNeeded,
    Withheld.
    """
    if by is not None and not (by.is_active and by.is_superuser):
        raise NotPermitted("Only a superuser withholds a text.")
    reason = need_reason(reason)
    entry = locked(revision.entry_id)
    revision = Revision.objects.select_related("entry").get(pk=revision.pk)
    if revision.withheld_at:
        raise Withheld(revision)
    state = standing(entry)
    spans = Publication.objects.filter(entry=entry)
    for ahead in spans.upcoming().filter(revision=revision):
        _cancel(ahead)
    for live in spans.live().filter(revision=revision):
        live.live_until = _next_instant(spans)
        live.save(update_fields=["live_until"])
    revision.title, revision.summary, revision.body, revision.note = WITHHELD_TITLE, "", "", ""
    revision.withheld_at = now()
    blanked = ("title", "sort_title", "summary", "body", "note", "withheld_at", *Derived._fields)
    revision.save(update_fields=blanked)
    record(Event.Verb.WITHHOLD, entry, by, revision=revision, from_state=state, reason=reason)
    return revision


def _last_spans(entry: Entry) -> list[Publication]:
    """The latest spans of an entry: all that a new one can meet, since none overlap."""
    rows = Publication.objects.filter(entry=entry).select_related("revision")
    spans = list(rows.defer(*LONG_OF_REVISION).order_by("-live_from")[:5])
    for span in spans:
        span.entry = entry
    return spans


def _check_fit(revision: Revision, entry: Entry, by: User, *, was_live: bool = False) -> Revision:
    """The revision as it is now, which may be published."""
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


def _next_instant(spans: Iterable[Publication]) -> datetime:
    """Now, or one millisecond after the last instant that begun spans know of.

    Two verbs in one millisecond, or a clock that was set back, must not make
    spans that are empty or in the wrong order.
    """
    at = now()
    for span in sorted(spans, key=lambda span: span.live_from):
        if span.live_from > at + SECOND:
            break
        at = max(at, span.live_from + MILLISECOND)
        if span.live_until and span.live_until <= at + SECOND:
            at = max(at, span.live_until)
    return at
