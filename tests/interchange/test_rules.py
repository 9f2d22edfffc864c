"""What becomes of a file, given what stands here: the rules of an import, one by one."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from causes import database, publishing, search
from causes.interchange.apply import NotApplied
from causes.models import Category, Entry, Event, Import, Publication, Revision, Source, Tag
from causes.models.clock import now
from tests.factories import add_draft, make_entry, make_live, make_source
from tests.interchange.content import Planned, bring, everything, exported, exported_after, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def polio():
    """Public with its second text."""
    entry = make_live(slug="polio", title="Polio", tags=["virus"])
    publishing.publish(add_draft(entry, title="Polio, again"), by=None)
    entry.refresh_from_db()
    return entry


def live_title(slug="polio"):
    span = Publication.objects.live().filter(entry__slug=slug).first()
    return span and span.revision.title


def newer(entry, title="Newer", publish=True):
    def act():
        revision = add_draft(entry, title=title)
        if publish:
            publishing.publish(revision, by=None)

    return act


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
    assert "Revision 3 is the newest here" in planned.said("polio")
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


def test_a_page_that_was_taken_down_here_does_not_come_back_by_itself(tmp_path, polio):
    path = write(tmp_path, exported("public"))
    publishing.take_down(polio, by=None)
    planned = Planned(path)
    assert planned.entries == {"polio": "conflict"}
    assert "taken down here" in planned.said("polio")
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
    assert "scheduled here" in planned.said("polio")
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


def test_an_entry_that_was_renamed_here_is_found_by_its_old_slug(tmp_path, polio):
    path = write(tmp_path, exported_after(newer(polio)))
    publishing.rename(polio, "poliomyelitis", by=None)
    planned = Planned(path)
    assert planned.outcomes["cause polio"] == "changed"
    assert "stays at 'poliomyelitis'" in planned.said("polio")
    planned.apply()
    assert live_title("poliomyelitis") == "Newer"
    assert Entry.objects.count() == 1


def test_an_entry_that_was_renamed_there_is_renamed_here_and_the_old_address_leads_on(
    tmp_path, polio, client
):
    path = write(tmp_path, exported_after(lambda: publishing.rename(polio, "moved", by=None)))
    bring(path)
    assert Entry.objects.get().slug == "moved"
    assert client.get("/causes/polio/")["Location"] == "/causes/moved/"
    assert Planned(path).entries == {"moved": "unchanged"}


def test_renamed_on_both_sides_is_a_conflict(tmp_path, polio):
    path = write(tmp_path, exported_after(lambda: publishing.rename(polio, "theirs", by=None)))
    publishing.rename(polio, "ours", by=None)
    assert Planned(path).entries == {"theirs": "conflict"}
    bring(path, on_conflict="theirs")
    assert {Entry.objects.get().slug, *polio.redirects.values_list("slug", flat=True)} == {
        "theirs",
        "ours",
        "polio",
    }


def test_an_entry_with_the_addresses_of_two_here_is_refused(tmp_path, polio):
    path = write(tmp_path, exported_after(lambda: publishing.rename(polio, "moved", by=None)))
    make_entry(slug="moved")
    planned = Planned(path)
    assert planned.entries == {"moved": "refused"}
    assert "addresses of several entries here" in planned.problems[0]


def test_another_entry_of_the_same_name_is_never_overwritten(tmp_path, polio):
    def another():
        publishing.rename(polio, "elsewhere", by=None)
        publishing.rename(make_live(slug="new"), "polio-2", by=None)

    text = exported_after(another).replace('"polio-2"', '"polio-3"')
    text = text.replace('"polio"', '"polio-4"').replace('"elsewhere"', '"polio-5"')
    text = text.replace('"polio-3"', '"polio"')
    planned = Planned(write(tmp_path, text))
    assert planned.entries["polio"] in ("conflict", "refused")
    assert live_title() == "Polio, again"


def test_a_withheld_text_does_not_come_back(tmp_path, polio):
    path = write(tmp_path, exported("history"))
    publishing.withhold(polio.newest, "Leaked.", by=None)
    planned = Planned(path, on_conflict="theirs")
    assert planned.entries == {"polio": "unchanged"}
    assert "withheld here" in planned.said("polio")
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
    assert "no entry in the files" in planned.problems[0]
    assert planned.entries == {}


def test_an_entry_that_only_came_in_broken_is_not_taken_down_for_it(tmp_path, polio):
    make_live(slug="extra")
    rows = exported("public", entries=("polio",)).replace('"title": "Polio, again"', '"title": ""')
    planned = Planned(write(tmp_path, rows), prune=True, skip_invalid=True)
    assert planned.entries == {"polio": "refused"}
    assert "nothing is taken down" in planned.problems[-1]
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


# Categories, tags and sources ---------------------------------------------------------------


def changed_source(**fields):
    def act():
        source = Source.objects.get(key="maas-2015")
        for name, value in fields.items():
            setattr(source, name, value)
        publishing.save_record(source, by=None)

    return act


def test_a_source_that_is_newer_in_the_file_is_changed_and_the_log_says_from_what(tmp_path):
    make_source("maas-2015")
    path = write(tmp_path, exported_after(changed_source(title="A better title", year=2015)))
    planned = Planned(path)
    assert planned.outcomes == {"source maas-2015": "changed"}
    run = planned.apply()
    assert Source.objects.get().year == 2015
    changes = Event.objects.get(by_import=run).changes
    assert ("title", "About maas-2015", "A better title") in changes


def test_a_source_that_is_newer_here_is_a_conflict(tmp_path):
    make_source("maas-2015")
    path = write(tmp_path, exported("history"))
    changed_source(title="Changed here")()
    assert Planned(path).outcomes == {"source maas-2015": "conflict"}
    assert Planned(path, on_conflict="ours").outcomes == {"source maas-2015": "kept"}
    bring(path, on_conflict="theirs")
    assert Source.objects.get().title == "About maas-2015"
    assert Planned(path).outcomes == {"source maas-2015": "unchanged"}


def test_a_tag_that_was_renamed_there_is_renamed_here(tmp_path, polio, client):
    def rename():
        publishing.rename_taxon(Tag.objects.get(slug="virus"), "viruses", by=None)

    bring(write(tmp_path, exported_after(rename)))
    assert client.get("/tags/virus/")["Location"] == "/tags/viruses/"
    assert b"Polio" in client.get("/tags/viruses/").content
    assert search.search("viruses").total == 1


def test_a_tag_that_was_merged_here_stays_merged(tmp_path, polio):
    text = exported("history")
    publishing.merge(Tag.objects.get(slug="virus"), Tag.objects.create(name="infection"), by=None)
    assert Planned(write(tmp_path, text)).outcomes["tag virus"] == "conflict"
    planned = Planned(write(tmp_path, text), on_conflict="ours")
    assert planned.outcomes["tag virus"] == "kept"
    assert planned.entries == {"polio": "unchanged"}


def test_a_circle_of_old_names_that_only_both_sides_together_make_is_refused(tmp_path, polio):
    nerve = publishing.rename_taxon(Tag.objects.get(slug="virus"), "nerve", by=None)

    def the_other_way_round():
        publishing.rename_taxon(nerve, "virus", by=None)

    # There `nerve` is an old name of `virus`, here the other way round, and changed last.
    text = exported_after(the_other_way_round)
    virus = Tag.objects.get(slug="virus")
    virus.save()
    planned = Planned(write(tmp_path, text), on_conflict="ours", skip_invalid=True)
    assert planned.outcomes["tag virus"] == "kept"
    assert planned.outcomes["tag nerve"] == "refused"
    assert any("old name of itself" in problem for problem in planned.problems)
    planned.apply()
    assert Tag.objects.get(slug="virus").merged_into == nerve
    assert Tag.objects.get(slug="nerve").merged_into is None


def test_an_old_name_leads_to_what_its_new_name_is_called_here_today(tmp_path, polio):
    def rename():
        publishing.rename_taxon(Tag.objects.get(slug="virus"), "viruses", by=None)

    text = exported_after(rename)
    publishing.rename_taxon(Tag.objects.get(slug="virus"), "germs", by=None)
    bring(write(tmp_path, text), on_conflict="theirs")
    for tag in Tag.objects.exclude(merged_into=None):
        assert tag.merged_into.merged_into is None


def test_a_category_keeps_its_place_and_description(tmp_path, polio):
    def describe():
        category = Category.objects.get()
        category.description, category.position = "Illnesses.", 3
        publishing.save_record(category, by=None)

    bring(write(tmp_path, exported_after(describe)))
    assert Category.objects.get().description == "Illnesses."
    assert Category.objects.get().position == 3


def test_what_becomes_public_must_be_fit_for_it(tmp_path):
    def act():
        make_source("maas-2015")
        make_live(slug="cites", body="Known [@maas-2015].")

    rows = exported_after(act).replace('"key": "maas-2015"', '"key": "maas-2016"')
    planned = Planned(write(tmp_path, rows))
    assert planned.entries == {"cites": "refused"}
    assert "there is no source with the key 'maas-2015'" in planned.problems[0]


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
