"""Every answer of the served site has its headers, whichever layer makes it.

tests/test_addresses.py looks at those of every address.
"""

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import OperationalError
from django.test import Client
from django.urls import include, path

from causes import publishing
from causes.public import health
from causes.public.front_door import FrontDoor
from causes.public.headers import headers_outside_django, security_headers
from causes.public.page_cache.application import PageCache
from tests.factories import make_live
from tests.wsgi import ask, environ_of

pytestmark = pytest.mark.django_db(transaction=True)


def _broken(request):
    raise RuntimeError("qzx-reason")


urlpatterns = [path("broken/", _broken), path("", include("denervation_site.urls"))]
handler404 = "causes.public.errors.not_found"
handler500 = "causes.public.errors.server_error"


@pytest.fixture
def site(settings):
    settings.ROOT_URLCONF = __name__
    settings.WHITENOISE_USE_FINDERS = True
    cache = PageCache(get_wsgi_application(), room=1_000_000)
    yield FrontDoor(cache)
    cache.watch.close()


def answers(site, monkeypatch):
    """An answer of every status that the application gives, with its path."""
    make_live(slug="a-cause")
    gone = make_live(slug="gone")
    publishing.withhold(gone.newest, "Names a patient", by=None)
    moved = make_live(slug="moved")
    publishing.rename(moved, "moved-here", by=None)
    for address in (
        *("/", "/", "/causes/a-cause/", "/feed/", "/sitemap.xml", "/robots.txt", "/healthz/"),
        *("/causes", "/causes/moved/", "/causes/gone/", "/nope/", "/broken/", "/admin/"),
        *("/static/site/site.css", "/static/nope.css", "/search/?q=%ff&page=²"),
    ):
        for method in ("GET", "HEAD", "OPTIONS", "POST"):
            yield f"{method} {address}", ask(site, method, address)
    tag = ask(site, "GET", "/")[1]["etag"]
    yield "unchanged", ask(site, "GET", "/", HTTP_IF_NONE_MATCH=tag)
    style = "/static/site/site.css"
    changed = ask(site, "GET", style)[1]["last-modified"]
    yield "unchanged file", ask(site, "GET", style, HTTP_IF_MODIFIED_SINCE=changed)
    yield "part of a file", ask(site, "GET", style, HTTP_RANGE="bytes=0-9")
    yield "no such part", ask(site, "GET", style, HTTP_RANGE="bytes=999999-")
    yield "host", ask(site, "GET", "/", HTTP_HOST="elsewhere.example")
    yield "form", ask(site, "POST", "/admin/login/")
    long = {"CONTENT_LENGTH": str(10**9), "CONTENT_TYPE": "application/x-www-form-urlencoded"}
    yield "long form", ask(site, "POST", "/admin/login/", **long)
    yield "endless form", ask(site, "POST", "/admin/login/", CONTENT_LENGTH="9" * 19)
    monkeypatch.setattr(health.database, "missing", _unreachable)
    yield "down", ask(site, "GET", "/healthz/")


def _unreachable():
    raise OperationalError


def test_every_answer_has_every_header(site, monkeypatch):
    wanted = {name.lower() for name in security_headers(secure=False)} | {"cache-control"}
    statuses = set()
    for name, (status, headers, body) in answers(site, monkeypatch):
        statuses.add(status)
        assert wanted <= headers.keys(), (name, status, wanted - headers.keys())
        assert "unsafe" not in headers["content-security-policy"]
        assert "access-control-allow-origin" not in headers
        assert "strict-transport-security" not in headers  # over http
        if status >= 400:
            assert "s-maxage" not in headers["cache-control"]
            assert b"qzx-reason" not in body
            assert b"Traceback" not in body
    assert {200, 206, 301, 302, 304, 400, 403, 404, 405, 410, 413, 416, 500, 503} <= statuses


def test_a_cdn_keeps_no_answer_but_pages_and_files(site, monkeypatch, settings):
    settings.PAGE_CACHE_CONTROL = "public, s-maxage=60"
    for name, (status, headers, _) in answers(site, monkeypatch):
        if status in (400, 403, 405, 413, 500, 503) or "OPTIONS" in name or "/admin" in name:
            # WhiteNoise's own refusal of a POST; a CDN keeps no answer to one.
            assert "no-store" in headers["cache-control"], name


def test_a_request_that_fails_outside_django_gets_a_short_answer_with_every_header():
    def fails(environ, start_response):
        raise RuntimeError("qzx-reason")

    status, headers, body = ask(FrontDoor(fails), "GET", "/")
    assert (status, headers["cache-control"]) == (500, "no-store")
    assert {name.lower() for name in security_headers(secure=False)} <= headers.keys()
    assert b"Something went wrong" in body
    assert b"qzx-reason" not in body
    assert ask(FrontDoor(fails), "HEAD", "/")[2] == b""


@pytest.mark.parametrize("charset", ["hex", "utf-7", "undefined", "no-such", "\x00"])
def test_a_request_is_read_as_utf_8_whatever_it_says(site, charset):
    kind = f"application/x-www-form-urlencoded; charset={charset}"
    status, _, body = ask(site, "GET", "/search/?q=%C3%A9+n", CONTENT_TYPE=kind)
    assert status == 200
    assert "é n" in body.decode()
    # The form arrives: it lacks nothing but its token.
    assert b"could not be accepted" in ask(site, "POST", "/admin/login/", CONTENT_TYPE=kind)[2]


@pytest.mark.parametrize(("subdomains", "value"), [(False, "max-age=86400"),
                         (True, "max-age=86400; includeSubDomains; preload")])  # fmt: skip
def test_browsers_stay_on_https_for_as_long_as_the_settings_say(settings, subdomains, value):
    settings.SECURE_HSTS_SECONDS = 86400
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = subdomains
    client = Client()
    for address in ("/", "/nope/", "/static/nope.css", "/admin/", "/causes"):
        assert client.get(address, secure=True)["Strict-Transport-Security"] == value, address
        assert "Strict-Transport-Security" not in client.get(address), address


def test_an_answer_outside_django_has_the_headers_of_one_inside(settings, site):
    settings.SECURE_HSTS_SECONDS = 86400
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    more = {"HTTP_X_FORWARDED_PROTO": "https"}
    inside = ask(PageCache(get_wsgi_application(), room=0), "GET", "/nope/", **more)[1]
    outside = headers_outside_django(environ_of("GET", "/nope/", **more))
    assert len(outside) == 9
    for name, value in outside[:-1]:
        assert inside[name.lower()] == value
    assert ("Cache-Control", "no-store") in outside


def test_a_balancer_asks_for_the_health_by_address_and_for_nothing_else(client):
    told = {"host": "10.1.2.3:8000"}
    assert client.get("/healthz/", headers=told).status_code == 200
    assert client.head("/healthz/", headers=told).status_code == 200
    for address in ("/", "/healthz", "/healthz/x/", "/admin/login/"):
        assert client.get(address, headers=told).status_code == 400, address
