"""The one clock of the site's rows."""

from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """The present moment in whole milliseconds.

    Django's JSON cuts times to milliseconds: finer ones would come back from a
    fixture as other times.
    """
    moment = timezone.now()
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
