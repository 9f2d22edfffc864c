"""A WSGI application, asked as a server asks it."""

import io
import sys
from contextlib import closing, nullcontext
from urllib.parse import unquote_to_bytes


def environ_of(method, address, **more):
    """The environ of a request to an address; its path may be percent-encoded."""
    path, _, query = address.partition("?")
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SCRIPT_NAME": "",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "testserver",
        "CONTENT_LENGTH": "0",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        **more,
    }


def ask(application, method, address, **more):
    """(status, headers, body) of what a server gets from the application."""
    told = []
    answer = application(
        environ_of(method, address, **more),
        lambda status, headers, *_: told.extend((status, headers)),
    )
    with closing(answer) if hasattr(answer, "close") else nullcontext():
        body = b"".join(answer)
    return int(told[0][:3]), {name.lower(): value for name, value in told[1]}, body
