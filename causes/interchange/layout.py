"""Rows as text, laid out as by `dumpdata --indent 2` or with one row a line.

The standard library's encoder is slow when it indents, so this module writes JSON itself.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from json.encoder import encode_basestring
from typing import Any
from uuid import UUID

from causes.interchange.schema import SCHEMAS
from causes.text.characters import tidy, tidy_line
from causes.text.comments import tidy_body

_INDENT = "\n" + " " * 6


def _moment(value: datetime | None) -> str:
    if value is None:
        return "null"
    # As Django's encoder writes it: milliseconds, unless they are zero.
    text = value.replace(tzinfo=None).isoformat(timespec="milliseconds").removesuffix(".000")
    return f'"{text}Z"'


def _day(value: date | None) -> str:
    return "null" if value is None else f'"{value.isoformat()}"'


def _uuid(value: UUID | None) -> str:
    return "null" if value is None else f'"{value}"'


def _number(value: int | None) -> str:
    return "null" if value is None else str(value)


def _reference(value: Any) -> str:
    if value is None:
        return "null"
    return f"[\n        {encode_basestring(str(value))}\n      ]"


def _list(values: list[str]) -> str:
    if not values:
        return "[]"
    inner = ",\n        ".join(encode_basestring(value) for value in values)
    return f"[\n        {inner}\n      ]"


def _line(value: str) -> str:
    """Tidied, so that an old text is the same text when another site imports it."""
    return encode_basestring(tidy_line(value, stored=True))


def _text(value: str) -> str:
    return encode_basestring(tidy(value, stored=True))


def _body(value: str) -> str:
    return encode_basestring(tidy_body(value, stored=True))


_WRITERS: dict[str, Callable[[Any], str]] = {
    **dict.fromkeys(
        "created_at withheld_at updated_at live_from live_until take_down_at".split(), _moment
    ),
    **dict.fromkeys(("checked_on", "withdrawn_on", "reviewed_on", "due_on"), _day),
    **dict.fromkeys(("uuid", "based_on"), _uuid),
    **dict.fromkeys(
        "version position review_months year last_number number tag_count".split(), _number
    ),
    **dict.fromkeys(
        ("merged_into", "entry", "category", "content_object", "tag", "revision"), _reference
    ),
    "predecessors": _list,
    "body": _body,
    "notes": _text,
    **dict.fromkeys(
        (
            "title summary note name description authors published_in doi pmid pmcid url "
            "withdrawn_reason reviewer qualification"
        ).split(),
        _line,
    ),
}


class _Writer:
    """Writes rows of one model."""

    def __init__(self, model: str) -> None:
        fields = [field.name for field in SCHEMAS[model].fields]
        self.names = fields
        self.parts = [
            (
                f'{"," if place else ""}{_INDENT}"{name}": ',
                _WRITERS.get(name, encode_basestring),
            )
            for place, name in enumerate(fields)
        ]
        self.head = f'{{\n    "model": "causes.{model}",\n    "fields": {{'

    def row(self, values: Iterable[Any]) -> str:
        pieces = [self.head]
        for (head, write), value in zip(self.parts, values, strict=True):
            pieces += (head, write(value))
        pieces.append("\n    }\n  }")
        return "".join(pieces)


WRITE = {model: _Writer(model) for model in SCHEMAS}
"""The writer of each kind of row."""


def as_array(rows: Iterator[str]) -> Iterator[str]:
    yield "["
    sign = "\n"
    for row in rows:
        yield f"{sign}  {row}"
        sign = ",\n"
    yield "\n]\n"


def as_lines(rows: Iterator[str]) -> Iterator[str]:
    for row in rows:
        # Line ends within texts are escaped, so these are the line ends of the layout.
        yield "".join(line.lstrip(" ") if i else line for i, line in enumerate(_lines(row))) + "\n"


def _lines(row: str) -> list[str]:
    parts = row.split("\n")
    return [p + (" " if p.endswith(",") else "") for p in parts]
