"""The outermost WSGI application: what Django cannot read does not reach it, and no error is bare."""

import logging
import sys
from collections.abc import Iterable
from typing import Any

from django.utils.http import parse_header_parameters

from causes.public.headers import headers_outside_django

log = logging.getLogger(__name__)

BODY = b"Something went wrong. This is our fault, not yours. Try again in a minute.\n"


class FrontDoor:
    """Lets requests in as UTF-8, and answers with all headers if one fails outside Django."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        try:
            if "charset" in environ.get("CONTENT_TYPE", "").lower():
                environ["CONTENT_TYPE"] = _without_charset(environ["CONTENT_TYPE"])
            return self._application(environ, start_response)
        except Exception:
            log.exception("A request failed outside Django")
            headers = [
                ("Content-Type", "text/plain; charset=utf-8"),
                ("Content-Length", str(len(BODY))),
                *headers_outside_django(environ),
            ]
            start_response("500 Internal Server Error", headers, sys.exc_info())
            return [BODY if environ.get("REQUEST_METHOD") != "HEAD" else b""]


def _without_charset(content_type: str) -> str:
    """The type, and the boundary of its parts.

    Forms come in the encoding of their page, which is UTF-8. Django would use any encoding that a
    client names, and fail if it is none for text, such as "hex".
    """
    kind, parameters = parse_header_parameters(content_type)
    boundary = parameters.get("boundary")
    return f'{kind}; boundary="{boundary}"' if boundary else kind
