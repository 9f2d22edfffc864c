"""Whoever cannot save at the moment is told so in seconds, on every page, with the words kept."""

from contextlib import contextmanager
from threading import Event as Signal
from threading import Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from causes import database, publishing
from causes.database.files import follow
from causes.models import Entry, Revision, Source, Tag
from tests.admin.desk import messages_of, save, url
from tests.factories import add_draft, make_live, make_source
from tests.interchange.content import exported_after, write

pytestmark = pytest.mark.django_db(transaction=True)

SQLITE = connection.vendor == "sqlite"
SAVING = "Somebody else is saving"


@pytest.fixture
def patience():
    """As in a process that serves people, but a twentieth of it."""
    options = connection.settings_dict["OPTIONS"]
    before = options.get("timeout")
    if SQLITE:
        connection.close()
        options["timeout"] = 0.15
    else:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '150ms'")
    yield
    if SQLITE:
        options["timeout"] = before
    connection.close()


@contextmanager
def held(*, table=""):
    """Somebody else's transaction, which holds the write lock, or a whole table of PostgreSQL."""
    begun, over = Signal(), Signal()

    def work():
        try:
            with transaction.atomic():
                if table and not SQLITE:
                    with connection.cursor() as cursor:
                        cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
                else:
                    database.lock()
                begun.set()
                over.wait(30)
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


def test_every_page_of_the_desk_says_it_and_keeps_the_words(desk, patience):
    make_source("maas-2015")
    source = Source.objects.get()
    old, new = (Tag.objects.create(name=name, slug=name.lower()) for name in ("Old", "New"))
    entry = make_live(slug="polio", title="Polio")
    draft = add_draft(entry, title="Next")
    entry.refresh_from_db()
    before = Revision.objects.count()
    forms = {
        reverse("admin:causes_source_change", args=[source.pk]): {"title": "Typed words"},
        reverse("admin:causes_source_add"): {"title": "Typed words"},
        reverse("admin:causes_tag_change", args=[old.pk]): {"name": "Typed words"},
        reverse("admin:causes_tag_merge", args=[old.pk]): {"into": new.pk},
        reverse("admin:causes_source_delete", args=[source.pk]): {"post": "yes"},
    }
    for verb, revision in (("take_down", entry.newest), ("publish", draft)):
        forms[url(verb, entry.pk)] = {"revision": str(revision.uuid), "reason": "Typed words"}
    with held():
        page = save(desk, entry, body="Typed words").content.decode()
        assert SAVING in page
        assert "Typed words" in page
        for address, data in forms.items():
            page = desk.post(address, data, follow=True).content.decode()
            assert SAVING in page
            assert "Typed words" in page or "Typed words" not in data.values()
    assert (Revision.objects.count(), Source.objects.count()) == (before, 1)
    assert "saved as revision 3" in messages_of(save(desk, entry, body="Typed words"))[0]


def test_so_do_commands_and_pages_that_no_verb_makes(desk, patience, tmp_path):
    path = write(tmp_path, exported_after(lambda: make_live(slug="new")))
    entry = make_live(slug="polio")
    with held():
        with pytest.raises(publishing.SomebodySaving, match=SAVING):
            publishing.take_down(entry, by=None)
        with pytest.raises(CommandError, match=SAVING):
            call_command("import_fixture", str(path), verbosity=0)
    assert Entry.objects.count() == 1
    stranger = Client(raise_request_exception=False)
    with held(table="django_session"):
        response = stranger.post(reverse("admin:login"), {"username": "ed", "password": "pw"})
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert SAVING in response.content.decode()
    desk.raise_request_exception = False
    data = {
        "old_password": "pw",
        "new_password1": "Xk9-long-and-odd-one",
        "new_password2": "Xk9-long-and-odd-one",
    }
    with held(table="auth_user"):
        page = desk.post(reverse("admin:password_change"), data).content.decode()
    assert SAVING in page
    assert "Xk9" not in page  # a password is not sent back


# A database that can only be read, and a disk that is full --------------------------------------


# `follow` opens the connection again if the file was written since; the requests then keep it.


def run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone() if cursor.description else None


@contextmanager
def read_only():
    follow()
    on, off = (
        ("PRAGMA query_only = 1", "PRAGMA query_only = 0")
        if SQLITE
        else ("SET default_transaction_read_only = on", "SET default_transaction_read_only = off")
    )
    run(on)
    try:
        yield
    finally:
        run(off)


@contextmanager
def full():
    run("VACUUM")
    follow()
    run(f"PRAGMA max_page_count = {run('PRAGMA page_count')[0]}")
    try:
        yield
    finally:
        run("PRAGMA max_page_count = 1000000000")


STATES = {"can only be read": read_only} | ({"is full": full} if SQLITE else {})


@pytest.mark.parametrize("sentence", STATES)
def test_a_database_that_takes_nothing_keeps_the_text_too(desk, sentence):
    entry = make_live(slug="polio", title="Polio")
    body = "Hours of work. " * 4000
    desk.raise_request_exception = False
    with STATES[sentence]():
        page = save(desk, entry, body=body).content.decode()
        assert sentence in page
        assert "Hours of work. Hours of work." in page
        assert desk.get("/causes/polio/").status_code == 200
        data = {"revision": str(entry.newest.uuid), "reason": "Because of this. " * 20}
        response = desk.post(url("copy", entry.pk), data | {"slug": "x", "title": "Typed"})
        assert sentence in response.content.decode() or response.status_code == 302
    assert Revision.objects.filter(entry=entry).count() == 1
