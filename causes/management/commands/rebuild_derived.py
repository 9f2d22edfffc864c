from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from causes.models import Publication, Revision
from causes.models.derived import Change, rebuild


def _sentences(changes: list[Change]) -> Iterator[str]:
    """One line for each live text whose words changed."""
    live = Publication.objects.live().filter(revision__in=[change.revision for change in changes])
    publications = {one.revision_id: one for one in live.select_related("entry", "revision")}
    for change in changes:
        if publication := publications.get(change.revision):
            yield (
                f"{publication.get_absolute_url()} “{publication.revision.title}”: "
                f"“{change.before}” is now “{change.after}”."
            )


class Command(BaseCommand):
    help = (
        "Derives the plain text, the search words and the citations of texts that are public or "
        "scheduled and were derived by another version of the site. Run it after an update: until "
        "then, search finds older texts by their Markdown. Lists the live texts that now show "
        "other words."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="derive the other texts again, too")

    def handle(self, *args: Any, verbosity: int, **options: Any) -> None:
        if options["all"]:
            Revision.objects.exclude(reader=0).update(reader=0)
        done = changed = 0
        for done, changes in rebuild():
            for line in _sentences(changes):
                changed += 1
                self.stdout.write(line)
            if verbosity > 1:
                self.stdout.write(f"{done:,} texts so far")
        if changed:
            self.stdout.write(
                f"Live texts that show other words than before the update: {changed:,}. "
                "Check each of them."
            )
        if verbosity:
            self.stdout.write(f"Texts derived again: {done:,}.")
