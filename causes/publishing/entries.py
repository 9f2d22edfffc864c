"""The verbs of entries. Only this module writes spans and events of entries."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from django.contrib.auth.models import User as UserRow
from django.db import transaction

from causes import database
from causes.models import Entry, Event, Publication, Redirect, Review, Revision, TaggedRevision
from causes.models.clock import now
from causes.publishing.situations import NotLive, NotPublishable, SlugTaken, StaleDraft, UnsoundText
from causes.publishing.text import Text, publishing_problems, unsound

P = ParamSpec("P")
R = TypeVar("R")
User = UserRow | None

MILLISECOND = timedelta(milliseconds=1)


def verb(function: Callable[P, R]) -> Callable[P, R]:
    """One transaction under the one lock; what the verb reads, it reads after taking it."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with transaction.atomic():
            database.lock()
            return function(*args, **kwargs)

    return run


def record(
    verb: Event.Verb,
    entry: Entry,
    by: User,
    *,
    revision: Revision | None = None,
    from_state: str = "",
    reason: str = "",
    **details: Any,
) -> Event:
    return Event.objects.create(
        verb=verb,
        subject=f"{entry.kind} {entry.slug}",
        entry_id=entry.pk,
        revision_uuid=revision.uuid if revision else None,
        from_state=from_state,
        reason=reason,
        details=details,
        actor=by,
        at=now(),
    )


@verb
def create_entry(kind: str, slug: str, text: Text, *, by: User, note: str = "") -> Entry:
    """Makes an entry with its first draft.

    Raises SlugTaken for a slug that is malformed, reserved or in use, UnsoundText
    for a text that cannot be stored.
    """
    _check_slug(slug, kind)
    entry = Entry.objects.create(kind=kind, slug=slug, created_at=now())
    _add_revision(entry, text.tidied(), by=by, base=None, note=note)
    return entry


@verb
def save_draft(
    entry: Entry, text: Text, *, by: User, base: UUID | None, note: str = ""
) -> Revision:
    """Adds a revision on top of the entry's newest one; readers see no difference.

    `base` is the revision that the text in hand started from. Returns the newest
    revision as it was when the text does not differ from it. Raises StaleDraft when
    the newest one is not the base, UnsoundText when the text cannot be stored.
    """
    entry = Entry.objects.select_for_update().get(pk=entry.pk)
    text = text.tidied()
    newest: Revision | None = entry.newest
    if newest is not None:
        if Text.of(newest) == text:
            return newest
        if newest.uuid != base:
            started = Revision.objects.filter(entry=entry, uuid=base).first() if base else None
            raise StaleDraft(newest, started)
    return _add_revision(entry, text, by=by, base=base, note=note)


@verb
def publish(revision: Revision, *, by: User, reason: str = "") -> Publication:
    """Makes this text the public one, from now on.

    The text that was public stops being so at the same instant. If another is
    scheduled, the new span ends when that one begins. A text that is live already
    stays so, and nothing is written. Raises NotPublishable.
    """
    entry = Entry.objects.select_for_update().get(pk=revision.entry_id)
    if problems := publishing_problems(Text.of(revision), entry.kind):
        raise NotPublishable(problems)
    spans = Publication.objects.filter(entry=entry)
    if live := spans.live().filter(revision=revision).first():
        return live
    state = entry.state
    at = _next_instant(spans)
    for span in spans.live(at):
        span.live_until = at
        span.save(update_fields=["live_until"])
    upcoming = spans.upcoming(at).order_by("live_from").first()
    made = Publication.objects.create(
        entry=entry,
        revision=revision,
        live_from=at,
        live_until=upcoming.live_from if upcoming else None,
    )
    record(Event.Verb.PUBLISH, entry, by, revision=revision, from_state=state, reason=reason)
    return made


@verb
def take_down(entry: Entry, *, by: User, reason: str = "") -> None:
    """Ends the span that is live, and cancels those that have not begun. Raises NotLive."""
    entry = Entry.objects.select_for_update().get(pk=entry.pk)
    spans = Publication.objects.filter(entry=entry)
    ahead = list(spans.upcoming())
    live = spans.live().select_related("revision").first()
    if live is None and not ahead:
        raise NotLive(entry)
    state = entry.state
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
def restore(revision: Revision, *, by: User, reason: str = "") -> Revision:
    """Makes an old text the newest draft. Nothing is erased, and readers see no difference."""
    entry = Entry.objects.select_for_update().get(pk=revision.entry_id)
    newest: Revision = entry.newest
    text = Text.of(revision)
    if Text.of(newest) == text:
        return newest
    note = f"Restored revision {revision.number}." + (f" {reason}" if reason else "")
    made = _add_revision(entry, text, by=by, base=revision.uuid, note=note[:300])
    record(
        Event.Verb.RESTORE,
        entry,
        by,
        revision=made,
        from_state=entry.state,
        reason=reason,
        restored=str(revision.uuid),
    )
    return made


@verb
def rename(entry: Entry, slug: str, *, by: User, reason: str = "") -> Entry:
    """Gives an entry another address, at once; its old one redirects if it was ever public.

    Raises SlugTaken. The slug of a redirect that leads to this very entry is free for it.
    """
    entry = Entry.objects.select_for_update().get(pk=entry.pk)
    if slug == entry.slug:
        return entry
    _check_slug(slug, entry.kind, entry)
    old, state = entry.slug, entry.state
    Redirect.objects.filter(slug=slug, entry=entry).delete()
    if entry.ever_public():
        Redirect.objects.create(slug=old, entry=entry)
    entry.slug = slug
    entry.save(update_fields=["slug"])
    record(Event.Verb.RENAME, entry, by, from_state=state, reason=reason, before=old, after=slug)
    return entry


@verb
def record_review(
    revision: Revision,
    *,
    by: User,
    reviewer: str,
    qualification: str,
    reviewed_on: date,
    due_on: date | None = None,
    notes: str = "",
) -> Review:
    """Writes down that a qualified person reviewed this exact text. It is no edit."""
    review = Review.objects.create(
        revision=revision,
        reviewer=reviewer,
        qualification=qualification,
        reviewed_on=reviewed_on,
        due_on=due_on,
        notes=notes,
        recorded_by=by,
    )
    record(Event.Verb.REVIEW, revision.entry, by, revision=revision, reviewer=reviewer)
    return review


def _check_slug(slug: str, kind: str, entry: Entry | None = None) -> None:
    if objection := Entry.slug_objection(slug, kind):
        raise SlugTaken(objection)
    if taken := Entry.objects.filter(slug=slug).first():
        raise SlugTaken(f"The slug {slug!r} is taken by another {taken.kind}: choose another one.")
    old = Redirect.objects.filter(slug=slug).exclude(entry=entry).select_related("entry").first()
    if old:
        raise SlugTaken(
            f"The slug {slug!r} is an old address of {old.entry.slug!r} and leads there: "
            "choose another one."
        )


def _add_revision(entry: Entry, text: Text, *, by: User, base: UUID | None, note: str) -> Revision:
    if problems := unsound(text, note):
        raise UnsoundText(problems)
    entry.last_number += 1
    entry.save(update_fields=["last_number"])
    revision = Revision.objects.create(
        entry=entry,
        number=entry.last_number,
        based_on=base,
        title=text.title,
        summary=text.summary,
        body=text.body,
        category=text.category,
        tag_count=len(text.tags),
        note=note.strip(),
        author=by,
        created_at=now(),
    )
    for tag in sorted(text.tags, key=lambda tag: tag.slug):
        TaggedRevision.objects.create(content_object=revision, tag=tag)
    return revision


def _next_instant(spans: Any) -> datetime:
    """Now, or one millisecond after the last instant that begun spans know of.

    Two verbs in one millisecond, or a clock that was set back, must not make
    spans that are empty or in the wrong order.
    """
    at = now()
    for span in spans.filter(live_from__lte=at + timedelta(seconds=1)):
        at = max(at, span.live_from + MILLISECOND)
        if span.live_until and span.live_until <= at + timedelta(seconds=1):
            at = max(at, span.live_until)
    return at
