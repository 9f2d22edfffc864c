"""No process answers with an old page after a restore, or while a migration runs or has failed."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from causes import migrations
from tests.public.processes import workers

LOOKS = 6
NEWEST = sorted(path.stem for path in Path(migrations.__file__).parent.glob("0*.py"))[-1]

EXTRA_MIGRATION = f"""
import sys
from django.db import migrations

def fail(apps, schema_editor):
    print("begun", flush=True)
    sys.stdin.readline()
    raise RuntimeError("as it was meant to")

class Migration(migrations.Migration):
    atomic = False  # so that others can write meanwhile
    dependencies = [("causes", {NEWEST!r})]
    operations = [migrations.RunPython(fail)]
"""


def change(site, *statements):
    """Changes content by the verbs, in a process of its own."""
    names = "from tests.factories import *; from causes.models import *; from causes import *\n"
    return site.manage("shell", "-v0", "-c", names + "\n".join(statements))


def looks(served, path, number=LOOKS):
    """The (status, body) of several answers of each worker."""
    return [worker.get(path)[:2] for worker in served for _ in range(number)]


def all_show(served, path, words):
    return all(status == 200 and words in html for status, html in looks(served, path))


def publish(title):
    return f"publishing.publish(add_draft(Entry.objects.get(slug='one'), title={title!r}), by=None)"


# Restored --------------------------------------------------------------------------------


def through_sqlites_own_copy(live, backup):
    with closing(sqlite3.connect(backup)) as source, closing(sqlite3.connect(live)) as target:
        source.backup(target)


def moved_to_its_place(live, backup):
    for ending in ("-wal", "-shm"):
        Path(f"{live}{ending}").unlink(missing_ok=True)
    os.replace(backup, live)


def removed_and_copied(live, backup):
    for ending in ("", "-wal", "-shm"):
        Path(f"{live}{ending}").unlink(missing_ok=True)
    shutil.copy(backup, live)


WAYS = [through_sqlites_own_copy, moved_to_its_place, removed_and_copied]
if connection.vendor == "postgresql":
    WAYS = [lambda site: site.restore()]


@pytest.mark.parametrize("way", WAYS)
def test_a_backup_restored_under_running_workers_brings_back_no_old_page(site, tmp_path, way):
    change(site, "make_live(slug='one', title='Before')")
    live, backup = site.folder / "site.sqlite3", tmp_path / "backup.sqlite3"
    if site.vendor == "sqlite":
        with closing(sqlite3.connect(live)) as source, closing(sqlite3.connect(backup)) as target:
            source.backup(target)
    else:
        site.keep()
    with workers(site.environment) as served:
        assert all_show(served, "/causes/one/", "Before")
        change(site, publish("To be undone"))
        assert all_show(served, "/causes/one/", "To be undone")
        assert all_show(served, "/causes/", "To be undone")
        if site.vendor == "sqlite":
            way(live, backup)
        else:
            way(site)
        # As many changes as were undone.
        change(site, publish("After the restore"))
        for path in ("/causes/one/", "/causes/"):
            assert all_show(served, path, "After the restore")
        change(site, publish("And once more"))
        for path in ("/causes/one/", "/causes/"):
            assert all_show(served, path, "And once more")


# Migrated --------------------------------------------------------------------------------


@pytest.fixture
def failing(site, tmp_path):
    """Starts a `migrate` that waits for a line, and fails then."""
    package = tmp_path / "with_one_more"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from causes import migrations\n__path__ = [*migrations.__path__, *__path__]\n"
    )
    (package / "0999_fails.py").write_text(EXTRA_MIGRATION)
    (tmp_path / "settings_of_a_failure.py").write_text(
        "from denervation_site.settings import *\nMIGRATION_MODULES = {'causes': 'with_one_more'}\n"
    )
    begun = subprocess.Popen(
        [sys.executable, "manage.py", "migrate", "-v0", "--settings", "settings_of_a_failure"],
        cwd=settings.BASE_DIR,
        env=site.environment | {"PYTHONPATH": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield begun
    begun.kill()
    begun.communicate()


def health(served):
    return [worker.get("/healthz/")[:2] for worker in served]


@pytest.mark.parametrize("end", ["it fails", "it is killed"])
def test_a_migration_that_runs_and_does_not_succeed_leaves_no_old_page(site, request, end):
    change(
        site,
        "make_live(slug='one', title='Before', tags=['nerve'])",
        "make_live(slug='two', title='Zoster', tags=['nerve'])",
    )
    with workers(site.environment) as served:
        for path in ("/causes/one/", "/causes/two/", "/causes/", "/tags/nerve/"):
            looks(served, path)
        migrate = request.getfixturevalue("failing")
        assert migrate.stdout.readline() == "begun\n", migrate.communicate()[1]
        assert {status for status, _ in health(served)} == {503}
        change(
            site,
            publish("Meanwhile"),
            "publishing.take_down(Entry.objects.get(slug='two'), by=None)",
        )
        assert all_show(served, "/causes/one/", "Meanwhile")
        assert {status for status, _ in looks(served, "/causes/two/")} == {404}
        if site.vendor == "sqlite":
            # No trigger refuses it, and none says that it was done.
            with closing(sqlite3.connect(site.folder / "site.sqlite3")) as by_hand:
                by_hand.execute(
                    "UPDATE causes_revision SET title = 'Rewritten' WHERE title = 'Meanwhile'"
                )
                by_hand.commit()
            assert all_show(served, "/causes/one/", "Rewritten")
        newest = "Rewritten" if site.vendor == "sqlite" else "Meanwhile"
        if end == "it fails":
            _, said = migrate.communicate("\n", timeout=60)
            assert "as it was meant to" in said
            assert health(served) == [(200, "ok\n")] * 2
        else:
            migrate.kill()
            migrate.communicate()
            assert {status for status, _ in health(served)} == {503}
            assert all_show(served, "/causes/one/", newest)
            site.manage("migrate", "-v0")
            assert health(served) == [(200, "ok\n")] * 2
        for path in ("/causes/", "/tags/nerve/", "/feed/"):
            assert all_show(served, path, newest), path
            assert not any("Zoster" in html for _, html in looks(served, path)), path
        assert not any("/causes/two/" in html for _, html in looks(served, "/sitemap.xml"))
        assert not any("/causes/two/" in html for _, html in looks(served, "/search/?q=zoster"))
        refused = change(
            site,
            "try: Revision.objects.update(title='Rewritten again')",
            "except Exception as error: print(error)",
        )
        assert "a stored text never changes" in refused
        change(site, publish("Afterwards"))
        assert all_show(served, "/causes/one/", "Afterwards")
