from datetime import timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command

from causes import publishing
from causes.clock import now
from causes.interchange.apply import NotApplied, run_through
from causes.interchange.undo import undoing
from causes.models import Entry, Event, Import, Publication, Revision, Source, Tag
from causes.publishing import Text
from tests.factories import add_draft, make_entry, make_live, make_source
from tests.interchange.content import bring, everything, exported, exported_after, write

pytestmark = pytest.mark.django_db


def undo(run, **options):
    return run_through(undoing(run, None, **options))


def live():
    """What readers see: {slug: title}"""
    spans = Publication.objects.live().select_related("entry", "revision")
    return {span.entry.slug: span.revision.title for span in spans}


def test_what_was_changed_is_as_it_was_and_nothing_is_erased(tmp_path, polio):
    def elsewhere():
        publishing.publish(add_draft(polio, title="Newer", tags=["nerve"]), by=None)
        make_live(slug="made-there")

    before = live()
    run = bring(write(tmp_path, exported_after(elsewhere)))
    assert live() == {"polio": "Newer", "made-there": "Ulnar nerve trap"}
    undone = undo(run)
    assert (undone.entries, undone.left) == (2, [])
    assert live() == before
    polio.refresh_from_db()
    assert Text.of(polio.newest) == Text.of(polio.revisions.get(number=2))
    assert polio.newest.number == 4
    assert "undone" in polio.newest.note
    assert Revision.objects.filter(title="Newer").exists()
    assert Entry.objects.filter(slug="made-there").exists()
    assert run.state == Import.State.UNDONE
    assert set(Event.objects.filter(by_import=run).values_list("verb", flat=True)) == {
        "import",
        "undo-import",
    }


def test_what_was_edited_since_is_listed_and_left(tmp_path, polio):
    other = make_live(slug="other", title="Other")

    def elsewhere():
        for entry in (polio, other):
            publishing.publish(add_draft(entry, title="Newer"), by=None)

    run = bring(write(tmp_path, exported_after(elsewhere)))
    add_draft(polio, title="Mine, on top")
    undone = undo(run)
    assert undone.left == [("cause polio", "It was edited since, and stays as it is.")]
    assert live() == {"polio": "Newer", "other": "Other"}
    assert ["left", *undone.left[0]] in Import.objects.get().report


def test_taken_down_since_is_edited_since(tmp_path, polio):
    def elsewhere():
        publishing.publish(add_draft(polio, title="Newer"), by=None)

    run = bring(write(tmp_path, exported_after(elsewhere)))
    publishing.take_down(polio, by=None)
    assert len(undo(run).left) == 1
    assert live() == {}


def test_a_page_that_the_import_took_down_is_public_again(tmp_path, polio):
    extra = make_live(slug="extra")
    path = write(tmp_path, exported("public", entries=("polio",)))
    run = bring(path, prune=True)
    assert live() == {"polio": "Polio, again"}
    undo(run)
    assert live() == {"polio": "Polio, again", "extra": extra.newest.title}


def test_a_schedule_comes_back_if_its_moment_is_still_to_come(tmp_path, polio):
    moment = now() + timedelta(days=3)
    publishing.schedule(add_draft(polio, title="Ahead"), by=None, publish_at=moment)
    path = write(tmp_path, exported_after(lambda: publishing.cancel_schedule(polio, by=None)))
    run = bring(path, on_conflict="theirs")
    assert not Publication.objects.upcoming().exists()
    undo(run)
    assert Publication.objects.upcoming().get().live_from == moment
    assert Publication.objects.live().get().live_until == moment
    with time_machine.travel(moment + timedelta(seconds=1)):
        assert live() == {"polio": "Ahead"}


def test_a_schedule_of_the_import_is_forgotten(tmp_path, polio):
    ahead = make_entry(slug="ahead")

    def elsewhere():
        publishing.schedule(ahead.newest, by=None, publish_at=now() + timedelta(days=2))

    run = bring(write(tmp_path, exported_after(elsewhere)))
    undo(run)
    assert not Publication.objects.upcoming().exists()


def test_a_renamed_entry_has_its_old_address_again(tmp_path, polio, client):
    path = write(tmp_path, exported_after(lambda: publishing.rename(polio, "moved", by=None)))
    run = bring(path)
    undo(run)
    assert client.get("/causes/polio/").status_code == 200
    assert client.get("/causes/moved/")["Location"] == "/causes/polio/"


def test_sources_tags_and_categories_are_as_they_were(tmp_path, polio):
    make_source("maas-2015")

    def elsewhere():
        source = Source.objects.get()
        source.title, source.year = "Other title", 1999
        publishing.save_record(source, by=None)
        publishing.rename_taxon(Tag.objects.get(slug="virus"), "viruses", by=None)
        category = polio.newest.category
        category.description = "Other."
        publishing.save_record(category, by=None)

    run = bring(write(tmp_path, exported_after(elsewhere)))
    assert Tag.objects.get(slug="virus").merged_into is not None
    undone = undo(run)
    assert undone.records == 3
    source, tag = Source.objects.get(), Tag.objects.get(slug="virus")
    assert (source.title, source.year) == ("About maas-2015", None)
    assert tag.merged_into is None
    polio.newest.category.refresh_from_db()
    assert polio.newest.category.description == ""


def test_a_source_that_was_changed_since_is_left(tmp_path):
    make_source("maas-2015")

    def elsewhere():
        source = Source.objects.get()
        source.title = "Theirs"
        publishing.save_record(source, by=None)

    run = bring(write(tmp_path, exported_after(elsewhere)))
    source = Source.objects.get()
    source.title = "Mine"
    publishing.save_record(source, by=None)
    assert undo(run).left == [("source [@maas-2015]", "It was changed since, and stays as it is.")]
    source.refresh_from_db()
    assert source.title == "Mine"


def test_a_draft_that_was_brought_in_gives_way_to_what_was_there(tmp_path, polio):
    def elsewhere():
        publishing.publish(add_draft(polio, title="Theirs"), by=None)

    path = write(tmp_path, exported_after(elsewhere))
    add_draft(polio, title="Mine")
    run = bring(path, on_conflict="draft")
    undo(run)
    polio.refresh_from_db()
    assert polio.newest.title == "Mine"
    assert live() == {"polio": "Polio, again"}


def test_a_rehearsal_says_the_same_and_changes_nothing(tmp_path, polio):
    run = bring(write(tmp_path, exported_after(lambda: make_live(slug="new"))))
    before = everything()
    assert undo(run, rehearse=True).entries == 1
    assert everything() == before
    assert undo(run).entries == 1


def test_it_is_done_once(tmp_path, polio):
    run = bring(write(tmp_path, exported_after(lambda: make_live(slug="new"))))
    undo(run)
    with pytest.raises(NotApplied, match="This import is undone"):
        undo(run)


def test_a_text_that_was_withheld_since_does_not_come_back(tmp_path, polio):
    def elsewhere():
        publishing.publish(add_draft(polio, title="Newer"), by=None)

    run = bring(write(tmp_path, exported_after(elsewhere)))
    publishing.withhold(polio.revisions.get(number=2), "Leaked.", by=None)
    assert "withheld" in undo(run).left[0][1]
    assert live() == {"polio": "Newer"}


def test_the_command_undoes_the_last_one_lists_them_and_says_what_it_would_do(
    tmp_path, polio, capsys
):
    with pytest.raises(CommandError, match="no import to undo"):
        call_command("undo_import")
    run = bring(write(tmp_path, exported_after(lambda: make_live(slug="new"))))
    call_command("undo_import", "--list")
    assert f"{run.uuid}" in capsys.readouterr().out
    call_command("undo_import", "--dry-run", verbosity=0)
    assert (
        "Entries to restore: 1. Categories, tags and sources to restore: 0."
        in capsys.readouterr().out
    )
    assert "new" in live()
    call_command("undo_import", str(run.uuid), verbosity=0)
    assert "new" not in live()
    with pytest.raises(CommandError, match="There is no import 1"):
        call_command("undo_import", "11111111-1111-4111-8111-111111111111")
