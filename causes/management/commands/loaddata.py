from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.core.management.commands import loaddata
from django.db import IntegrityError

from causes.models.guards import Refused


class Command(loaddata.Command):
    """Django's command, with a sentence instead of a traceback for a refused fixture."""

    def handle(self, *labels: Any, **options: Any) -> None:
        try:
            super().handle(*labels, **options)
        except (Refused, ValidationError, IntegrityError) as error:
            reason = " ".join(str(error).split())
            raise CommandError(f"Refused, and nothing was written. {reason}") from error
