from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from causes.interchange.undo import last_import, undoing
from causes.management.progress import follow
from causes.models import Import
from causes.publishing import Refusal


class Command(BaseCommand):
    help = "Takes an import back with new spans and drafts; what was edited since is left."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "uuid", nargs="?", type=UUID, metavar="UUID", help="default: the last one applied"
        )
        parser.add_argument("--list", action="store_true", help="list the imports, newest first")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen")

    def handle(
        self, *args: Any, uuid: UUID | None, list: bool, dry_run: bool, verbosity: int, **_: Any
    ) -> None:
        if list:
            for row in Import.objects.all():
                self.stdout.write(
                    f"{row.uuid}  {row.made_at:%Y-%m-%d %H:%M}  {row.state}  {row.name}"
                )
            return
        run = Import.objects.filter(uuid=uuid).first() if uuid else last_import()
        if run is None:
            which = f"There is no import {uuid}" if uuid else "There is no import to undo"
            raise CommandError(f"{which}: undo_import --list shows all.")
        try:
            undone = follow(undoing(run, None, rehearse=dry_run), self.stderr._out, verbosity)
        except Refusal as error:
            raise CommandError(str(error)) from error
        for what, sentence in undone.left:
            self.stdout.write(f"Left {what}: {sentence}")
        would = "would go back" if dry_run else "went back"
        self.stdout.write(f"{undone.entries:,} entries and {undone.records:,} records {would}.")
