from typing import Any

from django.core.management.commands import migrate

from causes import database


class Command(migrate.Command):
    """Django's command, which also restores the triggers when a migration fails."""

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            super().handle(*args, **options)
        except BaseException:
            if not database.put_back_after_failure(options["database"]):
                self.stderr.write(
                    "The migration failed. Until migrate succeeds, the page cache is off and "
                    "/healthz/ answers 503."
                )
            raise
