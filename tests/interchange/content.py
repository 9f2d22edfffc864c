"""Files that come in, and what became of them."""

import json
import weakref

from django.core.management import call_command

from causes import publishing
from causes.interchange.apply import applying, run_through
from causes.interchange.export import Selection, export
from causes.interchange.plan import Options, planning
from causes.interchange.store import Store
from causes.models import (
    Category,
    Citation,
    Entry,
    Event,
    Import,
    Publication,
    Redirect,
    Review,
    Revision,
    Source,
    Tag,
    TaggedRevision,
)
from tests.factories import add_draft

TABLES = (Category, Citation, Entry, Event, Import, Publication, Redirect, Review, Revision, Source,
          Tag, TaggedRevision)  # fmt: skip


def everything():
    """All that the tables hold: to see whether anything changed."""
    return [list(model.objects.order_by("pk").values()) for model in TABLES]


def exported(mode="public", form="json", **selection):
    return "".join(export(Selection(mode, **selection), form))


def rows_of(text):
    return json.loads(text)


def write(folder, rows, name="content.json"):
    path = folder / name
    path.write_text(rows if isinstance(rows, str) else json.dumps(rows), encoding="utf-8")
    return path


class Planned:
    """A plan that was made, and is looked at."""

    def __init__(self, *paths, by=None, **options):
        self.store = Store()
        # A plan may outlive this object: its store is closed when nobody has it any more.
        weakref.finalize(self.store, self.store.db.close)
        self.plan = run_through(planning(list(paths), self.store, Options(**options), by))

    @property
    def outcomes(self):
        """{"cause polio": outcome}"""
        return {f"{item.kind} {item.key}": item.outcome for item in self.store.items()}

    @property
    def entries(self):
        names = ("category", "tag", "source")
        return {i.key: i.outcome for i in self.store.items() if i.kind not in names}

    @property
    def problems(self):
        return [str(problem) for problem in self.store.problems()]

    def said(self, key):
        return " ".join(" ".join(i.sentences) for i in self.store.items("key = ?", key))

    def apply(self, name="content.json"):
        return run_through(applying(self.plan, name))


def bring(*paths, **options):
    """Plans and applies; returns the import, or None when nothing was written."""
    return Planned(*paths, **options).apply()


def empty():
    """As a new site: nothing in it."""
    call_command("flush", interactive=False, verbosity=0)


def exported_after(act, mode="history", **selection):
    """What another site would export, on which this was done and here was not."""
    from django.db import transaction

    with transaction.atomic():
        act()
        text = exported(mode, **selection)
        transaction.set_rollback(True)
    return text


def live_title(slug="polio"):
    span = Publication.objects.live().filter(entry__slug=slug).first()
    return span and span.revision.title


def newer(entry, title="Newer", publish=True):
    def act():
        revision = add_draft(entry, title=title)
        if publish:
            publishing.publish(revision, by=None)

    return act
