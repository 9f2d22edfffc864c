"""`manage.py serve`: from an empty folder to a served site, as `make run` does it."""

import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest
from django.conf import settings

from tests.processes import Server, environment, free_port, manage

SERVE = [sys.executable, "manage.py", "serve"]


def variables(tmp_path, port, **more):
    return environment(**{"DATA_DIR": str(tmp_path), "PORT": str(port), **more})


@contextmanager
def served(tmp_path, port, **more):
    """The site, served by a process of its own; yields the function that returns its output."""
    workers = int(more.get("WORKERS", 2))
    server = Server(SERVE, port, variables(tmp_path, port, **more), workers=workers)
    try:
        yield server.ready().printed
    finally:
        status = server.stop(signal.SIGINT)
    assert status == 0, server.printed()
    assert "Traceback" not in server.printed()


def get(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers
    except OSError:
        return 0, "", {}


def test_gunicorn_serves_it_as_well(tmp_path):
    port = free_port()
    with served(tmp_path, port, SERVER="gunicorn", WORKERS="1"):
        assert get(port, "/causes/polio/")[0] == 200


def test_a_first_run_serves_the_article(tmp_path):
    port = free_port()
    with served(tmp_path, port) as printed:
        status, html, _ = get(port, "/causes/polio/")
        assert status == 200
        assert "About 1 infection in 200" in html
        style = re.search(r'href="(/static/site/site\.[0-9a-f]+\.css)"', html).group(1)
        assert "immutable" in get(port, style)[2]["Cache-Control"]
        assert f"http://127.0.0.1:{port}/" in printed()
        assert re.search(r"user editor, password \S{12,}", printed())


EDITED = """
from django.contrib.auth.models import User
from django.core.management import call_command
from causes import publishing
from causes.models import Entry
call_command("migrate", verbosity=0)
call_command("loaddata", "initial", verbosity=0)
User.objects.create_superuser("somebody")
publishing.take_down(Entry.objects.get(slug="polio"), by=None)
"""


def test_a_site_that_is_there_already_keeps_every_edit(tmp_path):
    port = free_port()
    manage("shell", "-v0", "-c", EDITED, env=variables(tmp_path, port))
    with served(tmp_path, port) as printed:
        assert get(port, "/causes/polio/")[0] == 404
        assert "password" not in printed()


def test_ctrl_c_in_a_terminal_stops_it_and_leaves_nothing_behind(tmp_path):
    port = free_port()
    server = Server(SERVE, port, variables(tmp_path, port), workers=2, terminal=True)
    try:
        server.ready()
        assert get(port, "/healthz/")[0] == 200
        server.type(b"\x03")
    finally:
        status = server.wait()
    assert status == 0
    assert get(port, "/healthz/")[0] == 0
    assert "Traceback" not in server.printed()
    assert "Killing" not in server.printed()


def refused(tmp_path, port, **more):
    result = subprocess.run(
        SERVE,
        cwd=settings.BASE_DIR,
        env=variables(tmp_path, port, **more),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode != 0
    (line,) = result.stderr.strip().splitlines()
    return line


def test_a_port_that_is_taken_is_one_sentence_and_nothing_is_made(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"Port {port} on 127.0.0.1 is taken" in refused(tmp_path, port)
    assert not (tmp_path / "site.sqlite3").exists()


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"PORT": "x"}, "PORT is 'x'"),
        ({"PORT": "70000"}, "PORT is '70000'"),
        ({"HOST": "203.0.113.9"}, "no such address"),
        ({"HOST": "no such host"}, "no such address"),
        ({"SERVER": "apache"}, "SERVER is 'apache'"),
        ({"WORKERS": "0"}, "WORKERS is '0'"),
        ({"DATABASE_URL": "sqlite:////nowhere/at/all.sqlite3"}, "/nowhere/at/all.sqlite3"),
        ({"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}, "127.0.0.1:1/none"),
    ],
)
def test_what_is_wrong_is_one_sentence_that_says_what_to_do(tmp_path, variables, words):
    line = refused(tmp_path, free_port(), **variables)
    assert words in line
    assert not (tmp_path / "site.sqlite3").exists() or "PORT" not in variables


def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path):
    (tmp_path / "site.sqlite3").write_text("This is a letter to my aunt. " * 100)
    assert "is not a database" in refused(tmp_path, free_port())
    assert (tmp_path / "site.sqlite3").read_text().startswith("This is a letter")


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path):
    folder = "/proc/self"  # where not even root may make a file
    assert folder.replace("self", "") in refused(tmp_path, free_port(), DATA_DIR=folder)
    line = refused(tmp_path, free_port(), DATA_DIR=folder, SECRET_KEY="k" * 60)
    assert "data folder" in line or "database" in line
