from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from causes import accounts


class Command(BaseCommand):
    help = (
        "Removes the second factor of somebody who lost the phone and the recovery codes, and ends "
        "that person's sessions. First make sure who is asking."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="the user name, as it is typed at sign-in")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        person = User.objects.filter(username=username).first()
        if person is None:
            raise CommandError(f"There is no account with the user name {username!r}.")
        had = accounts.has_second_factor(person)
        ended = accounts.reset_second_factor(person, by="The command line")
        was = "was removed" if had else "was not set up"
        self.stdout.write(f"The second factor of {username} {was}. Sessions that ended: {ended}.")
