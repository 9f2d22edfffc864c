"""While an import runs readers read, and another writer is told at once and keeps their text."""

from contextlib import contextmanager
from threading import Event as Signal
from threading import Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from causes import database, publishing
from causes.interchange.apply import applying
from causes.models import Entry, Import, Source
from causes.publishing import ImportRunning
from tests.admin.desk import form_of, messages_of, save, url
from tests.factories import add_draft, make_live, make_source
from tests.interchange.content import Planned, exported_after, write

pytestmark = pytest.mark.django_db(transaction=True)


STAYS = 10
"""Seconds for which an import stays at most. A writer on SQLite waits for 20, and on PostgreSQL for
ever: whoever waits instead of being told gets through in the end, which every test here would see."""


@contextmanager
def import_running():
    """Somebody else's import, in the middle of its transaction."""
    begun, over, failed = Signal(), Signal(), []

    def work():
        try:
            with database.importing():
                Entry.objects.filter(slug="polio").update(slug="polio")
                begun.set()
                over.wait(STAYS)
        except Exception as error:
            failed.append(error)
        finally:
            begun.set()
            connection.close()

    thread = Thread(target=work)
    thread.start()
    assert begun.wait(10)
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert failed == []


def test_another_writer_is_told_at_once_and_nothing_is_written(client):
    entry = make_live(slug="polio", title="Polio")
    with import_running():
        with pytest.raises(ImportRunning, match="An import is running"):
            add_draft(entry, title="Mine")
        assert database.import_running()
        assert "Polio" in client.get("/causes/polio/").content.decode()
        assert client.get("/search/?q=polio").status_code == 200
    assert not database.import_running()
    add_draft(entry, title="Mine")
    entry.refresh_from_db()
    assert entry.newest.title == "Mine"


def test_a_second_import_is_told_too(tmp_path):
    path = write(tmp_path, exported_after(lambda: make_live(slug="new")))
    with import_running():
        with pytest.raises(CommandError, match="An import is running"):
            call_command("import_fixture", str(path), verbosity=0)
    assert not Import.objects.exists()
    call_command("import_fixture", str(path), verbosity=0)
    assert Entry.objects.get().slug == "new"


def test_the_form_is_shown_again_with_the_text(desk):
    entry = make_live(slug="polio", title="Polio")
    with import_running():
        response = save(desk, entry, body="Hours of work.")
    page = response.content.decode()
    assert response.status_code == 200
    assert "An import is running" in page
    assert "Hours of work." in page
    assert entry.revisions.count() == 1
    response = save(desk, entry, body="Hours of work.")
    assert "saved as revision 2" in messages_of(response)[0]


def test_so_are_the_forms_of_sources_and_tags(desk):
    make_source("maas-2015")
    source = Source.objects.get()
    address = reverse("admin:causes_source_change", args=[source.pk])
    data = {"key": source.key, "kind": "review", "authors": "A", "title": "Typed", "year": "1999"}
    with import_running():
        page = desk.post(address, data).content.decode()
    assert "An import is running" in page
    assert 'value="Typed"' in page
    source.refresh_from_db()
    assert source.title == "About maas-2015"


def test_the_pages_of_the_verbs_say_it_and_keep_the_reason(desk):
    entry = make_live(slug="polio")
    data = {"revision": str(entry.newest.uuid), "reason": "Because of this."}
    with import_running():
        page = desk.post(url("take_down", entry.pk), data).content.decode()
    assert "An import is running" in page
    assert "Because of this." in page
    assert publishing.take_down(entry, by=None) is None


def test_a_login_during_an_import_is_a_page_and_no_crash(editor):
    """On SQLite a session is a row like any other; on PostgreSQL it is written beside."""
    stranger = Client(raise_request_exception=False)
    with import_running():
        connection.close()
        with short_patience():
            response = stranger.post(reverse("admin:login"), {"username": "ed", "password": "pw"})
    if connection.vendor == "sqlite":
        assert response.status_code == 503
        assert response["Retry-After"] == "60"
        assert "An import is running" in response.content.decode()
    else:
        assert response.status_code == 302


@contextmanager
def short_patience():
    options = connection.settings_dict["OPTIONS"]
    before = options.get("timeout")
    if before:
        options["timeout"] = 0.2
    yield
    if before:
        options["timeout"] = before
    connection.close()


def test_an_import_that_is_left_in_the_middle_is_rolled_back_and_lets_go(tmp_path):
    path = write(tmp_path, exported_after(lambda: [make_live() for _ in range(3)]))
    steps = applying(Planned(path).plan, "left")
    next(steps)
    next(steps)
    assert Import.objects.exists()
    steps.close()
    assert not Import.objects.exists()
    assert not Entry.objects.exists()
    assert not database.import_running()


def test_a_form_without_anything_wrong_needs_no_import(desk):
    entry = make_live(slug="polio")
    response = desk.post(url("change", entry.pk), form_of(entry, body="New.") | {"_save": "1"})
    assert response.status_code == 302
