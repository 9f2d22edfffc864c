"""Keeps the indentation of templates out of public pages."""

import re
from collections.abc import Iterable, Iterator

from jinja2.ext import Extension
from jinja2.lexer import Token


class Compact(Extension):
    """Writes each run of spaces and line breaks in a template as one line break.

    HTML shows both as one space. Values are left as they are, and so is the text of an entry.
    No template may hold a `pre` element or an attribute in which such a run has a meaning.
    """

    def filter_stream(self, stream: Iterable[Token]) -> Iterator[Token]:
        for token in stream:
            if token.type == "data":
                token = Token(token.lineno, "data", re.sub(r"[ \n]{2,}", "\n", token.value))
            yield token
