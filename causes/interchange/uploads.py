"""The files and the plan of an import at the desk, from the upload until it is applied.

Each import has a folder in the data folder. Several machines must share that folder, or each person
must always reach the same machine.
"""

import re
import shutil
from collections.abc import Generator, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from causes.clock import now
from causes.interchange.plan import Options, Progress, planning
from causes.interchange.store import Store
from causes.models import Import
from causes.publishing.verb import User

LONGEST_NAME = 255
"""Bytes of a file's name on most disks."""

KEPT = timedelta(days=7)
"""How long an upload is kept before it is applied."""


def folder_of(run: Import) -> Path:
    return Path(settings.DATA_DIR) / "imports" / str(run.uuid)


def keep(run: Import, files: Iterable[Any]) -> None:
    """Stores uploaded files, each under its own name."""
    for place, file in enumerate(files):
        folder = folder_of(run) / str(place)
        folder.mkdir(parents=True)
        with (folder / safe_name(file.name)).open("wb") as out:
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

    `moved` is a sentence for the page of the plan that says why it was made again.
    """
    made = folder_of(run) / "plan.part"
    made.unlink(missing_ok=True)
    store = Store(made)
    try:
        yield from planning(files_of(run), store, options_of(run), by)
        store.set_fact("moved", moved)
        store.keep()
    finally:
        store.close()
    made.replace(_plan_path(run))


def options_of(run: Import) -> Options:
    return Options(**run.options, limit=settings.IMPORT_MAX_MB << 20)


def forget(run: Import) -> None:
    """Removes the files and the plan of an import."""
    shutil.rmtree(folder_of(run), ignore_errors=True)


def forget_old() -> None:
    """Removes uploads that nobody applied in time, or that were interrupted."""
    old = Import.objects.filter(applied_at=None, made_at__lt=now() - KEPT)
    for run in old:
        forget(run)
    old.delete()
