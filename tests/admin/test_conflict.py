"""Two people save: base, theirs and mine, and nothing is saved before all is chosen."""

import re

import pytest

from tests.admin.desk import form_of, messages_of, url
from tests.factories import add_draft, make_category, make_live, make_person, make_tag

pytestmark = pytest.mark.django_db

BASE = "One.\n\nTake 5 mg.\n\nThree."


@pytest.fixture
def met(desk):
    """Both changed; what the second one sends."""
    entry = make_live(title="Start", body=BASE, tags=["virus"], category="Injuries")
    base = str(entry.newest.uuid)
    add_draft(
        entry,
        body=BASE.replace("5 mg", "50 mg"),
        tags=["virus", "ageing"],
        by=make_person("Writer", "ann"),
        note="Dose",
    )
    mine = {
        "title": "Mine",
        "body": f"{BASE}\n\nTwice a day.",
        "tags": [make_tag("virus").pk, make_tag("palsy").pk],
        "category": make_category("Diseases").pk,
        "base": base,
        "_save": "1",
    }
    data = form_of(entry, **mine)
    entry.refresh_from_db()
    return entry, data


def send(desk, entry, data, **more):
    return desk.post(url("change", entry.pk), data | more, follow=True)


def test_the_page_shows_base_theirs_and_mine_place_by_place(desk, met):
    entry, data = met
    response = send(desk, entry, data)
    html = re.sub(r'<span class="visually-hidden">[^<]*</span>', "", response.content.decode())
    asked = [question.name for question in response.context["conflict"].questions]
    assert asked[:3] == ["choose-title", "choose-category", "choose-tags"]
    assert len(asked) == 5
    assert "<strong>ann</strong> saved revision 2" in " ".join(html.split())
    assert "<del>5 mg</del>" in html or ("<del>5</del>" in html and "<ins>50</ins>" in html)
    assert "<ins>Twice a day.</ins>" in html
    assert "<ins>ageing</ins>" in html
    assert "<ins>palsy</ins>" in html
    assert response.context["form"]["body"].value() == data["body"]
    assert entry.revisions.count() == 2


def test_nothing_is_saved_before_every_place_is_chosen(desk, met):
    entry, data = met
    questions = send(desk, entry, data).context["conflict"].questions
    theirs = {"theirs": str(entry.newest.uuid)}
    half = {question.name: "mine" for question in questions[:-1]}
    response = send(desk, entry, data, **theirs, **half)
    assert "1 place still to choose" in response.content.decode()
    assert response.content.decode().count("checked") == len(half)
    assert entry.revisions.count() == 2
    odd = {question.name: "both" for question in questions}
    assert "5 places still to choose" in send(desk, entry, data, **theirs, **odd).content.decode()


def test_each_place_becomes_what_was_chosen(desk, met):
    entry, data = met
    theirs = entry.newest
    questions = send(desk, entry, data).context["conflict"].questions
    sides = ["base", "mine", "theirs", "theirs", "mine"]
    answers = {q.name: side for q, side in zip(questions, sides, strict=True)}
    response = send(desk, entry, data, theirs=str(theirs.uuid), **answers)
    assert "saved as revision 3" in messages_of(response)[0]
    made = entry.revisions.get(number=3)
    assert (made.title, made.category.name) == ("Start", "Diseases")
    assert [tag.name for tag in made.shown_tags()] == ["ageing", "virus"]
    assert made.body == "One.\n\nTake 50 mg.\n\nThree.\n\nTwice a day."
    assert (made.based_on, made.author.username) == (theirs.uuid, "ed")


def test_choices_do_not_count_for_a_text_that_came_after_them(desk, met):
    entry, data = met
    shown = entry.newest
    questions = send(desk, entry, data).context["conflict"].questions
    add_draft(entry, body="Entirely new.")
    answers = {question.name: "theirs" for question in questions}
    response = send(desk, entry, data, theirs=str(shown.uuid), **answers)
    assert "Somebody saved while you were editing" in response.content.decode()
    assert entry.revisions.count() == 3


def test_who_changed_nothing_is_asked_nothing(desk):
    entry = make_live(body=BASE)
    data = form_of(entry) | {"_save": "1"}
    add_draft(entry, body="Theirs.")
    assert "Nothing was changed" in messages_of(send(desk, entry, data))[0]
    assert entry.revisions.count() == 2


def test_a_base_that_is_not_here_leaves_two_sides_to_choose_from(desk, met):
    entry, data = met
    data["base"] = "11111111-1111-4111-8111-111111111111"
    questions = send(desk, entry, data).context["conflict"].questions
    assert {side for question in questions for side, *_ in question.sides} == {"theirs", "mine"}


def test_a_text_that_cannot_be_stored_is_refused_before_anything_is_asked(desk, met):
    entry, data = met
    response = send(desk, entry, data, body="![x](y)")
    assert "Images cannot be part" in response.content.decode()
    assert entry.revisions.count() == 2
