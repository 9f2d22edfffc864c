"""Public pages are read. tests/test_addresses.py tries every method; here they meet the cache."""

import pytest
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.test import Client

from causes import publishing
from causes.preview_links import preview_links
from causes.public.page_cache.application import PageCache
from tests.crawl import routes
from tests.factories import make_live, make_source
from tests.wsgi import ask

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def addresses(db):
    """Every public address, with what redirects, what is gone and what is not there."""
    make_source("maas-2015")
    live = make_live(slug="a-cause", tags=["old tag"], body="So [@maas-2015].")
    publishing.share_preview(live.newest, by=None, days=3)
    moved = make_live(slug="moved")
    publishing.rename(moved, "moved-here", by=None)
    gone = make_live(slug="gone")
    publishing.withhold(gone.newest, "Names a patient", by=None)
    values = {"slug": "a-cause", "key": "maas-2015"}
    values["token"] = preview_links(live)[0].path.split("/")[-2]
    public = [route for route in routes() if not route.pattern.startswith("admin/")]
    assert len(public) > 15
    return [
        *(route.filled(values) for route in public),
        *("/categories/diseases/", "/tags/old-tag/", "/search/?q=nerve", "/sitemap.xml?page=1"),
        *("/causes/moved/", "/causes/gone/", "/introduction/", "/causes", "/a-cause"),
        *("/nope/", "/causes/nope/", "/a/b/c", "/causes/%00/", "/admin", "/static/nope.css", "/²/"),
    ]


def through_the_cache():
    """The site as it is served."""
    return PageCache(get_wsgi_application(), room=1_000_000)


@pytest.fixture(params=["as served", "with DEBUG"])
def application(request, db, settings):
    settings.DEBUG = request.param == "with DEBUG"
    made = through_the_cache()
    yield made
    made.watch.close()


def test_a_refused_request_leaves_the_kept_page_as_it_is(application, addresses):
    for address in addresses:
        before = ask(application, "GET", address)
        for method in ("POST", "OPTIONS", "DELETE"):
            ask(application, method, address)
        assert ask(application, "GET", address)[::2] == before[::2], address


def test_head_answers_as_get_does(application, addresses):
    for address in addresses:
        status, headers, _ = ask(application, "GET", address)
        head_status, head_headers, _ = ask(application, "HEAD", address)
        assert head_status == status, address
        # With DEBUG the page of what is not there names the method.
        names = ("content-type", "location", "etag", "content-length")
        for name in names[: 3 if status == 404 else 4]:
            assert head_headers.get(name) == headers.get(name), (address, name)


def test_the_check_of_forms_does_not_come_first(addresses):
    client = Client(enforce_csrf_checks=True)
    for address in addresses:
        response = client.post(address, {"x": "1"})
        assert response.status_code == 405, address
        assert not response.cookies, address


def test_forms_of_the_desk_are_checked_as_before(db):
    client = Client(enforce_csrf_checks=True)
    response = client.post("/admin/login/", {"username": "a", "password": "b"})
    assert response.status_code == 403
    assert b"could not be accepted" in response.content


def test_static_files_are_only_read_too(client):
    assert client.post(f"{settings.STATIC_URL}site/site.css").status_code == 405
