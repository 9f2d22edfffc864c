import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from causes.interchange.apply import MovedOn, applying
from causes.interchange.outcomes import CREATED, ON_CONFLICT, OUTCOMES, UNCHANGED
from causes.interchange.plan import Options, Plan, planning
from causes.interchange.store import Store
from causes.management.progress import follow
from causes.publishing import Refusal

LISTED = 50
"""The most created entries that are listed one by one, unless with -v 2."""


class Command(BaseCommand):
    help = (
        "Imports content from Django fixtures in one transaction, and never replaces newer work "
        "unasked. docs/fixtures.md describes the format and the rules."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument(
            "--dry-run", action="store_true", help="list the changes but write nothing"
        )
        parser.add_argument(
            "--on-conflict",
            choices=ON_CONFLICT,
            default="refuse",
            help="if an entry changed on this site after the file was written: refuse to import, "
            "take theirs (the file's), keep ours, or import the text in the file as a draft",
        )
        parser.add_argument(
            "--prune",
            action="store_true",
            help="take down public entries that are not in the files",
        )
        parser.add_argument(
            "--skip-invalid", action="store_true", help="import the rest if anything is refused"
        )
        parser.add_argument(
            "--from",
            dest="source",
            choices=("fixture", "markdown"),
            default="fixture",
            help="markdown: each FILE is a folder of Markdown files with front matter",
        )

    def handle(self, *args: Any, files: list[Path], verbosity: int, **options: Any) -> None:
        chosen = Options(
            options["on_conflict"],
            options["prune"],
            options["skip_invalid"],
            markdown=options["source"] == "markdown",
        )
        for attempt in range(3):
            store = Store()
            try:
                plan = follow(planning(files, store, chosen, None), sys.stderr, verbosity)
                if options["dry_run"]:
                    self._tell(plan, verbosity, "Nothing was written: this was a dry run.")
                    return
                if plan.objection:
                    self._tell(plan, verbosity, "")
                    raise CommandError(f"{plan.objection} Nothing was written.")
                names = ", ".join(path.name for path in files)
                run = follow(applying(plan, names), sys.stderr, verbosity)
                last = f"Applied as import {run.uuid}." if run else "Nothing was written."
                self._tell(plan, verbosity, last)
                return
            except MovedOn as error:
                if attempt == 2:
                    raise CommandError(str(error)) from error
            except Refusal as error:
                raise CommandError(str(error)) from error
            finally:
                store.close()

    def _tell(self, plan: Plan, verbosity: int, last: str) -> None:
        if verbosity:
            for line in report_lines(plan, everything=verbosity > 1):
                self.stdout.write(line)
        for problem in plan.store.problems():
            self.stderr.write(str(problem))
        if last and verbosity:
            self.stdout.write(last)


def report_lines(plan: Plan, *, everything: bool) -> Iterator[str]:
    """The report of a plan: a line for each thing that matters, then the numbers."""
    quiet = [] if everything else [UNCHANGED]
    if not everything and plan.number(CREATED) > LISTED:
        quiet.append(CREATED)
    marks = ", ".join("?" * len(quiet))
    question = f"outcome NOT IN ({marks}) OR sentences <> ''" if quiet else "1"
    if CREATED in quiet:
        question = f"outcome NOT IN ({marks}) OR (sentences <> '' AND outcome <> '{CREATED}')"
    for item in plan.store.items(question, *quiet):
        said = f": {' '.join(item.sentences)}" if item.sentences else ""
        yield f"{OUTCOMES[item.outcome]:<12} {item.kind} {item.key}{said}"
    for kind, counts in plan.store.counts().items():
        numbers = ", ".join(f"{n:,} {OUTCOMES[o].lower()}" for o, n in counts.items())
        yield f"{kind}: {numbers}"
    for model, number in plan.store.fact("left_out", {}).items():
        rows = "row" if number == 1 else "rows"
        yield f"Left out: {number:,} {rows} of causes.{model}, which are not content."
