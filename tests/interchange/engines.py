"""A site of its own beside the tests' database, on either engine, for what needs processes."""

import os
import shutil
from contextlib import closing

from django.conf import settings

from tests.processes import environment, manage


class Elsewhere:
    def __init__(self, folder, vendor):
        self.folder, self.vendor = folder, vendor
        folder.mkdir(exist_ok=True)
        self.name = f"elsewhere_{os.getpid()}_{abs(hash(str(folder))) % 10**6}"
        if vendor == "sqlite":
            self.url = f"sqlite:///{folder / 'site.sqlite3'}"
        else:
            options = settings.DATABASES["default"]
            self.server = {
                "host": options["HOST"],
                "port": options["PORT"] or 5432,
                "user": options["USER"],
            }
            self.server |= {"password": options["PASSWORD"]} if options["PASSWORD"] else {}
            place = f"{self.server['user']}@{self.server['host']}:{self.server['port']}"
            self.url = f"postgres://{place}/{self.name}"
        self.environment = environment(DATA_DIR=str(folder), DATABASE_URL=self.url)

    def __enter__(self):
        if self.vendor != "sqlite":
            self._server(f"CREATE DATABASE {self.name}")
        return self

    def __exit__(self, *_):
        if self.vendor != "sqlite":
            for name in (self.name, f"{self.name}_kept"):
                self._server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _server(self, *statements):
        import psycopg

        with closing(psycopg.connect(dbname="postgres", autocommit=True, **self.server)) as server:
            for statement in statements:
                server.execute(statement)

    def manage(self, *arguments):
        return manage(*arguments, env=self.environment)

    # Back to how it was -------------------------------------------------------------------

    def keep(self):
        """Remembers how the database is now."""
        if self.vendor == "sqlite":
            shutil.copy(self.folder / "site.sqlite3", self.folder / "kept.sqlite3")
        else:
            self._server(f"CREATE DATABASE {self.name}_kept TEMPLATE {self.name}")

    def restore(self):
        """Goes back to what was kept."""
        if self.vendor == "sqlite":
            for ending in ("-wal", "-shm"):
                (self.folder / f"site.sqlite3{ending}").unlink(missing_ok=True)
            shutil.copy(self.folder / "kept.sqlite3", self.folder / "site.sqlite3")
        else:
            self._server(
                f"DROP DATABASE {self.name} WITH (FORCE)",
                f"CREATE DATABASE {self.name} TEMPLATE {self.name}_kept",
            )
