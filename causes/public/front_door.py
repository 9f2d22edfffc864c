"""The outermost WSGI application. Django can read what it lets in, and no error is bare."""

import logging
import sys
from collections.abc import Iterable
from typing import Any

from django.utils.http import parse_header_parameters

from causes.public.headers import headers_outside_django

log = logging.getLogger(__name__)

MOST_DIGITS = 18
"""Digits of a length of a body that a computer could hold; more would overflow Django's reader."""


class FrontDoor:
    """Lets requests in as UTF-8, and answers with all headers if one fails outside Django."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        try:
            if "charset" in environ.get("CONTENT_TYPE", "").lower():
                environ["CONTENT_TYPE"] = _without_charset(environ["CONTENT_TYPE"])
            if len(environ.get("CONTENT_LENGTH", "")) > MOST_DIGITS:
                sentence = "This is too long to be sent. Send less."
                return _answer(environ, start_response, "413 Content Too Large", sentence)
            return self._application(environ, start_response)
        except Exception:
            log.exception("A request failed outside Django")
            sentence = "Something went wrong. This is our fault, not yours. Try again in a minute."
            return _answer(environ, start_response, "500 Internal Server Error", sentence)


def _answer(
    environ: dict[str, Any], start_response: Any, status: str, sentence: str
) -> Iterable[bytes]:
    body = f"{sentence}\n".encode()
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        *headers_outside_django(environ),
    ]
    # In an exception, a server raises it again if it has sent headers already (PEP 3333).
    start_response(status, headers, *([sys.exc_info()] if sys.exc_info()[0] else []))
    return [body if environ.get("REQUEST_METHOD") != "HEAD" else b""]


def _without_charset(content_type: str) -> str:
    """The type, and the boundary of its parts.

    Forms come in the encoding of their page, which is UTF-8. Django would use any encoding that a
    client names, and fail if it is none for text, such as "hex".
    """
    kind, parameters = parse_header_parameters(content_type)
    boundary = parameters.get("boundary")
    return f'{kind}; boundary="{boundary}"' if boundary else kind
