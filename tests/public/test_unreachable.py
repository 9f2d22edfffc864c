"""While PostgreSQL is frozen, cut off or stopped, every page says so, and then recovers by itself."""

import http.client
import re
import time
from contextlib import ExitStack, suppress

import pytest
from django.db import OperationalError, connection

from causes.database.trouble import Trouble, trouble_of
from tests.faults import Postgres, Wire
from tests.processes import environment, manage
from tests.public.processes import workers

pytestmark = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has no server that could be out of reach"
)

ANSWER_WITHIN = 0.7

PROMISED = 2.0
"""Seconds within which every page is answered."""

SLACK = 4.0
"""More seconds that a machine may take which runs other tests at the same time."""

PATIENCE = 60
"""Seconds within which the site must be back."""


@pytest.fixture(scope="module")
def served(tmp_path_factory, static_files):
    """(server, wire, a worker) of a site whose database is behind the wire."""
    server = Postgres()
    with ExitStack() as stack:
        stack.enter_context(server.running())
        wire = Wire(server.port)
        stack.callback(wire.close)
        data = tmp_path_factory.mktemp("site")
        (data / "static").symlink_to(static_files)
        env = environment(
            DATA_DIR=str(data),
            DATABASE_URL=f"postgres://postgres@127.0.0.1:{wire.port}/postgres",
        )
        manage("migrate", "-v0", env=env)
        manage("loaddata", "initial", "-v0", env=env)
        (worker,) = stack.enter_context(workers(env, 1))
        yield server, wire, worker


def ask(port, path, method="GET", body=None, headers=None):
    """(status, headers, text, seconds), on a connection of its own."""
    began = time.monotonic()
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=PROMISED + SLACK)
    try:
        client.request(method, path, body=body, headers=headers or {})
        answer = client.getresponse()
        text = answer.read().decode(errors="replace")
        return answer.status, answer.headers, text, time.monotonic() - began
    finally:
        client.close()


def back(port, path):
    """Waits until a page is there again."""
    until = time.monotonic() + PATIENCE
    while ask(port, path)[0] != 200:
        assert time.monotonic() < until, "the site did not recover"


STATES = {
    "frozen": lambda server, wire: server.frozen(),
    "cut off": lambda server, wire: wire.cut(),
    "stopped": lambda server, wire: server.stopped(),
}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("state", STATES)
def test_every_page_says_so_and_the_site_recovers(served, state):
    server, wire, worker = served
    port, warm = worker.port, "/"
    static = re.search(r'/static/[^"]+\.css', ask(port, warm)[2]).group()
    assert ask(port, warm)[0] == 200
    with STATES[state](server, wire):
        took = []
        for path in (warm, "/causes/", "/search/?q=nerve", "/admin/", "/admin/login/", "/nowhere"):
            status, headers, text, seconds = ask(port, path)
            assert (status, path) == (503, path)
            assert headers["Retry-After"] == "5"
            assert headers["Cache-Control"] == "no-store"
            assert headers["Content-Security-Policy"]
            assert "The site cannot read its database at the moment." in text
            took.append(seconds)
        status, _, text, seconds = ask(port, "/healthz/")
        assert (status, text) == (503, "the database cannot be reached\n")
        took.append(seconds)
        status, _, text, seconds = ask(
            port,
            "/admin/causes/cause/add/",
            "POST",
            "title=Hours+of+work&csrfmiddlewaretoken=x",
            FORM,
        )
        assert status == 503
        assert "Nothing of yours was saved." in text
        assert '<input type="hidden" name="title" value="Hours of work">' in text
        took.append(seconds)
        assert ask(port, static)[0] == 200
        assert max(took) < PROMISED + SLACK, took
        print(state, [round(seconds, 2) for seconds in took])
    back(port, warm)
    back(port, "/healthz/")
    assert ask(port, "/search/?q=nerve")[0] == 200


# One connection ---------------------------------------------------------------------------------


@pytest.fixture
def hurried(served, monkeypatch, django_db_blocker):
    """(wire, a connection of Django behind it, as in a process that serves people)."""
    _, wire, _ = served
    found = connection.copy()
    found.settings_dict |= {"HOST": "127.0.0.1", "PORT": wire.port, "NAME": "postgres"}
    found.settings_dict["WEB"] = {"statement_timeout": 1000}
    monkeypatch.setattr(type(found), "pulse", None)
    with django_db_blocker.unblock():
        found.serve_people()
        yield wire, found
        found.close()


def run(wrapper, statement):
    with wrapper.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()


def test_a_statement_ends_when_the_server_is_gone_and_the_next_one_works(hurried):
    wire, found = hurried
    assert run(found, "SELECT 1") == (1,)
    with wire.cut():
        with pytest.raises(OperationalError) as caught:
            run(found, "SELECT 1")
        assert trouble_of(caught.value) is Trouble.UNREACHABLE
        found.close()
        began = time.monotonic()
        with pytest.raises(OperationalError):  # at once, since it is known
            found.ensure_connection()
        assert time.monotonic() - began < ANSWER_WITHIN
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(OperationalError):
            assert run(found, "SELECT 1") == (1,)
            return
    raise AssertionError("it did not recover")


def test_a_slow_statement_is_no_dead_server_and_has_a_limit(hurried):
    _, found = hurried
    assert run(found, f"SELECT 2 FROM pg_sleep({ANSWER_WITHIN + 0.1})") == (2,)
    with pytest.raises(OperationalError) as caught:
        run(found, "SELECT pg_sleep(60)")
    assert trouble_of(caught.value) is Trouble.SLOW
    with found.unhurried():
        assert run(found, "SELECT 3 FROM pg_sleep(1.1)") == (3,)
        assert run(found, "SHOW statement_timeout") == ("0",)
    assert run(found, "SHOW statement_timeout") == ("1s",)
