"""Slow work on a real server: what it may not stop, and the answer to the work that overflows."""

import http.client
import io
import select
import socket
import sys
from contextlib import ExitStack, contextmanager

import pytest
from django.conf import settings
from django.core.wsgi import get_wsgi_application

from causes.public.capacity import REFUSED, Capacity
from tests.processes import Server, environment, free_port

STATIC = "/static/admin/css/base.css"
SLOTS = settings.SLOTS


@pytest.fixture(scope="module", params=["granian", "gunicorn"])
def site(request, tmp_path_factory):
    """The port of a site with one worker, started as anybody would start it."""
    port, folder = free_port(), tmp_path_factory.mktemp("site")
    env = environment(DATA_DIR=str(folder), PORT=str(port), WORKERS="1", SERVER=request.param)
    server = Server([sys.executable, "manage.py", "serve"], port, env)
    try:
        server.ready()
        assert get(port, "/causes/polio/")[0] == 200  # and it is kept from now on
        yield port
    finally:
        server.stop()


def connect(port, text):
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.sendall(text.encode())
    return connection


def answer(connection):
    """(status, headers, body) of the next answer; the connection is closed after it."""
    with connection, http.client.HTTPResponse(connection) as response:
        response.begin()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return response.status, headers, response.read().decode()


def get(port, path):
    return answer(connect(port, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"))


def form(path, *, chunked=False, expect=False):
    """The beginning of a form, whose rest never comes."""
    length = "Transfer-Encoding: chunked" if chunked else "Content-Length: 1000"
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{length}\r\n"
    head += f"Cookie: csrftoken={'a' * 32}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    if expect:
        head += "Expect: 100-continue\r\n"
    return head + "\r\n" + ("5\r\ntitle\r\n" if chunked else "title")


@contextmanager
def stalled(port, path, number, **more):
    """Sends one form that never ends more than there are slots; yields the answer to that one."""
    with ExitStack() as stack:
        text = form(path, **more)
        held = [stack.enter_context(connect(port, text)) for _ in range(number + 1)]
        while not (refused := [connection for connection in held if is_refused(connection)]):
            select.select(held, [], [], 0.01)
        yield answer(refused[0])


def is_refused(connection):
    """Whether its answer has come, and not only a request to go on."""
    return bool(select.select([connection], [], [], 0)[0]) and (
        b"HTTP/1.1 503" in connection.recv(4096, socket.MSG_PEEK)
    )


def others_are_answered(port):
    for path in ("/causes/polio/", STATIC, "/healthz/"):
        assert get(port, path)[0] == 200, path
    # A page that nobody has asked for yet, and the desk.
    assert get(port, "/search/?q=polio")[0] == 200
    assert get(port, "/admin/login/")[0] == 200


@pytest.mark.parametrize("more", [{}, {"expect": True}], ids=str)
@pytest.mark.parametrize(
    ("path", "kind", "words"),
    [
        ("/admin/login/", "sign-in", "Your name and password were not read"),
        ("/admin/causes/cause/add/", "forms", "Go back: your browser still has what you typed"),
    ],
)
def test_forms_that_never_end_stop_nothing_else(site, path, kind, words, more):
    with stalled(site, path, SLOTS[kind], **more) as (status, headers, body):
        assert status == 503
        assert words in body
        assert int(headers["retry-after"]) > 0
        assert headers["cache-control"] == "no-store"
        assert "content-security-policy" in headers
        others_are_answered(site)
    # The server notices that they are gone, and takes forms again.
    again = form(path).replace("1000", "5")
    while answer(connect(site, again))[0] == 503:
        pass


def test_answers_to_old_and_odd_clients(site):
    # A body without a length is refused unread, so a chunked one holds nothing.
    assert answer(connect(site, form("/admin/login/", chunked=True)))[0] == 411
    for request in (
        "GET /causes/polio/ HTTP/1.0\r\nHost: localhost\r\n\r\n",
        "GET /causes/polio/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n",
    ):
        assert answer(connect(site, request))[0] == 200, request
    asked = "GET /causes/polio/ HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n"
    with connect(site, asked * 3) as pipelined:
        received = b""
        while received.count(b"HTTP/1.1 200") < 3:
            received += pipelined.recv(65_536)


def test_no_header_changes_the_scheme_or_the_mount_point(site):
    forged = (
        "X-Forwarded-Proto: https\r\nX-Forwarded-Protocol: ssl\r\nX-Forwarded-Ssl: on\r\n"
        "SCRIPT_NAME: /evil\r\nScript-Name: /evil\r\nPATH_INFO: /evil\r\nX-Forwarded-Prefix: /evil\r\n"
    )
    status, headers, _ = answer(
        connect(site, f"GET /causes HTTP/1.1\r\nHost: localhost\r\n{forged}\r\n")
    )
    assert (status, headers["location"]) == (301, "/causes/")
    feed = answer(connect(site, f"GET /feed/ HTTP/1.1\r\nHost: localhost\r\n{forged}\r\n"))[2]
    assert "http://localhost/causes/" in feed
    assert "evil" not in feed
    assert "https://localhost" not in feed
    assert "strict-transport-security" not in headers


def asked(capacity, path):
    """(status, answer) from the application itself."""
    told = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": "localhost",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
    }
    body = capacity(environ, lambda status, headers, *_: told.append(int(status[:3])))
    return told[0], body


@pytest.mark.django_db
def test_an_answer_in_pieces_keeps_its_slot_until_it_is_closed():
    class Pieces:
        streaming = True

        def __iter__(self):
            return iter([b"one", b"two"])

        def close(self):
            closed.append(self)

    def site(environ, start_response):
        if REFUSED in environ:
            return django(environ, start_response)
        start_response("200 OK", [])
        return Pieces()

    closed, django = [], get_wsgi_application()
    capacity = Capacity(site)
    path = "/admin/events.csv"
    held = [asked(capacity, path)[1] for _ in range(SLOTS["desk"])]
    assert asked(capacity, path)[0] == 503
    assert list(held[0]) == [b"one", b"two"]
    assert asked(capacity, path)[0] == 503
    held[0].close()
    held[0].close()  # as a server may, after an error
    assert len(closed) == 1
    assert asked(capacity, path)[0] == 200
    assert asked(capacity, path)[0] == 503


def test_a_check_of_health_that_meets_another_gets_the_last_answer():
    def site(environ, start_response):
        start_response("200 OK", [])
        if meanwhile:
            met.append(asked(capacity, "/healthz/"))
        return [b"ok"]

    met, meanwhile = [], False
    capacity = Capacity(site)
    assert asked(capacity, "/healthz/") == (200, [b"ok"])
    meanwhile = True
    assert asked(capacity, "/healthz/") == (200, [b"ok"])
    assert met == [(200, [b"ok"])]
