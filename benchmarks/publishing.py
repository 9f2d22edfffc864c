"""An editor publishes every second while everybody reads: rate, p99, and stale answers."""

import subprocess
import sys
import threading
import time
from typing import Any

from places import ROOT, Place
from report import Report
from servers import Runs, Server, load, python_server

SITE = "denervation_site.wsgi:application"
EDITOR = """
import sys
import django
django.setup()
from dataclasses import replace
from causes import publishing
from causes.models import Entry
from causes.publishing import Text
entries = list(Entry.objects.filter(kind="cause").order_by("pk")[5:65])
for number, line in enumerate(sys.stdin):
    entry = Entry.objects.get(pk=entries[number % len(entries)].pk)
    title = f"Published as number {number}."
    text = replace(Text.of(entry.newest), title=title)
    draft = publishing.save_draft(entry, text, by=None, base=entry.newest.uuid)
    publishing.publish(draft, by=None)
    print(f"{entry.slug}|{title}", flush=True)
"""


def under_load(places: list[Place], report: Report, seconds: int) -> None:
    rows = []
    for place in places:
        rows += _one(place.copy(), max(10, int(seconds * 5)))
    report.table(
        "1,000 pages in turn, in two workers, with and without an editor who publishes each second",
        [
            "database",
            "editor",
            "requests/s",
            "of the rate without",
            "p99 ms",
            "published",
            "answers looked at",
            "stale",
            "errors",
        ],
        rows,
        "After each publication returns, its page is read from each worker; an answer without "
        "the new title is stale.",
    )


def _one(place: Place, seconds: int) -> list[list[str]]:
    paths = [f"/causes/{slug}/" for slug in place.slugs()]
    # One worker a process, so that each can be asked by its port.
    workers = [python_server("granian", SITE, place.environment, workers=1) for _ in range(2)]
    try:
        _both(workers, paths, 3)
        alone, _ = _both(workers, paths, seconds)
        stop = threading.Event()
        told: dict[str, int] = {"published": 0, "looked at": 0, "stale": 0}
        editor = threading.Thread(target=_edit, args=(place, workers, stop, told))
        editor.start()
        busy, p99 = _both(workers, paths, seconds)
        stop.set()
        editor.join()
    finally:
        for worker in workers:
            worker.stop()
    rate = sum(run.rate for run in alone)
    with_editor = sum(run.rate for run in busy)
    errors = sum(run.errors for run in [*alone, *busy])
    worst = max(run.worst for run in alone)
    return [
        [place.engine, "none", f"{rate:,.0f}", "1.00", f"{worst:.1f}", "0", "0", "0", "0"],
        [
            place.engine,
            "each second",
            f"{with_editor:,.0f}",
            f"{with_editor / rate:.2f}",
            f"{p99:.1f}",
            *(str(number) for number in told.values()),
            str(errors),
        ],
    ]


def _both(workers: list[Server], paths: list[str], seconds: int) -> tuple[list[Runs], float]:
    runs = [Runs() for _ in workers]
    threads = [
        threading.Thread(
            target=load, args=(w, paths, run), kwargs={"connections": 8, "seconds": seconds}
        )
        for w, run in zip(workers, runs, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return runs, max(run.worst for run in runs)


def _edit(place: Place, workers: list[Server], stop: Any, told: dict[str, int]) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", EDITOR],
        cwd=ROOT,
        env=place.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as editor:
        assert editor.stdin
        assert editor.stdout
        due = time.monotonic()
        while not stop.is_set():
            editor.stdin.write("\n")
            editor.stdin.flush()
            slug, _, title = editor.stdout.readline().strip().partition("|")
            told["published"] += 1
            for worker in workers:
                told["looked at"] += 1
                told["stale"] += title.encode() not in worker.get(f"/causes/{slug}/")[1]
            due += 1
            stop.wait(max(0.0, due - time.monotonic()))
        editor.stdin.close()
