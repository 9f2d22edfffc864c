"""Categories and tags. Only the modules of categories, tags and their links use taggit.

The name of a category or tag never changes while it is in use. Renaming adds a new row and
keeps the old one as an alias (`merged_into`), and so does merging. Past revisions and old
fixtures still point to the row that they named.
"""

from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from taggit.models import TagBase

from causes.addresses import address
from causes.clock import now
from causes.models.natural import NaturalKeyModel, NaturalKeyQuerySet
from causes.models.texts import LineField, SortKeyField
from causes.text.characters import bad_characters, tidy_line
from causes.text.names import fold
from causes.text.slugs import name_slug


class FoldedField(models.CharField):
    """A name in folded form, unique among current names: `Ageing` and `ageing` are one name.

    Computed when a row is added without one; the guard computes it when a name changes. Two
    names that are older than this rule and fold to the same form remain two until somebody
    merges them.
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
    """Each current name is unique, but an old name may be the current name of another row."""
    return models.UniqueConstraint(
        fields=("folded",), condition=models.Q(merged_into=None), name=name
    )


class TaxonQuerySet(NaturalKeyQuerySet[Any]):
    def current(self) -> Self:
        """Rows that are not aliases of another row."""
        return self.filter(merged_into=None)


class Taxon(models.Model):
    """The base of categories and tags: a name, its slug, and the row it was merged into."""

    name: Any
    slug: Any
    merged_into_id: Any
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
        help_text="Set on an old name: the row with the current name.",
    )
    updated_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        abstract = True

    def clean(self) -> None:
        self.name = tidy_line(self.name)
        if self.pk and self.is_called(self.name):
            return  # a name older than the rule may be the same as another
        if objection := self.name_objection(self.name):
            raise ValidationError({"name": objection})
        others = type(self).objects.exclude(pk=self.pk)
        slug = name_slug(self.name)
        same = others.filter(models.Q(folded=fold(self.name)) | models.Q(slug=slug)).first()
        if same:
            kind = self._meta.verbose_name
            old = f", an old name of {same.merged_into}" if same.merged_into else ""
            raise ValidationError(
                {"name": f"There is already a {kind} {same.name!r}{old}: use that one."}
            )

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.name = tidy_line(self.name)
        if not self.slug:
            self.slug = name_slug(self.name)
        self.updated_at = now()
        super().save(*args, **kwargs)

    def is_called(self, name: str) -> bool:
        """Whether the stored row has this name, apart from differences that tidying removes."""
        stored = type(self).objects.values_list("name", flat=True).get(pk=self.pk)
        field: Any = self._meta.get_field("name")
        return bool(field.same(stored, name))

    @property
    def canonical(self) -> Any:
        """The row with the current name: this one, or the one it was merged into."""
        return self.merged_into or self

    @classmethod
    def name_objection(cls, name: str) -> str:
        """A sentence saying why a category or tag cannot have this name, or an empty string."""
        if sentence := bad_characters(name):
            return sentence
        if not name_slug(name):
            return f"The name {name!r} has no letter or digit, so no address can be made from it."
        if "," in name and cls is Tag:
            return f"The name {name!r} contains a comma, but commas separate tags."
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
        help_text="Months until a clinical review of its causes is due again, "
        "unless the review sets a date.",
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
        """The slug of a name. It is never numbered: that would make the same tag twice."""
        return name_slug(tag)
