from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from causes.management.made_up import BadProse, generate


class Command(BaseCommand):
    help = "Adds N made-up entries to the database, for measurements. Never run it on a real site."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("count", type=int, metavar="N")
        parser.add_argument(
            "--prose",
            type=Path,
            metavar="FILE",
            help="JSON Lines of words",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["count"] < 1:
            raise CommandError("N must be 1 or more.")

        def done(number: int) -> None:
            if options["verbosity"] > 1 or number % 10_000 == 0:
                self.stdout.write(f"{number:,} entries")

        try:
            made, there = generate(options["count"], options["prose"], done=done)
        except (BadProse, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{made:,} entries created, {there:,} existed already.")
