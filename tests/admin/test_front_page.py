"""The front page of the desk, bulk actions, advice, the picker and the event log."""

import csv
import io
import re
from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from causes import publishing
from causes.admin.events import harmless
from causes.clock import now
from causes.models import Event, Revision, Tag
from causes.states import state_of, step_of
from tests.admin.desk import ask, change, fields_of, messages_of, url
from tests.factories import add_draft, make_entry, make_live, make_person, make_source, make_tag

pytestmark = pytest.mark.django_db

LONG = "The nerve that serves the hand runs behind the elbow and can be pressed there."


def front(client):
    sections = client.get(reverse("admin:index")).context["sections"]
    return {section.key: [row.label for row in section.rows] for section in sections}


def reviewed(entry, due_on):
    publishing.record_review(
        entry.newest,
        by=None,
        reviewer="R",
        qualification="MD",
        reviewed_on=date(2026, 1, 1),
        due_on=due_on,
    )


def test_the_front_page_says_what_needs_doing(client):
    writer = make_person("Writer")
    client.force_login(writer)
    make_entry(title="Mine", by=writer)
    make_entry(title="Not mine")
    for title in ("Waits", "Came back", "Approved"):
        publishing.submit(make_entry(title=title, by=writer, tags=["nerve"]).newest, by=writer)
    came_back = Revision.objects.get(title="Came back")
    publishing.send_back(came_back, by=None, reason="Which?")
    publishing.approve(Revision.objects.get(title="Approved"), by=None)
    later = now() + timedelta(days=2)
    publishing.schedule(make_entry(title="Soon").newest, by=None, publish_at=later)
    publishing.schedule(make_live(title="Ends").newest, by=None, take_down_at=later)
    today = timezone.localdate()
    reviewed(make_live(title="Overdue"), today - timedelta(days=1))
    reviewed(make_live(title="Due"), today + timedelta(days=59))
    reviewed(make_live(title="Later"), today + timedelta(days=61))
    edited = make_live(title="Was reviewed")
    reviewed(edited, today + timedelta(days=900))
    publishing.publish(add_draft(edited, title="Edited"), by=None)
    make_live(title="Uncited", body=LONG)
    make_source("unchecked")
    make_source("gone", withdrawn_on=today, checked_on=today)
    make_live(title="Cites", body="See [@gone].")
    make_tag("unused")
    make_tag("nerves")
    assert front(client) == {
        "mine": ["Mine"],
        "waiting": ["Waits"],
        "sent-back": ["Came back"],
        "approved": ["Approved"],
        "scheduled": ["Soon"],
        "ending": ["Ends"],
        "overdue": ["Overdue"],
        "due": ["Due"],
        "edited": ["Edited"],
        "uncited": ["Uncited"],
        "unchecked": ["[@unchecked]"],
        "withdrawn": ["[@gone]"],
        "unused": ["nerves", "unused"],
        "near": ["nerve / nerves"],
    }
    for section in client.get(reverse("admin:index")).context["sections"]:
        for row in section.rows:
            client.force_login(make_person("Superuser"))
            assert client.get(row.path).status_code == 200, row


def test_a_draft_on_a_page_that_was_taken_down_is_still_mine(client):
    writer = make_person("Writer")
    client.force_login(writer)
    for title in ("Fresh", "Left alone"):
        entry = make_live(title=f"{title}, once", by=None)
        publishing.publish(add_draft(entry, title=title, by=writer), by=None)
        publishing.take_down(entry, by=None)
    add_draft(Revision.objects.get(title="Fresh").entry, title="Fresh draft", by=writer)
    assert front(client)["mine"] == ["Fresh draft"]


def test_a_draft_of_mine_tells_when_it_was_saved_not_when_one_before_it_was_submitted(client):
    writer = make_person("Writer")
    client.force_login(writer)
    entry = make_entry(by=writer)
    with time_machine.travel("2027-01-02T03:04Z", tick=False):
        publishing.submit(entry.newest, by=writer)
    with time_machine.travel("2027-05-06T07:08Z", tick=False):
        add_draft(entry, title="Later", by=writer)
    assert b"saved 6 May 2027, 07:08" in client.get(reverse("admin:index")).content


def test_a_preview_link_is_made_listed_and_revoked_at_the_desk(client):
    client.force_login(make_person("Writer"))
    entry = make_entry(title="Secret")
    made = ask(client, entry, "share", days="3")
    (link,) = re.findall(r'href="(/preview/[^"]+)"', made.content.decode())
    assert b"Secret" in client.get(link).content
    event = Event.objects.get(verb="share")
    assert "revoked" in messages_of(ask(client, entry, "share", revoke=str(event.uuid)))[0]
    assert client.get(link).status_code == 410
    assert b"closed already" in ask(client, entry, "share", revoke=str(event.uuid)).content
    assert b"less than or equal to 90" in ask(client, entry, "share", days="91").content


def test_the_front_page_takes_the_same_number_of_queries_for_twice_the_rows(client):
    writer = make_person("Superuser")
    client.force_login(writer)
    counts = []
    for round_ in range(3):
        for number in range(4 if round_ < 2 else 12):
            name = f"{round_}-{number}"
            publishing.submit(make_entry(title=f"W {name}", by=writer).newest, by=writer)
            make_entry(title=f"D {name}", by=writer)
            reviewed(make_live(title=f"L {name}", body=LONG, tags=[f"t {name}"]), date(2026, 2, 2))
            make_source(f"s-{name}")
        with CaptureQueriesContext(connection) as queries:
            front(client)
        counts.append(len(queries))
    assert counts[0] == counts[1] == counts[2]


def test_paragraphs_without_a_citation_are_counted_however_the_text_came_in(article, desk):
    from causes.text.advice import uncited_paragraphs

    assert "Botulinum toxin (Botox)" in front(desk)["uncited"]
    assert "Contact" not in front(desk)["uncited"]
    copies = [
        Revision(entry=row.entry, number=row.number + 50, title=row.title, body=row.body)
        for row in Revision.objects.select_related("entry")
    ]
    Revision.objects.bulk_create(copies)
    for row in Revision.objects.all():
        assert row.uncited == len(uncited_paragraphs(row.body))


# Bulk actions ---------------------------------------------------------------------


def start(client, action, *entries):
    data = {"action": action, "_selected_action": [entry.pk for entry in entries]}
    return client.post(url("changelist"), data)


def rows_of(*entries):
    for entry in entries:
        entry.refresh_from_db()
    return [f"{entry.pk}:{entry.newest.uuid}" for entry in entries]


def test_a_bulk_action_says_first_what_will_happen_to_each_and_then_does_it(desk):
    good, poor = make_entry(title="Good"), make_entry(title="Poor", summary="")
    html = start(desk, "publish", good, poor).content.decode()
    assert "Planned changes" in html
    assert "Lists and search engines show the summary" in html
    assert not Event.objects.exists()  # it was tried and undone
    done = fields_of(start(desk, "publish", good, poor)) | {"reason": "Launch", "_do": "1"}
    response = desk.post(url("action", "publish"), done, follow=True)
    said = messages_of(response)
    assert said[0] == "Publish now: done for 1 cause."
    assert "Not done for “Poor”" in said[1]
    assert (state_of(good), state_of(poor)) == ("live", "draft")
    assert Event.objects.get().reason == "Launch"


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("submit", {}),
        ("schedule", {"publish_at": "2031-01-01T09:00"}),
        ("set_category", {"category": "Illnesses"}),
        ("add_tag", {"tag": "palsy"}),
        ("remove_tag", {"tag": "virus"}),
        ("take_down", {}),
        ("approve", {}),
    ],
)
def test_every_bulk_action_is_shown_done_and_refused_where_it_cannot_be(desk, action, data):
    from tests.factories import make_category

    entry = make_live(tags=["virus"]) if action == "take_down" else make_entry(tags=["virus"])
    if action == "approve":
        publishing.submit(entry.newest, by=None)
    for name, make in (("category", make_category), ("tag", make_tag)):
        data = data | ({name: make(data[name]).pk} if name in data else {})
    assert start(desk, action, entry).status_code == 200
    rows = {"row": rows_of(entry)}
    plan = desk.post(url("action", action), rows | data)
    assert b">Yes<" in plan.content
    sent = fields_of(plan) | data | {"_do": "1"}
    done = desk.post(url("action", action), sent, follow=True)
    assert "done for 1" in messages_of(done)[0]
    again = {"row": rows_of(entry)} | data
    assert b">Refused<" in desk.post(url("action", action), again).content


def test_a_bulk_action_is_about_the_texts_that_were_shown(desk):
    entry = make_entry(title="Shown")
    sent = fields_of(start(desk, "submit", entry)) | {"_do": "1"}
    add_draft(entry, title="Came between")
    said = messages_of(desk.post(url("action", "submit"), sent, follow=True))
    assert "changed after this page was shown (" in said[0]
    assert "revision 2, draft" in said[0]
    assert step_of(entry) == "draft"
    nothing_shown = {"row": rows_of(entry), "_do": "1"}
    assert b"Planned changes" in desk.post(url("action", "submit"), nothing_shown).content
    assert step_of(entry) == "draft"


def test_bulk_actions_are_offered_and_done_by_permission_only(client):
    client.force_login(make_person("Writer"))
    entry = make_entry()
    html = client.get(url("changelist")).content.decode()
    assert '"submit"' in html
    assert '"publish"' not in html
    sent = {"row": rows_of(entry), "_do": "1"}
    assert client.post(url("action", "publish"), sent).status_code == 403
    assert client.post(url("action", "no-such"), sent).status_code == 404
    assert state_of(entry) == "draft"


# Help while writing -----------------------------------------------------------------


def test_the_unsaved_text_is_shown_as_readers_would_see_it_with_advice(desk):
    make_source("maas-2015", withdrawn_on=date(2026, 1, 1))
    data = {"title": "T <b>", "summary": "", "body": f"{LONG}\n\nSee [@maas-2015] and [@nobody]."}
    answer = desk.post(url("look"), data | {"category": "x", "tags": ["9", "x"]}).json()
    assert "<h1>T &lt;b&gt;</h1>" in answer["page"]
    assert "About maas-2015" in answer["page"]
    for words in ("cites no source", "was withdrawn", "nobody", "summary is missing", "words"):
        assert words in answer["advice"]
    assert Revision.objects.count() == 0


def test_nobody_without_permission_looks_or_picks(client):
    for method, address in (("post", url("look")), ("get", url("pick", kind="source"))):
        assert getattr(client, method)(address).status_code == 302
    client.force_login(make_person("Onlooker"))
    assert client.get(url("pick", kind="source")).status_code == 403
    assert client.get(url("look")).status_code == 405


def test_the_picker_finds_a_source_by_any_word(desk):
    make_source("maas-2015", authors="Maas E", title="Back pain", year=2015)
    make_source("juch-2017", authors="Juch J, Maas E", title="Trials of denervation", year=2017)

    def keys(question):
        found = desk.get(url("pick", kind="source"), {"q": question}).json()["sources"]
        return [source["key"] for source in found]

    assert keys("maas") == ["maas-2015", "juch-2017"]
    assert keys("TRIALS maas") == ["juch-2017"]
    assert keys("2015") == ["maas-2015"]
    assert keys("no such") == []
    assert len(keys("")) == 2


# The event log -----------------------------------------------------------------------


def test_the_log_is_exported_as_it_is_filtered_and_safe_against_formulas(desk):
    live = make_live(by=make_person("Superuser"))
    publishing.take_down(live, by=None, reason="=HYPERLINK('x')")
    source = make_source("maas-2015")
    source.title = "+cmd"
    publishing.save_record(source, by=None)
    response = desk.get(url("export", kind="event"))
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    head, *rows = csv.reader(io.StringIO(text))
    assert head[:4] == ["when", "who", "what", "subject"]
    assert [row[2] for row in rows] == ["changed", "taken down", "published"]
    assert rows[1][6] == "'=HYPERLINK('x')"
    assert rows[0][7] == "title: About maas-2015 → +cmd"
    only = desk.get(url("export", kind="event"), {"verb": "publish"})
    assert b"".join(only.streaming_content).count(b"\r\n") == 2


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\tx", "\rx", " =1", "＝1"])
def test_no_cell_is_taken_for_a_formula(cell):
    assert harmless(cell) == f"'{cell}"
    assert harmless("words = 1") == "words = 1"


def test_the_desk_writes_changes_of_sources_and_tags_into_the_log(desk):
    data = {"key": "doe-2020", "kind": "review", "authors": "Doe J", "title": "Wrists"}
    desk.post(url("add", kind="source"), data)
    desk.post(url("add", kind="tag"), {"name": "wrist"})
    tag = Tag.objects.get()
    change(desk, url("delete", tag.pk, kind="tag"))
    log = [
        (event.verb, event.subject, event.actor.username) for event in Event.objects.order_by("pk")
    ]
    assert log == [
        ("add", "source [@doe-2020]", "ed"),
        ("add", "tag “wrist”", "ed"),
        ("delete", "tag “wrist”", "ed"),
    ]
    event = Event.objects.first()
    assert b"before and after" in desk.get(url("change", event.pk, kind="event")).content.lower()
