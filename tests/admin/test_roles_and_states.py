"""Every verb, as every role, on every state, through the desk's own addresses.

What is possible when is read from the table in docs/editing.md.
"""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from causes.clock import now
from causes.models import Entry, Event, Publication, Revision
from tests.admin.desk import ask, fields_of, form_of, messages_of, url
from tests.factories import STATES, add_draft, make_in_state, make_person

pytestmark = pytest.mark.django_db

MAY = {
    "Writer": {"save_draft", "submit", "restore", "copy", "share"},
    "Reviewer": {"send_back", "review"},
    "Publisher": {
        *("approve", "publish", "schedule", "cancel_schedule", "take_down", "rename", "share")
    },
    "Onlooker": set(),
}


def table():
    """{verb: (states of the page, steps of its text) in which it is possible}."""
    text = (Path(settings.BASE_DIR) / "docs" / "editing.md").read_text()
    lines = [
        line
        for line in text.splitlines()
        if (line.endswith(("yes |", "no |")) and line[:3] == "| `") or "page: Draft" in line
    ]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    head = [name.removeprefix("page: ").removeprefix("text: ") for name in rows[0][1:]]
    states = {label: value for value, label in Entry.State.choices}
    steps = {label: value for value, label in Entry.Step.choices}
    found = {}
    for verb, *cells in rows[1:]:
        yes = [name for name, cell in zip(head, cells, strict=True) if cell == "yes"]
        assert {*cells} <= {"yes", "no"}
        # `Draft` heads a column in both halves: the first five are those of the page.
        found[verb.strip("`")] = (
            {states[name] for name, cell in zip(head[:5], cells[:5], strict=True) if cell == "yes"},
            {steps[name] for name, cell in zip(head[5:], cells[5:], strict=True) if cell == "yes"},
        )
        assert yes
    return found


TABLE = table()
VERBS = list(TABLE)


def possible(verb, state, step):
    states, steps = TABLE[verb]
    if verb in ("schedule", "cancel_schedule") and (state, step) == ("live-with-draft", "out"):
        state = "scheduled"  # a live page with a change scheduled
    return state in states and step in steps


def attempt(client, entry, verb):
    """Sends what the desk's own page of a verb would send."""
    later = timezone.localtime(now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    live = Entry.objects.get(pk=entry.pk).state == "live"
    data = {
        "send_back": {"reason": "Why?"},
        "schedule": {"take_down_at" if live else "publish_at": later},
        "take_down": {"cancel_scheduled": "on"},
        "review": {"reviewer": "R", "qualification": "MD", "reviewed_on": "2026-01-31"},
        "rename": {"slug": "another-address"},
        "copy": {"slug": "a-copy", "title": "A copy"},
        "share": {"days": "7"},
        "withhold": {"reason": "Names a patient", "sure": "on"},
    }.get(verb, {})
    if verb == "save_draft":
        sent = form_of(entry, title="Third") | {"_save": "1"}
        return client.post(url("change", entry.pk), sent)
    if verb == "restore":
        first = entry.revisions.get(number=1)
        address = url("restore", entry.pk, first.uuid)
        page = client.get(address)
        return client.post(address, fields_of(page) if page.status_code == 200 else {})
    return ask(client, entry, verb, follow=False, **data)


def written():
    counted = [model.objects.count() for model in (Entry, Event, Revision, Publication)]
    return counted, list(Publication.objects.values_list("live_until", flat=True))


def test_the_table_names_every_verb_of_the_desk():
    from causes.admin import verbs

    assert set(TABLE) == {page.name for page in verbs.VERBS} | {"save_draft", "restore"}
    assert {verb for verbs in MAY.values() for verb in verbs} <= set(TABLE)


@pytest.mark.parametrize(("state", "step"), STATES)
def test_a_state_that_verbs_lead_to_is_derived_as_it_is_called(state, step):
    entry = make_in_state(state, step)
    assert (entry.state, entry.step) == (state, step)
    assert list(Entry.objects.in_state(state)) == [entry]
    assert list(Entry.objects.at_step(step)) == [entry]


@pytest.mark.parametrize("role", [*MAY, "Superuser"])
@pytest.mark.parametrize("state", ["draft", "scheduled", "live", "live-with-draft", "taken-down"])
def test_who_may_do_what_when(client, role, state):
    client.force_login(make_person(role))
    for step in (step for where, step in STATES if where == state):
        entry = make_in_state(state, step)
        for verb in VERBS:
            entry.refresh_from_db()
            before = written()
            with transaction.atomic():
                response = attempt(client, entry, verb)
                after = written()
                transaction.set_rollback(True)
            case = f"{role} {verb} on {state}, {step}: {response.status_code}"
            if role != "Superuser" and verb not in MAY[role]:
                assert response.status_code == 403, case
                assert after == before, case
            elif possible(verb, state, step):
                assert response.status_code == 302, case
                assert after != before, case
            else:
                assert response.status_code == 200, case
                assert after == before, case


def test_the_buttons_offer_what_the_person_may_do_and_the_state_allows(client):
    for role in MAY:
        client.force_login(make_person(role))
        for state, step in STATES:
            entry = make_in_state(state, step)
            page = client.get(url("change", entry.pk))
            offered = {name for name, _, _ in page.context["offers"]}
            assert offered <= MAY[role], (role, state, step)
            for verb in offered:
                assert possible(verb, state, step), (role, verb, state, step)


def four_eyes_entry(writer, approver=None):
    from causes import publishing

    entry = make_in_state("live", "out")
    add_draft(entry, title="Third", by=writer)
    entry.refresh_from_db()
    publishing.submit(entry.newest, by=writer)
    if approver:
        publishing.approve(entry.newest, by=approver)
    return entry


def test_with_four_eyes_nothing_goes_out_that_its_writer_approved(client, settings):
    settings.FOUR_EYES = True
    both = make_person("Superuser", "both")
    client.force_login(both)
    entry = four_eyes_entry(both)
    assert b"You wrote part" in ask(client, entry, "approve").content
    assert b"is not approved" in ask(client, entry, "publish").content
    later = {"publish_at": "2030-01-01T09:00"}
    assert b"is not approved" in ask(client, entry, "schedule", **later).content
    assert b'name="_publish"' not in client.get(url("change", entry.pk)).content
    client.force_login(make_person("Publisher"))
    assert "approved" in messages_of(ask(client, entry, "approve"))[0]
    assert "public" in messages_of(ask(client, entry, "publish"))[0]


def test_with_four_eyes_an_approval_given_while_it_was_off_does_not_count(client, settings):
    both = make_person("Superuser", "both")
    entry = four_eyes_entry(both, approver=both)
    settings.FOUR_EYES = True
    client.force_login(make_person("Publisher"))
    assert b"approved by one of its writers" in ask(client, entry, "publish").content


def test_with_four_eyes_who_wrote_before_the_last_live_text_may_approve(client, settings):
    settings.FOUR_EYES = True
    early = make_person("Superuser", "early")
    entry = make_in_state("live", "out", by=early)
    from causes import publishing

    add_draft(entry, title="Third", by=make_person("Writer"))
    entry.refresh_from_db()
    publishing.submit(entry.newest, by=make_person("Writer"))
    client.force_login(early)
    assert "approved" in messages_of(ask(client, entry, "approve"))[0]


def test_what_is_approved_is_the_very_text_that_was_shown(client):
    entry = make_in_state("draft", "submitted")
    shown = entry.newest
    add_draft(entry, title="Came between")
    client.force_login(make_person("Publisher"))
    response = ask(client, entry, "approve", revision=shown)
    assert b"was saved after you opened" in response.content
    assert entry.step == "draft"


def test_a_writer_without_the_right_to_submit_saves_all_the_same(client, writer):
    entry = make_in_state("draft", "draft")
    client.force_login(writer)
    sent = form_of(entry, title="Third") | {"_submit": "1"}
    response = client.post(url("change", entry.pk), sent, follow=True)
    assert "is saved, but it was not submitted" in messages_of(response)[0]
    assert entry.revisions.count() == 3
