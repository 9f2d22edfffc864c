"""The one clock of the site's rows, and the local time that people read and type."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone


def now() -> datetime:
    """The present moment in whole milliseconds.

    Django's JSON cuts times to milliseconds: finer ones would come back from a
    fixture as other times.
    """
    moment = timezone.now()
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def today() -> date:
    """Today's date where the site is at home: in the setting TIME_ZONE."""
    return timezone.localdate(now(), timezone.get_default_timezone())


def future_objection(day: date | None) -> str:
    """Why nothing can have happened on this day yet, as a sentence; or nothing."""
    if day is None or day <= today():
        return ""
    return f"{day:%d %B %Y} is in the future: write the day on which it happened."


def moments_of(local: datetime, zone: ZoneInfo) -> list[datetime]:
    """The moments, in UTC, at which clocks of a zone show this time.

    None where the clocks skip it (they go forward), two where they show it twice
    (they go back), one on every other day.
    """
    found = []
    for fold in (0, 1):
        moment = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        back = moment.astimezone(zone).replace(tzinfo=None)
        if back == local.replace(tzinfo=None, fold=0) and moment not in found:
            found.append(moment)
    return found


def around_gap(local: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """For a local time that clocks skip: the last and the first one around it, as local times."""
    later = local.replace(tzinfo=zone, fold=0).astimezone(UTC).astimezone(zone)
    earlier = local.replace(tzinfo=zone, fold=1).astimezone(UTC).astimezone(zone)
    before, after = sorted((earlier, later))
    # The gap's edges, to the minute, found by halving: zones change at any minute.
    low, high = before.astimezone(UTC), after.astimezone(UTC)
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) / 2
        middle -= timedelta(seconds=middle.second, microseconds=middle.microsecond)
        if middle in (low, high):
            break
        if middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset():
            low = middle
        else:
            high = middle
    return low.astimezone(zone), high.astimezone(zone)
