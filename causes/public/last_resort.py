"""The answer if a request fails before Django sees it, or after: short, and with all headers."""

import logging
import sys
from collections.abc import Iterable
from typing import Any

from causes.public.headers import headers_outside_django

log = logging.getLogger(__name__)

BODY = b"Something went wrong. This is our fault, not yours. Try again in a minute.\n"


class LastResort:
    """The outermost WSGI application. The server's own answer would be bare."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        try:
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
