"""Two tabs of every form at the desk: whoever saves second is told, and sees both."""

import html
import re
from datetime import date
from threading import Barrier, Thread

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse

from causes import publishing
from causes.models import Category, Cause, Entry, Page, Source, Tag
from causes.publishing import Text
from causes.states import state_of, step_of
from tests.admin.desk import ask, change, fields_of, messages_of, open_form, save, url
from tests.factories import (
    add_draft,
    make_category,
    make_entry,
    make_live,
    make_person,
    make_source,
    make_tag,
)

pytestmark = pytest.mark.django_db


def made_page(**fields):
    return make_entry(kind=Entry.Kind.PAGE, category=None, **fields)


def slug_or_title(entry, name):
    """A field of an entry's form as it is stored."""
    entry = Entry.objects.get(pk=entry.pk)
    return entry.slug if name == "slug" else getattr(entry.newest, name)


def words_of(response):
    """The words of a page, without those that are marked as deleted."""
    hidden = re.sub(r'<span class="visually-hidden">[^<]*</span>', "", response.content.decode())
    hidden = re.sub(r"<del>[^<]*</del>", "", hidden)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", hidden)).split())


def sides(difference):
    """The texts of both sides as they are, without what was deleted."""
    return [
        "".join(piece.text for paragraph in paragraphs for piece in paragraph
                if piece.kind != "deleted")
        for _, paragraphs in difference.sides
    ]  # fmt: skip


def column(row, name):
    return str(getattr(type(row).objects.get(pk=row.pk), name) or "")


FORMS = {
    Cause: (lambda: make_entry(slug="one"), slug_or_title, {"slug": "two", "title": "Second"}),
    Page: (lambda: made_page(slug="one"), slug_or_title, {"slug": "two", "title": "Second"}),
    Source: (
        make_source,
        column,
        {"year": "2015", "title": "Corrected"},
    ),
    Category: (
        lambda: make_category("Injuries"),
        column,
        {"review_months": "12", "description": "All of them."},
    ),
    Tag: (lambda: make_tag("palsy"), column, {"name": "weakness"}),
    User: (
        lambda: make_person("Writer"),
        column,
        {"email": "new@example.org", "first_name": "Wanda"},
    ),
    Group: (lambda: Group.objects.create(name="Guests"), column, {"name": "Visitors"}),
}
"""For each form: a row, how a field of it is read, and what two tabs type into which fields."""


def forms_of_the_desk(rf, person):
    """The models whose rows somebody at the desk can change by a form."""
    request = rf.get("/")
    request.user = person
    return [
        model
        for model in apps.get_models()
        if admin.site.is_registered(model)
        and admin.site.get_model_admin(model).has_change_permission(request)
    ]


def address_of(row, name="change"):
    opts = row._meta
    if isinstance(row, Entry):
        return url(name, row.pk, kind=row.kind)
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{name}", args=[row.pk])


def test_every_form_of_the_desk_is_walked_here_and_none_has_a_way_past_it(rf, editor):
    models = forms_of_the_desk(rf, editor)
    assert set(models) == set(FORMS), "tell in FORMS how two tabs meet in the new form"
    request = RequestFactory().get("/")
    request.user = editor
    for model in models:
        desk = admin.site.get_model_admin(model)
        # Rows in the form of another row, and rows in the list, carry nothing that was shown.
        assert not desk.get_inlines(request, None), model
        assert not desk.list_editable, model
        assert "delete_selected" not in desk.get_actions(request), model
        assert not desk.save_as, model


@pytest.mark.parametrize("model", FORMS)
def test_who_saves_second_is_told_sees_both_and_saves_on_top_with_open_eyes(desk, model):
    make, stored, typed = FORMS[model]
    row, address = make(), None
    address = address_of(row)
    first, second = open_form(desk, address), open_form(desk, address)
    name, value = next(iter(typed.items()))
    other, words = list(typed.items())[1] if len(typed) > 1 else (name, "something else")
    assert desk.post(address, first | {name: value}).status_code == 302
    assert stored(row, name) == value

    response = desk.post(address, second | {other: words})
    assert response.status_code == 200
    page = words_of(response)
    for said in ("look at both", "ed saved", "nothing is saved yet"):
        assert said in page, said
    assert stored(row, name) == value
    shown = [
        plain
        for field in response.context["adminform"].form.meeting.differences
        for plain in sides(field)
    ]
    assert value in shown
    assert stored(row, other) != words

    again = fields_of(response)
    assert again[other] == words
    if other != name:
        assert again[name] == value  # left alone in this tab: theirs goes on
    assert desk.post(address, again).status_code == 302
    assert stored(row, other) == words
    if other != name:
        assert stored(row, name) == value


@pytest.mark.parametrize("model", FORMS)
def test_the_same_words_in_both_tabs_are_no_conflict(desk, model):
    make, stored, typed = FORMS[model]
    row = make()
    address = address_of(row)
    first, second = open_form(desk, address), open_form(desk, address)
    assert desk.post(address, first | typed).status_code == 302
    response = desk.post(address, second | typed)
    assert response.status_code == 302 or "Two versions of this text" in response.content.decode()
    for name, words in typed.items():
        assert stored(row, name) == words


@pytest.mark.parametrize("model", FORMS)
@pytest.mark.parametrize("token", [None, "", "made-up:1a2b3c:xyz"])
def test_a_form_that_does_not_say_what_it_showed_overwrites_nothing(desk, model, token):
    make, stored, typed = FORMS[model]
    row = make()
    address = address_of(row)
    sent = open_form(desk, address) | typed
    del sent["shown"]
    before = {name: stored(row, name) for name in typed}
    response = desk.post(address, sent | ({} if token is None else {"shown": token}))
    assert response.status_code == 200
    assert "did not say which state" in response.content.decode()
    assert {name: stored(row, name) for name in typed} == before
    assert desk.post(address, fields_of(response)).status_code == 302
    assert {name: stored(row, name) for name in typed} == typed


def test_a_withdrawal_survives_a_title_corrected_in_an_older_tab(desk):
    source = make_source()
    address = address_of(source)
    withdrawing, correcting = open_form(desk, address), open_form(desk, address)
    retracted = {"withdrawn_on": "2026-01-31", "withdrawn_reason": "Data made up."}
    desk.post(address, withdrawing | retracted)
    response = desk.post(address, correcting | {"title": "Spelled right"})
    desk.post(address, fields_of(response))
    source.refresh_from_db()
    assert (source.title, source.withdrawn_reason) == ("Spelled right", "Data made up.")
    assert source.withdrawn_on == date(2026, 1, 31)


def test_an_error_elsewhere_in_the_form_hides_no_difference(desk):
    source = make_source()
    address = address_of(source)
    older = open_form(desk, address)
    change(desk, address, authors="Others A")
    response = desk.post(address, older | {"title": "", "doi": "x"})
    page = words_of(response)
    assert "look at both" in page
    assert "Others A" in page
    assert "A DOI looks like" in page
    assert fields_of(response)["authors"] == "Others A"


def test_a_password_is_never_written_into_a_page(desk, django_user_model):
    person = make_person("Writer")
    from django.core import signing

    token = open_form(desk, address_of(person))["shown"]
    shown = signing.loads(token, salt="causes.admin.shown")["values"]
    assert "password" not in shown
    assert person.password not in str(shown)
    assert shown["username"] == "writer"


def test_what_was_typed_into_a_field_that_is_closed_meanwhile_is_told(desk):
    source, entry = make_source(), make_entry(slug="one")
    older, draft = open_form(desk, address_of(source)), open_form(desk, address_of(entry))
    make_entry(body="See [@maas-2015].")
    publishing.publish(entry.newest, by=None)
    for row, form, name in ((source, older, "key"), (entry, draft, "slug")):
        response = desk.post(address_of(row), form | {name: "another-one", "title": "New"})
        page = words_of(response)
        assert response.status_code == 200
        assert "cannot be changed any more" in page
        assert "another-one" in page
        assert column(row, name) != "another-one"


def test_a_slug_is_not_set_back_by_an_older_form(desk):
    entry = make_entry(slug="one")
    older = open_form(desk, address_of(entry))
    ask(desk, entry, "rename", slug="renamed")
    response = desk.post(address_of(entry), older | {"title": "Other words", "_save": "1"})
    assert "renamed" in response.content.decode()
    assert Entry.objects.get().slug == "renamed"
    desk.post(address_of(entry), fields_of(response) | {"_save": "1"})
    entry.refresh_from_db()
    assert (entry.slug, entry.newest.title) == ("renamed", "Other words")


@pytest.mark.parametrize("button", ["_publish", "_submit"])
def test_nobody_sends_on_a_text_that_the_form_never_showed(desk, button):
    entry = make_entry(slug="one")
    older = open_form(desk, address_of(entry))
    add_draft(entry, title="Came between")
    response = desk.post(address_of(entry), older | {button: "1"})
    assert "read it first" in response.content.decode()
    assert (state_of(entry), step_of(entry)) == ("draft", "draft")
    again = fields_of(response)
    assert again["title"] == "Came between"
    assert desk.post(address_of(entry), again | {button: "1"}).status_code == 302
    assert step_of(entry) in ("out", "submitted")


# Rows that went away --------------------------------------------------------------------


@pytest.mark.parametrize("how", ["renamed", "merged"])
@pytest.mark.parametrize(("model", "make"), [("category", make_category), ("tag", make_tag)])
def test_words_about_a_name_that_went_elsewhere_are_shown_with_where_it_is(desk, how, model, make):
    make_live(category="Ilnesses", tags=["Ilnesses"])
    old, other = make("Ilnesses"), make("Diseases")
    address = address_of(old)
    older = open_form(desk, address)
    if how == "renamed":
        change(desk, address, name="Illnesses")
        new = type(old).objects.get(name="Illnesses")
    else:
        change(desk, address_of(old, "merge"), into=other.pk)
        new = other
    typed = {"description": "What makes people ill."} if model == "category" else {"name": "Ills"}
    response = desk.post(address, older | typed)
    page = words_of(response)
    assert f"“Ilnesses” is now “{new.name}”: ed {how} it on" in page
    assert next(iter(typed.values())) in page
    assert desk.post(address, fields_of(response)).status_code == 302
    today = type(old).objects.get(pk=new.pk).canonical
    assert all(getattr(today, name) == value for name, value in typed.items())
    assert desk.get(address.replace(str(old.pk), "²"), follow=True).status_code == 200
    deleting = desk.post(address_of(old, "delete"), {"post": "yes"}, follow=True)
    assert any("Nothing was deleted" in message for message in messages_of(deleting))
    response = desk.get(address, follow=True)
    assert any("“Ilnesses” is now “" in message for message in messages_of(response))


@pytest.mark.parametrize("model", FORMS)
def test_words_about_a_row_that_was_deleted_are_shown_again(desk, model):
    make, _, typed = FORMS[model]
    row = make()
    address = address_of(row)
    older = open_form(desk, address) | typed
    if isinstance(row, Entry):
        publishing.delete_entry(row, by=None)
    else:
        change(desk, address_of(row, "delete"))
    assert not model.objects.filter(pk=row.pk).exists()
    response = desk.post(address, older)
    page = words_of(response)
    assert response.status_code == 200
    assert "deleted" in page
    for words in typed.values():
        assert words in page
    assert not model.objects.filter(pk=row.pk).exists()


def test_a_reason_typed_about_an_entry_that_was_deleted_is_shown_again(desk):
    entry = make_entry()
    publishing.submit(entry.newest, by=None)
    address = url("send_back", entry.pk)
    sent = open_form(desk, address) | {"reason": "Name the nerve."}
    publishing.delete_entry(entry, by=None)
    page = words_of(desk.post(address, sent))
    assert "was deleted" in page
    assert "Name the nerve." in page


# Decisions ---------------------------------------------------------------------------------


def published_by_another(entry):
    publishing.publish(add_draft(entry, title="By another"), by=None)


@pytest.mark.parametrize(
    ("verb", "typed", "meanwhile", "said"),
    [
        ("rename", {"slug": "mine"}, lambda e: publishing.rename(e, "theirs", by=None), "theirs"),
        ("publish", {}, published_by_another, "revision 3"),
        ("take_down", {}, published_by_another, "revision 3"),
        ("schedule", {"publish_at": "2031-01-01T09:00"}, published_by_another, "revision 3"),
        ("withhold", {"reason": "A name.", "sure": "on"}, published_by_another, "revision 3"),
    ],
)
def test_a_decision_counts_only_for_the_state_that_its_page_showed(
    desk, verb, typed, meanwhile, said
):
    entry = make_live(slug="one")
    add_draft(entry, title="Draft")
    address = url(verb, entry.pk)
    sent = open_form(desk, address) | typed | {"reason": "I looked."}
    meanwhile(entry)
    before = list(entry.events.values_list("pk", flat=True))
    response = desk.post(address, sent)
    page = words_of(response)
    assert response.status_code == 200
    assert "Look again before you decide" in page
    assert said in page
    assert "I looked." in page
    assert list(entry.events.values_list("pk", flat=True)) == before
    assert desk.post(address, fields_of(response)).status_code in (200, 302)
    unsaid = {name: value for name, value in sent.items() if name != "shown"}
    assert b"did not say which state" in desk.post(address, unsaid).content


def test_a_draft_that_grew_is_not_deleted_or_restored_over_unseen(desk):
    entry = make_entry(title="First")
    add_draft(entry, title="Second")
    first = entry.revisions.get(number=1)
    for address in (url("restore", entry.pk, first.uuid), url("delete", entry.pk)):
        sent = open_form(desk, address)
        add_draft(entry, title=f"Typed while {address} was open")
        count = entry.revisions.count()
        response = desk.post(address, sent)
        assert b"Look again before you decide" in response.content
        assert entry.revisions.count() == count
        assert desk.post(address, fields_of(response)).status_code == 302
    assert not Entry.objects.filter(pk=entry.pk).exists()


@pytest.mark.parametrize("make", [make_source, lambda: make_tag("palsy"), make_category])
def test_a_row_that_was_changed_is_not_deleted_unseen(desk, make):
    row = make()
    address = address_of(row, "delete")
    sent = open_form(desk, address)
    row.refresh_from_db()
    name = "title" if isinstance(row, Source) else "name"
    change(desk, address_of(row), **{name: "Something else"})
    response = desk.post(address, sent, follow=True)
    assert "it was not deleted" in messages_of(response)[-1]
    assert type(row).objects.filter(pk=row.pk).exists()
    change(desk, address)
    assert not type(row).objects.filter(pk=row.pk).exists()


def test_a_tag_that_was_renamed_is_not_merged_unseen(desk):
    one, other = make_tag("one"), make_tag("other")
    address = url("merge", one.pk, kind="tag")
    sent = open_form(desk, address) | {"into": other.pk}
    change(desk, address_of(one), name="uno")
    response = desk.post(address, sent)
    assert b"Look again before you decide" in response.content
    assert b"uno" in response.content
    assert Tag.objects.filter(merged_into=None).count() == 2
    desk.post(address, fields_of(response))
    assert Tag.objects.get(merged_into=None).name == "other"


# At the same moment -------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("model", [Source, Category, Cause, Group])
def test_of_two_who_save_at_the_same_moment_one_is_told(model):
    make, stored, typed = FORMS[model]
    row = make()
    address = address_of(row)
    name = list(typed)[-1] if model is not Source else "title"
    browsers = [Client(), Client()]
    for browser in browsers:
        browser.force_login(make_person("Superuser"))
    opened = [open_form(browser, address) for browser in browsers]
    together, answers = Barrier(2), {}

    def send(number):
        words = f"words-{number}"
        together.wait(30)
        answers[words] = browsers[number].post(address, opened[number] | {name: words}).status_code
        connection.close()

    threads = [Thread(target=send, args=[number]) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answers.values()) == [200, 302]
    winner = next(words for words, status in answers.items() if status == 302)
    assert stored(row, name) == winner


def test_a_text_saved_by_the_form_of_today_needs_no_second_look(desk):
    entry = make_entry(slug="one")
    response = save(desk, entry, title="Mine")
    assert "saved as revision 2" in messages_of(response)[0]
    assert Text.of(Entry.objects.get().newest).title == "Mine"
