"""The derived rows that lists are read from: one for each publication that has not ended.

Triggers (causes/database/listing.py) derive them from publications, texts and taxonomy.
They let a list of any length be read in the order of an index. No fixture contains them.
A row remains after its publication ends, until its entry changes: every query uses `live()`.
"""

from typing import Any, ClassVar

from django.db import models

from causes.models.entry import Entry
from causes.models.publication import Publication, SpanQuerySet
from causes.models.taxonomy import Category, Tag
from causes.text.names import SORT_KEY_LIMIT


class ListedSpan(models.Model):
    """The base of derived rows: the columns to sort by, and the span in which a text is live."""

    sort_title = models.CharField(max_length=SORT_KEY_LIMIT)
    live_from = models.DateTimeField()
    live_until = models.DateTimeField(null=True)

    objects: ClassVar[Any] = SpanQuerySet.as_manager()

    class Meta:
        abstract = True
        managed = False
        default_permissions = ()


class Listing(ListedSpan):
    """The entry of one publication as lists show it."""

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
        help_text="The current category.",
    )

    class Meta(ListedSpan.Meta):
        db_table = "causes_listing"

    def __str__(self) -> str:
        return self.sort_title


class ListedTag(ListedSpan):
    """One current tag of one publication of a cause."""

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
