"""The upgrade that tells ends that a person set from those that follow from the next text."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import Error, connection, transaction

from causes import database, publishing
from causes.clock import now
from causes.models import Event, Publication
from causes.models.guards import Refused
from tests.factories import add_draft, make_live

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)


@pytest.fixture
def upgraded():
    """Goes back to the tables of before, where one statement is carried out, and upgrades."""

    def run(statement="SELECT 1"):
        call_command("migrate", "causes", "0006", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute(statement)
        call_command("migrate", verbosity=0)
        assert database.missing() == []

    yield run
    call_command("migrate", verbosity=0)


def ends(entry):
    """[(title, hours to its end, hours to the end that a person set)]"""
    rows = Publication.objects.filter(entry=entry).order_by("live_from")
    began = rows[0].live_from

    def hours(moment):
        return moment and round((moment - began) / HOUR, 2)

    return [(r.revision.title, hours(r.live_until), hours(r.take_down_at)) for r in rows]


def histories():
    """Entries with an end of every kind, some of them in the past."""
    at = now() - 2.5 * HOUR
    with time_machine.travel(at, tick=False):
        hidden, down, replaced = (make_live(title=title) for title in ("Hidden", "Down", "First"))
        publishing.schedule(hidden.newest, by=None, take_down_at=at + 5 * HOUR)
    with time_machine.travel(at + HOUR, tick=False):
        publishing.take_down(down, by=None)
        publishing.publish(add_draft(replaced, title="Second"), by=None)
        then = add_draft(hidden, title="Then")
        publishing.schedule(then, by=None, publish_at=at + 3 * HOUR, take_down_at=at + 99 * HOUR)
    with time_machine.travel(at + 2 * HOUR, tick=False):
        publishing.publish(down.newest, by=None)
        publishing.schedule(down.newest, by=None, take_down_at=at + 50 * HOUR)
        publishing.cancel_schedule(down, by=None)
    with time_machine.travel(at + 2.25 * HOUR, tick=False):
        publishing.publish(add_draft(down, title="Up"), by=None)
    return hidden, down, replaced


def as_logged_before(event, closed, until):
    """What a schedule wrote to the log about the text that it was to end."""
    details = event.details | {"closed": str(closed.uuid), "closed_until": until.isoformat()}
    return Event(verb=event.verb, subject=event.subject, entry=event.entry, details=details)


def test_with_the_log_an_end_is_a_persons_if_the_log_says_so(upgraded):
    hidden, down, replaced = histories()
    expected = [ends(entry) for entry in (hidden, down, replaced)]
    assert expected == [
        [("Hidden", 3.0, 5.0), ("Then", 99.0, 99.0)],
        [("Down", 1.0, 1.0), ("Down", 2.25, None), ("Up", None, None)],
        [("First", 1.0, None), ("Second", None, None)],
    ]
    upgraded()
    assert [ends(entry) for entry in (hidden, down, replaced)] == expected


def test_an_end_that_only_the_schedule_logged_is_found_there(upgraded):
    hidden, *_ = histories()
    first = Publication.objects.filter(entry=hidden).earliest()
    until = first.take_down_at + HOUR
    event = Event.objects.filter(entry=hidden, verb="schedule").latest("pk")
    as_logged_before(event, first, until).save()
    upgraded()
    first.refresh_from_db()
    assert first.take_down_at == until


def test_without_a_log_every_end_at_which_no_other_text_begins_is_a_persons(upgraded):
    hidden, down, replaced = histories()
    upgraded("DELETE FROM causes_event")
    assert [ends(entry) for entry in (hidden, down, replaced)] == [
        [("Hidden", 3.0, None), ("Then", 99.0, 99.0)],
        [("Down", 1.0, 1.0), ("Down", 2.25, None), ("Up", None, None)],
        [("First", 1.0, None), ("Second", None, None)],
    ]


def test_the_end_of_a_past_publication_stays_as_it_is(upgraded):
    _, down, _ = histories()
    upgraded()
    past = Publication.objects.filter(entry=down).earliest()
    for change in ({"take_down_at": None}, {"take_down_at": now() + HOUR}):
        with pytest.raises(Error, match="never changes"), transaction.atomic():
            Publication.objects.filter(pk=past.pk).update(**change)
    past.take_down_at = None
    with pytest.raises(Refused, match="is not reopened"):
        past.save()


@pytest.mark.parametrize("until", [None, 5 * HOUR])
def test_an_end_after_the_one_that_a_person_set_cannot_be_stored(until):
    entry = make_live()
    live = Publication.objects.filter(entry=entry)
    end = until and now() + until
    with pytest.raises(Error), transaction.atomic():
        live.update(live_until=end, take_down_at=now() + HOUR)
    row = live.get()
    row.live_until, row.take_down_at = end, now() + HOUR
    with pytest.raises(Refused, match="must not be earlier"):
        row.save()
