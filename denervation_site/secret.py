"""Secrets: where they come from, and how they stay out of the log."""

import logging
import os
import re
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

SHORTEST = 8
"""Shorter values are not hidden in the log, since any word could hold them."""

# A preview link shows a draft to anybody who has it. causes/preview_links.py makes the token.
_TOKEN = re.compile(r"(/preview/[0-9a-f-]{36})(?::|%3A)[\w-]+")

_known: set[str] = set()


def read(name: str) -> str:
    """The variable `name`, or the content of the file that `name`_FILE names; "" if none is set.

    The value is hidden in the log from then on. Raises ImproperlyConfigured, without the value.
    """
    value, file = (os.environ.get(variable, "").strip() for variable in (name, f"{name}_FILE"))
    if value and file:
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set: keep one of them.")
    return remember(_content(f"{name}_FILE", file) if file else value)


def remember(value: str) -> str:
    """Hides a value in the log from now on, and returns it."""
    _known.add(value)
    return value


def _content(name: str, file: str) -> str:
    try:
        value = Path(file).expanduser().read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        raise ImproperlyConfigured(f"{name} is {file!r}, but that is not a text file.") from None
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no file can have this name"
        raise ImproperlyConfigured(
            f"{name} is {file!r}, but the file cannot be read ({why}): "
            "name a file that this user may read."
        ) from None
    if not value:
        raise ImproperlyConfigured(
            f"{name} is {file!r}, but the file is empty: write the secret into it."
        )
    return value


class DiscreetFormatter(logging.Formatter):
    """Formats a line of the log, and its traceback, without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        text = _TOKEN.sub(r"\1:…", super().format(record))
        for value in _known:
            if len(value) >= SHORTEST:
                text = text.replace(value, "…")
        return text
