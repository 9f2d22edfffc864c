"""Sources, categories, tags; preview links; copies; reminders: what else is in the log."""

from datetime import date, timedelta

import django
import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import override_settings

from causes import publishing
from causes.clock import now
from causes.models import Category, Entry, Event, Source, Tag
from causes.models.guards import Refused
from causes.preview_links import preview_links
from causes.publishing import EverPublic, NoSuchLink, NotPermitted
from causes.states import state_of
from tests.factories import (
    add_draft,
    make_category,
    make_entry,
    make_in_state,
    make_live,
    make_person,
    make_source,
    make_tag,
)

pytestmark = pytest.mark.django_db


def test_changes_of_a_source_are_in_the_log_with_before_and_after():
    ed = make_person("Superuser")
    source = Source(key="maas-2015", kind="review", authors="Maas E", title="About")
    publishing.save_record(source, by=ed)
    source.title, source.year = "About it", 2015
    publishing.save_record(source, by=ed)
    publishing.save_record(source, by=ed)  # nothing changed
    publishing.delete_record(source, by=ed)
    added, changed, deleted = Event.objects.order_by("pk")
    assert (added.verb, added.subject) == ("add", "source [@maas-2015]")
    assert changed.changes == [("title", "About", "About it"), ("year", "", "2015")]
    assert deleted.verb == "delete"
    assert ("title", "About it", "") in deleted.changes


def test_changes_of_categories_and_tags_are_in_the_log_too():
    category, tag = make_category("Injuries"), make_tag("palsy")
    category.description = "Hurt."
    publishing.save_record(category, by=None)
    publishing.rename_taxon(tag, "paralysis", by=None)
    publishing.merge(Tag.objects.get(name="paralysis"), make_tag("weakness"), by=None)
    log = [(e.verb, e.changes) for e in Event.objects.order_by("pk")]
    assert log == [
        ("change", [("description", "", "Hurt.")]),
        ("rename", [("", "palsy", "paralysis")]),
        ("merge", [("", "paralysis", "weakness")]),
    ]


def test_an_old_name_never_leads_round_to_itself():
    one, two = make_tag("one"), make_tag("two")
    make_live(tags=["one", "two"])
    publishing.merge(one, two, by=None)
    two.refresh_from_db()
    two.merged_into = Tag.objects.get(name="one")
    with pytest.raises(Refused, match="old name of itself"):
        two.save()


def test_records_need_their_permission():
    with pytest.raises(NotPermitted):
        publishing.save_record(Category(name="New"), by=make_person("Writer"))
    with pytest.raises(NotPermitted):
        publishing.merge(make_tag("a b"), make_tag("c d"), by=make_person("Writer"))


def test_a_review_is_due_again_after_the_interval_of_its_category():
    category = make_category("Injuries")
    category.review_months = 6
    publishing.save_record(category, by=None)
    entry = make_live(category="Injuries")
    asked = {"by": None, "reviewer": "R", "qualification": "MD"}
    review = publishing.record_review(entry.newest, reviewed_on=date(2026, 8, 31), **asked)
    assert review.due_on == date(2027, 2, 28)
    named = publishing.record_review(
        entry.newest, reviewed_on=date(2026, 9, 1), due_on=date(2030, 1, 1), **asked
    )
    assert named.due_on == date(2030, 1, 1)


def test_a_copy_is_a_draft_of_its_own():
    entry = make_live(title="Radial", tags=["virus"], slug="radial")
    made = publishing.copy_entry(entry.newest, "radial-2", by=None, title="Radial too")
    assert (state_of(made), made.newest.title, made.newest.body) == (
        "draft", "Radial too", entry.newest.body)  # fmt: skip
    assert [tag.name for tag in made.newest.shown_tags()] == ["virus"]
    assert made.newest.note == "Copied from radial, revision 1."


def test_what_was_public_is_never_deleted_and_a_draft_goes_with_its_reviews():
    entry = make_entry()
    publishing.record_review(
        entry.newest, by=None, reviewer="R", qualification="MD", reviewed_on=date(2026, 1, 1)
    )
    publishing.delete_entry(entry, by=None)
    assert not Entry.objects.exists()
    for state in ("live", "scheduled", "taken-down"):
        with pytest.raises(EverPublic):
            publishing.delete_entry(make_in_state(state, "draft"), by=None)


# Preview links --------------------------------------------------------------------


def test_a_preview_link_shows_one_revision_to_anybody_until_it_expires(client):
    entry = make_entry(title="Secret draft")
    link = publishing.share_preview(entry.newest, by=None, days=2)
    add_draft(entry, title="Even newer")
    response = client.get(link.path)
    assert b"Secret draft" in response.content
    assert b"Even newer" not in response.content
    assert response["Cache-Control"] == "no-store, private"
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert not response.cookies
    with time_machine.travel(now() + timedelta(days=2, minutes=1)):
        closed = client.get(link.path)
    assert closed.status_code == 410
    assert b"Secret draft" not in closed.content


def test_a_preview_link_can_be_revoked_and_none_can_be_made_up(client):
    entry = make_entry()
    link = publishing.share_preview(entry.newest, by=None, days=2)
    other = publishing.share_preview(entry.newest, by=None, days=2)
    publishing.revoke_preview(link.event, by=None)
    assert client.get(link.path).status_code == 410
    assert client.get(other.path).status_code == 200
    assert [one.open for one in preview_links(entry)] == [True, False]
    with pytest.raises(NoSuchLink):
        publishing.revoke_preview(link.event, by=None)
    for made_up in (f"/preview/{other.event.uuid}/", other.path[:-3] + "xx/", "/preview/x:y/"):
        response = client.get(made_up)
        assert response.status_code == 404, made_up
    with pytest.raises(ValueError, match="1 to 90 days"):
        publishing.share_preview(entry.newest, by=None, days=91)


def test_a_preview_of_a_withheld_text_is_gone(client):
    entry = make_entry(title="Mr Smith")
    link = publishing.share_preview(entry.newest, by=None, days=2)
    publishing.withhold(entry.newest, "Names a patient", by=None)
    assert client.get(link.path).status_code == 410


# Reminders -------------------------------------------------------------------------


def reminders(**options):
    from io import StringIO

    out = StringIO()
    call_command("review_reminders", stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def team(settings):
    settings.SITE_URL = "https://denervation.example"
    writer, reviewer = make_person("Writer"), make_person("Reviewer")
    publisher = make_person("Publisher")
    entry = make_entry(title="Waiting one", by=writer)
    publishing.submit(entry.newest, by=writer)
    back = make_entry(title="Sent back one", by=writer)
    publishing.submit(back.newest, by=writer)
    publishing.send_back(back.newest, by=reviewer, reason="Which dose?")
    return writer, reviewer, publisher


def test_everybody_is_mailed_what_concerns_them_and_once_a_day(team):
    out = reminders()
    assert "publisher <publisher@example.org>: sent (waiting for approval: 1)" in out
    by_person = {message.to[0].partition("@")[0]: message.body for message in mail.outbox}
    assert set(by_person) == {"writer", "reviewer", "publisher"}
    assert "Waiting one" in by_person["publisher"]
    assert "Sent back one" not in by_person["publisher"]
    assert "Which dose?" in by_person["writer"]
    assert "https://denervation.example/admin/causes/cause/" in by_person["writer"]
    assert "sent today already" in reminders()
    assert len(mail.outbox) == 3
    with time_machine.travel(now() + timedelta(days=1)):
        reminders()
    assert len(mail.outbox) == 6


def test_a_dry_run_sends_and_writes_nothing(team):
    before = Event.objects.count()
    assert "would be sent" in reminders(dry_run=True)
    assert mail.outbox == []
    assert Event.objects.count() == before


def test_nobody_is_mailed_about_nothing():
    make_person("Publisher")
    assert "nothing to do" in reminders()
    assert mail.outbox == []


def test_a_reminder_that_the_server_refuses_is_tried_again_by_the_next_run(team):
    smtp = "django.core.mail.backends.smtp.EmailBackend"
    if django.VERSION >= (6, 1):
        nobody = {"host": "127.0.0.1", "port": 9}
        unreachable = {"MAILERS": {"default": {"BACKEND": smtp, "OPTIONS": nobody}}}
    else:
        unreachable = {"EMAIL_BACKEND": smtp, "EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": 9}
    with override_settings(**unreachable), pytest.raises(CommandError, match="3 could not be sent"):
        reminders()
    reminders()
    assert len(mail.outbox) == 3


def test_two_runs_at_the_same_moment_send_once(team):
    from causes.publishing.reminders import _claim
    from causes.worklist import concerning

    writer = team[0]
    assert _claim(writer, concerning(writer))
    assert not _claim(writer, concerning(writer))


def test_sources_that_nobody_checked_concern_who_may_check_them():
    make_source("maas-2015")
    make_person("Writer")
    make_person("Reviewer")
    reminders()
    assert [message.to for message in mail.outbox] == [["writer@example.org"]]
