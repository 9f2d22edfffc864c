"""Passwords that are known from breaches, looked up in a file on this machine.

The file is that of Pwned Passwords, ordered by hash: a line for each password, with the SHA-1 of
it in capital hexadecimal digits, a colon and a number. It has tens of gigabytes, so it is searched
by bisection: about 40 reads of one line each.
"""

import hashlib
import re
from itertools import islice, pairwise
from pathlib import Path
from typing import BinaryIO

from django.core.exceptions import ValidationError

_LINE = re.compile(rb"[0-9A-F]{40}:[0-9]+\r?\n?")
_HASH = 40
_SAMPLES = 64
"""Places in the file whose order is checked at the start, beside its first lines."""


class BreachedPassword:
    """Refuses passwords in the file that BREACHED_PASSWORDS names (AUTH_PASSWORD_VALIDATORS)."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def validate(self, password: str, user: object = None) -> None:
        """Raises ValidationError for a password that is in the file, or if it cannot be read."""
        digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        try:
            with self._path.open("rb") as file:
                known = contains(file, digest.encode())
        except OSError:
            raise ValidationError(
                "The list of breached passwords cannot be read, so no password can be set now. "
                "Tell the person who runs this site."
            ) from None
        if known:
            raise ValidationError(
                "This password is in a public list of stolen passwords. Choose another one.",
                code="breached",
            )

    def get_help_text(self) -> str:
        """The rule, for the form."""
        return "Your password cannot be one that is in a public list of stolen passwords."


def objection(path: Path) -> str:
    """Why a file cannot be used, as the end of a sentence; or an empty string."""
    try:
        with path.open("rb") as file:
            lines = [*islice(file, 1000), *_samples(file)]
    except OSError as error:
        return f"that file cannot be read ({error.strerror})."
    if not lines or not all(map(_LINE.fullmatch, lines)):
        return (
            "that file does not have lines of 40 capital hexadecimal digits, a colon and a number, "
            "as the download of Pwned Passwords has."
        )
    if any(line[:_HASH] > later[:_HASH] for line, later in pairwise(lines)):
        return "that file is not sorted: use the version that is ordered by hash."
    return ""


def _samples(file: BinaryIO) -> list[bytes]:
    """Whole lines from places at equal distances, the last one included."""
    begin, end = file.tell(), file.seek(0, 2)
    places = [begin + (end - begin) * n // _SAMPLES for n in range(1, _SAMPLES)]
    found = [_line_after(file, place) for place in [*places, max(begin, end - 100)]]
    return [line for line in found if line]


def _line_after(file: BinaryIO, place: int) -> bytes:
    """The first line that begins after a place; empty at the end of the file."""
    file.seek(place)
    file.readline(200)
    return file.readline(200)


def contains(file: BinaryIO, wanted: bytes) -> bool:
    """Whether a line begins with a hash, in a file that is sorted by hash."""
    if file.readline(200)[:_HASH] == wanted:
        return True
    # Of the lines that begin after `low`, the first is at most the wanted one.
    low, high = 0, file.seek(0, 2)
    while low < high:
        middle = (low + high) // 2
        found = _line_after(file, middle)[:_HASH]
        if found == wanted:
            return True
        if found and found < wanted:
            low = middle + 1
        else:
            high = middle
    return False
