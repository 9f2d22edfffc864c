"""`manage.py serve`: from an empty folder to a served site, as `make run` does it."""

import fcntl
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import termios
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from django.conf import settings


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(tmp_path, port, **more):
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "PYTHONPATH")}
    return {**kept, "DATA_DIR": str(tmp_path), "PORT": str(port), "PYTHONUNBUFFERED": "1", **more}


@contextmanager
def served(tmp_path, port, **more):
    """The site, served by a process of its own; yields what it printed."""
    log = tmp_path / "serve.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=settings.BASE_DIR,
            env=environment(tmp_path, port, **more),
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        for _ in range(600):
            if process.poll() is not None or get(port, "/healthz/")[0] == 200:
                break
            time.sleep(0.1)
        yield lambda: log.read_text()
        assert "Traceback" not in log.read_text()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
    assert process.returncode == 0, log.read_text()


def get(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers
    except OSError:
        return 0, "", {}


def test_gunicorn_serves_it_as_well(tmp_path):
    port = free_port()
    with served(tmp_path, port, SERVER="gunicorn", WORKERS="1"):
        assert get(port, "/causes/polio/")[0] == 200


def test_a_first_run_serves_the_article_and_a_second_keeps_every_edit(tmp_path):
    port = free_port()
    with served(tmp_path, port) as printed:
        status, html, _ = get(port, "/causes/polio/")
        assert status == 200
        assert "About 1 infection in 200" in html
        style = re.search(r'href="(/static/site/site\.[0-9a-f]+\.css)"', html).group(1)
        assert "immutable" in get(port, style)[2]["Cache-Control"]
        assert f"http://127.0.0.1:{port}/" in printed()
        assert re.search(r"user editor, password \S{12,}", printed())
    edit = "from causes.models import *; from causes import publishing; publishing.take_down("
    edit += "Entry.objects.get(slug='polio'), by=None)"
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", edit],
        cwd=settings.BASE_DIR,
        env=environment(tmp_path, port),
        check=True,
    )
    with served(tmp_path, port) as printed:
        assert get(port, "/causes/polio/")[0] == 404
        assert "password" not in printed()


def wait_until_idle(pid):
    """Until neither a process nor its descendants have used the processor for two seconds."""

    def used():
        stats = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                fields = stat.read_text().rsplit(")", 1)[1].split()
                stats.append((int(stat.parent.name), int(fields[1]), *map(int, fields[11:13])))
        family, size = {pid}, 0
        while len(family) > size:
            size = len(family)
            family |= {child for child, parent, *_ in stats if parent in family}
        return sum(user + system for one, _, user, system in stats if one in family)

    before, since = used(), time.monotonic()
    for _ in range(300):
        time.sleep(0.2)
        if (now := used()) != before:
            before, since = now, time.monotonic()
        elif time.monotonic() - since > 2:
            return


def test_ctrl_c_in_a_terminal_stops_it_and_leaves_nothing_behind(tmp_path):
    port, (terminal, inner) = free_port(), pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve"],
        cwd=settings.BASE_DIR,
        env=environment(tmp_path, port),
        stdin=inner,
        stdout=inner,
        stderr=inner,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # the terminal is its own
    )
    try:
        while process.poll() is None and get(port, "/healthz/")[0] != 200:
            time.sleep(0.1)
        # One worker answers while the other may still import; granian gives a worker that is
        # told to stop before it can listen ten seconds, and then says that it kills it.
        wait_until_idle(process.pid)
        os.write(terminal, b"\x03")
        assert process.wait(timeout=20) == 0
        assert get(port, "/healthz/")[0] == 0
        said = os.read(terminal, 100_000).decode()
        assert "Traceback" not in said
        assert "Killing" not in said
    finally:
        process.kill()
        os.close(terminal)
        os.close(inner)


def refused(tmp_path, port, **more):
    result = subprocess.run(
        [sys.executable, "manage.py", "serve"],
        cwd=settings.BASE_DIR,
        env=environment(tmp_path, port, **more),
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
