"""HTML comments: removed on every road in, counted and said, and never shown."""

import json
import logging

import pytest
from django.core.management import call_command

from causes.database import bulk
from causes.models import Entry, Revision
from causes.publishing import Text, create_entry
from tests.admin.desk import messages_of, save
from tests.factories import add_draft, make_entry, make_live
from tests.interchange.content import Planned, empty, exported, rows_of, write

pytestmark = pytest.mark.django_db

BODY = "Words. <!-- who wrote this? -->\n\n<!-- check\n\nthe dose -->\n\nMore `<!-- code -->`."
CLEAN = "Words.\n\n\nMore `<!-- code -->`."


def body_of(entry):
    return entry.newest.body.replace("Words. \n", "Words.\n")


def with_comments(rows):
    """The rows of a fixture, with comments in each body."""
    for row in rows:
        if row["model"] == "causes.revision":
            row["fields"]["body"] = BODY
    return rows


def test_at_the_desk(admin_client):
    entry = make_entry()
    response = save(admin_client, entry, body=BODY)
    entry.refresh_from_db()
    assert body_of(entry) == CLEAN
    assert "2 HTML comments were removed from the text." in messages_of(response)


def test_by_a_verb():
    entry = create_entry("cause", "x", Text("X", body=BODY), by=None)
    assert body_of(entry) == CLEAN
    add_draft(entry, body=f"<!-- only this is new -->\n{entry.newest.body}")
    entry.refresh_from_db()
    assert entry.last_number == 1


@pytest.mark.django_db(transaction=True)
def test_by_a_fixture(tmp_path):
    make_live(slug="x")
    path = write(tmp_path, with_comments(rows_of(exported("public"))))
    empty()
    plan = Planned(path)
    assert "2 HTML comments were removed from the text." in plan.said("x")
    plan.apply()
    assert body_of(Entry.objects.get(slug="x")) == CLEAN
    assert Planned(path).entries == {"x": "unchanged"}


def test_by_a_markdown_file(tmp_path):
    (tmp_path / "x.md").write_text(f"<!-- licence -->\n# A title\n\n{BODY}")
    plan = Planned(tmp_path, markdown=True)
    assert "3 HTML comments were removed from the text." in plan.said("x")
    plan.apply()
    entry = Entry.objects.get(slug="x")
    assert (entry.newest.title, body_of(entry)) == ("A title", CLEAN)
    assert Planned(tmp_path, markdown=True).entries == {"x": "unchanged"}


@pytest.mark.django_db(transaction=True)
def test_by_loaddata(tmp_path, caplog):
    make_live(slug="x")
    path = tmp_path / "content.json"
    path.write_text(json.dumps(with_comments(rows_of(exported("public")))))
    empty()
    with caplog.at_level(logging.WARNING):
        call_command("loaddata", str(path), verbosity=0)
    assert body_of(Entry.objects.get(slug="x")) == CLEAN
    assert "2 HTML comments were removed from the text." in caplog.text


def stored_before_the_rule(slug, body):
    """A live cause with a text that no road of today would store."""
    entry = make_live(slug=slug, body="Replaced.")
    row = Revision.objects.values().get(pk=entry.newest.pk)
    made = {
        "uuid": bulk.uuid("00000000-0000-4000-8000-000000000001"),
        "entry_id": entry.pk,
        "number": 2,
        "predecessors": "[]",
        "body": body,
        "created_at": bulk.moment("2026-01-01T00:00:00.000Z"),
        "tag_count": 0,
    }
    kept = {name: row[name] for name in ("title", "summary", "note", "category_id", "uncited")}
    columns = {**made, **kept}
    bulk.insert("causes_revision", " ".join(columns), [tuple(columns.values())])
    Entry.objects.filter(pk=entry.pk).update(last_number=2)
    entry.refresh_from_db()
    return entry


def test_a_comment_that_was_stored_before_is_never_shown(client, admin_client):
    from causes import publishing

    entry = stored_before_the_rule("x", BODY)
    publishing.publish(entry.newest, by=None)
    for address in ("/causes/x/", "/article/", "/search/?q=more", "/feed/", "/"):
        page = client.get(address).content.decode()
        assert "who wrote" not in page
        assert "the dose" not in page
    assert "&lt;!-- code --&gt;" in client.get("/causes/x/").content.decode()
    # Saved unchanged it is the same text.
    save(admin_client, entry)
    entry.refresh_from_db()
    assert entry.last_number == 2
