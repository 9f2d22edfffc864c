from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from causes.backups.archive import NoBackup
from causes.backups.making import make, name_of, prune
from causes.management.setting_up import check_database


class Command(BaseCommand):
    help = (
        "Writes the whole database into one file while the site runs, restores that file into a "
        "database of its own, and compares the two. The file has password hashes and drafts: "
        "keep it as safe as the site. docs/operations.md has more."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "target",
            nargs="?",
            type=Path,
            metavar="FILE|FOLDER",
            help="a new file, or a folder that gets a file named by the time; default: the folder "
            "backups in the data folder",
        )
        parser.add_argument(
            "--keep",
            type=int,
            metavar="N",
            help="then delete all backups in the folder but the newest N",
        )

    def handle(self, *args: Any, target: Path | None, keep: int | None, **options: Any) -> None:
        target = target or settings.DATA_DIR / "backups"
        to_folder = target.is_dir() or not target.suffix
        if keep is not None and (keep < 1 or not to_folder):
            raise CommandError("--keep needs a number from 1, and a folder to count in.")
        check_database()
        path = target / name_of() if to_folder else target
        try:
            about = make(path)
            removed = prune(target, keep) if keep else []
        except NoBackup as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"An old backup cannot be deleted: {error}.") from error
        if options["verbosity"]:
            self.stdout.write(
                f"{path}: {about.entries:,} entries, {about.revisions:,} revisions, "
                f"{len(about.tables)} tables, {path.stat().st_size / 1e6:,.1f} MB. It was restored "
                "and compared: it is good."
            )
            for old in removed:
                self.stdout.write(f"Deleted: {old.name}")
