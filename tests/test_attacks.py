"""Attacks that held once and must hold on: open redirects and poisoned pages.

tests/public/test_smuggling.py has those that need a real server.
"""

import io
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
from django.core.wsgi import get_wsgi_application
from django.test import Client, override_settings

from causes import publishing
from causes.public.page_cache.application import PageCache
from causes.public.page_cache.store import Store
from tests.factories import make_live, make_person
from tests.wsgi import ask

pytestmark = pytest.mark.django_db

ELSEWHERE = (
    "//evil.example", "///evil.example", "////evil.example/", "/\\evil.example", "\\\\evil.example",
    "/%5cevil.example", "%2f%2fevil.example", "/%2fevil.example", "https://evil.example",
    "https:evil.example", "https:///evil.example", "http:\\\\evil.example", "javascript:alert(1)",
    "data:text/html,x", " //evil.example", "\t//evil.example", "/\t/evil.example",
    "//testserver@evil.example", "//evil.example\\@testserver", "http://testserver.evil.example",
    "//evil.example%00.testserver", "/a/..//evil.example", "//[evil.example", "//evil。example",
)  # fmt: skip


def leads_away(location):
    """Whether a browser would leave the site, by what browsers make of an address (WHATWG URL)."""
    location = "".join(c for c in location if c not in "\t\r\n").strip().replace("\\", "/")
    if location.startswith("///"):
        location = "//" + location.lstrip("/")
    target = urlsplit(urljoin("http://testserver/here/", location))
    return (target.scheme, target.netloc) != ("http", "testserver")


def test_no_path_leads_to_another_site():
    site = get_wsgi_application()
    for elsewhere in ELSEWHERE:
        for path in (elsewhere, f"/{elsewhere}", f"/admin/{elsewhere}", f"/causes/{elsewhere}"):
            for address in (path, f"{path}/", f"{path}/%2e%2e"):
                status, headers, _ = ask(site, "GET", address)
                assert status in (200, 301, 302, 400, 404), address
                assert not leads_away(headers.get("location", "")), (address, headers["location"])


def test_no_sign_in_leads_to_another_site():
    person = make_person("Writer")
    typed = {"username": person.username, "password": "pw"}
    signed_in, client = Client(), Client()
    signed_in.force_login(person)
    for elsewhere in ELSEWHERE:
        query = {"next": elsewhere, "url": elsewhere, "redirect": elsewhere}
        answers = [
            client.post(f"/admin/login/?{urlencode(query)}", typed | query),
            *(signed_in.get(f"/admin/{part}", query) for part in ("", "login/", "jsi18n/")),
            Client().post(f"/admin/logout/?{urlencode(query)}", query),
        ]
        assert answers[0].status_code == 302
        for answer in answers:
            assert not leads_away(answer.get("Location", "")), (elsewhere, answer["Location"])


def test_the_redirect_to_https_stays_on_the_host():
    with override_settings(SECURE_SSL_REDIRECT=True):
        client = Client()
        for path in ("//evil.example/", "/\\evil.example/", "/?next=//evil.example"):
            assert client.get(path)["Location"].startswith("https://testserver/")
        assert client.get("/", headers={"host": "evil.example"}).status_code == 400
        told = {"x-forwarded-host": "evil.example", "x-forwarded-proto": "https"}
        assert client.get("/", headers=told)["Location"] == "https://testserver/"


POISON = {
    "another host": {"HTTP_HOST": "evil.example"},
    "a host with a path": {"HTTP_HOST": "testserver/evil.example"},
    "a host with a user": {"HTTP_HOST": "evil.example@testserver"},
    "a host with an odd port": {"HTTP_HOST": "testserver:evil.example"},
    "a host in capitals": {"HTTP_HOST": "TESTSERVER"},
    "a host with a dot": {"HTTP_HOST": "testserver."},
    "another name of the server": {"SERVER_NAME": "evil.example"},
    **{
        name: {f"HTTP_{name}": value}
        for name, value in {
            "X_FORWARDED_HOST": "evil.example",
            "X_FORWARDED_SERVER": "evil.example",
            "X_FORWARDED_SCHEME": "nothttps",
            "X_FORWARDED_PROTO": "https",
            "X_FORWARDED_SSL": "on",
            "X_FORWARDED_PORT": "1337",
            "X_FORWARDED_PREFIX": "/evil",
            "X_HOST": "evil.example",
            "FORWARDED": "host=evil.example;proto=https",
            "X_ORIGINAL_URL": "/admin/",
            "X_REWRITE_URL": "/admin/",
            "X_HTTP_METHOD_OVERRIDE": "POST",
            "ORIGIN": "https://evil.example",
            "REFERER": "https://evil.example/",
            "ACCEPT": "application/json",
            "ACCEPT_LANGUAGE": "de",
            "ACCEPT_ENCODING": "br;q=nan",
            "COOKIE": "django_language=de; sessionid=evil",
            "USER_AGENT": "<evil.example>",
            "RANGE": "bytes=0-1",
            "EXPECT": "evil",
            "X_REQUESTED_WITH": "XMLHttpRequest",
        }.items()
    },
    "a body": {"wsgi.input": io.BytesIO(b"page=2&evil=1"), "CONTENT_LENGTH": "13",
               "CONTENT_TYPE": "application/x-www-form-urlencoded"},
    "a charset": {"CONTENT_TYPE": "text/html; charset=utf-7"},
    "another mount point": {"SCRIPT_NAME": "/evil"},
}  # fmt: skip
QUERIES = (
    "evil=1",
    "utm_source=evil",
    ";page=2",
    "page%00=2",
    "PAGE=2",
    "p%61ge=1",
    "_method=POST",
)


@pytest.mark.django_db(transaction=True)
def test_nothing_that_one_reader_sends_changes_what_another_gets():
    make_live(slug="kept", tags=["shown"])
    moved = make_live(slug="moved")
    publishing.rename(moved, "moved-here", by=None)
    cache, fresh = (PageCache(get_wsgi_application(), room=room) for room in (1_000_000, 0))
    for address in ("/", "/causes/", "/causes/kept/", "/causes/moved/", "/feed/", "/robots.txt"):
        clean = ask(fresh, "GET", address)
        tries = [(name, "", sent) for name, sent in POISON.items()]
        tries += [(query, f"?{query}", {}) for query in QUERIES]
        for name, query, sent in tries:
            cache.store = Store(1_000_000)  # so that the attacker comes first
            for method in ("GET", "POST"):
                status, headers, body = ask(cache, method, address + query, **sent)
                assert status < 500, (name, address)
                assert "evil" not in headers.get("location", "") or "SCRIPT_NAME" in sent, name
                assert b"evil.example" not in body, (name, address)
            status, headers, body = ask(cache, "GET", address)
            assert (status, body) == (clean[0], clean[2]), (name, address)
            assert headers.get("location") == clean[1].get("location"), (name, address)
    cache.watch.close()
    fresh.watch.close()
