"""An entry is an address. Its text is in its revisions."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from causes.addresses import PUBLIC, Addresses, addresses
from causes.clock import now
from causes.models.natural import NaturalKeyModel, NaturalKeyQuerySet
from causes.text.slugs import SLUG_LIMIT, SLUG_RULE, is_slug

INTRODUCTION = "introduction"
"""The slug of the page whose text opens the home page."""

RESERVED = PUBLIC | {"admin"}
"""Slugs that no page can have: parts of the site begin with them. So does the desk's ADMIN_PATH."""


def entry_address(kind: str, slug: str, where: Addresses | None = None) -> str:
    """The path at which visitors read an entry."""
    where = where or addresses()
    if kind == Entry.Kind.CAUSE:
        return where.of("cause", slug)
    return where.fixed("home") if slug == INTRODUCTION else where.of("page", slug)


class Entry(NaturalKeyModel):
    """An address with its revisions: a cause or a page. State and step: causes/states.py."""

    class Kind(models.TextChoices):
        CAUSE = "cause", "cause"
        PAGE = "page", "page"

    natural_key_fields = ("slug",)

    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.CAUSE)
    slug = models.CharField(max_length=SLUG_LIMIT, unique=True)
    created_at = models.DateTimeField(default=now, editable=False)
    last_number = models.PositiveIntegerField(
        "number of the newest revision", default=0, editable=False
    )

    objects: ClassVar[Any] = NaturalKeyQuerySet.as_manager()

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
        # Without an order: there is only one row, and the default order joins the entry again.
        return rows.select_related("category__merged_into").order_by().first()

    def ever_public(self) -> bool:
        """Whether it has a publication: past, live or scheduled."""
        return self.publications.exists()

    @classmethod
    def slug_objection(cls, slug: str, kind: str) -> str:
        """A sentence saying why an entry of this kind cannot have this slug, or an empty string."""
        if not is_slug(slug):
            return f"The slug {slug!r} cannot be used: write {SLUG_RULE}."
        if kind == cls.Kind.PAGE and slug in RESERVED | {settings.ADMIN_PATH}:
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


class CauseManager(models.Manager.from_queryset(NaturalKeyQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> Any:
        return super().get_queryset().filter(kind=Entry.Kind.CAUSE)


class PageManager(models.Manager.from_queryset(NaturalKeyQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> Any:
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
    """A slug that an entry had while it was public. Its old address still leads to the entry."""

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
