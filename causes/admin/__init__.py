"""The editors' desk: Django's admin, extended.

Its import also connects the receiver in `sessions`, which notes when somebody signed in.

Editors see causes, pages, categories, tags, sources, imports and the event log, but not
the rows that these are made of.
"""

from django.contrib import admin
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from taggit.models import Tag as StockTag

from causes.admin import sessions
from causes.admin.entries import CauseAdmin, PageAdmin
from causes.admin.events import EventAdmin
from causes.admin.imports import ImportAdmin
from causes.admin.people import GroupAdmin, UserAdmin
from causes.admin.sign_ins import FailedSignInAdmin, SignInAdmin
from causes.admin.sources import SourceAdmin
from causes.admin.taxonomy import CategoryAdmin, TagAdmin

# taggit registers its own tags, which this site does not use, and django-otp forms that show keys.
for stock in (StockTag, TOTPDevice, StaticDevice):
    if admin.site.is_registered(stock):
        admin.site.unregister(stock)

__all__ = [
    "CategoryAdmin",
    "CauseAdmin",
    "EventAdmin",
    "FailedSignInAdmin",
    "GroupAdmin",
    "ImportAdmin",
    "PageAdmin",
    "SignInAdmin",
    "SourceAdmin",
    "TagAdmin",
    "UserAdmin",
    "sessions",
]
