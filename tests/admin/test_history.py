"""The history of an entry, where something about it is not as usual."""

import pytest

from causes import publishing
from causes.models import Entry
from tests.admin.desk import form_of, messages_of, url
from tests.factories import add_draft, make_entry, make_live, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def partly_withheld(editor):
    entry = make_live(slug="partly")
    add_draft(entry, body="Better.")
    publishing.withhold(entry.revisions.get(number=1), "Names a patient", by=editor)
    return entry


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_withheld_text_is_not_restored_and_the_desk_says_why(desk, partly_withheld, method):
    first = partly_withheld.revisions.get(number=1)
    where = url("restore", partly_withheld.pk, first.uuid)
    response = getattr(desk, method)(where, follow=True)
    assert response.redirect_chain == [(url("history", partly_withheld.pk), 302)]
    assert "Revision 1 was withheld" in messages_of(response)[0]
    assert partly_withheld.revisions.count() == 2


@pytest.mark.parametrize("pk", ["²", "٣", "x", "9" * 5000, "-1", "0"])
def test_a_history_that_cannot_be_is_not_found(desk, pk):
    assert desk.get(f"/admin/causes/cause/{pk}/history/").status_code == 404


@pytest.mark.parametrize("kind", ["cause", "page"])
def test_an_entry_without_a_text_gets_its_first_one_at_the_desk(desk, kind):
    entry = Entry.objects.create(kind=kind, slug="no-text")
    page = desk.get(url("change", entry.pk, kind=kind)).content.decode()
    assert f"This {kind} has no text yet" in page
    assert b"no-text" in desk.get(url("history", entry.pk, kind=kind)).content
    data = {"title": "First", "slug": "no-text", "summary": "", "body": "Words.", "base": ""}
    response = desk.post(url("change", entry.pk, kind=kind), data | {"_save": "1"}, follow=True)
    assert "saved as revision 1" in messages_of(response)[0]
    entry.refresh_from_db()
    assert entry.newest.title == "First"


def test_no_verb_is_offered_for_an_entry_without_a_text_and_none_happens(desk):
    from causes.admin.verbs import VERBS

    entry = Entry.objects.create(kind="cause", slug="no-text")
    assert desk.get(url("change", entry.pk)).context["offers"] == []
    for verb in VERBS:
        response = desk.post(url(verb.name, entry.pk), {}, follow=True)
        assert "has no text yet" in messages_of(response)[0], verb.name
    assert entry.events.count() == 0


def test_who_only_reads_is_told_that_there_is_no_text(client):
    client.force_login(make_person("Onlooker"))
    entry = Entry.objects.create(kind="cause", slug="no-text")
    assert b"has no text yet" in client.get(url("change", entry.pk)).content


def test_a_verb_that_refuses_after_the_form_was_checked_is_told_as_a_sentence(desk, monkeypatch):
    """Somebody takes the address between the check of the form and the saving."""
    entry = make_entry(slug="mine")
    data = form_of(entry, slug="taken")
    from causes.admin.forms import RevisionForm

    checked = RevisionForm.clean

    def meanwhile(form):
        make_entry(slug="taken")
        return checked(form)

    monkeypatch.setattr(RevisionForm, "clean", meanwhile)
    response = desk.post(url("change", entry.pk), data | {"_save": "1"})
    assert response.status_code == 409
    assert b"is taken by another cause" in response.content
    assert Entry.objects.get(pk=entry.pk).slug == "mine"
