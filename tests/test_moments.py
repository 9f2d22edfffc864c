"""The site's clock, set by the database."""

from datetime import timedelta

import pytest
from django.db import connection

from causes.clock import now, reach
from causes.database.moments import read_clock
from causes.models import Event


@pytest.fixture(autouse=True)
def as_before():
    yield
    reach(0.0)


@pytest.mark.django_db
def test_a_change_that_another_process_made_has_always_happened():
    """To the millisecond, although the clock of this machine was set back."""
    first = now() + timedelta(hours=1)
    for number in range(50):
        at = first + timedelta(milliseconds=997 * number)
        Event.objects.create(verb=Event.Verb.PUBLISH, subject="cause polio", at=at)
        read_clock(connection)
        assert now() == at
