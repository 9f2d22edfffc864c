"""Two questions that views at the desk ask about their request."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from causes import database
from causes.publishing import read_ahead


def person_of(request: HttpRequest) -> User:
    """The person who is signed in. Raises PermissionDenied if nobody is."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


@contextmanager
def locked_if_posted(request: HttpRequest, *texts: Any) -> Iterator[None]:
    """For a POST, a transaction under the write lock: the facts that it compares stay the same.

    The texts and revisions that the verb needs are read before. Raises ImportRunning,
    SomebodySaving.
    """
    if request.method != "POST":
        yield
        return
    with read_ahead(*texts), database.writing():
        yield
