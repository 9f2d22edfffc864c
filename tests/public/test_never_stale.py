"""Once a change is committed, no process answers with the old page: real servers, both engines."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from django.conf import settings

from tests.public.processes import Worker, workers

GROUPS = {"by verbs, files and time": 11, "by rows": 13}
"""How many changes are in each group of changes.py, so that none is lost unseen."""
PUBLISHED = int(os.environ.get("STALE_PUBLICATIONS", "30"))
READERS = 2 if "STALE_PUBLICATIONS" in os.environ else 1
"""For each worker, beside the one that checks."""


@contextmanager
def load(served, paths):
    """Readers of every worker, who never stop asking; yields the statuses that were not 200."""
    stop, wrong = Event(), []

    def ask(port):
        reader, number = Worker(port), 0
        while not stop.is_set():
            status, *_ = reader.get(paths[number % len(paths)])
            number += 1
            if status >= 500:
                wrong.append(status)
        reader.close()

    threads = [Thread(target=ask, args=[worker.port]) for worker in served for _ in range(READERS)]
    for thread in threads:
        thread.start()
    try:
        yield wrong
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def stands(worker, where, what):
    status, html, _ = worker.get(where)
    return status == what if isinstance(what, int) else status == 200 and what in html


@pytest.mark.parametrize("changes", GROUPS)
@pytest.mark.parametrize("server", ["granian", "gunicorn"])
def test_every_change_shows_in_every_process_at_its_next_answer(site, tmp_path, server, changes):
    variables = site.environment | {
        "DJANGO_SETTINGS_MODULE": "denervation_site.settings",
        "SHARED_CLOCK": str(tmp_path / "clock"),
    }
    module = [sys.executable, "-m", "tests.public.changes"]
    command = [*module, changes, str(tmp_path), str(PUBLISHED)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    stale, seen = [], set()
    with (
        workers(variables, server=server, application="tests.public.served:application") as served,
        subprocess.Popen(command, cwd=settings.BASE_DIR, env=variables, **pipes) as process,
        load(served, ["/", "/causes/", "/causes/cause-1/", "/tags/"]) as wrong,
    ):
        for line in process.stdout:
            name, where, what = json.loads(line)
            # The first answer after the change is what counts; the second comes of the cache.
            stale += [
                (name, where, what, time)
                for time in (1, 2)
                for worker in served
                if not stands(worker, where, what)
            ]
            seen.add(name)
            process.stdin.write("\n")
            process.stdin.flush()
    assert process.returncode == 0
    assert not stale
    assert not wrong
    assert len(seen) == GROUPS[changes]
