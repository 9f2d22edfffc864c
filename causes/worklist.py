"""The work to do: for the front page of the desk, and for reminders by e-mail.

Each section is one query, however many rows it has.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Window
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from causes.models import Entry, Event, Publication, Review, Source, Tag
from causes.models.entry import INTRODUCTION
from causes.models.revision import LONG_OF_REVISION
from causes.states import Step, at_step
from causes.text.likeness import near_duplicates

SHOWN = 8
"""Rows of a section that are shown. Its total, and a link if there is a list, cover the rest."""

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
    """The path of a list with all rows, if the desk has one."""
    concerns: tuple[str, ...] = field(default=())
    """The section is mailed to people with one of these permissions of the app.

    An empty tuple means that it is about the person's own texts.
    """


def sections(user: Any) -> list[Section]:
    """All sections as this person sees them, including empty ones."""
    return list(_sections(user))


def concerning(user: Any) -> list[Section]:
    """The sections with rows that this person can act on."""
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
    yield from _drafts(user)
    yield from _scheduled()
    yield from _reviews()
    yield _uncited()
    yield from _sources()
    yield from _tags()


def _section(
    key: str,
    title: str,
    rows: Any,
    order: Iterable[str],
    row_of: Callable[[Any], Row],
    concerns: tuple[str, ...],
    more: str = "",
) -> Section:
    """A section made from a queryset, in one query."""
    found = list(rows.annotate(total=Window(Count("pk"))).order_by(*order)[:SHOWN])
    total = found[0].total if found else 0
    return Section(key, title, [row_of(row) for row in found], total, more, concerns)


# Drafts ---------------------------------------------------------------------------------


def _drafts(user: User) -> Iterator[Section]:
    own, verb = {"revisions__author": user}, Event.Verb
    # A text that was public before is not a draft that somebody is still working on.
    public = Publication.objects.filter(
        entry=OuterRef("pk"), revision__number=OuterRef("last_number")
    )
    mine = at_step(Step.DRAFT).filter(revisions__number=F("last_number"), **own)
    mine = mine.exclude(Exists(public))
    yield _entries("mine", "My drafts", mine, lambda row: f"saved {_moment(row.newest_at)}")
    waiting = _reached(Step.SUBMITTED, verb.SUBMIT)
    concerns = ("approve_entry", "send_back_entry")
    yield _entries("waiting", "Waiting for approval", waiting, _last_step, concerns, "submitted")
    back = _reached(Step.SENT_BACK, verb.SEND_BACK).filter(**own)
    yield _entries("sent-back", "Sent back to me", back, _last_step)
    title, approved = "Approved, not yet public", _reached(Step.APPROVED, verb.APPROVE)
    yield _entries("approved", title, approved, _last_step, ("publish_entry",), "approved")


def _reached(step: Step, verb: Event.Verb) -> Any:
    """Entries at a step. The few events that lead to it narrow the search."""
    led = Event.objects.filter(verb=verb).exclude(entry=None)
    entries = at_step(step).filter(pk__in=led.values("entry"))
    return entries.filter(revisions__number=F("last_number"))


def _entries(
    key: str,
    title: str,
    entries: Any,
    detail: Callable[[Any], str],
    concerns: tuple[str, ...] = (),
    step: str = "",
) -> Section:
    last = Event.objects.filter(entry=OuterRef("pk"), verb__in=Event.STEPS).order_by("-pk")
    rows = entries.annotate(
        newest_title=F("revisions__title"),
        newest_at=F("revisions__created_at"),
        step_at=Subquery(last.values("at")[:1]),
        step_by=Subquery(last.values("actor__username")[:1]),
        step_why=Subquery(last.values("reason")[:1]),
    )

    more = f"{_list('cause')}?step={step}" if step else ""
    return _section(
        key,
        title,
        rows,
        ("-newest_at", "pk"),
        lambda row: Row(row.newest_title, _change(row.kind, row.pk), detail(row)),
        concerns,
        more,
    )


def _last_step(row: Any) -> str:
    at = _moment(row.step_at) if row.step_at else ""
    why = f": {row.step_why}" if row.step_why else ""
    return f"{row.step_by or 'somebody'}, {at}{why}"


# Publications and reviews ---------------------------------------------------------------


def _publications(
    key: str,
    title: str,
    publications: Any,
    detail: Callable[[Any], str],
    concerns: tuple[str, ...],
    order: Iterable[str],
) -> Section:
    rows = publications.select_related("entry", "revision")
    rows = rows.defer(*LONG_OF_REVISION, "revision__summary")

    return _section(
        key,
        title,
        rows,
        order,
        lambda row: Row(row.revision.title, _change(row.entry.kind, row.entry_id), detail(row)),
        concerns,
    )


def _scheduled() -> Iterator[Section]:
    concerns = ("publish_entry",)
    yield _publications(
        "scheduled",
        "Scheduled to be published",
        Publication.objects.upcoming(),
        lambda row: f"revision {row.revision.number} on {_moment(row.live_from)}",
        concerns,
        ("live_from", "pk"),
    )
    following = Publication.objects.filter(
        entry=OuterRef("entry"), live_from=OuterRef("live_until")
    )
    yield _publications(
        "ending",
        "Scheduled to be taken down",
        Publication.objects.live().exclude(live_until=None).exclude(Exists(following)),
        lambda row: f"on {_moment(row.live_until)}",
        concerns,
        ("live_until", "pk"),
    )


def _reviews() -> Iterator[Section]:
    today = timezone.localdate()
    reviews = Review.objects.filter(revision__entry=OuterRef("revision__entry"))
    live = Publication.objects.live().filter(entry=OuterRef("revision__entry"))
    latest = (
        Review.objects.exclude(due_on=None)
        .filter(pk=Subquery(reviews.order_by("-reviewed_on", "-pk").values("pk")[:1]))
        .annotate(live_title=Subquery(live.values("revision__title")[:1]))
        .exclude(live_title=None)
        .select_related("revision__entry")
        .defer(*LONG_OF_REVISION)
    )
    yield _review_section("overdue", "Reviews overdue", latest.filter(due_on__lte=today))
    soon = latest.filter(due_on__gt=today, due_on__lte=today + DUE_SOON)
    yield _review_section("due", f"Reviews due within {DUE_SOON.days} days", soon)
    of_entry = Review.objects.filter(revision__entry=OuterRef("entry"))
    reviewed = of_entry.order_by("-reviewed_on", "-pk").values("revision")[:1]
    edited = Publication.objects.live().filter(entry__in=Review.objects.values("revision__entry"))
    yield _publications(
        "edited",
        "Live pages edited since their review",
        edited.annotate(reviewed=Subquery(reviewed)).exclude(reviewed=F("revision")),
        lambda row: (
            f"revision {row.revision.number} has been public since {_moment(row.live_from)}"
        ),
        ("review_entry",),
        ("live_from", "pk"),
    )


def _review_section(key: str, title: str, reviews: Any) -> Section:
    return _section(
        key,
        title,
        reviews,
        ("due_on", "pk"),
        lambda row: Row(
            row.live_title,
            _change(row.revision.entry.kind, row.revision.entry_id),
            f"due {date_format(row.due_on, 'j M Y')}, last by {row.reviewer}",
        ),
        ("review_entry",),
    )


def _uncited() -> Section:
    # Pages such as the imprint state nothing that needs a source.
    stating = Publication.objects.live().filter(
        Q(entry__kind=Entry.Kind.CAUSE) | Q(entry__slug=INTRODUCTION)
    )
    return _publications(
        "uncited",
        "Live pages with paragraphs without a citation",
        stating.filter(revision__uncited__gt=0),
        lambda row: f"{row.revision.uncited} paragraph{'' if row.revision.uncited == 1 else 's'}",
        ("change_cause", "change_page"),
        ("-revision__uncited", "pk"),
    )


# Sources and tags -----------------------------------------------------------------------


def _sources() -> Iterator[Section]:
    unchecked = Source.objects.filter(checked_on=None, withdrawn_on=None)
    yield _source_section("unchecked", "Sources never checked", unchecked, "no")
    withdrawn = Source.objects.exclude(withdrawn_on=None).with_live()
    title = "Withdrawn sources that a live page cites"
    yield _source_section("withdrawn", title, withdrawn, "withdrawn")


def _source_section(key: str, title: str, sources: Any, checked: str) -> Section:
    more = f"{_list('source')}?checked={checked}"
    return _section(
        key,
        title,
        sources,
        ("key",),
        lambda row: Row(f"[@{row.key}]", _change("source", row.pk), row.title),
        ("change_source",),
        more,
    )


def _tags() -> Iterator[Section]:
    concerns, more = ("merge_tag",), _list("tag")
    tags = Tag.objects.current().annotate(used=Count("links"), old_names=Count("aliases"))
    by_name = {tag.name: tag for tag in tags.order_by("sort_name")}
    unused = [tag for tag in by_name.values() if not tag.used and not tag.old_names]
    rows = [Row(tag.name, _change("tag", tag.pk)) for tag in unused[:SHOWN]]
    yield Section("unused", "Tags that no text has", rows, len(unused), more, concerns)
    pairs = near_duplicates(by_name)
    rows = [
        Row(f"{one} / {other}", reverse("admin:causes_tag_merge", args=[by_name[one].pk]))
        for one, other in pairs[:SHOWN]
    ]
    yield Section("near", "Tags that may be the same", rows, len(pairs), more, concerns)


def _change(kind: str, pk: int) -> str:
    return reverse(f"admin:causes_{kind}_change", args=[pk])


def _list(kind: str) -> str:
    return reverse(f"admin:causes_{kind}_changelist")


def _moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "j M Y, H:i")
