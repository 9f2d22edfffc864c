"""Guesses at passwords and codes, counted by django-axes.

Five failures for one user name from one address close that pair for a quarter of an hour: nobody
can lock out a colleague who is elsewhere. Fifty failures from one address, for any names, close the
address for as long. A name alone is never closed. A guess at a closed door is not counted, and
costs neither a password hash nor a write.
"""

import logging
import math
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db.models import Max, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from causes.admin.visitor import address_of
from causes.clock import now

log = logging.getLogger(__name__)

FROM_ONE_ADDRESS = 50
"""Failures from one address that close it, whatever the user names."""

FOR_ONE_NAME = 50
"""Failures for one account, from all addresses, after each of which the log is told."""

KEPT_DAYS, KEPT_ROWS = 90, 100_000
"""How long the lists at the desk keep a sign-in, and how many failed ones at most."""

_UNKNOWN = "unknown:"


class GuessCounter(AxesDatabaseHandler):
    """Counts by name and address together, and by address alone with a higher limit."""

    def get_failures(self, request: Any, credentials: dict[str, Any] | None = None) -> int:
        """Failures in terms of AXES_FAILURE_LIMIT: those of the address count a tenth each."""
        pair, address = _counted(request, credentials)
        limit = settings.AXES_FAILURE_LIMIT
        return max(pair.failures, address.failures * limit // FROM_ONE_ADDRESS)

    def clean_expired_user_attempts(
        self, request: Any = None, credentials: dict[str, Any] | None = None
    ) -> int:
        """Deletes old rows, unless the door is closed: then nothing is written."""
        if request is not None and request.axes_locked_out:
            return 0
        return super().clean_expired_user_attempts(request, credentials)

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: Any = None, **more: Any
    ) -> None:
        """Counts a failure and writes it into the site's log."""
        closed = request is None or request.axes_locked_out
        super().user_login_failed(sender, credentials, request, **more)
        if closed:
            return
        name = counted_name(request, credentials)
        log.warning(
            "Sign-in as %s from %s failed%s.",
            name if is_account(name) else "a user that does not exist",
            address_of(request),
            ", and is closed for a quarter of an hour" if request.axes_locked_out else "",
        )
        failures = AccessAttempt.objects.filter(username=name).aggregate(
            sum=Sum("failures_since_start")
        )["sum"]
        if is_account(name) and failures % FOR_ONE_NAME == 0:
            log.warning("%d sign-ins as %s have failed, from several addresses.", failures, name)


def counted_name(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """The name under which guesses are counted (AXES_USERNAME_CALLABLE).

    A name that no account has is stored as a hash: people type their password there by mistake.
    """
    name = str((credentials or {}).get("username") or "")
    if User.objects.filter(username=name).exists():
        return name
    return (
        _UNKNOWN + salted_hmac("causes.admin.throttle", name, algorithm="sha256").hexdigest()[:20]
    )


def is_account(name: str) -> bool:
    """Whether a counted name is that of an account; no user name can have a colon."""
    return not name.startswith(_UNKNOWN)


def minutes_to_wait(request: HttpRequest, name: str) -> int:
    """Minutes until somebody may try this name again from here; 0 if she may at once."""
    AxesProxyHandler.update_request(request)
    pair, address = _counted(request, {"username": name})
    limits = ((pair, settings.AXES_FAILURE_LIMIT), (address, FROM_ONE_ADDRESS))
    latest = [count.latest for count, limit in limits if count.failures >= limit]
    if not latest:
        return 0
    left = max(latest) + settings.AXES_COOLOFF_TIME - now()
    return max(1, math.ceil(left / timedelta(minutes=1)))


def too_many(request: Any, response: HttpResponse, credentials: Any) -> HttpResponse:
    """The page with the sentence, with the status for it (AXES_LOCKOUT_CALLABLE)."""
    response.status_code = 429
    response["Retry-After"] = str(int(settings.AXES_COOLOFF_TIME.total_seconds()))
    return response


def forget_old_rows() -> None:
    """Deletes sessions that have ended, and old lines of the lists of sign-ins."""
    Session.objects.filter(expire_date__lt=now()).delete()
    old = Q(attempt_time__lt=now() - timedelta(days=KEPT_DAYS))
    AccessLog.objects.filter(old).delete()
    newest = AccessFailureLog.objects.aggregate(Max("pk"))["pk__max"] or 0
    AccessFailureLog.objects.filter(old | Q(pk__lte=newest - KEPT_ROWS)).delete()


class _Count(NamedTuple):
    failures: int
    latest: datetime


def _counted(request: Any, credentials: dict[str, Any] | None) -> tuple[_Count, _Count]:
    """The recent failures of the name from this address, and of all names from this address."""
    since = request.axes_attempt_time - settings.AXES_COOLOFF_TIME
    same = Q(username=counted_name(request, credentials))
    found = AccessAttempt.objects.filter(
        ip_address=request.axes_ip_address, attempt_time__gte=since
    ).aggregate(
        of_pair=Sum("failures_since_start", filter=same, default=0),
        latest_of_pair=Max("attempt_time", filter=same, default=since),
        of_address=Sum("failures_since_start", default=0),
        latest_of_address=Max("attempt_time", default=since),
    )
    return (
        _Count(found["of_pair"], found["latest_of_pair"]),
        _Count(found["of_address"], found["latest_of_address"]),
    )
