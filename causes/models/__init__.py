"""The rows: entries, their revisions, their publications, and the records around them."""

from causes.models.entry import Cause, Entry, Page, Redirect
from causes.models.event import Event
from causes.models.format import FixtureFormat
from causes.models.imports import Import
from causes.models.listing import ListedTag, Listing
from causes.models.publication import Publication
from causes.models.review import Review
from causes.models.revision import Citation, Revision
from causes.models.source import Source
from causes.models.tagged import TaggedRevision
from causes.models.taxonomy import Category, Tag

__all__ = [
    "Category",
    "Cause",
    "Citation",
    "Entry",
    "Event",
    "FixtureFormat",
    "Import",
    "ListedTag",
    "Listing",
    "Page",
    "Publication",
    "Redirect",
    "Review",
    "Revision",
    "Source",
    "Tag",
    "TaggedRevision",
]
