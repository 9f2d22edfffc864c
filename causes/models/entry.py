"""An entry is an address. Its text is in its revisions."""

from datetime import datetime
from types import SimpleNamespace
from typing import Any, ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery

from causes.addresses import Addresses, addresses
from causes.clock import now
from causes.models.natural import NaturalKeyModel, NaturalKeyQuerySet
from causes.queries.prepared import Prepared
from causes.text.slugs import SLUG_LIMIT, SLUG_RULE, is_slug

INTRODUCTION = "introduction"
"""The slug of the page whose text opens the home page."""

RESERVED = frozenset(
    (
        "admin article categories causes feed healthz preview search sitemap sources static tags"
    ).split()
)
"""First parts of addresses that are not free for pages."""


def entry_address(kind: str, slug: str, where: Addresses | None = None) -> str:
    """Where an entry is read."""
    where = where or addresses()
    if kind == Entry.Kind.CAUSE:
        return where.of("cause", slug)
    return where.fixed("home") if slug == INTRODUCTION else where.of("page", slug)


class EntryQuerySet(NaturalKeyQuerySet["Entry"]):
    def with_state(self, at: datetime | None = None) -> "EntryQuerySet":
        """Adds what `Entry.state` is derived from, in the same query."""
        from causes.models.event import Event
        from causes.models.publication import Publication
        from causes.models.revision import Revision

        own = Publication.objects.filter(entry=OuterRef("pk"))
        live, ahead = own.live(at), own.upcoming(at)
        newest = Revision.objects.filter(
            entry=OuterRef("entry"), number=OuterRef("entry__last_number")
        )
        steps = Event.objects.filter(
            entry=OuterRef("pk"), verb__in=Event.STEPS, revision_uuid__in=newest.values("uuid")
        )
        return self.annotate(
            is_live=Exists(live),
            is_scheduled=Exists(ahead),
            was_public=Exists(own),
            newest_is_live=Exists(live.filter(revision__number=OuterRef("last_number"))),
            newest_is_ahead=Exists(ahead.filter(revision__number=OuterRef("last_number"))),
            last_step=Subquery(steps.order_by("-pk").values("verb")[:1]),
        )

    def in_state(self, state: str, at: datetime | None = None) -> "EntryQuerySet":
        """Entries in one of `Entry.State`, which is derived and stored nowhere."""
        conditions = {
            Entry.State.LIVE: Q(is_live=True, newest_is_live=True),
            Entry.State.LIVE_WITH_DRAFT: Q(is_live=True, newest_is_live=False),
            Entry.State.SCHEDULED: Q(is_live=False, is_scheduled=True),
            Entry.State.TAKEN_DOWN: Q(is_live=False, is_scheduled=False, was_public=True),
            Entry.State.DRAFT: Q(was_public=False),
        }
        return self.with_state(at).filter(conditions[Entry.State(state)])

    def at_step(self, step: str, at: datetime | None = None) -> "EntryQuerySet":
        """Entries whose newest text is at one of `Entry.Step`, derived like the state."""
        from causes.models.event import Event

        out = Q(newest_is_live=True) | Q(newest_is_ahead=True)
        conditions = {
            Entry.Step.OUT: out,
            Entry.Step.SUBMITTED: ~out & Q(last_step=Event.Verb.SUBMIT),
            Entry.Step.SENT_BACK: ~out & Q(last_step=Event.Verb.SEND_BACK),
            Entry.Step.APPROVED: ~out & Q(last_step=Event.Verb.APPROVE),
            Entry.Step.DRAFT: ~out & (Q(last_step=None) | Q(last_step=Event.Verb.TAKE_DOWN)),
        }
        return self.with_state(at).filter(conditions[Entry.Step(step)])


FACTS = (
    "is_live",
    "is_scheduled",
    "was_public",
    "newest_is_live",
    "newest_is_ahead",
    "last_step",
)
"""What `with_state` adds."""


@Prepared
def _facts(at: datetime, entry: int) -> Any:
    return Entry.objects.with_state(at).filter(pk=entry).values_list(*FACTS)


class Entry(NaturalKeyModel):
    """What keeps its identity while its text changes: a kind, a slug, a count of revisions."""

    class Kind(models.TextChoices):
        CAUSE = "cause", "cause"
        PAGE = "page", "page"

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SCHEDULED = "scheduled", "Scheduled"
        LIVE = "live", "Live"
        LIVE_WITH_DRAFT = "live-with-draft", "Live with newer draft"
        TAKEN_DOWN = "taken-down", "Taken down"

    class Step(models.TextChoices):
        """Where the newest text stands on its way to the public."""

        DRAFT = "draft", "Draft"
        SUBMITTED = "submitted", "Waiting for approval"
        SENT_BACK = "sent-back", "Sent back"
        APPROVED = "approved", "Approved"
        OUT = "out", "Public or scheduled"

    natural_key_fields = ("slug",)

    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.CAUSE)
    slug = models.CharField(max_length=SLUG_LIMIT, unique=True)
    created_at = models.DateTimeField(default=now, editable=False)
    last_number = models.PositiveIntegerField(
        "number of the newest revision", default=0, editable=False
    )

    objects: ClassVar[Any] = EntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "entries"
        ordering = ("slug",)
        default_permissions = ()
        permissions = (
            ("submit_entry", "Can submit a draft for approval"),
            ("send_back_entry", "Can send a draft back to its writer"),
            ("approve_entry", "Can approve a draft"),
            ("publish_entry", "Can publish an entry, schedule it and take it down"),
            ("review_entry", "Can record a clinical review"),
            ("share_entry", "Can make a preview link for somebody without an account"),
            ("rename_entry", "Can change the address of an entry that was public"),
        )

    def __str__(self) -> str:
        return self.slug

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding and self._meta.proxy:
            self.kind = self._meta.model_name or self.kind
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return entry_address(self.kind, self.slug)

    @property
    def newest(self) -> Any:
        """The newest revision with its category, or None for an entry that has none yet."""
        rows = self.revisions.filter(number=self.last_number)
        # In no order: there is one, and theirs would ask for the entry again.
        return rows.select_related("category__merged_into").order_by().first()

    @property
    def state(self) -> "Entry.State":
        return self.State(self.state_of(self))

    @staticmethod
    def state_of(entry: Any) -> "Entry.State":
        """Derived from spans; asks the database unless `with_state` has already."""
        entry = Entry.facts_of(entry)
        if entry.is_live:
            live = entry.newest_is_live
            return Entry.State.LIVE if live else Entry.State.LIVE_WITH_DRAFT
        if entry.is_scheduled:
            return Entry.State.SCHEDULED
        public_once = entry.was_public
        return Entry.State.TAKEN_DOWN if public_once else Entry.State.DRAFT

    @property
    def step(self) -> "Entry.Step":
        return self.Step(self.step_of(self))

    @staticmethod
    def step_of(entry: Any) -> "Entry.Step":
        """Where the newest text stands: from spans and from the last event on this very text."""
        entry = Entry.facts_of(entry)
        if entry.newest_is_live or entry.newest_is_ahead:
            return Entry.Step.OUT
        by_verb = {
            "submit": Entry.Step.SUBMITTED,
            "send-back": Entry.Step.SENT_BACK,
            "approve": Entry.Step.APPROVED,
        }
        return by_verb.get(entry.last_step, Entry.Step.DRAFT)

    @staticmethod
    def facts_of(entry: Any) -> Any:
        """What state and step are derived from: as it is now, unless `with_state` asked."""
        if hasattr(entry, "last_step"):
            return entry
        found = _facts(at=now(), entry=entry.pk)
        if not found:
            raise Entry.DoesNotExist
        return SimpleNamespace(**dict(zip(FACTS, found[0], strict=True)))

    def ever_public(self) -> bool:
        """Whether a span was ever laid on one of its texts, begun or not."""
        return self.publications.exists()

    @classmethod
    def slug_objection(cls, slug: str, kind: str) -> str:
        """Why an entry of this kind cannot have this slug, as a sentence; or nothing."""
        if not is_slug(slug):
            return f"The slug {slug!r} cannot be used: write {SLUG_RULE}."
        if kind == cls.Kind.PAGE and slug in RESERVED:
            return f"The slug {slug!r} belongs to a part of the site: choose another one."
        return ""

    @classmethod
    def slug_taken(cls, slug: str, entry: "Entry | None" = None, using: str | None = None) -> str:
        """Why a slug is not free for this entry, or for a new one, as a sentence; or nothing.

        An old address of the entry itself is free for it.
        """
        own: Any = entry and entry.pk
        if other := cls.objects.using(using).filter(slug=slug).exclude(pk=own).first():
            return f"The slug {slug!r} is taken by another {other.kind}: choose another one."
        old = Redirect.objects.using(using).filter(slug=slug).exclude(entry=own)
        if redirect := old.select_related("entry").first():
            return (
                f"The slug {slug!r} is an old address of {redirect.entry.slug!r} and leads there: "
                "choose another one."
            )
        return ""


class CauseManager(models.Manager.from_queryset(EntryQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> EntryQuerySet:
        return super().get_queryset().filter(kind=Entry.Kind.CAUSE)


class PageManager(models.Manager.from_queryset(EntryQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> EntryQuerySet:
        return super().get_queryset().filter(kind=Entry.Kind.PAGE)


class Cause(Entry):
    objects: ClassVar[Any] = CauseManager()

    class Meta:
        proxy = True


class Page(Entry):
    objects: ClassVar[Any] = PageManager()

    class Meta:
        proxy = True


class Redirect(NaturalKeyModel):
    """A slug that an entry once had in public: its address still leads there."""

    natural_key_fields = ("slug",)

    slug = models.CharField(max_length=SLUG_LIMIT, unique=True)
    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="redirects")
    created_at = models.DateTimeField(default=now, editable=False)

    objects: ClassVar[Any] = NaturalKeyQuerySet.as_manager()

    class Meta:
        ordering = ("slug",)
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.slug} → {self.entry.slug}"

    def natural_key(self) -> tuple[str, ...]:
        return (self.slug,)

    natural_key.dependencies = ["causes.entry"]  # type: ignore[attr-defined]
