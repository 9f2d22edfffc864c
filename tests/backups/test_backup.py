"""Backups of real rows, in one file: what is in it, what refuses, and what a failure leaves."""

import gzip
import io
import json
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings as real
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection

from causes import database, publishing
from causes.backups import archive, making
from causes.backups.making import make
from causes.models import Entry, Revision
from tests.factories import add_draft, make_entry, make_live

pytestmark = pytest.mark.django_db(transaction=True)

ON_SQLITE = connection.vendor == "sqlite"


@pytest.fixture(autouse=True)
def closed():
    yield
    connection.close()


def words(path, tmp_path):
    """Everything that somebody could read in a backup, as bytes."""
    with tarfile.open(path) as tar:
        member = tar.getmembers()[1]
        held = tar.extractfile(member).read()
    if ON_SQLITE:
        return gzip.decompress(held)
    (tmp_path / "held.dump").write_bytes(held)
    return subprocess.run(
        ["pg_restore", "-f", "-", tmp_path / "held.dump"], capture_output=True, check=True
    ).stdout


def entries():
    return sorted(Entry.objects.values_list("slug", flat=True))


def backup(*arguments):
    call_command("backup", *map(str, arguments), verbosity=0)


def restore(path, **options):
    out = io.StringIO()
    call_command("restore_backup", str(path), stdout=out, **{"yes": True, **options})
    return out.getvalue()


def test_a_backup_is_named_by_the_time_is_private_and_the_newest_are_kept(folder):
    make_live(slug="one")
    folder.mkdir()
    for day in range(1, 6):
        (folder / f"denervation-2026-01-0{day}T000000Z.tar").touch()
    (folder / "before-restore-2026-01-01T000000Z.tar").touch()
    backup("--keep", 3)
    *old, newest = sorted(path.name for path in folder.glob("denervation-*"))
    assert [name[12:22] for name in old] == ["2026-01-04", "2026-01-05"]
    assert (folder / newest).stat().st_mode & 0o777 == 0o600
    assert (folder / "before-restore-2026-01-01T000000Z.tar").exists()


def test_a_backup_opens_without_the_site(folder, tmp_path):
    make_live(slug="one")
    make(tmp_path / "kept.tar")
    with tarfile.open(tmp_path / "kept.tar") as tar:
        tar.extractall(tmp_path / "out", filter="data")
    subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path / "out", check=True)
    about = json.loads((tmp_path / "out" / "backup.json").read_text())
    assert about["entries"] == 1
    assert ["causes", "0001_initial"] in about["migrations"]


def test_neither_sessions_nor_withheld_words_are_in_it(client, folder, tmp_path):
    entry = make_entry(slug="named", body="It names Albertina Quux.")
    make_entry(slug="kept", body="It names Bartholomew Foo.")
    publishing.withhold(entry.newest, by=None, reason="A name")
    client.force_login(User.objects.create_superuser("ed"))
    make(tmp_path / "kept.tar")
    held = words(tmp_path / "kept.tar", tmp_path)
    assert b"Bartholomew Foo" in held
    assert b"Albertina" not in held
    assert client.cookies["sessionid"].value.encode() not in held


def test_a_backup_replaces_no_file(folder, tmp_path):
    (tmp_path / "kept.tar").write_text("mine")
    with pytest.raises(CommandError, match="exists already"):
        backup(tmp_path / "kept.tar")
    assert (tmp_path / "kept.tar").read_text() == "mine"


def test_a_full_disk_leaves_nothing_and_says_so(tmp_path, folder):
    make_live(slug="one", body="Many words. " * 15_000)
    folder.mkdir()
    with limited_files(20_000), pytest.raises(CommandError, match=r"No backup was made|failed"):
        backup(folder)
    assert list(folder.iterdir()) == []


@contextmanager
def limited_files(size):
    """No file can grow beyond a size, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


# Restored ----------------------------------------------------------------------------------


@pytest.fixture
def kept(folder, tmp_path):
    """A backup of one entry; meanwhile there are two."""
    make_live(slug="one")
    make(tmp_path / "kept.tar")
    make_live(slug="two")
    return tmp_path / "kept.tar"


def test_it_shows_what_it_would_replace_and_does_nothing_unasked(kept, monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(CommandError, match="add --yes"):
        call_command("restore_backup", str(kept), stdout=out)
    lines = out.getvalue().splitlines()
    assert lines[1].split()[3:5] == ["1", "1"]
    assert lines[2].split()[4:6] == ["2", "2"]
    assert entries() == ["one", "two"]


def spoiled(path, change):
    held = bytearray(path.read_bytes())
    change(held)
    path.write_bytes(held)


@pytest.mark.parametrize(
    "change",
    [
        lambda held: held.__setitem__(len(held) // 2, held[len(held) // 2] ^ 1),
        lambda held: held.__delitem__(slice(len(held) // 2, None)),
        lambda held: held.__setitem__(600, held[600] ^ 1),
        lambda held: held.__delitem__(slice(0, None)),
        lambda held: held.__setitem__(slice(0, None), b"This is a letter to my aunt. " * 999),
    ],
    ids=["a bit", "cut", "a bit of its description", "empty", "another file"],
)
def test_a_damaged_backup_is_refused(kept, change):
    spoiled(kept, change)
    with pytest.raises(CommandError, match="is damaged"):
        restore(kept)
    assert entries() == ["one", "two"]


def rewritten(path, tmp_path, **changes):
    """The same backup with another description."""
    folder = tmp_path / "rewritten"
    folder.mkdir()
    about, member = archive.read(path, folder)
    path.unlink()
    archive.write(path, replace(about, **changes), member)


def test_a_backup_of_a_newer_version_is_refused(kept, tmp_path):
    rewritten(kept, tmp_path, migrations=[["causes", "0999_tomorrow"]], site="9.1")
    with pytest.raises(CommandError, match=r"newer version of the site \(9.1\)"):
        restore(kept)
    assert entries() == ["one", "two"]


def test_a_backup_of_the_other_engine_is_refused(kept, tmp_path):
    rewritten(kept, tmp_path, engine="postgresql" if ON_SQLITE else "sqlite")
    with pytest.raises(CommandError, match="is a backup of"):
        restore(kept)


def test_a_backup_with_other_rows_than_it_says_is_refused(kept, tmp_path):
    rewritten(kept, tmp_path, tables={"causes_entry": (7, "no such hash")})
    with pytest.raises(CommandError, match="these tables differ: auth_group, "):
        restore(kept)
    assert entries() == ["one", "two"]


IMPORT = """
import django, sys
django.setup()
from causes import database
with database.importing():
    print("now", flush=True)
    sys.stdin.readline()
"""


def test_while_an_import_runs_nothing_is_restored(kept):
    names = {"DJANGO_SETTINGS_MODULE": "denervation_site.settings", **os.environ}
    name = connection.settings_dict["NAME"]
    aimed = f"from django.conf import settings; settings.DATABASES['default']['NAME'] = {name!r}"
    with subprocess.Popen(
        [sys.executable, "-c", aimed + IMPORT],
        cwd=real.BASE_DIR,
        env=names,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "now\n"
        with pytest.raises(CommandError, match="An import is running"):
            restore(kept)
        process.stdin.close()
    assert entries() == ["one", "two"]


def test_a_backup_of_an_older_version_is_brought_up_to_date(folder, tmp_path):
    make_live(slug="one")
    call_command("migrate", "causes", "0008", verbosity=0)
    make(tmp_path / "old.tar")
    call_command("migrate", verbosity=0)
    make_live(slug="two")
    restore(tmp_path / "old.tar")
    assert entries() == ["one"]
    assert database.missing() == []
    assert not Revision.objects.filter(reader=0).exists()
    connection.check_constraints()


def test_after_a_restore_nothing_has_to_be_made_again(kept):
    restore(kept)
    before = database.seal(connection)
    database.install()
    assert database.seal(connection) == before


def test_every_refusal_of_the_database_is_there_again(kept):
    restore(kept)
    with pytest.raises(Exception, match="a stored text never changes"):
        Revision.objects.update(title="Rewritten")
    add_draft(Entry.objects.get(), title="Later")
    assert Revision.objects.count() == 2


def test_if_the_present_state_cannot_be_kept_nothing_is_restored(kept, folder):
    folder.mkdir(exist_ok=True)
    with limited_files(20_000), pytest.raises(CommandError):
        restore(kept)
    assert entries() == ["one", "two"]


# A kill ------------------------------------------------------------------------------------

KILLS = int(os.environ.get("KILLS", "1"))


def test_killed_at_any_moment_the_old_state_is_there_or_the_new(kept):
    """The first run takes its time; each later one is killed somewhere in it."""
    name = connection.settings_dict["NAME"]
    aimed = (
        "import sys; from django.conf import settings; "
        f"settings.DATABASES['default']['NAME'] = {name!r}; settings.DATA_DIR = sys.argv[1]; "
        "from pathlib import Path; settings.DATA_DIR = Path(sys.argv[1]); "
        "from django.core.management import execute_from_command_line; "
        "execute_from_command_line(['manage.py', 'restore_backup', sys.argv[2], '--yes'])"
    )
    command = [sys.executable, "-c", aimed, str(kept.parent), str(kept)]
    names = {"DJANGO_SETTINGS_MODULE": "denervation_site.settings", **os.environ}
    connection.close()

    def run():
        return subprocess.Popen(
            command, cwd=real.BASE_DIR, env=names, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    began = time.monotonic()
    done = run()
    said = done.communicate()[0]
    assert done.returncode == 0, said
    whole = time.monotonic() - began
    assert entries() == ["one"]
    for _ in range(KILLS):
        if entries() == ["one"]:
            make_live(slug="two")
        connection.close()
        process = run()
        try:
            process.wait(timeout=random.uniform(0.3, 1) * whole)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.communicate()
        assert entries() in (["one"], ["one", "two"])
        assert database.missing() == []


# Only on one engine ------------------------------------------------------------------------

of_sqlite = pytest.mark.skipif(not ON_SQLITE, reason="it is about SQLite's file")
of_postgresql = pytest.mark.skipif(ON_SQLITE, reason="it is about PostgreSQL's tools")


@of_sqlite
def test_on_a_new_machine_it_asks_nothing(kept, tmp_path, settings):
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = str(tmp_path / "new.sqlite3")
    try:
        assert "kept in" not in restore(kept, yes=False)
        assert entries() == ["one"]
        assert (tmp_path / "new.sqlite3").stat().st_mode & 0o777 == 0o600
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


@of_sqlite
def test_a_damaged_database_is_put_aside_and_replaced(kept, tmp_path, folder):
    before = connection.settings_dict["NAME"]
    damaged = tmp_path / "damaged.sqlite3"
    with closing(sqlite3.connect(before)) as source, closing(sqlite3.connect(damaged)) as target:
        source.backup(target)
    with damaged.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 40 * 4096)
    connection.close()
    connection.settings_dict["NAME"] = str(damaged)
    try:
        with pytest.raises(CommandError, match=r"damaged.sqlite3 is damaged.*restore_backup"):
            backup(tmp_path / "another.tar")
        said = restore(kept)
        assert entries() == ["one"]
        (aside,) = folder.glob("before-restore-*.damaged")
        assert str(aside) in said
        assert (aside / "damaged.sqlite3").exists()
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def tools(tmp_path, monkeypatch, script):
    path = tmp_path / "bin"
    path.mkdir()
    if script:
        (path / "pg_dump").write_text(f"#!/bin/sh\n{script}\n")
        (path / "pg_dump").chmod(0o755)
    monkeypatch.setenv("PATH", str(path))


@of_postgresql
@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("", "run  apt-get install postgresql-client"),
        ("echo 'pg_dump (PostgreSQL) 9.6.1'", "pg_dump is of version 9, but the server is"),
    ],
    ids=["missing", "too old"],
)
def test_tools_that_are_missing_or_too_old_are_named(
    tmp_path, folder, monkeypatch, script, sentence
):
    tools(tmp_path, monkeypatch, script)
    with pytest.raises(CommandError, match=sentence):
        backup(tmp_path / "kept.tar")
    assert not (tmp_path / "kept.tar").exists()


@of_postgresql
def test_a_user_who_may_make_no_database_is_told_so(tmp_path, folder):
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE causes_humble LOGIN")
        cursor.execute(
            "GRANT ALL ON ALL TABLES IN SCHEMA public TO causes_humble;"
            " GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO causes_humble"
        )
    before = connection.settings_dict["USER"]
    connection.close()
    connection.settings_dict["USER"] = "causes_humble"
    try:
        with pytest.raises(CommandError, match="ALTER ROLE causes_humble CREATEDB"):
            backup(tmp_path / "kept.tar")
    finally:
        connection.close()
        connection.settings_dict["USER"] = before
        with connection.cursor() as cursor:
            cursor.execute("DROP OWNED BY causes_humble; DROP ROLE causes_humble")


def test_the_folder_of_the_backups_is_the_default(folder):
    backup()
    assert [path.match(making.NAMES) for path in folder.iterdir()] == [True]
    assert Path(folder).stat().st_mode & 0o777 == 0o700
