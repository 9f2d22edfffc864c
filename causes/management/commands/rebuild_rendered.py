from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from causes.models import Rendering, Revision


class Command(BaseCommand):
    help = (
        "Makes the HTML and the plain text of the texts that are public, or will be, and have none "
        "of this version. Pages are right without it, and made faster with it. Search finds words "
        "of texts that an older version stored by their Markdown until it has run."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="make what is there anew, too")

    def handle(self, *args: Any, verbosity: int, **options: Any) -> None:
        if options["all"]:
            Rendering.objects.all().delete()
            Revision.objects.exclude(reader=0).update(reader=0)
        made = 0
        for made in Rendering.rebuild():
            if verbosity > 1:
                self.stdout.write(f"{made:,} texts so far")
        if verbosity:
            self.stdout.write(f"The HTML and plain text of {made:,} texts were made.")
