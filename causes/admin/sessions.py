"""How long somebody stays signed in: SESSION_IDLE_MINUTES and SESSION_MAX_HOURS.

Both times are in the session, and every page of the desk checks them. The time of the last
request is written once in five minutes, not at each request.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, user_logged_in
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import UpdateError
from django.db import OperationalError
from django.dispatch import receiver
from django.http import HttpRequest

from causes import database
from causes.clock import now

BEGAN, SEEN = "desk_began", "desk_seen"
"""Keys of a session: when somebody signed in, and used it last, in seconds."""

NOTED_EVERY = 300
"""Seconds after which the last use is written again; less if the idle time is short."""


@receiver(user_logged_in)
def begin(sender: Any, request: HttpRequest, **_: Any) -> None:
    """Notes the time at which somebody signed in."""
    request.session[BEGAN] = request.session[SEEN] = _seconds()


def keep_or_end(request: HttpRequest) -> None:
    """Signs somebody out whose session is too old, or was idle for too long.

    A session without times is from before these limits, and ends as well.
    """
    session, moment = request.session, _seconds()
    if SESSION_KEY not in session:
        return
    idle = settings.SESSION_IDLE_MINUTES * 60
    seen = session.get(SEEN, 0)
    if moment - seen > idle or age(request) > settings.SESSION_MAX_HOURS * 3600:
        _write(session.flush)
        request.user = AnonymousUser()
    elif moment - seen > min(NOTED_EVERY, idle / 10):
        session[SEEN] = moment
        _write(session.save)
        session.modified = False


def age(request: HttpRequest) -> float:
    """Seconds since the person signed in."""
    return _seconds() - request.session.get(BEGAN, 0)


def _write(action: Callable[[], Any]) -> None:
    """Writes unless the database is busy: then the next request tries again."""
    if not database.import_running():
        with suppress(OperationalError, UpdateError):
            action()


def _seconds() -> int:
    return int(now().timestamp())
