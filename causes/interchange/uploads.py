"""The files and the plan of an import at the desk, from the upload until it is applied.

Each import has a folder in the data folder. Several machines must share that folder, or each person
must always reach the same machine.
"""

import re
import shutil
import sqlite3
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import Error

from causes.clock import now
from causes.database.trouble import Trouble, trouble_of
from causes.interchange.plan import Options, Progress, planning
from causes.interchange.store import Store
from causes.models import Import
from causes.publishing import Refusal
from causes.publishing.verb import User

LONGEST_NAME = 255
"""Bytes of a file's name on most disks."""

KEPT = timedelta(days=7)
"""How long an upload is kept before it is applied."""


LEFT_OVER = 24 * 3600
"""Seconds after which a file that nobody owns is left over from a process that was killed."""


class NoRoom(Refusal):
    """The disk is full or cannot be written, so nothing was kept."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(f"{trouble.sentence} Nothing was kept or imported.")


def _imports() -> Path:
    return Path(settings.DATA_DIR) / "imports"


def folder_of(run: Import) -> Path:
    return _imports() / str(run.uuid)


def keep(run: Import, files: Iterable[Any]) -> None:
    """Stores uploaded files, each under its own name, and then the row of the import.

    If either fails, nothing stays. Raises NoRoom.
    """
    try:
        with _room_is_needed():
            for place, file in enumerate(files):
                folder = folder_of(run) / str(place)
                folder.mkdir(parents=True)
                _move(file, folder / safe_name(file.name))
            run.save()
    except BaseException:
        forget(run)
        raise


@contextmanager
def _room_is_needed() -> Iterator[None]:
    """Says it in a sentence if the disk is full. Raises NoRoom."""
    try:
        yield
    except (OSError, Error, sqlite3.Error) as error:
        trouble = trouble_of(error)
        if trouble not in (Trouble.FULL, Trouble.READ_ONLY):
            raise
        raise NoRoom(trouble) from error


def _move(file: Any, path: Path) -> None:
    """Stores one file; one that is on the disk already is not written again."""
    if hasattr(file, "temporary_file_path"):
        shutil.move(file.temporary_file_path(), path)
        file.close()
        return
    with path.open("wb") as out:
        for piece in file.chunks():
            out.write(piece)


def safe_name(name: str) -> str:
    """The last part of a file's name, valid on any disk.

    The slug of an entry may follow from it, so only characters that separate words are replaced.
    """
    plain = re.sub(r'[\x00-\x1f\x7f\\:*?"<>|]', "_", Path(name).name).strip(". ") or "file"
    stem, dot, ending = plain.rpartition(".")
    ending = f"{dot}{ending[:20]}"
    # A disk counts bytes. The cut must not split a character.
    room = LONGEST_NAME - len(ending.encode())
    return stem.encode()[:room].decode(errors="ignore") + ending


def files_of(run: Import) -> list[Path]:
    """The stored files in the order of the upload; none if they were removed."""
    folders = [path for path in folder_of(run).glob("[0-9]*") if path.is_dir()]
    return [file for path in sorted(folders, key=lambda p: int(p.name)) for file in path.iterdir()]


def has_plan(run: Import) -> bool:
    return _plan_path(run).exists()


def _plan_path(run: Import) -> Path:
    return folder_of(run) / "plan.sqlite3"


def store_of(run: Import) -> Store:
    """The newest plan."""
    return Store(_plan_path(run))


def planning_again(run: Import, by: User, *, moved: str = "") -> Generator[Progress, None, None]:
    """Plans the stored files again; the new plan replaces the last one when it is complete.

    `moved` is a sentence for the page of the plan that says why it was made again. Raises NoRoom.
    """
    made = folder_of(run) / "plan.part"
    made.unlink(missing_ok=True)
    try:
        with _room_is_needed():
            store = Store(made)
            try:
                yield from planning(files_of(run), store, options_of(run), by)
                store.set_fact("moved", moved)
                store.keep()
            finally:
                store.close()
            made.replace(_plan_path(run))
    finally:
        made.unlink(missing_ok=True)


def planning_first(run: Import, by: User) -> Generator[Progress, None, None]:
    """Plans files that were just uploaded. If there is no room for it, nothing of them stays."""
    try:
        yield from planning_again(run, by)
    except NoRoom:
        forget(run)
        run.delete()
        raise


def options_of(run: Import) -> Options:
    return Options(**run.options, limit=settings.IMPORT_MAX_MB << 20)


def forget(run: Import) -> None:
    """Removes the files and the plan of an import."""
    shutil.rmtree(folder_of(run), ignore_errors=True)


def forget_old() -> None:
    """Removes uploads that nobody applied in time, or that a killed process left behind."""
    old = Import.objects.filter(applied_at=None, made_at__lt=now() - KEPT)
    for run in old:
        forget(run)
    old.delete()
    owned = set(map(str, Import.objects.filter(applied_at=None).values_list("uuid", flat=True)))
    before = time.time() - LEFT_OVER
    for path in (*_imports().glob("*-*"), *Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir()):
        with suppress(FileNotFoundError):  # somebody else removes it
            if path.name not in owned and path.stat().st_mtime < before:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
