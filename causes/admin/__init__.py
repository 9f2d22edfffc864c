"""The editors' desk: Django's admin, extended.

Editors see causes, pages, categories, tags, sources, imports and the event log, but not
the rows that these are made of.
"""

from django.contrib import admin
from taggit.models import Tag as StockTag

from causes.admin.entries import CauseAdmin, PageAdmin
from causes.admin.events import EventAdmin
from causes.admin.imports import ImportAdmin
from causes.admin.people import GroupAdmin, UserAdmin
from causes.admin.sources import SourceAdmin
from causes.admin.taxonomy import CategoryAdmin, TagAdmin

# taggit registers its own tags, which this site does not use.
if admin.site.is_registered(StockTag):
    admin.site.unregister(StockTag)

__all__ = [
    "CategoryAdmin",
    "CauseAdmin",
    "EventAdmin",
    "GroupAdmin",
    "ImportAdmin",
    "PageAdmin",
    "SourceAdmin",
    "TagAdmin",
    "UserAdmin",
]
