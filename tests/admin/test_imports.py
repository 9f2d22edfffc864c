"""Imports at the desk: nobody gets through a file what the desk would refuse them."""

import gzip
import json

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from causes import publishing
from causes.clock import now
from causes.interchange import uploads
from causes.models import Entry, Event, Import, Publication, Review, Revision, Source
from tests.admin.desk import messages_of, url
from tests.factories import add_draft, make_entry, make_live, make_person, make_source
from tests.interchange.content import everything, exported, exported_after, rows_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data_dir(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def address(name, *args):
    return reverse(f"admin:causes_import_{name}", args=args)


def text_of(response):
    """A page, also one that streams: reading it to its end is what carries the work out."""
    if response.streaming:
        return b"".join(response.streaming_content).decode()
    return response.content.decode()


def upload(client, *files, **options):
    """Sends files; returns the page that streams, read to its end."""
    sent = [
        SimpleUploadedFile(f"content-{place}.json" if isinstance(file, str) else file[0],
                           file.encode() if isinstance(file, str) else as_bytes(file[1]))
        for place, file in enumerate(files)
    ]  # fmt: skip
    data = {"files": sent, "on_conflict": "refuse"} | options
    return text_of(client.post(address("add"), data))


def as_bytes(held):
    return held if isinstance(held, bytes) else held.encode()


def plan(client):
    return client.get(address("change", Import.objects.latest("pk").pk)).content.decode()


def apply(client):
    return text_of(client.post(address("apply", Import.objects.latest("pk").pk)))


def gone(response):
    """The reader closes the page: what a server then calls, but for the end of the request."""
    for close in response._resource_closers:
        close()


def content(by=None):
    make_source("maas-2015")
    entry = make_live(
        slug="polio", title="Polio", tags=["virus"], body="Known [@maas-2015].", by=by
    )
    publishing.record_review(
        entry.newest, by=None, reviewer="Ann", qualification="MD", reviewed_on=now().date()
    )


def somebody(*roles):
    user = make_person(roles[0], name="-".join(roles).lower())
    user.groups.set(Group.objects.filter(name__in=roles))
    return user


def signed_in(client, *roles):
    user = somebody(*roles)
    client.force_login(user)
    return user


def test_from_upload_to_report(desk, editor):
    text = exported_after(content, "public")
    before = everything()
    page = upload(desk, text)
    assert "The plan is made." in page
    run = Import.objects.get()
    assert everything()[:4] == before[:4]
    assert run.state == Import.State.PLANNED
    page = plan(desk)
    assert "This is what would happen. Nothing is written yet." in page
    assert "Polio" in page
    assert not Entry.objects.exists()
    assert "The import is applied." in apply(desk)
    assert Publication.objects.live().get().revision.author == editor
    page = plan(desk)
    assert "1 created" in page
    assert "Undo this import" in page
    assert not uploads.folder_of(run).exists()


def test_a_change_is_shown_by_words(desk):
    entry = make_live(slug="polio", body="Five hundred cases.")

    def elsewhere():
        publishing.publish(add_draft(entry, body="Five thousand cases."), by=None)

    upload(desk, exported_after(elsewhere))
    page = plan(desk)
    assert "[inserted: </span>thousand" in page
    assert "[deleted: </span>hundred" in page


def test_a_conflict_is_shown_and_decided_on_the_page(desk):
    entry = make_live(slug="polio", title="Polio")

    def elsewhere():
        publishing.publish(add_draft(entry, title="Theirs"), by=None)

    text = exported_after(elsewhere)
    add_draft(entry, title="Mine")
    upload(desk, text)
    page = plan(desk)
    assert "1 conflict: nothing comes in until that is settled." in page
    assert "written without knowing it" in page
    assert "Apply" not in page
    assert "1 conflict" in apply(desk)
    run = Import.objects.get()
    again = desk.post(address("again", run.pk), {"on_conflict": "draft"})
    assert "The plan is made." in text_of(again)
    assert "Brought in as a draft" in plan(desk)
    apply(desk)
    entry.refresh_from_db()
    assert entry.newest.title == "Theirs"
    assert Publication.objects.live().get().revision.title == "Polio"


def test_problems_are_all_on_the_page_and_nothing_can_be_applied(desk):
    rows = rows_of(exported_after(content, "public"))
    for row in rows:
        row["fields"] |= {"doi": "x"} if row["model"] == "causes.source" else {}
        row["fields"] |= {"summary": "y" * 501} if row["model"] == "causes.revision" else {}
    rows.append({"model": "auth.user", "fields": {"username": "<b>root</b>"}})
    upload(desk, json.dumps(rows))
    page = plan(desk)
    for words in (
        "A DOI looks like",
        "It has 501 characters",
        "another app",
        "3 problems in the files",
    ):
        assert words in page
    assert "<b>root</b>" not in page
    assert "problems: nothing comes in" in apply(desk)
    assert not Entry.objects.exists()


def test_what_changed_here_since_the_plan_was_made_makes_a_new_plan_and_writes_nothing(desk):
    entry = make_live(slug="polio", title="Polio")

    def elsewhere():
        publishing.publish(add_draft(entry, title="Theirs"), by=None)

    upload(desk, exported_after(elsewhere))
    assert "Changed" in plan(desk)
    add_draft(entry, title="Saved meanwhile")
    before = everything()
    assert "changed since the plan was made" in apply(desk)
    assert everything()[:4] == before[:4]
    page = plan(desk)
    assert "changed since the plan was made" in page
    assert "In conflict" in page
    assert Publication.objects.live().get().revision.title == "Polio"


def test_a_source_that_changed_since_makes_a_new_plan_too(desk):
    make_source("maas-2015")

    def elsewhere():
        source = Source.objects.get()
        source.title = "Theirs"
        publishing.save_record(source, by=None)

    upload(desk, exported_after(elsewhere))
    source = Source.objects.get()
    source.title = "Mine"
    publishing.save_record(source, by=None)
    assert "The source &#x27;maas-2015&#x27; changed since" in apply(desk)
    source.refresh_from_db()
    assert source.title == "Mine"


# Who may ---------------------------------------------------------------------------------------


def test_a_writer_brings_in_drafts_that_are_theirs_and_no_span_and_no_review(client):
    writer = signed_in(client, "Writer")
    text = exported_after(content, "public")
    add_category()
    upload(client, text)
    page = plan(client)
    assert "You may not publish" in page
    apply(client)
    entry = Entry.objects.get()
    assert entry.newest.author == writer
    assert entry.state == Entry.State.DRAFT
    assert not Publication.objects.exists()
    assert not Review.objects.exists()


def add_category():
    """Writers may not add categories, here as at the desk."""
    from tests.factories import make_category

    make_category("Diseases")


def test_a_category_that_is_not_here_is_refused_to_a_writer(client):
    signed_in(client, "Writer")
    upload(client, exported_after(content, "public"))
    page = plan(client)
    assert "You may not add a category." in page
    assert "nothing comes in" in apply(client)
    assert not Entry.objects.exists()


def test_a_publisher_who_does_not_write_brings_in_no_text(client):
    entry = make_live(slug="polio")
    signed_in(client, "Publisher")

    def elsewhere():
        publishing.publish(add_draft(entry, title="Theirs"), by=None)

    upload(client, exported_after(elsewhere))
    assert "You may not change a cause." in plan(client)
    assert "nothing comes in" in apply(client)


def test_who_writes_and_publishes_brings_in_what_is_public(client):
    add_category()
    signed_in(client, "Writer", "Publisher")
    upload(client, exported_after(content, "public"))
    assert "Reviews in a file count only from the command line" in plan(client)
    began = now()
    apply(client)
    # Nobody says through a file that something was public here when it was not.
    assert Publication.objects.live().get().live_from >= began
    assert not Review.objects.exists()


def test_with_four_eyes_a_text_from_a_file_is_a_draft_until_somebody_else_approves(
    client, settings
):
    settings.FOUR_EYES = True
    add_category()
    user = signed_in(client, "Writer", "Publisher")
    upload(client, exported_after(content, "public"))
    assert "FOUR_EYES is on" in plan(client)
    apply(client)
    assert not Publication.objects.exists()
    newest = Entry.objects.get().newest
    publishing.submit(newest, by=user)
    with pytest.raises(publishing.FourEyes):
        publishing.approve(newest, by=user)


def test_with_four_eyes_even_a_superuser_does_not_publish_through_a_file(desk, settings):
    settings.FOUR_EYES = True
    upload(desk, exported_after(content, "public"))
    apply(desk)
    assert not Publication.objects.exists()


def test_an_onlooker_neither_uploads_nor_exports(client):
    client.force_login(make_person("Onlooker"))
    assert client.get(address("add")).status_code == 403
    assert client.get(address("export")).status_code == 403
    assert client.get(address("changelist")).status_code == 403


def test_only_who_sent_the_files_applies_them(desk, client):
    upload(desk, exported_after(content, "public"))
    other = make_person("Superuser", "other")
    client.force_login(other)
    run = Import.objects.get()
    assert "Only ed, who sent the files, can apply it." in plan(client)
    assert client.post(address("apply", run.pk)).status_code == 403
    assert client.post(address("again", run.pk)).status_code == 403
    assert not Entry.objects.exists()


def test_who_lost_a_permission_since_gets_a_new_plan(client):
    add_category()
    user = signed_in(client, "Writer", "Publisher")
    upload(client, exported_after(content, "public"))
    user.groups.set(Group.objects.filter(name="Writer"))
    client.force_login(type(user).objects.get(pk=user.pk))
    assert "Your permissions changed since the plan" in apply(client)
    assert not Entry.objects.exists()


def test_nobody_takes_down_by_a_file_what_they_may_not_take_down(client):
    make_live(slug="polio")
    signed_in(client, "Writer")
    page = client.get(address("add")).content.decode()
    assert "Take down" not in page
    upload(client, exported_after(lambda: make_live(slug="new")), prune="on")
    assert not Import.objects.get().options["prune"]


# The upload -------------------------------------------------------------------------------------


def test_markdown_files_come_in_too(desk):
    upload(desk, ("polio.md", "---\ntitle: Polio\nsummary: S\n---\nWords about it.\n"))
    assert "Polio" in plan(desk)
    apply(desk)
    assert Revision.objects.get().body == "Words about it."


def test_fixtures_and_markdown_are_not_sent_together(desk):
    page = upload(desk, ("polio.md", "# Polio"), ("content.json", "[]"))
    assert "not both at once" in page
    assert not Import.objects.exists()


def test_no_file_is_told_so(desk):
    response = desk.post(address("add"), {"on_conflict": "refuse"})
    assert "This field is required" in response.content.decode()


def test_a_file_that_is_too_large_says_so_also_once_unpacked(desk, settings):
    settings.IMPORT_MAX_MB = 1
    text = "[" + " " * (2 << 20) + "]"
    assert "has 2 MB; the most is 1." in upload(desk, text)
    assert not Import.objects.exists()
    upload(desk, ("content.json.gz", gzip.compress(text.encode())))
    assert "more than 1 MB once unpacked" in plan(desk)


def test_names_of_files_do_no_harm(desk):
    upload(desk, ("../../<b>x</b>.json", "[]"))
    run = Import.objects.get()
    (file,) = uploads.files_of(run)
    assert uploads.folder_of(run) in file.resolve().parents
    assert "<b>x</b>" not in plan(desk)


def test_a_plan_that_was_not_made_to_its_end_is_no_plan(desk):
    response = desk.post(
        address("add"),
        {"files": [SimpleUploadedFile("c.json", exported_after(content).encode())],
         "on_conflict": "refuse"},
    )  # fmt: skip
    gone(response)
    page = plan(desk)
    assert "is not whole" in page
    run = Import.objects.get()
    assert desk.post(address("apply", run.pk)).status_code == 302
    assert not Entry.objects.exists()
    text_of(desk.post(address("again", run.pk), {"on_conflict": "refuse"}))
    assert "Created" in plan(desk)


def test_a_page_that_is_closed_in_the_middle_of_applying_writes_nothing(desk):
    upload(desk, exported_after(lambda: [make_live() for _ in range(3)]))
    response = desk.post(address("apply", Import.objects.get().pk))
    pieces = iter(response.streaming_content)
    next(pieces)
    next(pieces)
    gone(response)
    assert not Entry.objects.exists()
    assert Import.objects.get().state == Import.State.PLANNED
    apply(desk)
    assert Entry.objects.count() == 3


def test_an_upload_is_forgotten_when_asked_and_after_a_week(desk):
    upload(desk, "[]")
    run = Import.objects.get()
    desk.post(address("forget", run.pk))
    assert not uploads.folder_of(run).exists()
    upload(desk, "[]")
    old = Import.objects.get()
    Import.objects.update(made_at=now() - uploads.KEPT * 2)
    desk.get(address("add"))
    assert not Import.objects.exists()
    assert not uploads.folder_of(old).exists()


def test_an_upload_whose_files_are_gone_is_not_read_again(desk):
    upload(desk, exported_after(content, "public"))
    run = Import.objects.get()
    uploads.forget(run)
    response = desk.post(address("again", run.pk), {"on_conflict": "ours"}, follow=True)
    assert response.redirect_chain == [(address("change", run.pk), 302)]
    assert "Something went wrong" not in text_of(response)


def test_a_plan_with_nothing_to_write_says_so_and_leaves_no_import(desk, article):
    upload(desk, exported())
    assert "There is nothing to write" in plan(desk)
    assert "There was nothing to write." in apply(desk)
    assert not Import.objects.exists()


def test_the_plan_is_shown_a_page_at_a_time_and_by_outcome(desk, django_assert_max_num_queries):
    upload(desk, exported_after(lambda: [make_live(slug=f"e-{n:02}") for n in range(30)]))
    run = Import.objects.get()
    assert "Page 1 of 2" in plan(desk)
    page = desk.get(address("change", run.pk), {"outcome": "created", "p": "2"}).content.decode()
    assert "e-29" in page
    assert "e-01" not in page
    assert desk.get(address("change", run.pk), {"outcome": "x", "p": "y"}).status_code == 200


# Undo ------------------------------------------------------------------------------------------


def test_an_import_is_looked_at_and_undone_by_a_button(desk):
    make_live(slug="old", title="Old")
    upload(desk, exported_after(content, "public"))
    apply(desk)
    run = Import.objects.get()
    page = desk.get(address("undo", run.pk)).content.decode()
    assert "It touched 1 entry" in page
    page = text_of(desk.post(address("undo", run.pk), {"_plan": "1"}))
    assert "1 entries and 0 records would go back." in page
    assert Publication.objects.live().count() == 2
    assert "went back" in text_of(desk.post(address("undo", run.pk)))
    assert Publication.objects.live().get().entry.slug == "old"
    page = plan(desk)
    assert "Undone" in page
    assert "Undo this import" not in page


def test_what_somebody_may_not_undo_is_left(client, desk):
    upload(desk, exported_after(content, "public"))
    apply(desk)
    client.force_login(somebody("Writer"))
    page = text_of(client.post(address("undo", Import.objects.get().pk)))
    assert "you may not publish" in page
    assert Publication.objects.live().count() == 1


# Out -------------------------------------------------------------------------------------------


def body_of(response):
    return b"".join(response.streaming_content).decode()


def test_content_is_exported_by_a_button(desk):
    make_live(slug="polio")
    make_entry(slug="a-draft")
    assert "Export content" in desk.get(address("changelist")).content.decode()
    assert desk.get(address("export")).status_code == 200
    response = desk.get(address("export"), {"mode": "public", "form": "json"})
    assert body_of(response) == exported()
    assert response["Content-Disposition"] == 'attachment; filename="content.json"'
    response = desk.get(address("export"), {"mode": "history", "form": "jsonl"})
    assert body_of(response) == exported("history", "jsonl")


def test_the_entries_that_are_ticked_are_exported(desk):
    one, two = make_live(slug="one"), make_entry(slug="two")
    make_live(slug="three")
    data = {"action": "export_public", "_selected_action": [one.pk]}
    response = desk.post(url("changelist"), data)
    assert body_of(response) == exported(entries=("one",))
    data = {"action": "export_history", "_selected_action": [one.pk, two.pk]}
    response = desk.post(url("changelist"), data)
    assert body_of(response) == exported("history", entries=("one", "two"))
    data = {"action": "export_public", "_selected_action": [two.pk]}
    response = desk.post(url("changelist"), data, follow=True)
    assert "nothing is live or scheduled" in messages_of(response)[0]


def test_the_event_log_says_which_import_it_was(desk):
    upload(desk, exported_after(content, "public"))
    apply(desk)
    event = Event.objects.get(verb="import")
    assert event.by_import == Import.objects.get()
    assert "imported" in desk.get(reverse("admin:causes_event_changelist")).content.decode().lower()
