"""What becomes of a file, given what stands here: the rules of an import, one by one."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from causes import database, publishing, search
from causes.clock import now
from causes.interchange.apply import NotApplied
from causes.models import Entry, Event, Import, Publication, Revision
from tests.factories import add_draft, make_entry, make_live, make_source
from tests.interchange.content import (
    Planned,
    bring,
    everything,
    exported,
    exported_after,
    live_title,
    newer,
    write,
)

pytestmark = pytest.mark.django_db


def test_the_same_content_is_unchanged_and_not_one_query_writes(
    tmp_path, polio, django_assert_num_queries
):
    path = write(tmp_path, exported("history"))
    before, generation = everything(), database.generation()
    planned = Planned(path)
    assert set(planned.outcomes.values()) == {"unchanged"}
    with django_assert_num_queries(0):
        assert planned.apply() is None
    assert everything() == before
    assert database.generation() == generation


def test_what_is_not_here_is_created_as_it_is_there_with_its_own_times(tmp_path, client):
    text = exported_after(lambda: make_live(slug="polio", tags=["virus"], title="Polio"))
    with time_machine.travel(now() + timedelta(days=9)):
        run = bring(write(tmp_path, text))
        assert exported("history") == text
        assert run.counts["cause"] == {"created": 1}
        assert client.get("/causes/polio/").status_code == 200
        assert search.search("polio").total == 1
        assert client.get("/tags/virus/").status_code == 200
        assert b"/causes/polio/" in client.get("/sitemap.xml").content


def test_a_newer_text_takes_the_place_of_the_one_it_was_written_on(tmp_path, polio, client):
    path = write(tmp_path, exported_after(newer(polio)))
    began = now()
    planned = Planned(path)
    assert planned.entries == {"polio": "changed"}
    assert "1 new revision" in planned.said("polio")
    assert live_title() == "Polio, again"
    planned.apply()
    assert live_title() == "Newer"
    assert "Newer" in client.get("/causes/polio/").content.decode()
    # What was public here stays on record as it was: until now, not until it was elsewhere.
    before, after = Publication.objects.filter(entry=polio).order_by("live_from")[1:]
    assert before.live_until == after.live_from >= began


def test_a_transfer_without_history_knows_what_it_takes_the_place_of(tmp_path, polio):
    def two_drafts_later():
        add_draft(polio, title="Never public")
        newer(polio)()

    bring(write(tmp_path, exported_after(two_drafts_later, "public")))
    assert live_title() == "Newer"
    assert not Revision.objects.filter(title="Never public").exists()
    # And goes on from there, though the text between never came along.
    assert Planned(write(tmp_path, exported_after(newer(polio, "Newest"), "public"))).entries == {
        "polio": "changed"
    }


def test_coming_in_twice_is_coming_in_once(tmp_path, polio):
    path = write(tmp_path, exported_after(newer(polio)))
    bring(path)
    before = everything()
    assert Planned(path).entries == {"polio": "unchanged"}
    assert bring(path) is None
    assert everything() == before


def test_an_older_file_than_what_is_here_changes_nothing(tmp_path, polio):
    path = write(tmp_path, exported("history"))
    add_draft(polio, title="A draft on top")
    planned = Planned(path)
    assert planned.entries == {"polio": "unchanged"}


def here_has_moved_on(polio):
    add_draft(polio, title="Mine")


def test_a_text_written_without_knowing_what_is_newest_here_is_refused(tmp_path, polio):
    path = write(tmp_path, exported_after(newer(polio, "Theirs")))
    here_has_moved_on(polio)
    before = everything()
    planned = Planned(path)
    assert planned.entries == {"polio": "conflict"}
    assert "does not build on revision 3" in planned.said("polio")
    assert planned.plan.objection.startswith("1 conflict")
    with pytest.raises(NotApplied, match="1 conflict"):
        planned.apply()
    assert everything() == before


def test_ours_keeps_what_is_here(tmp_path, polio):
    path = write(tmp_path, exported_after(newer(polio, "Theirs")))
    here_has_moved_on(polio)
    before = everything()
    planned = Planned(path, on_conflict="ours")
    assert planned.entries == {"polio": "kept"}
    assert planned.apply() is None
    assert everything() == before


def test_theirs_takes_the_file_and_keeps_what_was_here_in_the_history(tmp_path, polio):
    path = write(tmp_path, exported_after(newer(polio, "Theirs")))
    here_has_moved_on(polio)
    bring(path, on_conflict="theirs")
    polio.refresh_from_db()
    assert live_title() == polio.newest.title == "Theirs"
    assert [r.title for r in polio.revisions.order_by("number")] == [
        "Polio",
        "Polio, again",
        "Mine",
        "Theirs",
    ]


def test_draft_brings_the_text_in_to_be_compared_and_readers_see_no_difference(tmp_path, polio):
    path = write(tmp_path, exported_after(newer(polio, "Theirs")))
    here_has_moved_on(polio)
    planned = Planned(path, on_conflict="draft")
    assert planned.entries == {"polio": "draft"}
    planned.apply()
    polio.refresh_from_db()
    assert live_title() == "Polio, again"
    assert polio.newest.title == "Theirs"
    assert polio.newest.number == 4


def test_a_withheld_text_does_not_come_back(tmp_path, polio):
    path = write(tmp_path, exported("history"))
    publishing.withhold(polio.newest, "Leaked.", by=None)
    planned = Planned(path, on_conflict="theirs")
    assert planned.entries == {"polio": "unchanged"}
    assert "withheld on this site" in planned.said("polio")
    planned.apply()
    assert "again" not in exported("history")


def test_prune_takes_down_what_is_not_in_the_files_and_nothing_else(tmp_path, polio):
    make_live(slug="extra")
    make_entry(slug="a-draft")
    ahead = make_entry(slug="ahead")
    publishing.schedule(ahead.newest, by=None, publish_at=now() + timedelta(days=1))
    path = write(tmp_path, exported("public", entries=("polio",)))
    assert Planned(path).entries == {"polio": "unchanged"}
    planned = Planned(path, prune=True)
    assert planned.entries == {"polio": "unchanged", "extra": "taken down", "ahead": "taken down"}
    planned.apply()
    assert list(Publication.objects.open_or_upcoming().values_list("entry__slug", flat=True)) == [
        "polio"
    ]
    assert Entry.objects.count() == 4
    assert {event.verb for event in Event.objects.exclude(by_import=None)} == {"import"}


def test_a_file_without_an_entry_prunes_nothing(tmp_path, polio):
    path = write(tmp_path, [])
    planned = Planned(path, prune=True)
    assert "files hold no entry" in planned.problems[0]
    assert planned.entries == {}


def test_an_entry_that_only_came_in_broken_is_not_taken_down_for_it(tmp_path, polio):
    make_live(slug="extra")
    rows = exported("public", entries=("polio",)).replace('"title": "Polio, again"', '"title": ""')
    planned = Planned(write(tmp_path, rows), prune=True, skip_invalid=True)
    assert planned.entries == {"polio": "refused"}
    assert "no missing entry is taken down" in planned.problems[-1]
    planned.apply()
    assert Publication.objects.live().count() == 2


def test_skip_invalid_leaves_out_what_is_refused_or_in_conflict_and_brings_in_the_rest(
    tmp_path, polio
):
    other = make_live(slug="other")

    def both():
        newer(polio, "Theirs")()
        newer(other, "Newer other")()

    path = write(tmp_path, exported_after(both))
    here_has_moved_on(polio)
    planned = Planned(path, skip_invalid=True)
    assert planned.entries == {"other": "changed", "polio": "conflict"}
    run = planned.apply()
    assert live_title("other") == "Newer other"
    assert live_title() == "Polio, again"
    assert ["conflict", "cause polio", planned.said("polio")] in run.report


def test_reviews_come_in_once(tmp_path, polio):
    def review():
        publishing.record_review(
            polio.newest, by=None, reviewer="Ann", qualification="MD", reviewed_on=now().date()
        )

    path = write(tmp_path, exported_after(review))
    bring(path)
    bring(path)
    assert polio.newest.reviews.get().reviewer == "Ann"


def test_every_entry_that_is_touched_is_in_the_event_log(tmp_path, polio):
    make_live(slug="untouched")
    run = bring(write(tmp_path, exported_after(newer(polio))))
    event = Event.objects.get(by_import=run)
    assert (event.entry, event.verb, event.from_state) == (polio, "import", "live")
    polio.refresh_from_db()
    assert event.revision_uuid == polio.newest.uuid
    assert run.state == Import.State.APPLIED


def test_what_becomes_public_must_be_fit_for_it(tmp_path):
    def act():
        make_source("maas-2015")
        make_live(slug="cites", body="Known [@maas-2015].")

    rows = exported_after(act).replace('"key": "maas-2015"', '"key": "maas-2016"')
    planned = Planned(write(tmp_path, rows))
    assert planned.entries == {"cites": "refused"}
    assert "no source has the key 'maas-2015'" in planned.problems[0]


def test_a_draft_may_cite_what_is_not_there_yet(tmp_path):
    text = exported_after(lambda: make_entry(slug="draft", body="Soon [@coming-2027]."))
    bring(write(tmp_path, text))
    assert Revision.objects.get().citations.get().source_key == "coming-2027"


def test_many_entries_take_as_many_queries_as_few(tmp_path):
    def make(number):
        def act():
            for place in range(number):
                make_live(slug=f"entry-{place}", tags=["nerve"], title=f"Entry {place}")

        return act

    def queries(text):
        path = write(tmp_path, text)
        with CaptureQueriesContext(connection) as seen:
            planned = Planned(path)
            planned.apply()
        return len(seen)

    few, many = exported_after(make(10)), exported_after(make(20))
    counts = []
    for text in (few, many):
        with transaction.atomic():
            counts.append(queries(text))
            counts.append(queries(text))
            transaction.set_rollback(True)
    assert counts[0] == counts[2]
    assert counts[1] == counts[3]
