"""What is wrong when the database raises an error: sentences for operators, with what to do."""

import os
from pathlib import Path
from typing import Any

from django.db.migrations.loader import MigrationLoader

from causes.database.files import owner
from causes.database.trouble import Trouble, trouble_of


def sentence(error: BaseException, connection: Any) -> str:
    """What is wrong with the database of a connection, and what to do. Shows no password."""
    trouble = trouble_of(error) or Trouble.UNREACHABLE
    said = first_line(error, connection)
    if connection.vendor == "sqlite":
        return _of_file(Path(connection.settings_dict["NAME"]), trouble, said)
    at = f"The database at {where(connection)}"
    return {
        Trouble.DAMAGED: f"{at} is damaged ({said}): see “Restore” in docs/operations.md.",
        Trouble.FULL: f"The disk of the database at {where(connection)} is full ({said}): free "
        "some space. Everything saved before is kept.",
        Trouble.READ_ONLY: f"{at} takes no changes ({said}): it may be a standby server. Name the "
        "main one in DATABASE_URL.",
        Trouble.REFUSED: f"{at} refuses the user of the site ({said}): give it the right, or "
        "correct DATABASE_URL.",
        Trouble.LOCKED: f"{at} is locked by another process ({said}): try again in a minute.",
        Trouble.UNREADABLE: f"{at} cannot read its disk ({said}): check the disk.",
    }.get(trouble, f"{at} cannot be reached ({said}): start it, or correct DATABASE_URL.")


def _of_file(path: Path, trouble: Trouble, said: str) -> str:
    at = f"The database file {path}"
    if trouble is Trouble.DAMAGED:
        return (
            f"{at} is damaged, or it is not a SQLite database ({said}). Leave it as it is, and run "
            " manage.py restore_backup FILE  with the newest backup: see docs/operations.md."
        )
    if trouble is Trouble.FULL:
        return (
            f"The disk of {path} is full ({said}): free some space. Everything saved before is "
            "kept."
        )
    if trouble is Trouble.LOCKED:
        return f"{at} is locked by another process ({said}): try again in a minute."
    if trouble is Trouble.UNREADABLE:
        return f"{at} cannot be read from its disk ({said}): check the disk and its free space."
    return f"{at} cannot be used ({said}): {_what_prevents(path)}"


def _what_prevents(path: Path) -> str:
    """Why this process cannot write a file, and what to do."""
    folder = path.parent
    if not folder.is_dir():
        return f"there is no folder {folder}. Make it, or correct DATABASE_URL."
    if path.is_dir():
        return "it is a folder. Correct DATABASE_URL."
    there = path if path.exists() else folder
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        return "its disk is mounted read-only. Mount it for writing, or set DATA_DIR elsewhere."
    # Its log and its lock are files beside it.
    for thing in (there, folder):
        if not os.access(thing, os.R_OK | os.W_OK, effective_ids=True):
            theirs, mine = thing.stat().st_uid, os.geteuid()
            if theirs != mine:
                return (
                    f"{thing} belongs to the user {owner(theirs)}, but the site runs as "
                    f"{owner(mine)}. Run it as {owner(theirs)}, or give the file to "
                    f"{owner(mine)}."
                )
            return f"{thing} is read-only. Run  chmod u+rw {thing}  and try again."
    return "check that nothing else is in its place, or correct DATABASE_URL."


def where(connection: Any) -> str:
    """The location of the database, without its password."""
    options = connection.settings_dict
    if connection.vendor == "sqlite":
        return str(options["NAME"])
    return f"{options['HOST'] or 'localhost'}:{options['PORT'] or 5432}/{options['NAME']}"


def first_line(error: BaseException, connection: Any) -> str:
    """The first line of the error, without the login."""
    line = str(error).strip().partition("\n")[0]
    if password := connection.settings_dict["PASSWORD"]:
        line = line.replace(password, "…")
    return line.replace(f'"{connection.settings_dict["USER"]}"', '"…"')


def of_newer_version(connection: Any) -> list[str]:
    """The migrations in a database that this code does not know, such as `causes.0012_notes`."""
    loader = MigrationLoader(connection)
    return unknown(loader.applied_migrations, loader)


def unknown(applied: Any, loader: MigrationLoader | None = None) -> list[str]:
    """Those of some applied migrations, as (app, name), that this code does not know."""
    loader = loader or MigrationLoader(None)
    known = {*loader.disk_migrations, *loader.graph.nodes}
    return sorted(f"{app}.{name}" for app, name in applied if (app, name) not in known)


def newer_sentence(newer: list[str]) -> str:
    """What to do about a database of a newer version."""
    return (
        f"The database was made by a newer version of the site: this version does not know "
        f"{newer[-1]}{f' and {len(newer) - 1} more' if len(newer) > 1 else ''}. Install that "
        "version again, or restore a backup from before the update: see “Roll back” in "
        "docs/operations.md."
    )
