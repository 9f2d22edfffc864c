"""Categories and tags. All of taggit that the site needs is here.

The name of a category or tag that is in use does not change: renaming makes a
new one and leaves the old as an alias (`merged_into`), and so does merging. Past
revisions and old fixtures keep pointing at the row that they named.
"""

from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Coalesce
from taggit.models import ItemBase, TagBase

from causes.addresses import address
from causes.clock import now
from causes.models.natural import NaturalKeyModel, NaturalKeyQuerySet
from causes.models.texts import LineField, SortKeyField
from causes.text.characters import bad_characters, tidy_line
from causes.text.names import fold
from causes.text.slugs import name_slug


class FoldedField(models.CharField):
    """The folded name beside a name: unique among today's names, so that `Ageing` is `ageing`.

    Made when a row is added, unless it is said: two names from before the rule that are now
    the same stay two until somebody merges them. A name that changes is folded by the guard.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Folding can make a name up to three times as long (Unicode, SpecialCasing.txt).
        super().__init__(*args, **{"max_length": 300, "editable": False, **kwargs})
        self.serialize = False

    def pre_save(self, model_instance: Any, add: bool) -> str:
        folded: str = getattr(model_instance, self.attname)
        if add and not folded:
            folded = fold(model_instance.name)
            setattr(model_instance, self.attname, folded)
        return folded


def _once(name: str) -> models.UniqueConstraint:
    """Each name stands once, but an old name may be what another is called today."""
    return models.UniqueConstraint(
        fields=("folded",), condition=models.Q(merged_into=None), name=name
    )


class TaxonQuerySet(NaturalKeyQuerySet[Any]):
    def current(self) -> Self:
        """Without those that live on only as aliases."""
        return self.filter(merged_into=None)


class Taxon(models.Model):
    """What categories and tags share: a name, its slug, and what it was merged into."""

    name: Any
    slug: Any
    objects: ClassVar[Any]

    folded = FoldedField()
    sort_name = SortKeyField(of="name")
    merged_into = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="aliases",
        help_text="Set on an old name: what it is called today.",
    )
    updated_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        abstract = True

    def clean(self) -> None:
        self.name = tidy_line(self.name)
        if self.pk and self.is_called(self.name):
            return  # a name from before the rule may be like another's
        if objection := self.name_objection(self.name):
            raise ValidationError({"name": objection})
        others = type(self).objects.exclude(pk=self.pk)
        slug = name_slug(self.name)
        same = others.filter(models.Q(folded=fold(self.name)) | models.Q(slug=slug)).first()
        if same:
            kind = self._meta.verbose_name
            old = f", an old name of {same.merged_into}" if same.merged_into else ""
            raise ValidationError(
                {"name": f"There is a {kind} {same.name!r} already{old}: use that one."}
            )

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.name = tidy_line(self.name)
        if not self.slug:
            self.slug = name_slug(self.name)
        self.updated_at = now()
        super().save(*args, **kwargs)

    def is_called(self, name: str) -> bool:
        """Whether this row has the name already, but for what tidying does to it."""
        stored = type(self).objects.values_list("name", flat=True).get(pk=self.pk)
        field: Any = self._meta.get_field("name")
        return bool(field.same(stored, name))

    @property
    def canonical(self) -> Any:
        """The row that has the name which this one goes by today."""
        return self.merged_into or self

    @classmethod
    def name_objection(cls, name: str) -> str:
        """Why this cannot be the name of a category or tag, as a sentence; or nothing."""
        if sentence := bad_characters(name):
            return sentence
        if not name_slug(name):
            return f"The name {name!r} holds no letter or digit, so it has no address."
        if "," in name and cls is Tag:
            return f"The name {name!r} holds a comma, and commas part one tag from the next."
        return ""


class Category(NaturalKeyModel, Taxon):
    natural_key_fields = ("slug",)

    name = LineField(max_length=100)
    slug = models.CharField(max_length=100, unique=True, editable=False)
    description = LineField(
        max_length=500, blank=True, help_text="One or two sentences at the head of its page."
    )
    position = models.PositiveSmallIntegerField(
        default=100, help_text="Categories are listed by this number, smallest first."
    )
    review_months = models.PositiveSmallIntegerField(
        "months between reviews",
        default=36,
        validators=[MinValueValidator(1), MaxValueValidator(240)],
        help_text="When a clinical review of its causes is due again, unless the review says.",
    )

    objects: ClassVar[Any] = TaxonQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "categories"
        permissions = (("merge_category", "Can merge categories"),)
        ordering = ("position", "sort_name")
        constraints = (_once("category_name_once"),)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return address("category", self.slug)


class Tag(Taxon, TagBase):  # type: ignore[django-manager-missing]
    natural_key_fields = ("slug",)

    name = LineField("name", max_length=100)

    objects: ClassVar[Any] = TaxonQuerySet.as_manager()

    class Meta:
        ordering = ("sort_name",)
        constraints = (_once("tag_name_once"),)
        permissions = (("merge_tag", "Can merge tags"),)

    def natural_key(self) -> tuple[str, ...]:
        return (self.slug,)

    def get_absolute_url(self) -> str:
        return address("tag", self.slug)

    def slugify(self, tag: str, i: int | None = None) -> str:
        """The one slug of a name. Never a numbered one: that would be the same tag twice."""
        return name_slug(tag)


class TaggedRevisionQuerySet(models.QuerySet[Any]):
    def get_by_natural_key(self, revision: str, tag: str) -> Any:
        return self.get(content_object__uuid=revision, tag__slug=tag)

    def as_called_today(self) -> Any:
        """With the tag that each is today: `sort_name`, `now` (its id), `name`, `slug`."""
        return self.annotate(
            sort_name=Coalesce("tag__merged_into__sort_name", "tag__sort_name"),
            now=Coalesce("tag__merged_into", "tag"),
            name=Coalesce("tag__merged_into__name", "tag__name"),
            slug=Coalesce("tag__merged_into__slug", "tag__slug"),
        )


class TaggedRevision(ItemBase):
    """One tag of one revision: part of its text, and as fixed as the rest of it."""

    content_object: Any = models.ForeignKey(
        "causes.Revision",
        on_delete=models.CASCADE,
        related_name="tag_links",
        db_column="revision_id",
    )
    tag: Any = models.ForeignKey(Tag, on_delete=models.PROTECT, related_name="links")

    objects: ClassVar[Any] = TaggedRevisionQuerySet.as_manager()

    class Meta:
        verbose_name = "tag of a revision"
        verbose_name_plural = "tags of revisions"
        ordering = ("content_object", "tag")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=("content_object", "tag"), name="tag_once_in_revision"),
        )

    def __str__(self) -> str:
        return f"{self.tag} on {self.content_object}"

    def natural_key(self) -> tuple[str, ...]:
        return (str(self.content_object.uuid), self.tag.slug)

    natural_key.dependencies = ["causes.revision", "causes.tag"]  # type: ignore[attr-defined]
