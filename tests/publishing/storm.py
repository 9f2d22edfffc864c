"""All verbs at random, from many workers at once, and what must be true afterwards.

The short form is a test; `make deep` runs the long one and prints its figures.
"""

import os
import random
import time
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from threading import Lock, Thread

from django.db import connection

from causes import publishing
from causes.clock import now
from causes.models import Entry, Event, Publication, Revision
from causes.models.guards import Refused
from causes.publishing import Refusal, Text
from causes.states import at_step, in_state, state_of, step_of
from tests.factories import make_category, make_entry

WORKERS = int(os.environ.get("STORM_WORKERS", "8"))
STEPS = int(os.environ.get("STORM_STEPS", "40"))
ENTRIES = 4
"""Few, so that the workers meet all the time."""


class Storm:
    """Each worker calls verbs on the same few entries and remembers what it saved."""

    def __init__(self, seed):
        self.seed = seed
        self.category = make_category()
        self.entries = [make_entry(title=f"Entry {i}") for i in range(ENTRIES)]
        self.saved = {}
        """{UUID of a revision that a verb returned: its text}."""
        self.withheld = set()
        self.counts, self.refused, self.broken = Counter(), Counter(), []
        self.lock = Lock()

    def run(self, workers, steps):
        began = time.perf_counter()
        threads = [Thread(target=self._work, args=[number, steps]) for number in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.seconds = time.perf_counter() - began

    def _work(self, number, steps):
        dice = random.Random(f"{self.seed}-{number}")
        try:
            for step in range(steps):
                name = dice.choice(VERBS)
                try:
                    self._one(name, dice, f"Text {number}-{step}")
                except (Refusal, Refused) as refusal:
                    with self.lock:
                        self.refused[type(refusal).__name__] += 1
                except Exception as error:
                    with self.lock:
                        self.broken.append(f"{name}: {type(error).__name__}: {error}")
                else:
                    with self.lock:
                        self.counts[name] += 1
        finally:
            connection.close()

    def _one(self, name, dice, words):
        entry = Entry.objects.get(pk=dice.choice(self.entries).pk)
        revisions = list(Revision.objects.filter(entry=entry).order_by("number"))
        newest, some = revisions[-1], dice.choice(revisions)
        soon = now() + timedelta(seconds=dice.choice([2, 3, 60, 3600]))
        later = soon + timedelta(seconds=dice.choice([1, 60, 3600]))
        text = Text(words, f"Summary of {words}", f"Body of {words}", self.category)
        calls = {
            "save_draft": lambda: self._keep(
                publishing.save_draft(entry, text, by=None, base=newest.uuid)
            ),
            "restore": lambda: self._keep(publishing.restore(some, by=None)),
            "publish": lambda: publishing.publish(some, by=None),
            "schedule": lambda: publishing.schedule(
                some, by=None, publish_at=soon, take_down_at=dice.choice([later, None])
            ),
            "end": lambda: publishing.schedule(some, by=None, take_down_at=soon),
            "take_down": lambda: publishing.take_down(
                entry, by=None, cancel_scheduled=dice.random() < 0.7
            ),
            "rename": lambda: publishing.rename(entry, f"slug-{dice.randrange(12)}", by=None),
            "submit": lambda: publishing.submit(newest, by=None),
            "approve": lambda: publishing.approve(newest, by=None),
            "send_back": lambda: publishing.send_back(newest, by=None, reason="Why?"),
            "withhold": lambda: self._withhold(some),
            "cancel_schedule": lambda: publishing.cancel_schedule(entry, by=None),
        }
        calls[name]()

    def _withhold(self, revision):
        publishing.withhold(revision, "Wrong", by=None)
        with self.lock:
            self.withheld.add(revision.uuid)

    def _keep(self, revision):
        text = Text.of(revision)
        with self.lock:
            self.saved[revision.uuid] = text

    def check(self):
        """What must hold whatever happened."""
        assert self.broken == []
        stored = {row.uuid: row for row in Revision.objects.with_taxonomy()}
        for uuid, text in self.saved.items():
            assert uuid in stored, f"{text.title} is lost"
            if uuid not in self.withheld:
                assert Text.of(stored[uuid]) == text, f"{text.title} is another text now"
        for entry in Entry.objects.all():
            spans = list(Publication.objects.filter(entry=entry).order_by("live_from"))
            for before, after in pairwise(spans):
                assert before.live_until is not None, f"{before} never ends"
                assert before.live_until <= after.live_from, f"{before} overlaps {after}"
            numbers = list(entry.revisions.order_by("number").values_list("number", flat=True))
            assert numbers == list(range(1, entry.last_number + 1))
            assert in_state(state_of(entry)).filter(pk=entry.pk).exists()
            assert at_step(step_of(entry)).filter(pk=entry.pk).exists()
        slugs = list(Entry.objects.values_list("slug", flat=True))
        for entry in Entry.objects.prefetch_related("redirects"):
            assert not {old.slug for old in entry.redirects.all()} & set(slugs)
        assert Event.objects.count() >= sum(self.counts.values()) * 0.3

    def figures(self):
        calls = sum(self.counts.values()) + sum(self.refused.values())
        return (
            f"{calls} calls in {self.seconds:.1f} s ({calls / self.seconds:.0f} a second), "
            f"{sum(self.counts.values())} done, {sum(self.refused.values())} refused, "
            f"{len(self.broken)} broken; {len(self.saved)} texts saved, "
            f"{Publication.objects.count()} spans, {Event.objects.count()} events"
        )


VERBS = [
    *["save_draft"] * 5,
    *["publish"] * 3,
    *["schedule"] * 3,
    *["cancel_schedule"] * 2,
    *["take_down"] * 2,
    *["submit", "approve", "send_back", "restore", "end", "rename", "withhold"],
]
