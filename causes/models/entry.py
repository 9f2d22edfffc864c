"""An entry is an address. Its text is in its revisions."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from causes.models.clock import now
from causes.models.natural import NaturalKeyModel, NaturalKeyQuerySet
from causes.text.names import SLUG_RULE, is_slug

INTRODUCTION = "introduction"
"""The slug of the page whose text opens the home page."""

RESERVED = frozenset(
    (
        "admin article categories causes feed healthz preview search sitemap sources static tags"
    ).split()
)
"""First parts of addresses that are not free for pages."""


class EntryQuerySet(NaturalKeyQuerySet["Entry"]):
    def with_state(self, at: datetime | None = None) -> "EntryQuerySet":
        """Adds what `Entry.state` is derived from, in the same query."""
        from causes.models.publication import Publication

        own = Publication.objects.filter(entry=OuterRef("pk"))
        live = own.live(at)
        return self.annotate(
            is_live=Exists(live),
            is_scheduled=Exists(own.upcoming(at)),
            was_public=Exists(own),
            newest_is_live=Exists(live.filter(revision__number=OuterRef("last_number"))),
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

    natural_key_fields = ("slug",)

    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.CAUSE)
    slug = models.CharField(max_length=100, unique=True)
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
            ("publish_entry", "Can publish an entry and take it down"),
            ("rename_entry", "Can change the address of an entry that was public"),
        )

    def __str__(self) -> str:
        return self.slug

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding and self._meta.proxy:
            self.kind = self._meta.model_name or self.kind
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        if self.kind == self.Kind.CAUSE:
            return reverse("cause", args=[self.slug])
        if self.slug == INTRODUCTION:
            return reverse("home")
        return reverse("page", args=[self.slug])

    @property
    def newest(self) -> Any:
        """The newest revision, or None for an entry that has none yet."""
        return self.revisions.filter(number=self.last_number).first()

    @property
    def state(self) -> "Entry.State":
        return self.State(self.state_of(self))

    @staticmethod
    def state_of(entry: Any) -> "Entry.State":
        """Derived from spans; asks the database unless `with_state` has already."""
        if not hasattr(entry, "was_public"):
            entry = Entry.objects.with_state().get(pk=entry.pk)
        if entry.is_live:
            live = entry.newest_is_live
            return Entry.State.LIVE if live else Entry.State.LIVE_WITH_DRAFT
        if entry.is_scheduled:
            return Entry.State.SCHEDULED
        public_once = entry.was_public
        return Entry.State.TAKEN_DOWN if public_once else Entry.State.DRAFT

    def ever_public(self) -> bool:
        """Whether a span was ever laid on one of its texts, begun or not."""
        return self.publications.exists()

    @classmethod
    def slug_objection(cls, slug: str, kind: str) -> str:
        """Why an entry of this kind cannot have this slug, as a sentence; or nothing."""
        if not is_slug(slug) or len(slug) > 100:
            return f"The slug {slug!r} cannot be used: write {SLUG_RULE}, at most 100 characters."
        if kind == cls.Kind.PAGE and slug in RESERVED:
            return f"The slug {slug!r} belongs to a part of the site: choose another one."
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

    slug = models.CharField(max_length=100, unique=True)
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
