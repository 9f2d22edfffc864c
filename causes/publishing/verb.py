"""The parts of every verb: one transaction under the one lock, a permission, an event."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.contrib.auth.models import User as UserRow

from causes import database
from causes.clock import now
from causes.models import Entry, Event, Revision
from causes.models.event import REASON_LIMIT
from causes.publishing.situations import NotPermitted, ReasonNeeded, refusal_of
from causes.publishing.text import read_ahead
from causes.states import Step, facts_of
from causes.text.characters import is_blank, tidy

P = ParamSpec("P")
R = TypeVar("R")
User = UserRow | None
"""The person who acts. None is the command line, which may do everything."""


def verb(function: Callable[P, R]) -> Callable[P, R]:
    """Runs a verb in one transaction, under the one lock, which it takes before it reads rows.

    The texts and revisions among its arguments are read before: see `read_ahead`. Every verb
    raises ImportRunning while an import is running, and SomebodySaving if somebody else holds the
    lock for too long.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with read_ahead(*args, *kwargs.values()), database.writing():
                return function(*args, **kwargs)
        except database.Busy as busy:
            raise refusal_of(busy) from busy

    return run


def need(by: User, *permissions: str) -> None:
    """Raises NotPermitted unless the person has one of these permissions of the app."""
    if by is None or any(by.has_perm(f"causes.{name}") for name in permissions):
        return
    raise NotPermitted(f"{by.get_username()} lacks the permission {' or '.join(permissions)}.")


def need_reason(reason: str) -> str:
    if is_blank(reason):
        raise ReasonNeeded
    return tidy(reason)


def locked(pk: int) -> Entry:
    """The entry as it is now, to be changed in this transaction."""
    entry: Entry = Entry.objects.select_for_update().get(pk=pk)
    return entry


def standing(entry: Entry) -> str:
    """State and step in one word, for the log: `live-with-draft+submitted`."""
    facts = facts_of(entry)
    state, step = facts.state, facts.step
    quiet = step in (Step.DRAFT, Step.OUT)
    return state.value if quiet else f"{state.value}+{step.value}"


def record(
    verb: Event.Verb,
    entry: Entry | None,
    by: User,
    *,
    subject: str = "",
    revision: Revision | None = None,
    from_state: str = "",
    reason: str = "",
    **details: Any,
) -> Event:
    return Event.objects.create(
        verb=verb,
        subject=(subject or f"{entry.kind} {entry.slug}" if entry else subject)[:300],
        entry_id=entry.pk if entry else None,
        revision_uuid=revision.uuid if revision else None,
        from_state=from_state,
        reason=tidy(reason)[:REASON_LIMIT],
        details=details,
        actor=by,
        at=now(),
    )
