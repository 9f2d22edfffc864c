"""Databases to measure on: made once for each engine and size, and kept for the next run."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
KEPT = Path(os.environ.get("BENCH_DIR") or Path(tempfile.gettempdir()) / "denervation-benchmarks")


class Place:
    """A data folder and a database with this many made-up entries in it."""

    def __init__(self, engine: str, size: int, postgres: str = "") -> None:
        self.engine, self.size, self.postgres = engine, size, postgres
        self.folder = KEPT / f"{engine}-{size}"
        self.name = f"denervation_bench_{size}"
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG")}
        url = f"{postgres}/{self.name}" if engine == "postgresql" else ""
        self.environment = {
            **kept,
            "DATA_DIR": str(self.folder),
            "DATABASE_URL": url,
            "ALLOWED_HOSTS": "*",
            "DJANGO_SETTINGS_MODULE": "denervation_site.settings",
            "PYTHONPATH": str(ROOT),
        }

    def ready(self) -> "Place":
        """Fills it, unless that was done."""
        done = self.folder / "ready"
        if not done.exists():
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            if self.engine == "postgresql":
                self._create()
            print(f"# filling {self.engine} with {self.size:,} entries …", flush=True)
            self.manage("migrate", "-v0")
            self.manage("loaddata", "initial", "-v0")
            self.manage("collectstatic", "--noinput", "-v0")
            self.manage("generate_entries", str(self.size))
            if self.engine == "postgresql":
                self._tidy()
            done.touch()
        return self

    def copy(self) -> "Place":
        """Another one with the same content, to be changed."""
        other = Place(self.engine, self.size, self.postgres)
        other.folder = KEPT / f"{self.engine}-{self.size}-changed"
        other.name = f"{self.name}_changed"
        other.environment = {**self.environment, "DATA_DIR": str(other.folder)}
        shutil.rmtree(other.folder, ignore_errors=True)
        shutil.copytree(self.folder, other.folder)
        if self.engine == "postgresql":
            other.environment["DATABASE_URL"] = f"{self.postgres}/{other.name}"
            other._create(template=self.name)
        # Gigabytes that are still being written would stand in the way of each commit.
        os.sync()
        return other

    def slugs(self) -> list[str]:
        """Up to 1,000 causes, spread over all the made-up ones."""
        script = (
            "from causes.models import Entry; causes = Entry.objects.filter(kind='cause'); "
            "slugs = list(causes.order_by('pk').values_list('slug', flat=True)[5:]); "
            "print('\\n'.join(slugs[:: max(1, len(slugs) // 1000)][:1000]))"
        )
        return self.manage("shell", "-v0", "-c", script).split()

    def manage(self, *arguments: str) -> str:
        return self._run("manage.py", *arguments)

    def python(self, script: str, *arguments: str) -> str:
        """What one of the scripts beside this file prints, run on this database."""
        return self._run(str(ROOT / "benchmarks" / script), *arguments)

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env=self.environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return done.stdout

    def _tidy(self) -> None:
        """What a server does by itself within minutes, where autovacuum is on."""
        with self._connected(self.name) as server:
            server.execute("VACUUM (ANALYZE)")

    def _connected(self, database: str) -> Any:
        import psycopg

        url = f"{self.postgres.replace('postgres:', 'postgresql:')}/{database}"
        return psycopg.connect(url, autocommit=True)

    def _create(self, template: str = "") -> None:
        with self._connected("postgres") as server:
            server.execute(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
            like = f" TEMPLATE {template}" if template else ""
            server.execute(f"CREATE DATABASE {self.name}{like}")
