"""Puts a backup in the place of the site's database, while the site runs.

Everything is prepared in a database of its own: unpacked, compared, brought up to this version.
The present state is kept as a backup, too. The last step is one transaction.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, Error, connections

from causes import database
from causes.backups import archive, contents
from causes.backups.archive import NoBackup
from causes.backups.making import ENGINES, compare, make, name_of, working_folder
from causes.database import bulk, faults, turns
from causes.database.trouble import Trouble, trouble_of


class Restore:
    """A restore that is prepared, and can be carried out or given up. Raises NoBackup."""

    def __init__(self, path: Path, using: str = DEFAULT_DB_ALIAS) -> None:
        self._wrapper: Any = connections[using]
        self._using = using
        self._engine = ENGINES[self._wrapper.vendor]
        self._stack = ExitStack()
        self.damaged = ""
        """A sentence, if the present database cannot be read."""
        with self._stack:
            self._folder = self._stack.enter_context(working_folder(settings.DATA_DIR / "backups"))
            unpacked = self._folder / "unpacked"
            unpacked.mkdir()
            self.about, member = archive.read(path, unpacked)
            self._check_origin(path)
            self.present = self._look()
            self._name = self._stack.enter_context(
                self._engine.scratch(self._wrapper, member, "restored")
            )
            compare(self.about, self._engine.tables(self._wrapper, self._name))
            self._stack = self._stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _check_origin(self, path: Path) -> None:
        own, its = self._wrapper.vendor, self.about.engine
        names = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
        if its != own:
            raise NoBackup(
                f"{path} is a backup of {names[its]}, but DATABASE_URL names {names[own]}. Restore "
                f"it with {names[its]}, then use export_fixture and import_fixture."
            )
        newer = faults.unknown((app, name) for app, name in self.about.migrations)
        if newer:
            raise NoBackup(
                f"{path} was made by a newer version of the site ({self.about.site}), which had "
                f"the migration {newer[-1]}: update the site, then restore it."
            )

    def _look(self) -> tuple[int, int, str]:
        """Entries, revisions and newest change of the present database."""
        try:
            if self._wrapper.introspection.table_names() and database.import_running(self._using):
                raise NoBackup("An import is running: wait until it ends, then try again.")
            return contents.facts(self._wrapper)
        except Error as error:
            if trouble_of(error) is not Trouble.DAMAGED:
                raise NoBackup(faults.sentence(error, self._wrapper)) from error
            self.damaged = faults.first_line(error, self._wrapper)
            return 0, 0, ""

    @property
    def replaces_nothing(self) -> bool:
        """Whether there is no content that could be lost."""
        return not self.damaged and not any(self.present)

    def carry_out(self) -> Path | None:
        """Replaces the database; returns where its present state was kept. Raises NoBackup."""
        try:
            self._bring_up_to_date()
            kept = self._keep()
            with turns.restoring(self._using):
                self._engine.replace(self._wrapper, self._name, self._folder)
        except database.ImportRunning as error:
            raise NoBackup("An import is running: wait until it ends, then try again.") from error
        except (Error, sqlite3.Error) as error:
            raise NoBackup(
                f"Nothing was restored. {faults.sentence(error, self._wrapper)}"
            ) from error
        except OSError as error:
            raise NoBackup(f"Nothing was restored: {error.strerror}.") from error
        database.seal_again(self._wrapper)
        bulk.analyze(self._using)
        return kept

    def _bring_up_to_date(self) -> None:
        """Runs the migrations that the backup lacks, in a process that knows only the copy."""
        if self.about.sealed:
            copy = self._engine.named(self._wrapper, self._name)
            database.seal_again(copy)
            copy.close()
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "causes.backups.updating", self._name],
            cwd=settings.BASE_DIR,
            env={**os.environ, "DATA_DIR": str(settings.DATA_DIR)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            last = done.stderr.strip().splitlines()[-1:]
            raise NoBackup(f"The backup cannot be brought up to this version ({' '.join(last)}).")

    def _keep(self) -> Path | None:
        """Keeps the present state, as a backup or, if it is damaged, as it is."""
        folder = settings.DATA_DIR / "backups"
        if self.replaces_nothing:
            return None
        kept: Path = folder / name_of("before-restore")
        try:
            make(kept, self._using)
        except NoBackup as error:
            if not isinstance(error.__cause__, DatabaseError | sqlite3.DatabaseError):
                raise
            if self._wrapper.vendor != "sqlite" or not _is_damage(error.__cause__):
                raise
            return self._put_aside(kept.with_suffix(".damaged"))
        return kept

    def _put_aside(self, kept: Path) -> Path:
        """Moves a damaged SQLite file out of the way: SQLite could not write into it."""
        path = Path(self._wrapper.settings_dict["NAME"])
        self._wrapper.close()
        kept.mkdir(mode=0o700)
        for ending in ("-wal", "-shm", ""):
            if (beside := Path(f"{path}{ending}")).exists():
                shutil.move(beside, kept / beside.name)
        return kept


def _is_damage(error: BaseException) -> bool:
    return trouble_of(error) is Trouble.DAMAGED
