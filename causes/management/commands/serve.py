import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from causes.management.serving import CannotServe, serve


class Command(BaseCommand):
    help = (
        "Sets up the site (tables, a first article and login, static files) and serves it. The "
        "environment variables HOST (127.0.0.1), PORT (8000), SERVER (granian or gunicorn) and "
        "WORKERS (2) change how."
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
