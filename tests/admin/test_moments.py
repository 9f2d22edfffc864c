"""Times that editors type: local, with the hours that clocks skip or show twice."""

import re
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from causes.admin.moments import MomentField
from tests.admin.desk import ask, url
from tests.factories import make_entry, make_live


@pytest.fixture(autouse=True)
def london():
    with timezone.override("Europe/London"):
        yield


@pytest.mark.parametrize(
    ("typed", "which", "moment"),
    [
        ("2027-07-01T09:30", "", datetime(2027, 7, 1, 8, 30, tzinfo=UTC)),
        ("2027-01-01T09:30", "", datetime(2027, 1, 1, 9, 30, tzinfo=UTC)),
        ("2027-10-31T01:30", "0", datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
        ("2027-10-31T01:30", "1", datetime(2027, 10, 31, 1, 30, tzinfo=UTC)),
    ],
)
def test_local_time_becomes_the_moment_that_is_meant(typed, which, moment):
    assert MomentField(required=False).clean([typed, which]) == moment


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (
            "2027-03-28T01:30",
            "does not exist in Europe/London.*00:59 or earlier, or 02:00 or later",
        ),
        ("2027-10-31T01:30", "exists twice.*first time .BST. or the second .GMT."),
        ("tomorrow", "not a date and time"),
    ],
)
def test_a_time_that_cannot_be_meant_is_asked_about(typed, sentence):
    with pytest.raises(ValidationError) as caught:
        MomentField(required=False).clean([typed, ""])
    assert re.search(sentence, " ".join(caught.value.messages))


@pytest.mark.django_db
def test_the_zone_changes_what_is_shown_and_nothing_that_is_stored(desk, settings):
    settings.TIME_ZONE = "Europe/London"
    entry = make_entry()
    assert b"Europe/London" in desk.get(url("schedule", entry.pk)).content
    ask(desk, entry, "schedule", publish_at="2030-07-01T09:30")
    assert entry.publications.get().live_from == datetime(2030, 7, 1, 8, 30, tzinfo=UTC)
    assert b"1 July 2030, 09:30 BST" in desk.get(url("change", entry.pk)).content
    with timezone.override("America/New_York"):
        settings.TIME_ZONE = "America/New_York"
        assert b"1 July 2030, 04:30 EDT" in desk.get(url("change", entry.pk)).content


@pytest.mark.django_db
def test_a_schedule_that_is_refused_keeps_what_was_typed(desk):
    entry = make_live()
    response = ask(desk, entry, "schedule", publish_at="2001-01-01T09:30", reason="Because")
    html = response.content.decode()
    assert "is past" in html
    assert "2001-01-01T09:30" in html
    assert "Because" in html
