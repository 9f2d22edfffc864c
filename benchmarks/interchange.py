"""Content in and out, beside Django's own loaddata and dumpdata on the same rows.

    python benchmarks/interchange.py                      # 1,000 entries, a few minutes
    python benchmarks/interchange.py 1000 10000 --stock 1000
    python benchmarks/interchange.py 1000 --postgres postgres://postgres@127.0.0.1:5432

Entries are made by `generate_entries`, three revisions each, and go out and in with all
history. Each command runs in a process of its own; its CPU time and peak memory are the
kernel's. `executemany` counts as one query, and so does a COPY. Django's own commands are
slow: above `--stock` entries they are left out.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
NATURAL = ["--natural-primary", "--natural-foreign"]

EDIT = """
from causes import publishing
from causes.models import Entry
from causes.publishing import Text
from dataclasses import replace
for entry in Entry.objects.order_by("slug")[::100]:
    text = replace(Text.of(entry.newest), title=entry.newest.title + ", again")
    made = publishing.save_draft(entry, text, by=None, base=entry.newest.uuid)
    publishing.publish(made, by=None)
"""


def child(arguments: list[str]) -> None:
    """One management command, with its queries counted."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    count = 0

    def counting(execute: Callable[..., Any], *args: Any) -> Any:
        nonlocal count
        count += 1
        return execute(*args)

    with connection.execute_wrapper(counting):
        call_command(*arguments)
    print(json.dumps({"queries": count}))


class Figures(NamedTuple):
    """What one command took: seconds, CPU seconds, queries, peak memory in MB."""

    seconds: float
    cpu: float
    queries: int
    memory: float


class Site:
    def __init__(self, folder: Path, server: str, name: str) -> None:
        self.folder, self.server, self.name = folder / name, server, f"bench_{name}"
        self.folder.mkdir()
        url = f"{server}/{self.name}" if server else f"sqlite:///{self.folder / 'site.sqlite3'}"
        self.environment = {
            **os.environ,
            "DATA_DIR": str(self.folder),
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "denervation_site.settings",
            "PYTHONPATH": str(ROOT),
        }
        self._server(f"DROP DATABASE IF EXISTS {self.name}", f"CREATE DATABASE {self.name}")
        self.manage("migrate", "-v0")

    def _server(self, *statements: str) -> None:
        if self.server:
            import psycopg

            with psycopg.connect(f"{self.server}/postgres", autocommit=True) as connection:
                for statement in statements:
                    connection.execute(statement)

    def close(self) -> None:
        self._server(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
        shutil.rmtree(self.folder)

    def manage(self, *arguments: str) -> None:
        subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, check=True,
                       env=self.environment, stdout=subprocess.DEVNULL)  # fmt: skip

    def measured(self, *arguments: str) -> Figures:
        """Runs one command."""
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, __file__, "--child", *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        if status:
            sys.exit(f"{' '.join(arguments)} failed with {status}")
        queries = json.loads(said.strip().splitlines()[-1])["queries"]
        cpu = usage.ru_utime + usage.ru_stime
        return Figures(seconds, cpu, queries, usage.ru_maxrss / 1024)


def measure(entries: int, server: str, stock: bool) -> dict[str, tuple[Figures, Figures | None]]:
    """{what was done: (figures of ours, figures of Django's own, if `stock`)}"""
    folder = Path(tempfile.mkdtemp(prefix="interchange-"))
    ours, theirs, changed = (str(folder / name) for name in ("a.json", "b.json", "c.json"))
    found = {}
    try:
        source = Site(folder, server, "source")
        source.manage("generate_entries", str(entries))
        out = source.measured("export_fixture", "--with-history", ours)
        dump = source.measured("dumpdata", "causes", *NATURAL, "-o", theirs) if stock else None
        found["export / dumpdata"] = out, dump
        source.manage("shell", "-v0", "-c", EDIT)
        source.manage("export_fixture", "--with-history", changed)
        source.close()
        steps = (("first import", ours), ("nothing changed", ours), ("1 % changed", changed))
        mine, stocks = (
            Site(folder, server, "mine"),
            Site(folder, server, "stock") if stock else None,
        )
        for what, path in steps:
            load = stocks.measured("loaddata", "-v0", path) if stocks else None
            found[f"{what} / loaddata"] = mine.measured("import_fixture", "-v0", path), load
        mine.close()
        if stocks:
            stocks.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return found


def table(entries: int, found: dict[str, tuple[Figures, Figures | None]]) -> None:
    print(f"\n{entries:,} entries, three revisions each\n")
    columns = "seconds | CPU s | queries | peak MB"
    print(f"| what | {columns} | Django: {columns} | times as fast |")
    print("|---|" + "---:|" * 9)
    for what, (ours, stock) in found.items():
        cells = [_cells(ours), _cells(stock) if stock else ["–"] * 4]
        ratio = f"{stock.cpu / ours.cpu:.1f}" if stock else "–"
        print(f"| {what} | {' | '.join([*cells[0], *cells[1], ratio])} |")


def _cells(figures: Figures) -> list[str]:
    seconds, cpu, queries, memory = figures
    return [f"{seconds:.1f}", f"{cpu:.1f}", f"{queries:,}", f"{memory:.0f}"]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2:])
        sys.exit()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("entries", nargs="*", type=int, default=[1_000])
    parser.add_argument("--stock", type=int, default=1_000, help="largest size for Django's own")
    parser.add_argument(
        "--postgres", default="", help="a server, such as postgres://me@127.0.0.1:5432"
    )
    arguments = parser.parse_args()
    print("PostgreSQL" if arguments.postgres else "SQLite", flush=True)
    for number in arguments.entries:
        table(number, measure(number, arguments.postgres, stock=number <= arguments.stock))
        sys.stdout.flush()
