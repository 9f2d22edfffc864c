from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from causes.models import Publication, Rendering, Revision
from causes.models.rendering import Change


def _told(changes: list[Change]) -> Iterator[str]:
    """A line for each live text that reads otherwise than before."""
    live = Publication.objects.live().filter(revision__in=[change.revision for change in changes])
    spans = {span.revision_id: span for span in live.select_related("entry", "revision")}
    for change in changes:
        if span := spans.get(change.revision):
            yield (
                f"{span.get_absolute_url()} “{span.revision.title}”: "
                f"“{change.before}” is now “{change.after}”."
            )


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
        made = changed = 0
        for made, changes in Rendering.rebuild():
            for line in _told(changes):
                changed += 1
                self.stdout.write(line)
            if verbosity > 1:
                self.stdout.write(f"{made:,} texts so far")
        if changed:
            self.stdout.write(
                f"Texts that read otherwise than before the update: {changed:,}. Look at each."
            )
        if verbosity:
            self.stdout.write(f"The HTML and plain text of {made:,} texts were made.")
