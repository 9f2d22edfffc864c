"""Small makers of rows that reach a state through the real verbs."""

from itertools import count

from causes import publishing
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
