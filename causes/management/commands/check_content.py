from argparse import ArgumentParser
from collections import defaultdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from causes.checking import check, repair
from causes.management.setting_up import check_database


class Command(BaseCommand):
    help = (
        "Checks every promise about the stored rows while the site runs, and names each thing "
        "that breaks one. The exit status is 1 if anything is wrong."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--repair", action="store_true", help="write again what is derived from other rows"
        )

    def handle(self, *args: Any, verbosity: int, **options: Any) -> None:
        check_database()
        wrong, wanted = self._check(show=True, remarks=verbosity > 1)
        if options["repair"] and wanted:
            for sentence in repair(wanted):
                self.stdout.write(sentence)
            self.stdout.write("What is derived was written again.")
            wrong, _ = self._check(show=False, remarks=False)
        if wrong:
            raise CommandError(f"Wrong: {wrong:,}. See above, and docs/operations.md.")
        self.stdout.write("Every promise is kept.")

    def _check(self, *, show: bool, remarks: bool) -> tuple[int, dict[str, set[int]]]:
        """Prints what is found; returns how much of it is wrong, and what can be repaired."""
        wrong, odd, wanted = 0, 0, defaultdict[str, set[int]](set)
        for found in check():
            wrong += not found.remark
            odd += found.remark
            if found.repair:
                wanted[found.repair].add(found.key)
            if remarks if found.remark else show or not found.repair:
                self.stdout.write(f"{'Remark' if found.remark else 'Wrong'}: {found}")
        if show and odd and not remarks:
            self.stdout.write(f"Remarks that may be right: {odd:,}. Add -v 2 to read them.")
        return wrong, wanted
