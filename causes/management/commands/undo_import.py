import sys
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from causes.interchange.undo import last_import, undoing
from causes.management.progress import follow
from causes.models import Import
from causes.publishing import Refusal


class Command(BaseCommand):
    help = "Undoes an import with new publications and drafts. Content edited since then is left."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "uuid", nargs="?", type=UUID, metavar="UUID", help="default: the newest import"
        )
        parser.add_argument("--list", action="store_true", help="list the imports, newest first")
        parser.add_argument(
            "--dry-run", action="store_true", help="list the changes but write nothing"
        )

    def handle(
        self, *args: Any, uuid: UUID | None, dry_run: bool, verbosity: int, **options: Any
    ) -> None:
        if options["list"]:
            for row in Import.objects.all():
                self.stdout.write(
                    f"{row.uuid}  {row.made_at:%Y-%m-%d %H:%M}  {row.state}  {row.name}"
                )
            return
        run = Import.objects.filter(uuid=uuid).first() if uuid else last_import()
        if run is None:
            which = f"There is no import {uuid}" if uuid else "There is no import to undo"
            raise CommandError(f"{which}. Run undo_import --list to see them.")
        try:
            undone = follow(undoing(run, None, rehearse=dry_run), sys.stderr, verbosity)
        except Refusal as error:
            raise CommandError(str(error)) from error
        for subject, sentence in undone.left:
            self.stdout.write(f"Left {subject}: {sentence}")
        done = "to restore" if dry_run else "restored"
        self.stdout.write(
            f"Entries {done}: {undone.entries:,}. Categories, tags and sources {done}: "
            f"{undone.records:,}."
        )
