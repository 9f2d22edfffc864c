"""What an editor waits for, through the real admin: queries, median and 95th percentile.

Run by benchmarks/speed.py on a copy of a database, which it changes. Prints JSON lines.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import reverse  # noqa: E402

from causes import publishing  # noqa: E402
from causes.models import Entry  # noqa: E402
from causes.publishing import Text  # noqa: E402

TIMES = int(sys.argv[1]) if len(sys.argv) > 1 else 40


def address(name: str, *args: object) -> str:
    return reverse(f"admin:causes_cause_{name}", args=args)


def main() -> None:
    editor = User.objects.create_superuser(f"bench{time.time_ns()}", "", "x")
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(editor)
    causes = Entry.objects.filter(kind=Entry.Kind.CAUSE).order_by("pk")
    step = max(1, causes.count() // TIMES)
    entries = list(causes[::step][:TIMES])

    def get(where: str) -> None:
        assert client.get(where).status_code == 200, where

    def form(entry: Entry) -> dict[str, Any]:
        newest = entry.newest
        text = Text.of(newest)
        return {
            "title": text.title,
            "slug": entry.slug,
            "summary": text.summary + " Edited.",
            "category": text.category.pk if text.category else "",
            "tags": [tag.pk for tag in text.tags],
            "body": text.body,
            "note": "",
            "base": str(newest.uuid),
            "_save": "1",
        }

    forms = {entry.pk: form(entry) for entry in entries}

    def save(entry: Entry) -> None:
        answer = client.post(address("change", entry.pk), forms[entry.pk])
        assert answer.status_code == 302, answer.content[:3000]

    def publish(entry: Entry) -> None:
        entry.refresh_from_db()
        data = {"revision": str(entry.newest.uuid)}
        assert client.post(address("publish", entry.pk), data).status_code == 302

    def verb(entry: Entry) -> None:
        publishing.publish(drafts[entry.pk], by=editor)

    ten = entries[:10]
    measure("admin list", lambda _: get(address("changelist")), ten)
    measure("admin search", lambda _: get(address("changelist") + "?q=nerve+root"), ten)
    measure("edit form", lambda entry: get(address("change", entry.pk)), ten)
    measure("save draft", save, entries)
    measure("publish, at the desk", publish, entries[: len(entries) // 2])
    drafts = {entry.pk: Entry.objects.get(pk=entry.pk).newest for entry in entries}
    measure("publish, the verb", verb, entries[len(entries) // 2 :])


def measure(what: str, act: Callable[[Any], None], things: Iterable[Any]) -> None:
    first, *rest = things
    with CaptureQueriesContext(connection) as captured:
        act(first)
    # The statements that hold a transaction together are not counted.
    frame = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
    queries = [q for q in captured if not q["sql"].startswith(frame)]
    if "-v" in sys.argv:
        for query in queries:
            print(f"{what}: {query['time']} {query['sql'][:180]}", file=sys.stderr)
    times = []
    for thing in rest:
        began = time.perf_counter()
        act(thing)
        times.append((time.perf_counter() - began) * 1000)
    print(
        json.dumps(
            {
                "what": what,
                "queries": len(queries),
                "median": statistics.median(times),
                "p95": statistics.quantiles(times, n=20)[-1],
            }
        ),
        flush=True,
    )


main()
