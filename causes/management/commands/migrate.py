from typing import Any

from django.core.management.commands import migrate

from causes import database
from causes.management.setting_up import check_database, make_private


class Command(migrate.Command):
    """Django's command, which also restores the triggers when a migration fails.

    It refuses a database of a newer version, and takes the site's files from other users.
    """

    def handle(self, *args: Any, **options: Any) -> None:
        check_database()
        try:
            super().handle(*args, **options)
        except BaseException:
            if not database.put_back_after_failure(options["database"]):
                self.stderr.write(
                    "The migration failed. Until migrate succeeds, the page cache is off and "
                    "/healthz/ answers 503."
                )
            raise
        for sentence in make_private():
            self.stderr.write(sentence)
