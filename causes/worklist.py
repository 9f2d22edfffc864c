"""What needs doing, for the front page of the desk and for the reminders by e-mail.

Every section is one query, whatever the number of rows.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Window
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from causes.models import Entry, Event, Publication, Review, Source, Tag
from causes.models.entry import INTRODUCTION
from causes.models.revision import LONG_OF_REVISION
from causes.states import Step, at_step
from causes.text.likeness import near_duplicates

SHOWN = 8
"""Rows of a section; its total and a link tell of the rest."""

DUE_SOON = timedelta(days=60)


@dataclass(frozen=True)
class Row:
    label: str
    path: str
    detail: str = ""


@dataclass(frozen=True)
class Section:
    key: str
    title: str
    rows: list[Row]
    total: int
    more: str = ""
    """The path of a list with all of them, if the desk has one."""
    concerns: tuple[str, ...] = field(default=())
    """Whom it is mailed to: those with one of these permissions of the app. None: its owner."""


def sections(user: Any) -> list[Section]:
    """All there is to do, as this person sees it; empty sections too."""
    return list(_sections(user))


def concerning(user: Any) -> list[Section]:
    """What this person can do something about, without empty sections."""
    return [
        section
        for section in _sections(user)
        if section.total
        and (
            not section.concerns
            or any(user.has_perm(f"causes.{name}") for name in section.concerns)
        )
    ]


def _sections(user: User) -> Iterator[Section]:
    step, verb = Step, Event.Verb
    mine: Any = at_step(step.DRAFT).filter(
        revisions__author=user, revisions__number=F("last_number")
    )
    # A text that was public, and was taken down, is no draft that somebody still works on.
    shown = Publication.objects.filter(
        entry=OuterRef("pk"), revision__number=OuterRef("last_number")
    )
    mine = mine.exclude(Exists(shown))
    yield _entries("mine", "Drafts of mine", mine, "saved {saved}")
    waiting = _at(step.SUBMITTED, verb.SUBMIT)
    more = f"{_list('cause')}?step=submitted"
    concerns = ("approve_entry", "send_back_entry")
    yield _entries("waiting", "Waiting for approval", waiting, _BY, more, concerns)
    back = _at(step.SENT_BACK, verb.SEND_BACK).filter(revisions__author=user)
    yield _entries("sent-back", "Sent back to me", back, _BY)
    approved = _at(step.APPROVED, verb.APPROVE)
    more = f"{_list('cause')}?step=approved"
    yield _entries("approved", "Approved, not yet public", approved, _BY, more, ("publish_entry",))
    yield from _scheduled()
    yield from _reviews()
    yield _uncited()
    yield from _sources()
    yield from _tags()


_BY = "{who}, {at}{why}"


def _at(step: Step, verb: Event.Verb) -> Any:
    """Entries at a step, found from the events that lead there: those are few."""
    led = Event.objects.filter(verb=verb).exclude(entry=None)
    return (
        at_step(step).filter(pk__in=led.values("entry")).filter(revisions__number=F("last_number"))
    )


def _entries(
    key: str,
    title: str,
    entries: Any,
    detail: str,
    more: str = "",
    concerns: tuple[str, ...] = (),
) -> Section:
    last = Event.objects.filter(entry=OuterRef("pk"), verb__in=Event.STEPS).order_by("-pk")
    rows = entries.annotate(
        newest_title=F("revisions__title"),
        newest_at=F("revisions__created_at"),
        step_at=Subquery(last.values("at")[:1]),
        step_by=Subquery(last.values("actor__username")[:1]),
        step_why=Subquery(last.values("reason")[:1]),
        total=Window(Count("pk")),
    ).order_by("-newest_at", "pk")[:SHOWN]
    found = [
        Row(
            row.newest_title,
            _change(row.kind, row.pk),
            detail.format(
                saved=_moment(row.newest_at),
                at=_moment(row.step_at) if row.step_at else "",
                who=row.step_by or "somebody",
                why=f": {row.step_why}" if row.step_why else "",
            ),
        )
        for row in rows
    ]
    return Section(key, title, found, rows[0].total if rows else 0, more, concerns)


def _spans(
    key: str, title: str, spans: Any, detail: Any, concerns: tuple[str, ...], order: Iterable[str]
) -> Section:
    rows = (
        spans.select_related("entry", "revision")
        .defer(*LONG_OF_REVISION, "revision__summary")
        .annotate(total=Window(Count("pk")))
        .order_by(*order)[:SHOWN]
    )
    found = [
        Row(row.revision.title, _change(row.entry.kind, row.entry_id), detail(row)) for row in rows
    ]
    return Section(key, title, found, rows[0].total if rows else 0, "", concerns)


def _scheduled() -> Iterator[Section]:
    concerns = ("publish_entry",)
    yield _spans(
        "scheduled",
        "Scheduled to be published",
        Publication.objects.upcoming(),
        lambda row: f"revision {row.revision.number} on {_moment(row.live_from)}",
        concerns,
        ("live_from", "pk"),
    )
    same = Publication.objects.filter(entry=OuterRef("entry"), live_from=OuterRef("live_until"))
    ending = Publication.objects.live().exclude(live_until=None).exclude(Exists(same))
    yield _spans(
        "ending",
        "Scheduled to be taken down",
        ending,
        lambda row: f"on {_moment(row.live_until)}",
        concerns,
        ("live_until", "pk"),
    )


def _reviews() -> Iterator[Section]:
    today = timezone.localdate()
    later = Review.objects.filter(revision__entry=OuterRef("revision__entry")).order_by(
        "-reviewed_on", "-pk"
    )
    live = Publication.objects.live().filter(entry=OuterRef("revision__entry"))
    latest = (
        Review.objects.exclude(due_on=None)
        .filter(pk=Subquery(later.values("pk")[:1]))
        .annotate(live_title=Subquery(live.values("revision__title")[:1]))
        .exclude(live_title=None)
        .select_related("revision__entry")
        .defer(*LONG_OF_REVISION)
    )
    overdue, soon = latest.filter(due_on__lte=today), latest.filter(due_on__gt=today)
    yield _review_section("overdue", "Reviews overdue", overdue)
    soon = soon.filter(due_on__lte=today + DUE_SOON)
    yield _review_section("due", f"Reviews due within {DUE_SOON.days} days", soon)
    latest_of_entry = Review.objects.filter(revision__entry=OuterRef("entry"))
    reviewed = latest_of_entry.order_by("-reviewed_on", "-pk").values("revision")[:1]
    edited = (
        Publication.objects.live()
        .filter(entry__in=Review.objects.values("revision__entry"))
        .annotate(reviewed=Subquery(reviewed))
        .exclude(reviewed=F("revision"))
    )
    yield _spans(
        "edited",
        "Live pages edited since their review",
        edited,
        lambda row: f"revision {row.revision.number} is public since {_moment(row.live_from)}",
        ("review_entry",),
        ("live_from", "pk"),
    )


def _review_section(key: str, title: str, reviews: QuerySet[Any]) -> Section:
    rows = reviews.annotate(total=Window(Count("pk"))).order_by("due_on", "pk")[:SHOWN]
    found = [
        Row(
            row.live_title,
            _change(row.revision.entry.kind, row.revision.entry_id),
            f"due {date_format(row.due_on, 'j M Y')}, last by {row.reviewer}",
        )
        for row in rows
    ]
    return Section(key, title, found, rows[0].total if rows else 0, "", ("review_entry",))


def _uncited() -> Section:
    # Standing pages such as the imprint state nothing that needs a source.
    stating = Publication.objects.live().filter(
        Q(entry__kind=Entry.Kind.CAUSE) | Q(entry__slug=INTRODUCTION)
    )
    return _spans(
        "uncited",
        "Live pages with paragraphs without a citation",
        stating.filter(revision__uncited__gt=0),
        lambda row: f"{row.revision.uncited} paragraph{'' if row.revision.uncited == 1 else 's'}",
        ("change_cause", "change_page"),
        ("-revision__uncited", "pk"),
    )


def _sources() -> Iterator[Section]:
    concerns = ("change_source",)
    unchecked = Source.objects.filter(checked_on=None, withdrawn_on=None)
    more = f"{_list('source')}?checked=no"
    yield _source_section("unchecked", "Sources never checked", unchecked, more, concerns)
    withdrawn = Source.objects.exclude(withdrawn_on=None).with_live()
    more = f"{_list('source')}?checked=withdrawn"
    title = "Withdrawn sources that a live page cites"
    yield _source_section("withdrawn", title, withdrawn, more, concerns)


def _source_section(
    key: str, title: str, sources: Any, more: str, concerns: tuple[str, ...]
) -> Section:
    rows = sources.annotate(total=Window(Count("pk"))).order_by("key")[:SHOWN]
    found = [Row(f"[@{row.key}]", _change("source", row.pk), row.title) for row in rows]
    return Section(key, title, found, rows[0].total if rows else 0, more, concerns)


def _tags() -> Iterator[Section]:
    concerns = ("merge_tag",)
    tags = Tag.objects.current().annotate(used=Count("links"), old_names=Count("aliases"))
    tags = tags.order_by("sort_name")
    by_name = {tag.name: tag for tag in tags}
    unused = [tag for tag in by_name.values() if not tag.used and not tag.old_names]
    rows = [Row(tag.name, _change("tag", tag.pk)) for tag in unused[:SHOWN]]
    yield Section("unused", "Tags that no text has", rows, len(unused), _list("tag"), concerns)
    pairs = near_duplicates(by_name)
    rows = [
        Row(f"{one} / {other}", reverse("admin:causes_tag_merge", args=[by_name[one].pk]))
        for one, other in pairs[:SHOWN]
    ]
    title = "Tags that may be one and the same"
    yield Section("near", title, rows, len(pairs), _list("tag"), concerns)


def _change(kind: str, pk: int) -> str:
    return reverse(f"admin:causes_{kind}_change", args=[pk])


def _list(kind: str) -> str:
    return reverse(f"admin:causes_{kind}_changelist")


def _moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "j M Y, H:i")
