"""One request of a client is one request to the server, however oddly its end is written.

Otherwise a proxy and the server could disagree where it ends, and what one reader sends would be
the beginning of what another one asks (RFC 9112, sections 5, 6.3 and 7.1).
"""

import re
import socket
from contextlib import suppress

import pytest

from tests.interchange.engines import Elsewhere
from tests.public.processes import workers

HIDDEN = "GET /robots.txt?smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
LAST = "GET /nope/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
LENGTH = f"Content-Length: {len(HIDDEN)}\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
# {what is odd: (headers, body)}; in each, the hidden request is part of the body for somebody.
ODD = {
    "a length and chunks": (LENGTH + CHUNKED, "0\r\n\r\n" + HIDDEN),
    "chunks and a length": (CHUNKED + "Content-Length: 4\r\n", f"{len(HIDDEN):x}\r\n{HIDDEN}\r\n0\r\n\r\n"),
    "two lengths": (f"Content-Length: 0\r\n{LENGTH}", HIDDEN),
    "two lengths in one": (f"Content-Length: 0, {len(HIDDEN)}\r\n", HIDDEN),
    "a length with a sign": (f"Content-Length: +{len(HIDDEN)}\r\n", HIDDEN),
    "a length in hexadecimal": (f"Content-Length: 0x{len(HIDDEN):x}\r\n", HIDDEN),
    "a negative length": ("Content-Length: -1\r\n", HIDDEN),
    "a space before the colon": (f"Content-Length : {len(HIDDEN)}\r\n", HIDDEN),
    "a folded header": (f"X-Odd: a\r\n {LENGTH}", HIDDEN),
    "a folded coding": ("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n" + HIDDEN),
    "an unknown coding": ("Transfer-Encoding: xchunked\r\n" + LENGTH, HIDDEN),
    "two codings": (
        "Transfer-Encoding: identity\r\n" + CHUNKED + LENGTH,
        "0\r\n\r\n" + HIDDEN,
    ),
    "a coding after a tab": ("Transfer-Encoding:\tchunked\r\n" + LENGTH, "0\r\n\r\n" + HIDDEN),
    "a coding after a control": ("Transfer-Encoding: \x0bchunked\r\n" + LENGTH, HIDDEN),
    "a chunk with an extension": (CHUNKED, f"0;x=\n{HIDDEN}\r\n\r\n"),
    "a chunk size that overflows": (CHUNKED, f"1{'0' * 16}0\r\n{HIDDEN}"),
    "a chunk size with a prefix": (CHUNKED, f"0x0\r\n\r\n{HIDDEN}"),
    "a line that ends in LF": (f"X-Odd: a\n{LENGTH}", HIDDEN),
    "a bare CR": (f"X-Odd: a\r{LENGTH}", HIDDEN),
    "NUL in a header": (f"X-Odd: \x00\r\n{LENGTH}", HIDDEN),
}  # fmt: skip


def statuses(port, headers, body):
    """The statuses of all answers on one connection: to an odd request, and to a last one."""
    request = f"POST / HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n{body}{LAST}"
    told = b""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(request.encode("latin-1"))
        with suppress(ConnectionResetError):
            while more := client.recv(65536):
                told += more
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", told)]


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with Elsewhere(tmp_path_factory.mktemp("site"), "sqlite") as site:
        site.manage("migrate", "-v0")
        # With DEBUG no static files need to be collected first.
        with workers(site.environment | {"DEBUG": "1"}, number=1) as (worker,):
            yield worker.port


def test_an_odd_request_hides_no_other(port):
    assert statuses(port, LENGTH, HIDDEN) == [405, 404]  # the body is a body
    assert statuses(port, "Content-Length: 0\r\n", HIDDEN) == [405, 200, 404]  # it is a request
    told = {name: statuses(port, *parts) for name, parts in ODD.items()}
    assert {name: found for name, found in told.items() if 200 in found} == {}
    assert {status for found in told.values() for status in found} <= {400, 404, 405}
