"""The article from SQLite to PostgreSQL and back: the same pages on both."""

import json
import os
from contextlib import closing

import psycopg
import pytest

from tests import processes

SERVER = os.environ.get("TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres")
PATHS = ["/", "/article/", "/causes/", "/causes/polio/", "/causes/moved/", "/tags/virus/", "/tags/new-name/",
         "/sources/who-polio/", "/feed/", "/sitemap.xml", "/search/?q=motor+neurons"]  # fmt: skip

READ = f"""
import json
from django.test import Client
client = Client(SERVER_NAME="localhost")
print(json.dumps([[r.status_code, r.content.decode()] for r in map(client.get, {PATHS!r})]))
"""
EDIT = """
from causes import publishing
from causes.models import Entry, Source, Tag
from causes.publishing import Text
from dataclasses import replace
entry = Entry.objects.get(slug="polio")
text = Text.of(entry.newest)
tags = text.tags | {Tag.objects.create(name="Old Näme")}
new = replace(text, title="Polio, “edited” \\U0001f9e0", tags=frozenset(tags))
publishing.publish(publishing.save_draft(entry, new, by=None, base=entry.newest.uuid), by=None)
publishing.rename_taxon(Tag.objects.get(name="Old Näme"), "New name", by=None)
publishing.rename(Entry.objects.get(slug="disc-denervation"), "moved", by=None)
publishing.take_down(Entry.objects.get(slug="botulinum-toxin"), by=None)
"""


def run(folder, database, *steps):
    """Runs steps, each a command with its arguments or some Python, in one process on a database.

    Returns the last line that was printed.
    """
    env = processes.environment(DATA_DIR=str(folder), DATABASE_URL=database, DEBUG="1")
    code = ["from django.core.management import call_command"]
    code += [step if isinstance(step, str) else f"call_command(*{step!r})" for step in steps]
    return processes.manage("shell", "-v0", "-c", "\n".join(code), env=env).splitlines()[-1]


@pytest.fixture
def postgres():
    """A new, empty database on the PostgreSQL that answers."""
    try:
        connection = psycopg.connect(
            SERVER.replace("postgres://", "postgresql://", 1), autocommit=True, connect_timeout=3
        )
    except psycopg.OperationalError:
        if "TEST_POSTGRES_URL" in os.environ:  # asked for, as in CI: then it must be there
            raise
        pytest.skip("no PostgreSQL answers at TEST_POSTGRES_URL; CI runs this")
    name = f"denervation_across_{os.getpid()}"
    with closing(connection):
        connection.execute(f"CREATE DATABASE {name}")
        yield f"{SERVER.rpartition('/')[0]}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_content_goes_from_one_engine_to_the_other_and_back(tmp_path, postgres):
    databases = [
        f"sqlite:///{tmp_path / 'a.sqlite3'}",
        postgres,
        f"sqlite:///{tmp_path / 'b.sqlite3'}",
    ]
    pages, dumps, file = [], [], None
    for number, database in enumerate(databases):
        load = (
            [("loaddata", "initial", "-v0"), EDIT]
            if number == 0
            else [("loaddata", str(file), "-v0")]
        )
        file = tmp_path / f"{number}.json"
        dump = ("dumpdata", "causes", "--natural-primary", "--natural-foreign", "-o", str(file))
        printed = run(tmp_path, database, ("migrate", "-v0"), *load, dump, READ)
        pages.append(json.loads(printed))
        dumps.append(
            sorted(json.dumps(row, sort_keys=True) for row in json.loads(file.read_text()))
        )
    assert dumps[0] == dumps[1] == dumps[2]
    assert [status for status, _ in pages[0]] == [200] * len(PATHS)
    for path, *versions in zip(PATHS, *pages, strict=True):
        if not path.startswith("/search/"):  # each engine cuts its own context
            assert versions[0] == versions[1] == versions[2], path
    assert "edited" in pages[1][3][1]


def test_an_export_is_the_same_bytes_on_both_engines(tmp_path, postgres):
    databases = [
        f"sqlite:///{tmp_path / 'a.sqlite3'}",
        postgres,
        f"sqlite:///{tmp_path / 'b.sqlite3'}",
    ]
    exports, pages, whole = [], [], None
    for number, database in enumerate(databases):
        steps = [("migrate", "-v0")]
        if number == 0:
            steps += [("loaddata", "initial", "-v0"), EDIT, ("generate_entries", "20", "-v0")]
        else:
            steps += [("import_fixture", str(whole), "-v0")]
        whole, live = tmp_path / f"{number}.json", tmp_path / f"{number}-live.json"
        steps += [
            ("export_fixture", "--with-history", str(whole), "-v0"),
            ("export_fixture", "--live-only", str(live), "-v0"),
        ]
        pages.append(json.loads(run(tmp_path, database, *steps, READ)))
        exports.append([whole.read_bytes(), live.read_bytes()])
    assert exports[0] == exports[1] == exports[2]
    assert len(exports[0][0]) > len(exports[0][1]) > 10_000
    for path, *versions in zip(PATHS, *pages, strict=True):
        if not path.startswith("/search/"):
            assert versions[0] == versions[1] == versions[2], path
