from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from causes.publishing.reminders import send_reminders


class Command(BaseCommand):
    help = "Mails everyone at the desk a list of their open tasks, at most once a day."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="list the mails but send none")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        failed = 0
        for reminder in send_reminders(dry_run=dry_run):
            counts = ", ".join(f"{s.title.lower()}: {s.total}" for s in reminder.sections)
            line = f"{reminder.user.get_username()} <{reminder.user.email}>: {reminder.outcome}"
            self.stdout.write(f"{line} ({counts})" if counts else line)
            failed += reminder.outcome == "failed"
        if failed:
            raise CommandError(f"{failed} could not be sent: see above. Run this again later.")
