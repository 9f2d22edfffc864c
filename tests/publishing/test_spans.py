"""Schedules: laid, cancelled, met by other verbs; and texts that are withheld."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import DatabaseError, transaction

from causes import publishing
from causes.clock import now
from causes.models import Citation, Entry, Event, Publication, Revision
from causes.models.guards import Refused
from causes.publishing import (
    AlreadyScheduled,
    NothingScheduled,
    NotLive,
    NotPermitted,
    NotPublishable,
    ReasonNeeded,
    Text,
    Withheld,
    WrongMoment,
)
from causes.states import state_of
from tests.factories import add_draft, make_entry, make_live, make_person, make_source

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def live_title(entry, at=None):
    live = Publication.objects.filter(entry=entry).live(at).first()
    return live and live.revision.title


def spans(entry):
    rows = entry.publications.order_by("live_from")
    return [(row.revision.title, row.live_until is None) for row in rows]


def test_a_scheduled_text_is_public_from_its_minute_until_its_end():
    entry = make_live(title="Before")
    start, end = now() + HOUR, now() + 3 * HOUR
    publishing.schedule(add_draft(entry, title="Then"), by=None, publish_at=start, take_down_at=end)
    shown = [live_title(entry, start + step * HOUR) for step in (-0.5, 0, 1.9, 2, 9)]
    assert shown == ["Before", "Then", "Then", None, None]


@pytest.mark.parametrize(
    ("moments", "field"),
    [
        ({}, "publish_at"),
        ({"publish_at": -HOUR}, "publish_at"),
        ({"publish_at": HOUR, "take_down_at": HOUR}, "take_down_at"),
        ({"publish_at": 2 * HOUR, "take_down_at": HOUR}, "take_down_at"),
        ({"take_down_at": -HOUR}, "take_down_at"),
    ],
)
def test_a_moment_that_cannot_be_is_refused_at_its_field(moments, field):
    entry = make_live()
    at = now()
    moments = {name: at + distance for name, distance in moments.items()}
    with pytest.raises(WrongMoment) as caught:
        publishing.schedule(entry.newest, by=None, **moments)
    assert caught.value.field == field
    assert spans(entry) == [("Ulnar nerve trap", True)]


def test_a_second_schedule_is_refused_by_naming_the_first():
    entry = make_entry(title="One")
    publishing.schedule(entry.newest, by=None, publish_at=datetime(2031, 5, 6, 7, 8, tzinfo=UTC))
    with pytest.raises(AlreadyScheduled, match="Revision 1 is scheduled for 6 May 2031, 07:08 UTC"):
        publishing.schedule(add_draft(entry, title="Two"), by=None, publish_at=now() + HOUR)


def test_a_text_that_cannot_be_published_cannot_be_scheduled_either():
    with pytest.raises(NotPublishable):
        publishing.schedule(make_entry(summary="").newest, by=None, publish_at=now() + HOUR)


def test_cancelling_reopens_what_the_schedule_had_closed():
    entry = make_live(title="Before")
    publishing.schedule(add_draft(entry, title="Then"), by=None, publish_at=now() + HOUR)
    assert publishing.cancel_schedule(entry, by=None).revision.title == "Before"
    assert spans(entry) == [("Before", True)]
    with pytest.raises(NothingScheduled):
        publishing.cancel_schedule(entry, by=None)


def test_cancelling_gives_back_the_end_that_somebody_had_set():
    entry = make_live(title="Before")
    end = now() + 5 * HOUR
    publishing.schedule(entry.newest, by=None, take_down_at=end)
    publishing.schedule(add_draft(entry, title="Then"), by=None, publish_at=now() + HOUR)
    assert publishing.cancel_schedule(entry, by=None).live_until == end


def test_cancelling_leaves_an_end_that_the_schedule_had_not_set():
    entry = make_live(title="Before")
    end = now() + HOUR
    publishing.schedule(entry.newest, by=None, take_down_at=end)
    then = add_draft(entry, title="Then")
    publishing.schedule(then, by=None, publish_at=end)
    assert publishing.cancel_schedule(entry, by=None) is None
    assert entry.publications.get().live_until == end
    assert publishing.cancel_schedule(entry, by=None).live_until is None


def test_publishing_now_ends_at_the_scheduled_moment_and_cancelling_reopens_that():
    entry = make_entry(title="Planned")
    at = now() + HOUR
    publishing.schedule(entry.newest, by=None, publish_at=at)
    made = publishing.publish(add_draft(entry, title="Meanwhile"), by=None)
    assert made.live_until == at
    assert publishing.cancel_schedule(entry, by=None) == made
    assert spans(entry) == [("Meanwhile", True)]


def test_the_end_of_a_live_text_can_be_set_and_cancelled():
    entry = make_live()
    end = now() + HOUR
    publishing.schedule(entry.newest, by=None, take_down_at=end)
    with pytest.raises(AlreadyScheduled):
        publishing.schedule(entry.newest, by=None, take_down_at=end + HOUR)
    assert live_title(entry, end) is None
    publishing.cancel_schedule(entry, by=None)
    assert live_title(entry, end) == "Ulnar nerve trap"
    with pytest.raises(NotLive):
        publishing.schedule(make_entry().newest, by=None, take_down_at=end)


def test_an_end_may_not_come_after_the_text_that_takes_its_place():
    entry = make_live()
    first = entry.newest
    publishing.schedule(add_draft(entry, title="Then"), by=None, publish_at=now() + HOUR)
    with pytest.raises(AlreadyScheduled, match="takes its place"):
        publishing.schedule(first, by=None, take_down_at=now() + 2 * HOUR)
    publishing.schedule(first, by=None, take_down_at=now() + HOUR / 2)
    assert live_title(entry, now() + HOUR * 0.75) is None


def test_a_schedule_that_has_begun_is_not_cancelled():
    entry = make_entry()
    at = now() + HOUR
    publishing.schedule(entry.newest, by=None, publish_at=at)
    with time_machine.travel(at + HOUR), pytest.raises(NothingScheduled):
        publishing.cancel_schedule(entry, by=None)


def test_what_went_out_by_schedule_can_be_taken_down_and_restored_later():
    entry = make_live(title="Before")
    at = now() + HOUR
    publishing.schedule(add_draft(entry, title="Then"), by=None, publish_at=at)
    with time_machine.travel(at + HOUR):
        publishing.take_down(entry, by=None)
        publishing.publish(entry.revisions.get(number=1), by=None)
        assert live_title(entry) == "Before"


# Withheld -----------------------------------------------------------------------


def test_withholding_blanks_the_text_ends_its_span_and_keeps_row_event_and_reason(client):
    make_source("maas-2015")
    entry = make_live(title="Mr Smith", body="Mr Smith has it. [@maas-2015]", slug="one")
    other = make_live(title="Other", body="Smith nerve.")
    assert client.get("/causes/one/").status_code == 200
    revision = publishing.withhold(entry.newest, "Names a patient", by=make_person("Superuser"))
    assert (revision.title, revision.summary, revision.body, revision.note) == (
        "Withheld",
        "",
        "",
        "",
    )
    assert client.get("/causes/one/").status_code == 410
    assert b"Smith" not in client.get("/causes/one/").content
    assert not Citation.objects.filter(revision=revision).exists()
    hits = client.get("/search/", {"q": "smith"}).content
    assert b"Mr" not in hits
    assert other.get_absolute_url().encode() in hits
    event = Event.objects.get(verb="withhold")
    assert (event.reason, event.revision_uuid) == ("Names a patient", revision.uuid)


def test_an_old_address_of_a_withheld_text_is_gone_too_and_another_text_brings_it_back(client):
    entry = publishing.rename(make_live(slug="old"), "new", by=None)
    publishing.withhold(entry.newest, "Wrong dose", by=None)
    assert client.get("/causes/old/").status_code == 410
    publishing.publish(add_draft(entry, title="Right", body="Right.", summary="S"), by=None)
    assert client.get("/causes/new/").status_code == 200
    assert client.get("/causes/old/")["Location"] == "/causes/new/"


def test_withholding_an_old_text_leaves_the_live_one_alone(client):
    entry = make_live(title="First", slug="one")
    first = entry.newest
    publishing.publish(add_draft(entry, title="Second"), by=None)
    publishing.withhold(first, "Names a patient", by=None)
    assert b"Second" in client.get("/causes/one/").content
    publishing.take_down(entry, by=None)
    assert client.get("/causes/one/").status_code == 404


def test_withholding_what_is_scheduled_cancels_it_and_reopens_the_text_before():
    entry = make_live(title="Before")
    then = add_draft(entry, title="Then")
    publishing.schedule(then, by=None, publish_at=now() + HOUR)
    publishing.withhold(then, "Wrong dose", by=None)
    assert spans(entry) == [("Before", True)]


def test_nothing_can_be_done_with_a_withheld_text():
    entry = make_live()
    revision = publishing.withhold(entry.newest, "Wrong", by=None)
    for verb in (
        lambda: publishing.publish(revision, by=None),
        lambda: publishing.schedule(revision, by=None, publish_at=now() + HOUR),
        lambda: publishing.submit(revision, by=None),
        lambda: publishing.restore(revision, by=None),
        lambda: publishing.copy_entry(revision, "copy", by=None),
        lambda: publishing.share_preview(revision, by=None, days=1),
        lambda: publishing.withhold(revision, "Again", by=None),
    ):
        with pytest.raises(Withheld):
            verb()


@pytest.mark.parametrize("role", ["Writer", "Reviewer", "Publisher"])
def test_only_a_superuser_withholds_and_only_with_a_reason(role):
    entry = make_live()
    with pytest.raises(NotPermitted):
        publishing.withhold(entry.newest, "Wrong", by=make_person(role))
    with pytest.raises(ReasonNeeded):
        publishing.withhold(entry.newest, "  ", by=make_person("Superuser"))
    assert entry.newest.title == "Ulnar nerve trap"


def test_the_trigger_knows_withholding_and_nothing_like_it():
    entry = make_live()
    rows = Revision.objects.filter(pk=entry.newest.pk)
    blank = {"title": "Withheld", "summary": "", "body": "", "note": "", "withheld_at": now()}
    for changes in (
        {"withheld_at": now()},
        blank | {"title": "Something else"},
        blank | {"number": 9},
        blank | {"body": "A little stays"},
        {name: value for name, value in blank.items() if name != "withheld_at"},
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**changes)
    publishing.take_down(entry, by=None)
    rows.update(**blank)
    for changes in ({"title": "Back"}, {"withheld_at": None}, {"body": "Back"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**changes)
    with pytest.raises(DatabaseError), transaction.atomic():
        Publication.objects.bulk_create(
            [Publication(entry=entry, revision=rows.get(), live_from=now() + HOUR)]
        )


def test_a_withheld_text_does_not_come_back_by_a_fixture(tmp_path):
    from django.core.management import CommandError, call_command

    entry = make_live(title="Mr Smith")
    file = tmp_path / "out.json"
    options = {"use_natural_primary_keys": True, "use_natural_foreign_keys": True}
    call_command("dumpdata", "causes", output=str(file), verbosity=0, **options)
    publishing.withhold(entry.newest, "Names a patient", by=None)
    with pytest.raises((CommandError, Refused), match="withheld for good"):
        call_command("loaddata", str(file), verbosity=0)
    assert entry.newest.title == "Withheld"


def test_the_texts_around_a_withheld_one_can_still_be_compared_and_edited(client):
    entry = make_live(title="First")
    publishing.withhold(entry.newest, "Wrong", by=None)
    made = add_draft(entry, title="Fresh", summary="S", body="B")
    assert Text.of(made).title == "Fresh"
    client.force_login(make_person("Superuser"))
    from tests.admin.desk import url

    page = client.get(url("history", entry.pk)).content.decode()
    assert "Withheld" in page
    first = entry.revisions.get(number=1)
    pair = {"from": first.uuid, "to": made.uuid}
    assert client.get(url("compare", entry.pk), pair).status_code == 200
    assert state_of(Entry.objects.get()) == "taken-down"
