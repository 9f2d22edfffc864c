"""What lists of causes are read from: one small row for each span that has not ended.

Derived by triggers (causes/database/listing.py) from spans, texts and taxonomy, so
that a list of any length is read in the order of an index. In no fixture. A span that
ends by itself keeps its row until its entry changes: `live()` stands in every query.
"""

from typing import Any, ClassVar

from django.db import models

from causes.models.entry import Entry
from causes.models.publication import Publication, SpanQuerySet
from causes.models.taxonomy import Category, Tag
from causes.text.names import SORT_KEY_LIMIT


class ListedSpan(models.Model):
    """What every derived row has of its span, to be sorted by and asked whether it is live."""

    sort_title = models.CharField(max_length=SORT_KEY_LIMIT)
    live_from = models.DateTimeField()
    live_until = models.DateTimeField(null=True)

    objects: ClassVar[Any] = SpanQuerySet.as_manager()

    class Meta:
        abstract = True
        managed = False
        default_permissions = ()


class Listing(ListedSpan):
    publication = models.OneToOneField(
        Publication,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        primary_key=True,
        related_name="listing",
    )
    kind = models.CharField(max_length=10, choices=Entry.Kind.choices)
    slug = models.CharField(max_length=100)
    title = models.CharField(max_length=200)
    summary = models.CharField(max_length=500)
    category = models.ForeignKey(
        Category,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
        help_text="As it is called today.",
    )

    class Meta(ListedSpan.Meta):
        db_table = "causes_listing"

    def __str__(self) -> str:
        return self.sort_title


class ListedTag(ListedSpan):
    """One tag, as it is called today, of one span of a cause that has not ended."""

    tag = models.ForeignKey(
        Tag, on_delete=models.DO_NOTHING, db_constraint=False, related_name="listed"
    )
    publication = models.ForeignKey(
        Publication,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="listed_tags",
    )

    class Meta(ListedSpan.Meta):
        db_table = "causes_listed_tag"

    def __str__(self) -> str:
        return f"{self.tag_id} on {self.publication_id}"
