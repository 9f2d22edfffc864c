"""An editor's work, through the admin's own addresses."""

import re
from threading import Barrier, Thread

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from causes import publishing
from causes.models import Category, Cause, Entry, Event, Page, Redirect, Source, Tag
from causes.states import State, state_of
from tests.admin.desk import ask, change, form_of, messages_of, save, url
from tests.factories import add_draft, make_category, make_entry, make_live, make_source, make_tag

pytestmark = pytest.mark.django_db


def test_saving_a_draft_leaves_the_public_page_as_it_was(desk):
    entry = make_live(title="First", slug="one")
    response = save(desk, entry, title="Second", note="Why not")
    assert "revision 2" in messages_of(response)[0]
    assert "Readers still see" in messages_of(response)[0]
    assert b"First" in desk.get("/causes/one/").content
    assert b"Second" not in desk.get("/causes/one/").content
    newest = entry.revisions.get(number=2)
    assert (newest.author.username, newest.note) == ("ed", "Why not")


def test_publishing_from_the_form_shows_the_text(desk):
    entry = make_live(title="First", slug="one")
    response = save(desk, entry, "_publish", title="Second")
    assert "is public" in messages_of(response)[0]
    assert b"Second" in desk.get("/causes/one/").content
    assert Event.objects.first().actor.username == "ed"


def test_saving_nothing_says_so_and_makes_no_revision(desk):
    entry = make_live()
    response = save(desk, entry)
    assert "Nothing was changed" in messages_of(response)[0]
    assert entry.revisions.count() == 1


def test_a_new_cause_gets_a_slug_from_its_title(desk):
    category = make_category()
    data = {"title": "Crush of a Nerve", "slug": "", "summary": "S", "category": category.pk,
            "tags": [make_tag("injury").pk], "body": "B", "note": "", "base": "", "_save": "1"}  # fmt: skip
    response = desk.post(url("add"), data, follow=True)
    entry = Cause.objects.get()
    assert entry.slug == "crush-of-a-nerve"
    assert [tag.name for tag in entry.newest.shown_tags()] == ["injury"]
    assert state_of(entry) == State.DRAFT
    assert response.redirect_chain[-1][0] == url("change", entry.pk)


def test_a_new_page_has_no_category(desk):
    data = {"title": "Imprint", "slug": "imprint", "summary": "S", "body": "B", "_publish": "1"}
    desk.post(url("add", kind="page"), data)
    assert state_of(Page.objects.get()) == State.LIVE
    assert desk.get("/imprint/").status_code == 200


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"title": ""}, "title", "required"),
        ({"title": "   "}, "title", "required"),
        ({"slug": "Not a slug"}, "slug", "cannot be used"),
        ({"slug": "taken"}, "slug", "taken by another cause"),
        ({"slug": "was-taken"}, "slug", "old address"),
        ({"body": "![x](y)"}, "body", "Images cannot be part"),
        ({"body": "x" * 200_001}, "body", "200"),
        ({"body": "[x](javascript:y)"}, "body", "is not allowed"),
        ({"summary": "x" * 501}, "summary", "500"),
    ],
)
def test_bad_input_is_refused_at_the_field_and_nothing_is_lost(desk, changes, field, sentence):
    publishing.rename(make_live(slug="was-taken"), "taken", by=None)
    entry = make_entry()
    response = save(desk, entry, **({"body": "Words I want to keep"} | changes))
    form = response.context["adminform"].form
    assert sentence in str(form.errors[field])
    assert entry.revisions.count() == 1
    kept = changes.get("body", "Words I want to keep")
    assert response.context["adminform"].form["body"].value() == kept


def test_a_draft_with_an_unknown_citation_is_saved_with_a_warning_and_not_published(desk):
    entry = make_live()
    response = save(desk, entry, "_publish", body="See [@no-such].", summary="")
    assert "saved, but it was not published" in messages_of(response)[0]
    html = response.content.decode()
    assert "no source has the key" in html
    assert "Lists and search engines show the summary" in html
    assert entry.revisions.count() == 2
    assert state_of(Entry.objects.get()) == State.LIVE_WITH_DRAFT


def test_save_and_preview_shows_the_draft_in_the_public_design(desk, client):
    entry = make_live(slug="one")
    response = save(desk, entry, "_preview", title="Only in preview")
    html = response.content.decode()
    assert "Preview of revision 2" in html
    assert "<h1>Only in preview</h1>" in html
    assert "no-store" in response["Cache-Control"]
    assert "noindex" in response["X-Robots-Tag"]
    preview = response.redirect_chain[-1][0]
    client.logout()
    assert client.get(preview).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_of_two_saves_at_the_same_moment_one_is_shown_the_other(client, django_user_model):
    entry = make_live(body="Base text.")
    data = form_of(entry) | {"_save": "1"}
    together, answers = Barrier(2), []

    def post(name):
        browser = Client()
        browser.force_login(django_user_model.objects.get(username=name))
        together.wait()
        response = browser.post(url("change", entry.pk), data | {"body": f"By {name}."})
        answers.append((response.status_code, response.content.decode()))
        connection.close()  # the thread's own

    threads = []
    for name in ("ann", "bob"):
        django_user_model.objects.create_superuser(name)
        threads.append(Thread(target=post, args=[name]))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (saved, _), (refused, shown) = sorted(answers)[::-1]
    assert (saved, refused) == (302, 200)
    assert "Somebody saved while you were editing" in shown
    assert 'name="choose-body-0"' in shown
    assert {"ann", "bob"} <= set(re.findall(r"ann|bob", re.sub(r"<[^>]+>", "", shown)))
    assert entry.revisions.count() == 2


def test_the_slug_is_free_before_publication_and_fixed_after(desk):
    entry = make_entry(slug="free")
    save(desk, entry, slug="freer")
    assert Entry.objects.get().slug == "freer"
    assert not Redirect.objects.exists()
    entry.refresh_from_db()
    publishing.publish(entry.newest, by=None)
    save(desk, entry, slug="other", title="T2")
    assert Entry.objects.get().slug == "freer"


def test_rename_asks_first_and_leaves_a_redirect(desk):
    entry = make_live(slug="old")
    page = desk.get(url("rename", entry.pk))
    assert b"/causes/old/" in page.content
    assert b"cannot be used" in ask(desk, entry, "rename", slug="NO").content
    ask(desk, entry, "rename", slug="new", reason="Clearer")
    assert desk.get("/causes/old/")["Location"] == "/causes/new/"


def test_taking_down_asks_first(desk):
    entry = make_live(slug="one")
    assert b"There is no such page" in desk.get(url("take_down", entry.pk)).content
    assert desk.get("/causes/one/").status_code == 200
    response = ask(desk, entry, "take_down", reason="Wrong")
    assert "taken down" in messages_of(response)[0]
    assert desk.get("/causes/one/").status_code == 404
    assert b"is not public" in ask(desk, entry, "take_down").content


def test_the_history_shows_every_revision_and_restores_one(desk):
    entry = make_live(title="First", tags=["virus"])
    publishing.publish(add_draft(entry, title="Second", tags=[], note="Shorter"), by=None)
    add_draft(entry, title="Third")
    html = desk.get(url("history", entry.pk)).content.decode()
    for words in ("1. First", "2. Second", "3. Third", "Shorter", "Was public", "Live", "Never"):
        assert words in html, words
    first = entry.revisions.get(number=1)
    asked = desk.get(url("restore", entry.pk, first.uuid)).content.decode()
    assert "virus" in asked
    assert entry.revisions.count() == 3
    change(desk, url("restore", entry.pk, first.uuid))
    newest = Entry.objects.get().newest
    assert (newest.number, newest.title) == (4, "First")
    assert [tag.name for tag in newest.shown_tags()] == ["virus"]


def test_any_two_revisions_are_compared_in_every_field(desk):
    entry = make_live(title="Old", summary="Take 500 mg.", tags=["virus"], category="Injuries")
    later = add_draft(
        entry, title="New", summary="Take 5,000 mg.", tags=["ageing"], category="Diseases"
    )
    first = entry.revisions.get(number=1)
    response = desk.get(url("compare", entry.pk), {"from": later.uuid, "to": first.uuid})
    html = re.sub(r'<span class="visually-hidden">[^<]*</span>', "", response.content.decode())
    for gone, come in (("Old", "New"), ("500", "5,000"), ("virus", "ageing"),
                       ("Injuries", "Diseases")):  # fmt: skip
        assert f"<del>{gone}</del>" in html
        assert f"<ins>{come}</ins>" in html
    assert desk.get(url("compare", entry.pk), {"from": "x"}).status_code == 404


def test_somebody_who_may_only_look_sees_a_readable_page(client, onlooker):
    entry = make_live(title="Readable", body="## Part\n\nWords.")
    client.force_login(onlooker)
    html = client.get(url("change", entry.pk)).content.decode()
    assert "<h2" in html
    assert "<textarea" not in html
    assert client.get(url("history", entry.pk)).status_code == 200
    for name in ("rename", "take_down", "review"):
        assert client.post(url(name, entry.pk), {"slug": "x"}).status_code == 403
    assert client.post(url("restore", entry.pk, entry.newest.uuid)).status_code == 403
    assert client.post(url("change", entry.pk), form_of(entry, title="X")).status_code in (200, 403)
    assert entry.revisions.count() == 1


def test_a_writer_saves_drafts_and_publishes_nothing(client, writer):
    entry = make_live(title="First", slug="one")
    client.force_login(writer)
    page = client.get(url("change", entry.pk)).content.decode()
    assert "Save draft" in page
    assert 'name="_publish"' not in page
    save(client, entry, "_publish", title="Sneaky")
    assert b"First" in client.get("/causes/one/").content
    assert entry.revisions.count() == 2
    for name in ("rename", "take_down", "review"):
        assert client.get(url(name, entry.pk)).status_code == 403


def test_strangers_see_nothing_of_the_desk(client, db):
    entry = make_live()
    for name, *args in (("changelist",), ("change", entry.pk), ("history", entry.pk),
                        ("preview", entry.pk, entry.newest.uuid)):  # fmt: skip
        assert client.get(url(name, *args)).status_code == 302


def test_the_list_shows_state_and_filters_by_it(desk):
    make_entry(title="A draft")
    make_live(title="A live one", tags=["virus"])
    add_draft(make_live(title="Live, changed"), title="A newer draft")
    publishing.take_down(make_live(title="A gone one"), by=None)
    html = desk.get(url("changelist")).content.decode()
    for words in ("A draft", "A live one", "A newer draft", "A gone one", "Live with newer draft",
                  "Taken down", "Draft", "virus"):  # fmt: skip
        assert words in html
    found = {
        state: [e.newest.title for e in desk.get(url("changelist"), {"state": state}).context["cl"].queryset]
        for state in ("draft", "live", "live-with-draft", "taken-down")
    }  # fmt: skip
    assert found == {
        "draft": ["A draft"],
        "live": ["A live one"],
        "live-with-draft": ["A newer draft"],
        "taken-down": ["A gone one"],
    }


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({"q": "ulnar"}, {"Ulnar"}),
        ({"q": "slug-of-radial"}, {"Radial"}),
        ({"q": "radial slug-of"}, {"Radial"}),
        ({"q": "ulnar radial"}, set()),
        ({"tag": "virus"}, {"Ulnar"}),
        ({"category": "injuries"}, {"Radial"}),
        ({"o": "1"}, {"Ulnar", "Radial"}),
        ({"q": "'\"%"}, set()),
    ],
)
def test_the_list_is_searched_sorted_and_filtered(desk, query, titles):
    make_live(title="Ulnar", tags=["virus"])
    add_draft(
        make_live(title="Former name", slug="slug-of-radial", category="Injuries"), title="Radial"
    )
    shown = desk.get(url("changelist"), query).context["cl"].queryset
    assert {entry.newest.title for entry in shown} == titles


@pytest.mark.parametrize(("order", "titles"), [("1", ["A", "B", "C"]), ("-1", ["C", "B", "A"])])
def test_the_list_stands_in_the_order_that_was_asked_for(desk, order, titles):
    for title in ("B", "C", "A"):
        make_live(title=title)
    rows = desk.get(url("changelist"), {"o": order}).context["cl"].result_list
    html = desk.get(url("changelist"), {"o": order}).content.decode()
    assert [entry.newest.title for entry in rows] == titles
    assert re.findall(r'class="field-title[^>]*><a[^>]*>(\w)<', html) == titles


def test_the_list_takes_the_same_number_of_queries_for_twice_the_rows(desk):
    def grow(count):
        for _ in range(count):
            add_draft(make_live(tags=["virus", "injury"]), title="Draft")

    counts = []
    for count in (5, 5, 20):
        grow(count)
        with CaptureQueriesContext(connection) as queries:
            desk.get(url("changelist"))
        counts.append(len(queries))
    assert counts[0] == counts[1] == counts[2]


def test_what_was_public_cannot_be_deleted_and_a_draft_can_after_a_page_that_says_what_goes(desk):
    live, draft = make_live(), make_entry()
    add_draft(draft, title="Again")
    assert b"Take it down instead" in desk.get(url("delete", live.pk)).content
    assert b"take it down instead" in ask(desk, live, "delete").content
    assert b"2 revisions and 0 clinical reviews" in desk.get(url("delete", draft.pk)).content
    assert "was deleted" in messages_of(ask(desk, draft, "delete", reason="A double"))[0]
    assert list(Entry.objects.all()) == [live]
    event = Event.objects.get(verb="delete")
    assert (event.subject, event.reason, event.details["revisions"]) == (
        f"cause {draft.slug}", "A double", 2)  # fmt: skip


def test_a_review_is_recorded_on_the_live_text(desk):
    entry = make_live(slug="one")
    add_draft(entry, title="Draft")
    shown = desk.get(url("review", entry.pk)).context["form"]
    data = {"reviewer": "R. Name", "qualification": "MD", "reviewed_on": "2026-01-31"}
    data["revision"] = str(shown["revision"].value())
    desk.post(url("review", entry.pk), data)
    review = entry.revisions.get(number=1).reviews.get()
    assert review.due_on.isoformat() == "2029-01-31"
    assert b"Reviewed by R. Name" in desk.get("/causes/one/").content
    future = desk.post(url("review", entry.pk), data | {"reviewed_on": "2999-01-01"})
    assert b"future" in future.content


def test_a_review_is_of_the_text_that_was_shown_whatever_is_public_meanwhile(desk):
    entry = make_live(title="Shown", slug="one")
    shown = desk.get(url("review", entry.pk)).context["form"]["revision"].value()
    publishing.publish(add_draft(entry, title="Came between"), by=None)
    data = {"reviewer": "R. Name", "qualification": "MD", "reviewed_on": "2026-01-31"}
    desk.post(url("review", entry.pk), data | {"revision": str(shown)})
    assert entry.revisions.get(reviews__isnull=False).title == "Shown"
    assert b"edited since its last review" in desk.get("/causes/one/").content
    assert b"This field is required" in desk.post(url("review", entry.pk), data).content


def test_a_tag_is_renamed_and_keeps_its_old_name(desk):
    make_live(tags=["palsy"])
    tag = Tag.objects.get()
    response = change(desk, url("change", tag.pk, kind="tag"), name="paralysis")
    assert "“palsy” is kept as an old name" in " ".join(messages_of(response))
    assert desk.get("/tags/palsy/")["Location"] == "/tags/paralysis/"
    listed = desk.get(url("changelist", kind="tag")).content.decode()
    assert "palsy" in listed
    assert listed.count('class="field-name"') == 1


@pytest.mark.parametrize("name", ["weakness", "Weakness", "&&&", "a, b", ""])
def test_a_tag_name_that_is_taken_or_malformed_is_refused_at_the_field(desk, name):
    make_tag("weakness")
    tag = make_tag("other")
    for address in (url("change", tag.pk, kind="tag"), url("add", kind="tag")):
        response = desk.post(address, {"name": name})
        assert response.status_code == 200
        assert response.context["adminform"].form.errors["name"]
    assert Tag.objects.count() == 2


def test_merging_tags_needs_its_own_permission(client, writer):
    make_live(tags=["palsy", "paralysis"])
    palsy, paralysis = Tag.objects.get(name="palsy"), Tag.objects.get(name="paralysis")
    writer.user_permissions.add(
        Permission.objects.get(codename="change_tag", content_type__app_label="causes")
    )
    client.force_login(writer)
    address = url("merge", palsy.pk, kind="tag")
    assert client.post(address, {"into": paralysis.pk}).status_code == 403
    writer.user_permissions.add(Permission.objects.get(codename="merge_tag"))
    client.force_login(type(writer).objects.get(pk=writer.pk))
    assert change(client, address, into=paralysis.pk, follow=False).status_code == 302
    palsy.refresh_from_db()
    assert palsy.merged_into == paralysis


def test_categories_are_edited_renamed_and_merged(desk):
    make_live(category="Ilnesses")
    category, other = Category.objects.get(), make_category("Other")
    data = {"name": "Illnesses", "description": "Sick.", "position": "5", "review_months": "12"}
    change(desk, url("change", category.pk, kind="category"), **data)
    new = Category.objects.get(name="Illnesses")
    assert (new.description, new.position) == ("Sick.", 5)
    change(desk, url("merge", new.pk, kind="category"), into=other.pk)
    assert desk.get("/categories/ilnesses/")["Location"] == "/categories/other/"


def test_tags_are_offered_by_what_is_typed_without_their_old_names(desk):
    make_live(tags=["palsy"])
    publishing.rename_taxon(make_tag("palsy"), "facial palsy", by=None)
    query = {"term": "pals", "app_label": "causes", "model_name": "taggedrevision",
             "field_name": "tag"}  # fmt: skip
    found = desk.get(reverse("admin:autocomplete"), query).json()["results"]
    assert [row["text"] for row in found] == ["facial palsy"]


def test_a_source_that_is_cited_keeps_its_key_and_is_not_deleted(desk):
    source = make_source("maas-2015")
    make_entry(body="See [@maas-2015].")
    page = desk.get(url("change", source.pk, kind="source")).content.decode()
    assert 'name="key"' not in page
    assert desk.post(url("delete", source.pk, kind="source"), {"post": "yes"}).status_code == 403
    data = {"kind": "review", "authors": "A", "title": "T", "checked_on": "2026-02-03"}
    change(desk, url("change", source.pk, kind="source"), **data)
    source.refresh_from_db()
    assert (source.checked_by.username, source.key) == ("ed", "maas-2015")


@pytest.mark.parametrize(
    ("field", "value"),
    [("key", "No Key"), ("doi", "x"), ("pmid", "x"), ("pmcid", "1"), ("url", "ftp://a.example/")],
)
def test_a_malformed_source_is_refused_at_the_field(desk, field, value):
    data = {"key": "a-1", "kind": "review", "authors": "A", "title": "T", field: value}
    response = desk.post(url("add", kind="source"), data)
    assert response.context["adminform"].form.errors[field]
    assert not Source.objects.exists()


def test_the_event_log_can_be_read_and_not_touched(desk):
    make_live()
    event = Event.objects.get()
    assert desk.get(url("changelist", kind="event")).status_code == 200
    assert desk.get(url("change", event.pk, kind="event")).status_code == 200
    assert desk.post(url("delete", event.pk, kind="event"), {"post": "yes"}).status_code == 403
    assert desk.get(url("add", kind="event")).status_code == 403


def test_the_desk_shows_causes_and_pages_and_never_the_rows_beneath(desk):
    html = desk.get(reverse("admin:index")).content.decode()
    for words in ("Causes", "Pages", "Categories", "Tags", "Sources", "Events"):
        assert words in html
    for words in ("Revision", "Publication", "Taggit", "Tagged", "Redirect"):
        assert words not in html


def test_every_admin_hook_that_is_overridden_is_really_called(desk):
    """An override with the wrong name is silent: each of ours must exist in Django's own."""
    from django.contrib.admin import ModelAdmin

    from causes.admin.entries import EntryAdmin

    for name in ("get_changelist", "get_search_results", "get_form",
                 "get_fieldsets", "changeform_view", "change_view", "render_change_form",
                 "save_form", "save_model", "save_related", "response_add", "response_change",
                 "get_urls", "history_view"):  # fmt: skip
        assert hasattr(ModelAdmin, name)
        assert getattr(EntryAdmin, name) is not getattr(ModelAdmin, name)
