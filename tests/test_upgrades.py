"""A database that an older version made and filled works with this one, and nothing is lost."""

import gzip
import io
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from causes import database, migrations, publishing
from causes.models import Entry, Publication, Revision
from tests.admin.desk import save
from tests.factories import add_draft, make_live, make_source

pytestmark = pytest.mark.django_db(transaction=True)

FOLDER = Path(__file__).parent / "databases"
DUMPS = sorted(FOLDER.glob(f"*.{connection.vendor}.sql.gz"))
POINTS = sorted(path.stem for path in Path(migrations.__file__).parent.glob("0*.py"))


def load_sqlite(path, dump):
    with closing(sqlite3.connect(path)) as db:
        db.executescript(dump)
    return str(path)


def load_postgresql(name, dump):
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name}")
    with closing(connection.copy()) as other:
        other.settings_dict["NAME"] = name
        other.ensure_connection()
        # Without values, libpq takes many statements at once.
        result = other.connection.pgconn.exec_(dump.encode())
        assert not result.error_message, result.error_message
    return name


@pytest.fixture(params=DUMPS, ids=[path.name.partition(".")[0] for path in DUMPS])
def old(request, tmp_path):
    """The site on a database of an older version; returns the day on which it was made."""
    dump = gzip.decompress(request.param.read_bytes()).decode()
    before = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        name = load_sqlite(tmp_path / "old.sqlite3", dump)
    else:
        name = load_postgresql(f"{before}_old", dump)
    connection.close()
    connection.settings_dict["NAME"] = name
    yield request.param.name[:10]
    connection.close()
    connection.settings_dict["NAME"] = before
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def checked():
    out = io.StringIO()
    call_command("check_content", stdout=out)
    return out.getvalue().splitlines()[-1]


def shows(client, path, words):
    answer = client.get(path, follow=True)
    return answer.status_code == 200 and words in answer.content.decode()


def test_an_older_database_is_upgraded_and_nothing_is_lost(old, client):
    call_command("migrate", verbosity=0)
    call_command("rebuild_derived", verbosity=0)
    assert client.get("/healthz/").status_code == 200
    assert checked() == "Every promise is kept."

    one = Entry.objects.get(revisions__title="Ulnar nerve trap")
    assert [row.title for row in one.revisions.order_by("number")] == [
        "Ulnar nerve trap",
        "Ulnar nerve entrapment",
        "Ulnar neuropathy",
    ]
    assert one.newest.author.get_username() == "ed"
    assert User.objects.get().password.startswith("pbkdf2_sha256$")
    live = "Ulnar nerve entrapment"
    lists = ["/causes/", "/categories/diseases/", "/tags/nerve/", "/sources/weakness-2020/"]
    for path in ["/", *lists, "/feed/", "/causes/trap/"]:
        assert shows(client, path, live), path
    assert shows(client, "/search/?q=entrapment", "Ulnar nerve <mark>")
    assert shows(client, "/causes/polio/", "1 infection in 200")
    assert b"draft" not in client.get("/sitemap.xml").content
    assert client.get("/causes/draft/").status_code == 404
    if Entry.objects.filter(slug="down").exists():  # the first version had fewer verbs
        assert one.slug == "ulnar"
        assert client.get("/causes/down/").status_code == 404
        assert shows(client, "/causes/later/", "Replaced later")
        assert Publication.objects.upcoming().get().revision.title == "The replacement"
        assert shows(client, "/tags/elbow-joint/", live)

    client.force_login(User.objects.get())
    answer = save(client, one, title="Written after the upgrade")
    assert answer.status_code == 200
    one.refresh_from_db()
    publishing.publish(one.newest, by=User.objects.get())
    assert shows(client, "/causes/", "Written after the upgrade")
    assert not shows(client, "/causes/", live)
    assert checked() == "Every promise is kept."


# Forward and back --------------------------------------------------------------------------


@pytest.fixture
def forward():
    """Whatever happens, the tests that follow have the newest tables."""
    yield
    call_command("migrate", verbosity=0)


DEEP = "CRAWL" in os.environ


@pytest.mark.parametrize("lowest", POINTS[:-1] if DEEP else [POINTS[0], POINTS[-2]])
def test_back_to_an_older_version_and_forward_again_loses_no_text(client, forward, lowest):
    make_source()
    entry = make_live(slug="one", title="First", tags=["nerve"], body="Words [@maas-2015].")
    add_draft(entry, title="Second")
    texts = list(Revision.objects.order_by("pk").values_list(*Revision.TEXT_COLUMNS))
    spans = list(Publication.objects.values_list("uuid", "revision", "live_from", "live_until"))
    for point in reversed(POINTS[POINTS.index(lowest) : -1]):
        call_command("migrate", "causes", point, verbosity=0)
    applied = MigrationLoader(connection).applied_migrations
    assert max(name for app, name in applied if app == "causes") == lowest
    call_command("migrate", verbosity=0)
    call_command("rebuild_derived", verbosity=0)
    found = Revision.objects.order_by("pk").values_list(*Revision.TEXT_COLUMNS)
    if lowest > "0003":  # `predecessors` is a column since then
        assert list(found) == texts
    assert [row[5] for row in found] == ["First", "Second"]
    assert spans == list(
        Publication.objects.values_list("uuid", "revision", "live_from", "live_until")
    )
    assert shows(client, "/causes/one/", "First")
    assert shows(client, "/tags/nerve/", "First")
    assert checked() == "Every promise is kept."
    assert database.missing() == []
