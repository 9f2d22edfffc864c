"""SQLite's file and the other files of the site: who reads them, and whether they are whole."""

import os
import shutil
import signal
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder

from causes import publishing
from causes.database import faults, files
from causes.models import Entry
from tests.factories import add_draft, make_live
from tests.processes import Server, environment, free_port, manage
from tests.public.test_page_cache import Site

ON_SQLITE = connection.vendor == "sqlite"
of_sqlite = pytest.mark.skipif(not ON_SQLITE, reason="it is about SQLite's file")


def modes(folder):
    """Everything in a folder that somebody else may use, the static files apart."""
    every = [folder, *folder.rglob("*")]
    return [
        path
        for path in every
        if path.relative_to(folder).parts[:1] != ("static",) and path.stat().st_mode & 0o077
    ]


# Who may read them ------------------------------------------------------------------------


SERVED = [sys.executable, "-c"]
WITH_UMASK = "import os, sys; os.umask(0o022); os.execv(sys.executable, [sys.executable, 'manage.py', 'serve'])"


def test_a_served_site_keeps_its_files_to_itself_and_its_database_whole(tmp_path):
    """Files of an older version, which everybody could read, are mended at the start."""
    folder, port = tmp_path / "with space ü", free_port()
    env = environment(DATA_DIR=str(folder), PORT=str(port), WORKERS="1")
    manage("migrate", "-v0", env=env)
    (folder / "imports" / "x").mkdir(parents=True)
    (folder / "imports" / "x" / "plan.sqlite3").touch()
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    server = Server([*SERVED, WITH_UMASK], port, env, workers=1)
    try:
        server.ready()
        assert modes(folder) == []
    finally:
        assert server.stop(signal.SIGINT) == 0, server.printed()
    assert not (folder / "site.sqlite3-wal").exists()
    with closing(sqlite3.connect(f"file:{folder}/site.sqlite3?immutable=1", uri=True)) as alone:
        assert alone.execute("SELECT count(*) FROM causes_publication").fetchone()[0] > 0


def test_a_folder_that_belongs_to_somebody_else_is_named(tmp_path, monkeypatch):
    (tmp_path / "secret-key").write_text("k")
    tmp_path.chmod(0o755)

    def refused(*_, **__):
        raise PermissionError(1, "Operation not permitted")

    # root may change everything
    monkeypatch.setattr(Path, "chmod", refused)
    first, *_ = files.make_private(tmp_path, None)
    assert f"{tmp_path} belongs to the user {files.owner(tmp_path.stat().st_uid)}" in first


def test_a_folder_of_others_is_left_alone(tmp_path):
    tmp_path.chmod(0o755)
    assert list(files.make_private(tmp_path, None)) == []
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    (tmp_path / "secret-key").touch()
    tmp_path.chmod(0o1777)
    (sentence,) = files.make_private(tmp_path, None)
    assert "shared by all users" in sentence
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o1777


# A file that is copied over the database ----------------------------------------------------


@of_sqlite
@pytest.mark.django_db(transaction=True)
def test_a_file_that_is_copied_over_the_database_is_noticed(tmp_path, client):
    entry, site = make_live(slug="one", title="Before"), Site()
    files.fold_in_log()
    shutil.copyfile(connection.settings_dict["NAME"], tmp_path / "copy")
    try:
        publishing.publish(add_draft(entry, title="After"), by=None)
        assert b"After" in site.get("/causes/one/")[2]
        assert b"After" in site.get("/causes/one/")[2]
        files.fold_in_log()
        shutil.copyfile(tmp_path / "copy", connection.settings_dict["NAME"])
        assert b"Before" in site.get("/causes/one/")[2]
        assert Entry.objects.get().last_number == 1
    finally:
        site.cache.watch.close()
        site.without.watch.close()


# What is wrong with it ----------------------------------------------------------------------


def said(env, *command):
    """The one line with which a command refuses."""
    try:
        manage(*command, env=env)
    except AssertionError as error:
        return str(error)
    raise AssertionError("it did not refuse")


@of_sqlite
def test_a_damaged_file_is_named_with_the_advice_to_restore(tmp_path):
    env = environment(DATA_DIR=str(tmp_path), PORT=str(free_port()))
    manage("migrate", "-v0", env=env)
    with (tmp_path / "site.sqlite3").open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 3996)
    for command in ("serve", "check_content"):
        line = said(env, command)
        assert "site.sqlite3 is damaged" in line
        assert "restore_backup" in line


@of_sqlite
@pytest.mark.parametrize(
    ("code", "words"),
    [
        (sqlite3.SQLITE_FULL, "is full"),
        (sqlite3.SQLITE_CORRUPT_INDEX, "is damaged"),
        (sqlite3.SQLITE_NOTADB, "it is not a SQLite database"),
        (sqlite3.SQLITE_BUSY_RECOVERY, "locked by another process"),
        (sqlite3.SQLITE_IOERR_READ, "cannot be read from its disk"),
        (sqlite3.SQLITE_CANTOPEN, "check that nothing else is in its place"),
    ],
)
def test_each_code_of_sqlite_has_its_sentence(code, words, tmp_path):
    cause = sqlite3.OperationalError("so it says")
    cause.sqlite_errorcode = code
    error = OperationalError("so it says")
    error.__cause__ = cause
    wrapper = connection.copy()
    wrapper.settings_dict["NAME"] = str(tmp_path / "site.sqlite3")
    (tmp_path / "site.sqlite3").touch()
    assert words in faults.sentence(error, wrapper)


@of_sqlite
@pytest.mark.django_db
def test_what_prevents_writing_is_named(tmp_path, monkeypatch):
    wrapper = connection.copy()
    for name, words in (
        (tmp_path / "no" / "x", "there is no folder"),
        (tmp_path, "it is a folder"),
    ):
        wrapper.settings_dict["NAME"] = str(name)
        with pytest.raises(OperationalError) as caught:
            wrapper.ensure_connection()
        assert words in faults.sentence(caught.value, wrapper)
    path = tmp_path / "site.sqlite3"
    path.touch()
    wrapper.settings_dict["NAME"] = str(path)
    monkeypatch.setattr(os, "access", lambda *_, **__: False)  # as for anybody but root
    assert f"chmod u+rw {path}" in faults.sentence(caught.value, wrapper)
    monkeypatch.setattr(os, "geteuid", lambda: 65_534)
    assert "the site runs as nobody" in faults.sentence(caught.value, wrapper)


@pytest.mark.django_db
def test_a_database_of_a_newer_version_is_refused_and_health_says_so(client):
    MigrationRecorder(connection).record_applied("causes", "0999_tomorrow")
    for command in ("migrate", "backup", "check_content"):
        with pytest.raises(CommandError, match=r"does not know causes.0999_tomorrow.*Roll back"):
            call_command(command)
    answer = client.get("/healthz/")
    assert (answer.status_code, b"newer version" in answer.content) == (503, True)
