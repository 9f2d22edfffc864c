"""What an import at the desk keeps between upload and end: the files, and the plan on them.

A folder for each, in the data folder. With several machines the data folder must be one
that they share, or the same person must reach the same machine.
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
"""How long an upload waits to be applied."""


def folder_of(run: Import) -> Path:
    return Path(settings.DATA_DIR) / "imports" / str(run.uuid)


def keep(run: Import, files: Iterable[Any]) -> None:
    """Writes uploaded files down, each under its own name."""
    for place, file in enumerate(files):
        folder = folder_of(run) / str(place)
        folder.mkdir(parents=True)
        with (folder / safe_name(file.name)).open("wb") as out:
            for piece in file.chunks():
                out.write(piece)


def safe_name(name: str) -> str:
    """The last part of a file's name, as any disk can hold it.

    An entry's slug is made from it: only what parts words in a slug is replaced.
    """
    plain = re.sub(r'[\x00-\x1f\x7f\\:*?"<>|]', "_", Path(name).name).strip(". ") or "file"
    stem, dot, ending = plain.rpartition(".")
    ending = f"{dot}{ending[:20]}"
    # A disk counts bytes. What is cut off is cut where no character is halved.
    room = LONGEST_NAME - len(ending.encode())
    return stem.encode()[:room].decode(errors="ignore") + ending


def files_of(run: Import) -> list[Path]:
    """The kept files in the order in which they were sent; none when they are gone."""
    folders = [path for path in folder_of(run).glob("[0-9]*") if path.is_dir()]
    return [file for path in sorted(folders, key=lambda p: int(p.name)) for file in path.iterdir()]


def has_plan(run: Import) -> bool:
    return _plan_path(run).exists()


def _plan_path(run: Import) -> Path:
    return folder_of(run) / "plan.sqlite3"


def store_of(run: Import) -> Store:
    """The plan that was made last."""
    return Store(_plan_path(run))


def planning_again(run: Import, by: User, *, moved: str = "") -> Generator[Progress, None, None]:
    """Makes the plan of the kept files, in the place of the last one when it is whole.

    `moved` is what the page of the plan is to say of why it is another one.
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
    """Removes what was kept for an import."""
    shutil.rmtree(folder_of(run), ignore_errors=True)


def forget_old() -> None:
    """Removes uploads that nobody applied in time, and what an interruption left behind."""
    old = Import.objects.filter(applied_at=None, made_at__lt=now() - KEPT)
    for run in old:
        forget(run)
    old.delete()
