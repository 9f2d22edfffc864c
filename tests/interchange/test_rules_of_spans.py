"""What becomes of a file that takes pages down, plans them, or knows nothing of plans here."""

from datetime import timedelta

import pytest
import time_machine

from causes import publishing
from causes.clock import now
from causes.models import Publication
from tests.factories import add_draft
from tests.interchange.content import (
    Planned,
    bring,
    exported,
    exported_after,
    live_title,
    newer,
    write,
)

pytestmark = pytest.mark.django_db


def test_a_page_that_was_taken_down_here_does_not_come_back_by_itself(tmp_path, polio):
    path = write(tmp_path, exported("public"))
    publishing.take_down(polio, by=None)
    planned = Planned(path)
    assert planned.entries == {"polio": "conflict"}
    assert "taken down on this site" in planned.said("polio")
    bring(path, on_conflict="theirs")
    assert live_title() == "Polio, again"
    assert Publication.objects.filter(entry=polio).count() == 3


def test_a_newer_text_of_a_page_that_was_taken_down_here_comes_in_as_a_draft_if_asked(
    tmp_path, polio
):
    path = write(tmp_path, exported_after(newer(polio)))
    publishing.take_down(polio, by=None)
    assert Planned(path).entries == {"polio": "conflict"}
    bring(path, on_conflict="draft")
    polio.refresh_from_db()
    assert polio.newest.title == "Newer"
    assert live_title() is None


def test_a_page_that_was_taken_down_there_is_taken_down_here(tmp_path, polio, client):
    path = write(tmp_path, exported_after(lambda: publishing.take_down(polio, by=None)))
    planned = Planned(path)
    assert planned.entries == {"polio": "changed"}
    planned.apply()
    assert live_title() is None
    assert client.get("/causes/polio/").status_code == 404


def test_a_schedule_comes_in_and_happens_with_nobody_writing(tmp_path, polio, client):
    moment = now() + timedelta(days=3)

    def schedule():
        publishing.schedule(add_draft(polio, title="Ahead"), by=None, publish_at=moment)

    bring(write(tmp_path, exported_after(schedule)))
    assert live_title() == "Polio, again"
    with time_machine.travel(moment + timedelta(seconds=1)):
        assert "Ahead" in client.get("/causes/polio/").content.decode()


def test_a_schedule_that_only_this_site_knows_of_is_a_conflict(tmp_path, polio):
    path = write(tmp_path, exported_after(newer(polio)))
    publishing.schedule(
        polio.revisions.get(number=1), by=None, publish_at=now() + timedelta(days=3)
    )
    planned = Planned(path)
    assert planned.entries == {"polio": "conflict"}
    assert "scheduled on this site" in planned.said("polio")
    bring(path, on_conflict="theirs")
    assert live_title() == "Newer"
    assert not Publication.objects.filter(entry=polio).upcoming().exists()


def test_a_schedule_that_was_cancelled_there_is_cancelled_here(tmp_path, polio):
    moment = now() + timedelta(days=3)
    publishing.schedule(add_draft(polio, title="Ahead"), by=None, publish_at=moment)
    path = write(tmp_path, exported_after(lambda: publishing.cancel_schedule(polio, by=None)))
    # Here it stands as it was: the end that the schedule had set is not in the file.
    assert Planned(path).entries == {"polio": "conflict"}
    bring(path, on_conflict="theirs")
    assert Publication.objects.live().get(entry=polio).live_until is None
    assert not Publication.objects.filter(entry=polio).upcoming().exists()


def test_an_end_that_was_set_there_is_set_here(tmp_path, polio):
    moment = now() + timedelta(days=3)

    def end():
        publishing.schedule(polio.newest, by=None, take_down_at=moment)

    bring(write(tmp_path, exported_after(end)))
    assert Publication.objects.live().get(entry=polio).live_until == moment
