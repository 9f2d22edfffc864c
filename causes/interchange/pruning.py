"""Entries to take down because the files, which are meant to be complete, do not hold them."""

from collections.abc import Iterator

from causes.interchange.here import Here
from causes.interchange.outcomes import TAKEN_DOWN, May
from causes.interchange.store import Store
from causes.models import Entry, Publication

AT_ONCE = 500


def objection(store: Store, may: May, *, entries: int) -> str:
    """Why nothing can be taken down, as a sentence, or "". `entries` is the number in the files."""
    if not entries:
        return "The files hold no entry, so no missing entry is taken down."
    if store.problem_count():
        return "The files have problems, so no missing entry is taken down."
    if not may.do("publish_entry"):
        return "You may not take anything down."
    return ""


def prune(store: Store) -> Iterator[None]:
    """Adds to the plan every live or scheduled entry that the files do not hold, some at a time."""
    last = 0
    while True:
        rows = Publication.objects.open_or_upcoming().filter(entry__gt=last)
        found = sorted(set(rows.order_by("entry").values_list("entry", flat=True)[:AT_ONCE]))
        if not found:
            return
        last = found[-1]
        marks = ", ".join("?" * len(found))
        met = {
            pk for (pk,) in store.rows(f"SELECT entry FROM met WHERE entry IN ({marks})", *found)
        }
        missing = Entry.objects.filter(pk__in=set(found) - met).order_by()
        here = Here(list(missing.values_list("slug", flat=True)))
        store.add_items(
            (
                entry.kind,
                slug,
                slug,
                TAKEN_DOWN,
                ["The files do not hold this entry."],
                entry.mark,
                {"prune": slug},
            )
            for slug, entry in sorted(here.by_slug.items())
        )
        yield
