"""The roles of the site: groups with exactly the permissions that each needs.

A person with two jobs belongs to two groups. To vary a role, make a group of your own:
every `migrate` resets these.
"""

from typing import Any

from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import DEFAULT_DB_ALIAS, connections

_READ = tuple(f"view_{name}" for name in "cause page category tag source event import".split())

ROLES: dict[str, tuple[str, ...]] = {
    "Writer": (
        *_READ,
        *("add_cause", "change_cause", "add_page", "change_page"),
        *("add_source", "change_source", "add_tag"),
        *("submit_entry", "share_entry", "add_import"),
    ),
    "Reviewer": (*_READ, "review_entry", "send_back_entry"),
    "Publisher": (
        *_READ,
        *("approve_entry", "publish_entry", "rename_entry", "share_entry", "add_import"),
        *("change_tag", "merge_tag", "change_category", "merge_category"),
    ),
}


def make_groups(sender: Any, using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Makes the groups, after a migration. Does nothing while a table that it needs is missing."""
    tables = connections[using].introspection.table_names()
    if not {"auth_group", "auth_permission", "django_content_type"} <= set(tables):
        return
    # Django's own receiver, which makes the permissions, runs after this one.
    create_permissions(sender, verbosity=0, using=using)
    rows = Permission.objects.using(using).filter(content_type__app_label=sender.label)
    by_name = {row.codename: row for row in rows}
    for name, codenames in ROLES.items():
        group, _made = Group.objects.using(using).get_or_create(name=name)
        group.permissions.set([by_name[codename] for codename in codenames])
