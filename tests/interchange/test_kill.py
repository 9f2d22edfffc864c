"""An import that is killed at any moment has happened, or has not.

KILLS at random statements, a few unless it is set (`make deep`).
"""

import os
import random
import shutil
import signal
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from tests.interchange.engines import Elsewhere

KILLS = int(os.environ.get("KILLS", "3"))
ENTRIES = 150

WORK = """
import django, sys
django.setup()
from pathlib import Path
from django.db import connection
from causes.interchange.apply import applying, run_through
from causes.interchange.plan import Options, planning
from causes.interchange.store import Store

said = 0
def said_to_the_database(execute, *statement):
    global said
    said += 1
    if said == int(sys.argv[2]):
        print("now", flush=True)
    return execute(*statement)

with connection.execute_wrapper(said_to_the_database):
    plan = run_through(planning([Path(sys.argv[1])], Store(), Options(), None))
    run_through(applying(plan, "killed"))
print(said, flush=True)
"""
"""Says when it comes to a statement, so that it is killed there, and at the end how many there were."""

CONTENT = """
from django.core.management import call_command
call_command("migrate", "-v0")
call_command("generate_entries", "{entries}")
call_command("export_fixture", "--with-history", {path!r})
"""

COUNT = """
import django, json
django.setup()
from django.apps import apps
from causes import database
print(json.dumps([m.objects.count() for m in apps.get_app_config("causes").get_models()]
                 + [database.import_running()] + database.missing()))
"""


class Site(Elsewhere):
    """A site of its own on the engine of the tests, filled anew for each kill."""

    def python(self, code, *arguments):
        return subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            cwd=settings.BASE_DIR,
            env=self.environment | {"DJANGO_SETTINGS_MODULE": "denervation_site.settings"},
            stdout=subprocess.PIPE,
            text=True,
        )

    def counts(self):
        process = self.python(COUNT)
        return process.communicate()[0].strip()


@pytest.fixture
def site(tmp_path):
    with Site(tmp_path, connection.vendor) as made:
        made.manage("migrate", "-v0")
        yield made


def test_killed_at_random_moments_all_of_it_is_there_or_none(site, tmp_path, capsys):
    path = tmp_path / "content.json"
    with Elsewhere(tmp_path / "source", "sqlite") as source:
        source.manage("shell", "-v0", "-c", CONTENT.format(entries=ENTRIES, path=str(path)))
    none = site.counts()
    site.keep()
    statements = int(site.python(WORK, str(path), "0").communicate()[0])
    every = site.counts()
    assert every != none
    dice, ended = random.Random(), {none: 0, every: 0}
    for _ in range(KILLS):
        site.restore()
        # Planning only reads; the last statements, and the commit behind them, are worth most.
        at = dice.choice([dice.randint(1, statements), dice.randint(statements - 9, statements)])
        process = site.python(WORK, str(path), str(at))
        assert process.stdout.readline() == "now\n"
        process.send_signal(signal.SIGKILL)
        process.communicate()
        found = site.counts()
        assert found in ended, f"half of it is there: {found}, killed at {at} of {statements}"
        ended[found] += 1
    if "KILLS" in os.environ:
        with capsys.disabled():
            print(
                f"\n{connection.vendor}: {KILLS} kills at {statements} statements for {ENTRIES} "
                f"entries: {ended[none]} times nothing, {ended[every]} times all, never half"
            )
    # And what was killed can be done again.
    site.restore()
    site.manage("import_fixture", str(path), "-v0")
    assert site.counts().split(", ")[1:] == every.split(", ")[1:]
    shutil.rmtree(tmp_path / "source", ignore_errors=True)
