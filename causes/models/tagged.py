"""The tags of a revision.

They are in a module of their own, which imports revisions: plain `dumpdata` writes the models in
the order in which they are defined, and `loaddata` needs a text before its tags.
"""

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Coalesce
from taggit.models import ItemBase

from causes.models.revision import Revision
from causes.models.taxonomy import Tag


class TaggedRevisionQuerySet(models.QuerySet[Any]):
    def get_by_natural_key(self, revision: str, tag: str) -> Any:
        return self.get(content_object__uuid=revision, tag__slug=tag)

    def as_called_today(self) -> Any:
        """Adds the current tag of each row as `sort_name`, `now` (its id), `name` and `slug`."""
        return self.annotate(
            sort_name=Coalesce("tag__merged_into__sort_name", "tag__sort_name"),
            now=Coalesce("tag__merged_into", "tag"),
            name=Coalesce("tag__merged_into__name", "tag__name"),
            slug=Coalesce("tag__merged_into__slug", "tag__slug"),
        )


class TaggedRevision(ItemBase):
    """One tag of one revision. It is part of the text and never changes."""

    content_object: Any = models.ForeignKey(
        Revision,
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
