"""The one file of a backup: a tar, so that it can be opened without this site.

It holds `backup.json` (what is in it), the database as its own tools write it (`site.sqlite3.gz`
or `site.dump`), and `SHA256SUMS`, which `sha256sum -c` reads.
"""

import hashlib
import io
import json
import os
import tarfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FORMAT = 1
_ABOUT, _SUMS = "backup.json", "SHA256SUMS"

Tables = dict[str, tuple[int, str]]
"""Of each table, by name: the number of its rows, and a hash of them."""


class NoBackup(Exception):
    """The backup cannot be made or used; the message says why, and what to do."""


@dataclass(frozen=True)
class About:
    """What a backup holds."""

    made_at: str
    engine: str
    """`sqlite` or `postgresql`."""
    site: str
    """The version of the site that made it."""
    migrations: list[list[str]]
    """Those that were applied, as [app, name]."""
    objects: str
    """The version of the triggers and derived tables."""
    sealed: bool
    """Whether nobody had touched the triggers."""
    entries: int
    revisions: int
    newest: str
    """When the last revision or event was written, or an empty string."""
    tables: Tables
    format: int = FORMAT


def write(path: Path, about: About, member: Path) -> None:
    """Writes a backup of a file that holds the database. Raises OSError."""
    held = (json.dumps(asdict(about), indent=1) + "\n").encode()
    sums = "".join(
        f"{digest}  {name}\n"
        for name, digest in (
            (_ABOUT, hashlib.sha256(held).hexdigest()),
            (member.name, _digest(member)),
        )
    )
    with path.open("xb") as out:
        with tarfile.open(fileobj=out, mode="w") as tar:
            _add(tar, _ABOUT, held)
            tar.add(member, member.name, filter=_plain)
            _add(tar, _SUMS, sums.encode())
        out.flush()
        os.fsync(out.fileno())


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    return info


def _add(tar: tarfile.TarFile, name: str, held: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(held), 0o600
    tar.addfile(info, io.BytesIO(held))


def read(path: Path, folder: Path) -> tuple[About, Path]:
    """Unpacks a backup into a folder; returns what it holds, and the file with the database.

    Raises NoBackup if it is damaged, or no backup of this site.
    """
    try:
        with tarfile.open(path, "r:") as tar:
            names = tar.getnames()
            if len(names) != 3 or names[0] != _ABOUT or names[2] != _SUMS or "/" in names[1]:
                raise NoBackup(_damaged(path, "it does not hold what a backup holds"))
            tar.extractall(folder, filter="data")
    except (tarfile.TarError, EOFError) as error:
        raise NoBackup(_damaged(path, str(error))) from error
    except OSError as error:
        raise NoBackup(f"{path} cannot be read or unpacked: {error.strerror}.") from error
    for line in (folder / _SUMS).read_text().splitlines():
        digest, _, name = line.partition("  ")
        if name in names and _digest(folder / name) == digest:
            names.remove(name)
    if names != [_SUMS]:
        raise NoBackup(_damaged(path, f"the checksum of {names[0]} is wrong"))
    return _about(path, json.loads((folder / _ABOUT).read_text())), folder / names_of(folder)


def names_of(folder: Path) -> str:
    """The name of the unpacked file with the database."""
    return next(p.name for p in folder.iterdir() if p.name not in (_ABOUT, _SUMS))


def _about(path: Path, held: dict[str, Any]) -> About:
    if held["format"] > FORMAT:
        raise NoBackup(
            f"{path} was made by a newer version of the site ({held.get('site')}): update the "
            "site, then restore it."
        )
    held["tables"] = {name: (count, digest) for name, (count, digest) in held["tables"].items()}
    return About(**held)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _damaged(path: Path, why: str) -> str:
    return f"{path} is damaged, or is no backup of this site ({why}): use another backup."
