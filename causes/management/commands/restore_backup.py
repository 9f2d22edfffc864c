import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from causes.backups.archive import NoBackup
from causes.backups.restoring import Restore


class Command(BaseCommand):
    help = (
        "Puts a backup in the place of the database while the site runs. The present state is "
        "kept as a backup first. Everybody must sign in again. docs/operations.md has more."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, file: Path, yes: bool, **options: Any) -> None:
        try:
            with Restore(file) as restore:
                self._show(restore)
                if not (yes or restore.replaces_nothing):
                    self._ask()
                kept = restore.carry_out()
        except NoBackup as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Restored from {file}.")
        if kept:
            self.stdout.write(f"The state before is kept in {kept}.")
        self.stdout.write(
            "Accounts and passwords are as they were then: check who may sign in. Everybody must "
            "sign in again."
        )

    def _show(self, restore: Restore) -> None:
        about = restore.about
        rows = [
            (f"{'':<16}", "entries", "revisions", "newest change"),
            ("in the backup", about.entries, about.revisions, about.newest or "none"),
        ]
        if restore.damaged:
            self.stdout.write(f"The present database is damaged ({restore.damaged}).")
        else:
            rows.append(("on the site now", *restore.present))
        for name, entries, revisions, newest in rows:
            self.stdout.write(f"{name:<16} {entries:>10} {revisions:>10}  {newest or 'none'}")
        self.stdout.write(f"The backup was made on {about.made_at} by version {about.site}.")

    def _ask(self) -> None:
        if not sys.stdin.isatty():
            raise CommandError("Nothing was restored. Without a terminal to ask at, add --yes.")
        if input("Type yes to replace the site's database: ").strip().lower() != "yes":
            raise CommandError("Nothing was restored.")
