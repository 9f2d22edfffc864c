import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from causes.management.serving import CannotServe, serve


class Command(BaseCommand):
    help = (
        "Sets up what is missing (tables, the article, a first login, static files) and serves "
        "the site on HOST and PORT (127.0.0.1 and 8000), with SERVER (granian or gunicorn) and "
        "WORKERS (2), all from the environment."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            serve(
                host=os.environ.get("HOST") or "127.0.0.1",
                port=os.environ.get("PORT") or "8000",
                server=os.environ.get("SERVER") or "granian",
                workers=os.environ.get("WORKERS") or "2",
                say=self.stdout.write,
            )
        except CannotServe as error:
            raise CommandError(str(error)) from None
