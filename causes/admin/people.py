"""Accounts and groups at the desk: Django's own, which also lose and overwrite nothing."""

from django.contrib import admin
from django.contrib.auth import admin as stock
from django.contrib.auth.models import Group, User

from causes.admin.keeping import KeepsText

admin.site.unregister([User, Group])


@admin.register(User)
class UserAdmin(KeepsText, stock.UserAdmin):
    """Accounts."""

    # Django writes both when somebody signs in or is added; nobody corrects them by hand.
    readonly_fields = ("last_login", "date_joined")
    search_help_text = "Searches user name, first name, last name and e-mail address."
    search_fields = tuple(f"{name}__holds" for name in stock.UserAdmin.search_fields)


@admin.register(Group)
class GroupAdmin(KeepsText, stock.GroupAdmin):
    """Groups, which give the roles their permissions."""

    search_help_text = "Searches the name."
    search_fields = ("name__holds",)
