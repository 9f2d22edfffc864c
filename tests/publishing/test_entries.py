from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from causes import publishing
from causes.clock import now
from causes.models import Entry, Event, Publication, Redirect, Revision
from causes.publishing import (
    NotLive,
    NotPublishable,
    ScheduledAhead,
    SlugTaken,
    StaleDraft,
    Text,
    UnsoundText,
)
from causes.states import State, state_of
from tests.factories import add_draft, make_entry, make_live, make_source, make_text

pytestmark = pytest.mark.django_db


def live_title(entry):
    live = Publication.objects.filter(entry=entry).live().first()
    return live and live.revision.title


def test_a_draft_changes_nothing_in_public():
    entry = make_live(title="First")
    add_draft(entry, title="Second")
    assert live_title(entry) == "First"
    assert state_of(Entry.objects.get()) == State.LIVE_WITH_DRAFT


def test_publishing_shows_the_text_and_ends_the_one_before_at_that_instant():
    entry = make_live(title="First")
    publishing.publish(add_draft(entry, title="Second"), by=None)
    assert live_title(entry) == "Second"
    first, second = entry.publications.order_by("live_from")
    assert first.live_until == second.live_from


def test_an_unchanged_save_makes_no_revision():
    entry = make_entry(tags=["virus"])
    text = Text.of(entry.newest)
    padded = Text(f" {text.title} ", text.summary, f"{text.body}\r\n", text.category, text.tags)
    saved = publishing.save_draft(entry, padded, by=None, base=entry.newest.uuid)
    assert saved.number == 1
    assert Revision.objects.count() == 1


def test_every_save_that_changes_something_makes_one():
    entry = make_entry()
    add_draft(entry, tags=["virus"])
    add_draft(entry, category="Injuries")
    assert [r.number for r in entry.revisions.order_by("number")] == [1, 2, 3]
    assert entry.revisions.get(number=3).based_on == entry.revisions.get(number=2).uuid


def test_a_save_on_an_older_revision_is_refused_and_names_who_saved(editor):
    entry = make_entry()
    base = entry.newest
    add_draft(entry, title="Theirs", by=editor)
    with pytest.raises(StaleDraft, match="ed saved revision 2") as caught:
        publishing.save_draft(entry, make_text("Mine"), by=None, base=base.uuid)
    assert caught.value.newest.title == "Theirs"
    assert entry.revisions.count() == 2


def test_two_who_save_the_same_text_do_not_meet():
    entry = make_entry()
    base = entry.newest
    saved = add_draft(entry, title="Both")
    again = publishing.save_draft(entry, Text.of(saved), by=None, base=base.uuid)
    assert again == saved


def test_a_text_that_cannot_be_stored_names_the_fields():
    with pytest.raises(UnsoundText) as caught:
        make_entry(Text("", body="![a](b)"))
    assert [field for field, _ in caught.value.problems] == ["title", "body"]
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"summary": ""}, "summary"),
        ({"category": None}, "category"),
        ({"body": ""}, "body"),
        ({"body": "See [@nobody-1999]."}, "body"),
    ],
)
def test_a_draft_with_something_missing_is_saved_but_not_published(fields, field):
    entry = make_entry(**fields)
    with pytest.raises(NotPublishable) as caught:
        publishing.publish(entry.newest, by=None)
    assert [name for name, _ in caught.value.problems] == [field]
    assert state_of(entry) == State.DRAFT
    assert not Event.objects.exists()


def test_a_text_whose_sources_are_known_is_published():
    make_source("maas-2015")
    entry = make_entry(body="See [@maas-2015, p. 12].")
    publishing.publish(entry.newest, by=None)
    assert state_of(entry) == State.LIVE


def test_publishing_what_is_live_changes_nothing():
    entry = make_live()
    again = publishing.publish(entry.newest, by=None)
    assert again == entry.publications.get()
    assert Event.objects.count() == 1


def test_taking_down_ends_the_span_and_keeps_the_text():
    entry = make_live()
    publishing.take_down(entry, by=None, reason="Wrong dose")
    assert live_title(entry) is None
    assert state_of(entry) == State.TAKEN_DOWN
    assert entry.revisions.count() == 1
    assert Event.objects.first().reason == "Wrong dose"
    with pytest.raises(NotLive):
        publishing.take_down(entry, by=None)


def test_taking_down_cancels_what_lies_ahead():
    entry = make_live()
    span = entry.publications.get()
    later = now() + timedelta(days=1)
    span.live_until = later
    span.save()
    Publication.objects.create(entry=entry, revision=add_draft(entry, title="B"), live_from=later)
    with pytest.raises(ScheduledAhead, match="revision 2"):
        publishing.take_down(entry, by=None)
    publishing.take_down(entry, by=None, cancel_scheduled=True)
    with time_machine.travel(later + timedelta(days=1)):
        assert live_title(entry) is None


def test_an_old_text_can_be_public_again():
    entry = make_live(title="First")
    first = entry.newest
    publishing.publish(add_draft(entry, title="Second"), by=None)
    publishing.publish(first, by=None)
    assert live_title(entry) == "First"
    assert entry.publications.filter(revision=first).count() == 2


def test_restoring_makes_the_old_text_the_newest_draft():
    entry = make_live(title="First", tags=["virus"])
    first = entry.newest
    publishing.publish(add_draft(entry, title="Second", tags=[]), by=None)
    restored = publishing.restore(first, by=None)
    assert Text.of(restored) == Text.of(first)
    assert restored.number == 3
    assert live_title(entry) == "Second"


def test_what_was_public_on_a_day_can_be_told():
    entry = make_live(title="First")
    between = now() + timedelta(days=1)
    with time_machine.travel(between + timedelta(days=1), tick=False):
        publishing.publish(add_draft(entry, title="Second"), by=None)
        assert Publication.objects.live(between).get().revision.title == "First"
        assert Publication.objects.live().get().revision.title == "Second"


def test_a_span_in_the_future_is_public_from_its_minute_with_nobody_writing():
    entry = make_entry(title="Soon")
    at = now() + timedelta(hours=1)
    Publication.objects.create(entry=entry, revision=entry.newest, live_from=at)
    assert live_title(entry) is None
    assert state_of(entry) == State.SCHEDULED
    with time_machine.travel(at):
        assert live_title(entry) == "Soon"


def test_publishing_now_while_something_is_scheduled_ends_at_that_moment():
    entry = make_entry(title="Planned")
    at = now() + timedelta(hours=1)
    Publication.objects.create(entry=entry, revision=entry.newest, live_from=at)
    publishing.publish(add_draft(entry, title="Meanwhile"), by=None)
    assert live_title(entry) == "Meanwhile"
    with time_machine.travel(at):
        assert live_title(entry) == "Planned"


def test_two_verbs_in_one_millisecond_make_two_spans_in_order():
    with time_machine.travel(datetime(2026, 3, 3, 12, 0, 0, 123_456, tzinfo=UTC), tick=False):
        entry = make_live(title="First")
        publishing.publish(add_draft(entry, title="Second"), by=None)
        publishing.publish(add_draft(entry, title="Third"), by=None)
    spans = list(entry.publications.order_by("live_from"))
    assert [span.revision.title for span in spans] == ["First", "Second", "Third"]
    assert all(span.live_from.microsecond % 1000 == 0 for span in spans)


def test_the_slug_changes_freely_before_anything_was_public():
    entry = make_entry(slug="draft-slug")
    publishing.rename(entry, "better-slug", by=None)
    assert Entry.objects.get().slug == "better-slug"
    assert not Redirect.objects.exists()


def test_renaming_what_was_public_leaves_a_redirect_and_chains_collapse():
    entry = make_live(slug="one")
    entry = publishing.rename(entry, "two", by=None)
    entry = publishing.rename(entry, "three", by=None)
    assert {(r.slug, r.entry.slug) for r in Redirect.objects.all()} == {
        ("one", "three"),
        ("two", "three"),
    }


def test_an_entry_may_go_back_to_a_slug_it_had():
    entry = publishing.rename(make_live(slug="one"), "two", by=None)
    publishing.rename(entry, "one", by=None)
    assert [r.slug for r in Redirect.objects.all()] == ["two"]


@pytest.mark.parametrize("slug", ["taken", "was-taken", "Not a slug", ""])
def test_a_slug_that_is_taken_or_malformed_is_refused(slug):
    make_live(slug="taken")
    publishing.rename(make_live(slug="was-taken"), "now-elsewhere", by=None)
    entry = make_live(slug="mine")
    with pytest.raises(SlugTaken):
        publishing.rename(entry, slug, by=None)
    assert Entry.objects.filter(slug="mine").exists()


def test_a_page_cannot_have_the_address_of_a_part_of_the_site():
    with pytest.raises(SlugTaken, match="part of the site"):
        make_entry(slug="search", kind=Entry.Kind.PAGE)


def test_a_review_is_no_edit():
    entry = make_live()
    review = publishing.record_review(
        entry.newest,
        by=None,
        reviewer="A. Reader",
        qualification="MD",
        reviewed_on=date(2026, 1, 2),
    )
    add_draft(entry, title="Edited")
    review.refresh_from_db()
    assert review.revision.number == 1
    assert entry.revisions.count() == 2


def test_every_verb_leaves_its_trace(editor):
    entry = make_live(by=editor)
    publishing.publish(add_draft(entry, title="B"), by=editor)
    publishing.restore(entry.revisions.get(number=1), by=editor)
    publishing.rename(entry, "elsewhere", by=editor, reason="Shorter")
    publishing.take_down(entry, by=editor)
    log = Event.objects.order_by("pk").values_list("verb", "actor__username", "from_state")
    assert list(log) == [
        ("publish", "ed", "draft"),
        ("publish", "ed", "live-with-draft"),
        ("restore", "ed", "live"),
        ("rename", "ed", "live-with-draft"),
        ("take-down", "ed", "live-with-draft"),
    ]
