"""Readers of field values: each returns a value in its one form, or raises Wrong with the reason.

Moments and days are text in UTC (`2026-11-23T09:00:00.000Z`), UUIDs have hyphens, and a reference
is the natural key of its row.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from causes.clock import future_objection
from causes.interchange.problems import Wrong
from causes.text.characters import bad_characters, is_blank, tidy_line
from causes.text.comments import tidy_body
from causes.text.identifiers import TIDY
from causes.text.objections import objections
from causes.text.slugs import SLUG_RULE, is_name_slug, is_slug

Read = Callable[[Any], Any]


def text(limit: int, *, blank: bool = True, tidied: Callable[[str], str] = tidy_line) -> Read:
    """A text, tidied before it is counted."""

    def read(value: Any) -> str:
        if type(value) is not str:
            raise Wrong(f"It must be a text, not {_shown(value)}.")
        if sentence := bad_characters(value):
            raise Wrong(sentence)
        value = tidied(value)
        if len(value) > limit:
            raise Wrong(f"It has {len(value):,} characters; the most is {limit:,}.")
        if not blank and is_blank(value):
            raise Wrong("It is empty.")
        return value

    return read


def column(model: Any, name: str) -> Read:
    """A text with the length limit and the validators of its model field."""
    field = model._meta.get_field(name)
    read_text = text(field.max_length, blank=field.blank, tidied=field.tidied)
    # Limit and NUL are checked already.
    own = [one for one in field.validators if isinstance(one, RegexValidator)]

    def read(value: Any) -> str:
        value = read_text(value)
        if value:
            try:
                for validator in own:
                    validator(value)
            except ValidationError as error:
                raise Wrong(" ".join(error.messages)) from error
        return value

    return read if own else read_text


def identifier(model: Any, name: str) -> Read:
    """An identifier of a paper, in any form in which people paste it."""
    tidy, read_text = TIDY[name], column(model, name)
    return lambda value: read_text(tidy(value) if type(value) is str else value)


def choice(choices: Any) -> Read:
    values = frozenset(choices.values)

    def read(value: Any) -> str:
        if type(value) is not str or value not in values:
            raise Wrong(f"It must be one of {', '.join(choices.values)}, not {_shown(value)}.")
        return value

    return read


def whole(low: int, high: int) -> Read:
    def read(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise Wrong(f"It must be a whole number from {low} to {high:,}, not {_shown(value)}.")
        return value

    return read


_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def uuid(value: Any) -> str:
    if type(value) is str:
        if _UUID.fullmatch(value):
            return value
        try:
            return str(UUID(value))
        except ValueError:
            pass
    raise Wrong(f"It must be a UUID, not {_shown(value)}.")


def moment(value: Any) -> str:
    if type(value) is str:
        try:
            read = datetime.fromisoformat(value)
        except ValueError:
            pass
        else:
            if read.tzinfo is None:
                raise Wrong(f"{value!r} has no time zone: add Z for UTC.")
            try:
                return shown_moment(read)
            except OverflowError:
                pass
    raise Wrong(f"It must be a date and time such as 2026-11-23T09:00:00Z, not {_shown(value)}.")


def shown_moment(moment: datetime) -> str:
    """In UTC and milliseconds, always of one length, so that texts sort as moments do."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return f"{moment.isoformat(timespec='milliseconds')[:23]}Z"


def day(value: Any) -> str:
    if type(value) is str and len(value) == 10:
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            pass
    raise Wrong(f"It must be a date such as 2026-11-23, not {_shown(value)}.")


def past_day(value: Any) -> str:
    read = day(value)
    if sentence := future_objection(date.fromisoformat(read)):
        raise Wrong(sentence)
    return read


def nullable(read: Read) -> Read:
    return lambda value: None if value is None else read(value)


def reference(read: Read) -> Read:
    """The natural key of another row, which Django writes as a list of one value."""

    def read_key(value: Any) -> Any:
        if type(value) is list and len(value) == 1:
            return read(value[0])
        raise Wrong(f"It must be a natural key (a list of one value), not {_shown(value)}.")

    return read_key


def _hyphenated(kind: str) -> Read:
    def read(value: Any) -> str:
        if type(value) is not str or not is_slug(value):
            raise Wrong(f"{_shown(value)} is not a {kind}.")
        return value

    return read


slug = _hyphenated(f"slug: {SLUG_RULE}")
source_key = _hyphenated(f"key such as maas-2015: {SLUG_RULE}")


def taxon_slug(value: Any) -> str:
    if type(value) is not str or not value or not _is_taxon_slug(value):
        raise Wrong(f"{_shown(value)} is not a slug of a category or tag.")
    return value


# Many rows repeat a few names.
_is_taxon_slug = lru_cache(maxsize=5_000)(is_name_slug)


def taxon_name(model: Any) -> Read:
    read_text = column(model, "name")

    def read(value: Any) -> str:
        name: str = read_text(value)
        if objection := model.name_objection(name):
            raise Wrong(objection)
        return name

    return read


def body(value: Any) -> str:
    if type(value) is not str:
        raise Wrong(f"It must be a text, not {_shown(value)}.")
    value = tidy_body(value)
    if found := objections(value):
        raise Wrong(" ".join(found))
    return value


def uuids(value: Any) -> list[str]:
    if type(value) is not list or len(value) > 200:
        raise Wrong(f"It must be a list of UUIDs, not {_shown(value)}.")
    return [uuid(one) for one in value]


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}…"
