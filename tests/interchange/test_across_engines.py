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


def manage(folder, database, *arguments):
    env = processes.environment(DATA_DIR=str(folder), DATABASE_URL=database, DEBUG="1")
    return processes.manage(*arguments, env=env)


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
        manage(tmp_path, database, "migrate", "-v0")
        if number == 0:
            manage(tmp_path, database, "loaddata", "initial", "-v0")
            manage(tmp_path, database, "shell", "-v0", "-c", EDIT)
        else:
            manage(tmp_path, database, "loaddata", str(file), "-v0")
        pages.append(json.loads(manage(tmp_path, database, "shell", "-v0", "-c", READ)))
        file = tmp_path / f"{number}.json"
        dump = ("dumpdata", "causes", "--natural-primary", "--natural-foreign", "-o", str(file))
        manage(tmp_path, database, *dump)
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
    exports, pages = [], []
    for number, database in enumerate(databases):
        manage(tmp_path, database, "migrate", "-v0")
        if number == 0:
            manage(tmp_path, database, "loaddata", "initial", "-v0")
            manage(tmp_path, database, "shell", "-v0", "-c", EDIT)
            manage(tmp_path, database, "generate_entries", "20")
        else:
            manage(
                tmp_path, database, "import_fixture", str(tmp_path / f"{number - 1}.json"), "-v0"
            )
        pages.append(json.loads(manage(tmp_path, database, "shell", "-v0", "-c", READ)))
        for mode in ("--with-history", "--live-only"):
            manage(
                tmp_path, database, "export_fixture", mode, str(tmp_path / f"{number}{mode}.json")
            )
        (tmp_path / f"{number}--with-history.json").rename(tmp_path / f"{number}.json")
        exports.append([
            (tmp_path / f"{number}.json").read_bytes(),
            (tmp_path / f"{number}--live-only.json").read_bytes(),
        ])  # fmt: skip
    assert exports[0] == exports[1] == exports[2]
    assert len(exports[0][0]) > len(exports[0][1]) > 10_000
    for path, *versions in zip(PATHS, *pages, strict=True):
        if not path.startswith("/search/"):
            assert versions[0] == versions[1] == versions[2], path
