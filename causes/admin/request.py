"""Two questions that views at the desk ask about their request."""

from contextlib import AbstractContextManager, nullcontext

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from causes import database


def person_of(request: HttpRequest) -> User:
    """The person who is signed in. Raises PermissionDenied if nobody is."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def locked_if_posted(request: HttpRequest) -> AbstractContextManager[None]:
    """For a POST, a transaction under the write lock: the facts that it compares stay the same.

    Raises ImportRunning, SomebodySaving.
    """
    return database.writing() if request.method == "POST" else nullcontext()
