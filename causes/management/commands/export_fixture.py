import gzip
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from causes.interchange.export import NotExported, Selection, export


class Command(BaseCommand):
    help = (
        "Writes live and scheduled content as a Django fixture, which import_fixture and loaddata "
        "can read. docs/fixtures.md describes the format."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", metavar="FILE", help="default: standard output")
        parser.add_argument(
            "--entries", nargs="+", default=[], metavar="SLUG", help="only these entries"
        )
        parser.add_argument(
            "--category", action="append", default=[], metavar="SLUG", help="only entries in it"
        )
        parser.add_argument(
            "--tag", action="append", default=[], metavar="SLUG", help="only entries with it"
        )
        mode = parser.add_mutually_exclusive_group()
        mode.add_argument("--live-only", action="store_true", help="without scheduled texts")
        mode.add_argument(
            "--with-history", action="store_true", help="every revision and publication"
        )
        parser.add_argument(
            "--format", choices=("json", "jsonl"), help="default: from the name of FILE"
        )

    def handle(self, *args: Any, file: str | None, **options: Any) -> None:
        mode = "live" if options["live_only"] else "public"
        mode = "history" if options["with_history"] else mode
        names = (tuple(options[name]) for name in ("entries", "category", "tag"))
        form = options["format"] or _form_of(file)
        pieces = export(Selection(mode, *names), form)
        try:
            first = next(pieces)
            if file is None or file == "-":
                sys.stdout.write(first)
                sys.stdout.writelines(pieces)
                return
            path = Path(file)
            # An existing file stays whole until the new one is complete.
            made = path.with_name(f".{path.name}.part")
            with made.open("wb") as out:
                # Without name and time in the header, the same content gives the same bytes.
                zipped = path.suffix == ".gz"
                with gzip.GzipFile("", "wb", fileobj=out, mtime=0) if zipped else out as sink:
                    sink.write(first.encode())
                    sink.writelines(piece.encode() for piece in pieces)
            made.replace(path)
        except NotExported as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.") from error


def _form_of(file: str | None) -> str:
    return "jsonl" if file and file.removesuffix(".gz").endswith(".jsonl") else "json"
