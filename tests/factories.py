"""Small makers of rows that reach a state through the real verbs."""

from datetime import timedelta
from itertools import count

from django.contrib.auth.models import Group, Permission, User

from causes import publishing
from causes.clock import now
from causes.models import Category, Entry, Source, Tag
from causes.publishing import Text

_numbers = count(1)


def make_category(name="Diseases"):
    return Category.objects.filter(name=name).first() or Category.objects.create(name=name)


def make_tag(name):
    found = Tag.objects.filter(name=name).first()
    return found or Tag.objects.create(name=name)


def make_source(key="maas-2015", **fields):
    fields = {"kind": "review", "authors": "Maas E, et al.", "title": f"About {key}"} | fields
    return Source.objects.create(key=key, **fields)


def make_text(title="Ulnar nerve trap", **fields):
    tags = frozenset(make_tag(name) for name in fields.pop("tags", ()))
    category = fields.pop("category", "Diseases")
    fields = {"summary": f"All about {title}.", "body": f"Words about {title}."} | fields
    return Text(title, category=category and make_category(category), tags=tags, **fields)


def make_entry(text=None, *, slug=None, kind=Entry.Kind.CAUSE, by=None, **fields):
    """A cause with one draft."""
    text = text or make_text(**fields)
    return publishing.create_entry(kind, slug or f"cause-{next(_numbers)}", text, by=by)


def make_live(text=None, *, by=None, **fields):
    """A cause whose one text is public."""
    entry = make_entry(text, by=by, **fields)
    publishing.publish(entry.newest, by=by)
    return entry


def add_draft(entry, *, by=None, note="", **fields):
    """One more revision on top, differing in the fields named."""
    entry.refresh_from_db()
    newest = entry.newest
    old = Text.of(newest)
    tags = fields.pop("tags", None)
    if tags is not None:
        fields["tags"] = frozenset(make_tag(name) for name in tags)
    if "category" in fields:
        fields["category"] = make_category(fields["category"])
    named = ("title", "summary", "body", "category", "tags")
    text = Text(**{name: fields.get(name, getattr(old, name)) for name in named})
    return publishing.save_draft(entry, text, by=by, base=newest.uuid, note=note)


def make_person(role, name=None):
    """Somebody in the group of a role; `Superuser` and `Onlooker` are no groups."""
    name = name or role.lower()
    found = User.objects.filter(username=name).first()
    if found:
        return found
    if role == "Superuser":
        return User.objects.create_superuser(name, f"{name}@example.org", "pw")
    user = User.objects.create_user(name, f"{name}@example.org", "pw", is_staff=True)
    if role == "Onlooker":
        user.user_permissions.set(Permission.objects.filter(codename__in=["view_cause"]))
    else:
        user.groups.set([Group.objects.get(name=role)])
    return user


STATES = [
    (state, step)
    for state, steps in (
        ("draft", "draft submitted sent-back approved"),
        ("scheduled", "out draft submitted sent-back approved"),
        ("live", "out"),
        ("live-with-draft", "draft submitted sent-back approved out"),
        ("taken-down", "draft submitted sent-back approved"),
    )
    for step in steps.split()
]
"""Every state of a page with every step of its newest text that verbs can lead to."""


def make_in_state(state, step, *, by=None):
    """A cause in a state, whose newest text is at a step; with two revisions or more."""
    entry = make_entry(title="First", by=by)
    _TO_STATE[state](entry, step, by)
    entry.refresh_from_db()
    if step in ("submitted", "sent-back", "approved"):
        publishing.submit(entry.newest, by=None)
    if step == "sent-back":
        publishing.send_back(entry.newest, by=None, reason="Why?")
    if step == "approved":
        publishing.approve(entry.newest, by=None)
    return entry


def _to_draft(entry, step, by):
    add_draft(entry, title="Second", by=by)


def _to_scheduled(entry, step, by):
    _schedule(entry.newest)
    if step == "out":
        publishing.cancel_schedule(entry, by=None)
    second = add_draft(entry, title="Second", by=by)
    if step == "out":
        _schedule(second)


def _to_live(entry, step, by):
    publishing.publish(add_draft(entry, title="Second", by=by), by=None)


def _to_live_with_draft(entry, step, by):
    publishing.publish(entry.newest, by=None)
    second = add_draft(entry, title="Second", by=by)
    if step == "out":
        _schedule(second)


def _to_taken_down(entry, step, by):
    _to_live(entry, step, by)
    publishing.take_down(entry, by=None)


def _schedule(revision):
    publishing.schedule(revision, by=None, publish_at=now() + timedelta(days=3))


_TO_STATE = {
    "draft": _to_draft,
    "scheduled": _to_scheduled,
    "live": _to_live,
    "live-with-draft": _to_live_with_draft,
    "taken-down": _to_taken_down,
}
