"""How much anybody may send, decided before a byte of it is read.

Django writes uploaded files to the disk before any view asks who sends them. Public pages
accept nothing (causes/public/methods.py); this is for the desk.
"""

from collections.abc import Callable
from contextlib import suppress

from django.conf import settings
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from causes.public.errors import length_required, too_large
from causes.public.methods import READING

FROM_STRANGERS = 64 * 1024
"""Bytes of a form from somebody who is not signed in, which is the one to sign in."""

FOR_FILES = "admin:causes_import_add"
"""The one page that accepts files."""


class BodiesMiddleware:
    """Refuses a body that is longer than this person may send to this address.

    It comes after the one that finds out who it is, and before the check of forms reads anything.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in READING:
            return self.get_response(request)
        if "HTTP_TRANSFER_ENCODING" in request.META:
            return length_required(request)
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) <= FROM_STRANGERS:
            return self.get_response(request)  # without asking who it is
        most = _most(request)
        if length.isdigit() and int(length) <= most:
            return self.get_response(request)
        return too_large(request, _sentence(request, most))


def _most(request: HttpRequest) -> int:
    """Bytes that this person may send to this address."""
    user = request.user
    if not (user.is_active and getattr(user, "is_staff", False)):
        return FROM_STRANGERS
    form: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if _takes_files(request) and user.has_perm("causes.add_import"):
        return form + (settings.IMPORT_MAX_MB << 20)
    return form


def _takes_files(request: HttpRequest) -> bool:
    try:
        return resolve(request.path_info).view_name == FOR_FILES
    except Resolver404:
        return False


def _sentence(request: HttpRequest, most: int) -> str:
    if most == FROM_STRANGERS:
        return (
            "You are not signed in, so the site accepts only a short form from you. Sign in in "
            "another window, go back and send it again."
        )
    return f"This page accepts at most {most >> 20:,} MB at once."


class ToDisk(TemporaryFileUploadHandler):
    """Django's own way to put a file on the disk, which removes it at once if there is no room."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        try:
            super().receive_data_chunk(raw_data, start)
        except OSError:
            with suppress(OSError):  # it cannot write the last bytes, either
                self.file.close()
            raise
