"""How long readers and writers wait while a database is migrated forward, on either engine.

    python benchmarks/migrations.py                          # 33,334 entries of three revisions
    python benchmarks/migrations.py --entries 1000 --steps 0004 0008
    python benchmarks/migrations.py --postgres postgres://postgres@127.0.0.1:5432

For each step the database goes back to that migration and then forward to the newest. Meanwhile
one connection reads and another one writes every 20 ms, each a single row; the longest time that
either took is the longest lock. The writes are rolled back.
"""

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
EVERY = 0.02
READ = "SELECT id, title FROM causes_revision ORDER BY id DESC LIMIT 1"
WRITE = (
    "UPDATE causes_entry SET created_at = created_at WHERE id = (SELECT min(id) FROM causes_entry)"
)


class Site:
    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.environment = {**os.environ, "DATA_DIR": str(folder), "DATABASE_URL": url}

    def manage(self, *arguments: str) -> None:
        subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def connect(self) -> Any:
        if self.url.startswith("sqlite"):
            path = self.url.removeprefix("sqlite:///")
            return sqlite3.connect(path, timeout=3600, isolation_level=None)
        import psycopg

        return psycopg.connect(self.url, autocommit=True)

    @property
    def begin(self) -> str:
        return "BEGIN IMMEDIATE" if self.url.startswith("sqlite") else "BEGIN"


class Sampler(threading.Thread):
    """Does one thing every 20 ms, and remembers the longest time that it took."""

    def __init__(self, site: Site, act: Callable[[Any], None]) -> None:
        super().__init__(daemon=True)
        self.site, self.act = site, act
        self.longest, self.count, self.failed = 0.0, 0, 0
        self.over = threading.Event()

    def run(self) -> None:
        connection = self.site.connect()
        while not self.over.is_set():
            began = time.monotonic()
            try:
                self.act(connection)
            except Exception:  # a table that is just replaced; the wait still counts
                self.failed += 1
            self.longest = max(self.longest, time.monotonic() - began)
            self.count += 1
            self.over.wait(EVERY)
        connection.close()


@contextmanager
def sampled(site: Site) -> Iterator[tuple[Sampler, Sampler]]:
    def read(connection: Any) -> None:
        connection.execute(READ).fetchall()

    def write(connection: Any) -> None:
        connection.execute(site.begin)
        try:
            connection.execute(WRITE)
        finally:
            connection.execute("ROLLBACK")

    both = Sampler(site, read), Sampler(site, write)
    for one in both:
        one.start()
    try:
        yield both
    finally:
        for one in both:
            one.over.set()
            one.join()


def measure(site: Site, steps: list[str]) -> None:
    print(f"{'from':<8} {'seconds':>8} {'longest read':>14} {'longest write':>14} {'failed':>7}")
    for step in steps:
        site.manage("migrate", "causes", step, "-v0")
        with sampled(site) as (reader, writer):
            began = time.monotonic()
            site.manage("migrate", "-v0")
            seconds = time.monotonic() - began
        print(
            f"{step:<8} {seconds:>8.1f} {reader.longest:>12.2f} s {writer.longest:>12.2f} s "
            f"{reader.failed + writer.failed:>7}",
            flush=True,
        )


@contextmanager
def database(server: str) -> Iterator[str]:
    """A database of its own on a server of PostgreSQL."""
    import psycopg

    name = f"bench_migrations_{os.getpid()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{server}/{name}"
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def main() -> None:
    options = argparse.ArgumentParser(description="Waits during migrations.")
    options.add_argument("--entries", type=int, default=33_334)
    options.add_argument("--steps", nargs="+", default=["0008", "0006", "0004", "0001"])
    options.add_argument("--postgres", metavar="URL", help="measure on this server instead")
    options.add_argument("--database", metavar="URL", help="an existing one, which is changed")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if chosen.database:
            measure(Site(folder, chosen.database), chosen.steps)
        elif chosen.postgres:
            with database(chosen.postgres) as url:
                filled(Site(folder, url), chosen.entries, chosen.steps)
        else:
            site = Site(folder, f"sqlite:///{folder / 'site.sqlite3'}")
            filled(site, chosen.entries, chosen.steps)


def filled(site: Site, entries: int, steps: list[str]) -> None:
    site.manage("migrate", "-v0")
    site.manage("generate_entries", str(entries))
    measure(site, steps)


if __name__ == "__main__":
    main()
