"""Machines whose clocks differ agree about which text is public: PostgreSQL's clock decides."""

from contextlib import ExitStack

import pytest
from django.db import connection

from tests.public.processes import workers

pytestmark = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="a SQLite site is on one machine, with one clock"
)

OFFSETS = (-8, 7200)
"""Seconds by which the clocks of two machines are wrong."""

BEGINNING = """
from datetime import timedelta
from causes import publishing
from causes.clock import now
from causes.models import Publication
from tests.factories import add_draft, make_entry, make_live
make_live(slug="polio", title="The old text")
begun, later = make_entry(slug="begun", title="Begun"), make_entry(slug="later", title="Later")
second = timedelta(seconds=1)
for entry, begin in ((begun, now() - 4 * second), (later, now() + 3600 * second)):
    Publication.objects.create(entry=entry, revision=entry.newest, live_from=begin)
"""
PUBLISHING = """
import time_machine
from datetime import timedelta
time_machine.travel(timedelta(seconds={offset})).start()
from causes import publishing
from causes.models import Entry
from tests.factories import add_draft
publishing.publish(add_draft(Entry.objects.get(slug="polio"), title="By {offset}"), by=None)
"""


@pytest.fixture
def machines(site):
    with ExitStack() as stack:
        yield [
            *(
                stack.enter_context(
                    workers(
                        site.environment | {"CLOCK_OFFSET": str(offset)},
                        1,
                        application="tests.public.skewed:application",
                    )
                )[0]
                for offset in OFFSETS
            )
        ]


def test_every_machine_shows_the_same_text_from_the_same_moment_on(site, machines):
    site.manage("shell", "-v0", "-c", BEGINNING)
    for machine in machines:
        assert "The old text" in machine.get("/causes/polio/")[1]
        assert [machine.get(f"/causes/{slug}/")[0] for slug in ("begun", "later")] == [200, 404]
        assert "Begun" in machine.get("/causes/")[1]
    for offset in OFFSETS:
        site.manage("shell", "-v0", "-c", PUBLISHING.format(offset=offset))
        for machine in machines:
            assert f"By {offset}" in machine.get("/causes/polio/")[1]
            assert f"By {offset}" in machine.get("/causes/")[1]
