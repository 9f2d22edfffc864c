"""The one clock of the site's rows, and the local time that people read and type."""

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

BACK_AT_MOST = timedelta(days=1)
"""By how much a clock may be set back before the site goes back with it."""


class _Reading:
    """How the site's clock differs from this machine's; the same for all threads."""

    ahead = 0.0
    """Seconds by which the database's clock is ahead of this machine's."""

    reached = 0.0
    """The last moment at which anybody changed content, in seconds since 1970."""


_reading = _Reading()


def seconds() -> float:
    """The present moment in seconds since 1970.

    On PostgreSQL it is the database's, so that all machines agree. It does not go back behind
    the last change, even if somebody sets the clock back: a text that was public stays public.
    """
    at = time.time() + _reading.ahead
    reached = _reading.reached
    return reached if at < reached < at + BACK_AT_MOST.total_seconds() else at


def compare(theirs: float, asked: float, answered: float) -> None:
    """Notes the database's clock, read between two moments of this machine's clock.

    The difference lies between two bounds. As long as the one that is known lies between them,
    it stays, so a slow answer changes nothing.
    """
    least, most = theirs - answered, theirs - asked
    _reading.ahead = min(max(_reading.ahead, least), most)


def reach(moment: float) -> None:
    """Notes a moment, in seconds since 1970, that has passed: the clock does not go back to it."""
    _reading.reached = moment


def now() -> datetime:
    """The present moment in whole milliseconds; `seconds` says by which clock.

    Django's JSON cuts times to milliseconds: finer ones would come back from a
    fixture as other times.
    """
    moment = datetime.fromtimestamp(seconds(), UTC)
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
