"""The page cache in one process, around the real site and a real database."""

import gzip
import io
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import brotli
import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connection, connections

from causes import database, publishing
from causes.models import Entry
from causes.public.page_cache import application
from causes.public.page_cache.application import PageCache
from causes.public.page_cache.page import best_encoding
from tests.factories import add_draft, make_live

pytestmark = pytest.mark.django_db(transaction=True)

MEGABYTE = 1024 * 1024


class Site:
    """The application as a server calls it, and how often it asked Django."""

    def __init__(self, room=8 * MEGABYTE):
        self.asked = 0
        self.meanwhile = lambda: None

        def counted(handler):
            def inner(environ, start_response):
                self.asked += 1
                response = handler(environ, start_response)
                self.meanwhile()
                return response

            return inner

        django = get_wsgi_application()
        self.cache = PageCache(counted(django), room=room)
        self.without = PageCache(django, room=0)

    def get(self, address, method="GET", host="testserver", cache=None, **headers):
        """(status, headers, body)"""
        path, _, query = address.partition("?")
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SCRIPT_NAME": "",
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": host,
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": sys.stderr,
            **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
        }
        told = []
        answer = (cache or self.cache)(
            environ, lambda status, headers, *_: told.extend((status, headers))
        )
        body = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        return int(told[0][:3]), {name.lower(): value for name, value in told[1]}, body


@pytest.fixture
def site():
    made = Site()
    yield made
    for cache in (made.cache, made.without):
        cache.watch.close()


def test_a_page_that_is_kept_is_what_django_answers(site, article):
    entry = Entry.objects.filter(kind="cause").first()
    moved = entry.slug
    publishing.rename(entry, "moved-elsewhere", by=None)
    for address in (
        "/",
        "/article/",
        "/causes/",
        f"/causes/{moved}/",
        "/causes/moved-elsewhere/",
        "/causes/no-such/",
        "/categories/",
        "/tags/?page=9",
        "/sources/",
        "/search/?q=nerve",
        "/about/",
        "/sitemap.xml",
        "/robots.txt",
        "/feed/",
    ):
        site.get(address)
        assert site.get(address) == site.get(address, cache=site.without), address


def at_once(*calls):
    """What each returns, when all are called at the same time in threads of their own."""

    def run(call):
        try:
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_a_page_that_many_ask_for_at_once_is_made_once(site, monkeypatch):
    monkeypatch.setattr(application, "PATIENCE", 30)
    address = f"/causes/{make_live(title='Wanted').slug}/"
    gathered = Barrier(4)

    def ask():
        gathered.wait()
        try:
            return site.get(address)
        finally:
            site.cache.watch.close()

    answers = at_once(ask, ask, ask, ask)
    assert {answer[0] for answer in answers} == {200}
    assert len({answer[2] for answer in answers}) == 1
    assert site.asked == 1


def test_a_page_that_takes_long_holds_up_no_other(site):
    slow, quick = (f"/causes/{make_live(title=title).slug}/" for title in ("Slow", "Quick"))
    begun, other_is_out = Event(), Event()

    def wait():
        begun.set()
        assert other_is_out.wait(30)

    def ask_slow():
        site.meanwhile = wait
        try:
            return site.get(slow)
        finally:
            site.cache.watch.close()

    def ask_quick():
        assert begun.wait(30)
        site.meanwhile = lambda: None
        try:
            return site.get(quick)
        finally:
            other_is_out.set()
            site.cache.watch.close()

    answers = at_once(ask_slow, ask_quick)
    assert [
        (status, title in body)
        for (status, _, body), title in zip(answers, (b"Slow", b"Quick"), strict=True)
    ] == [(200, True), (200, True)]


def test_the_second_answer_is_the_first_one_without_django(site):
    entry = make_live(title="Kept")
    first = site.get(f"/causes/{entry.slug}/")
    assert first[0] == 200
    assert b"Kept" in first[2]
    assert site.get(f"/causes/{entry.slug}/") == first
    assert site.get(f"/causes/{entry.slug}/", cookie="sessionid=x; csrftoken=y") == first
    assert site.asked == 1


def test_an_answer_carries_every_header_of_the_site(site):
    _, headers, body = site.get("/")
    assert headers["cache-control"] == "no-cache"
    assert headers["x-frame-options"] == "DENY"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["vary"] == "Accept-Encoding"
    assert headers["content-length"] == str(len(body))
    assert "set-cookie" not in headers


def test_each_encoding_has_its_own_tag_and_answers_304(site):
    make_live(title="A page that is long enough to be compressed")
    plain = site.get("/")[2]
    tags = set()
    for accepted, opened in (
        ("identity", lambda body: body),
        ("gzip", gzip.decompress),
        ("gzip, br", brotli.decompress),
    ):
        status, headers, body = site.get("/", accept_encoding=accepted)
        assert opened(body) == plain
        tags.add(headers["etag"])
        for known in (headers["etag"], f'"other", W/{headers["etag"]}', "*"):
            status, short, nothing = site.get("/", accept_encoding=accepted, if_none_match=known)
            assert (status, nothing) == (304, b"")
            assert short["etag"] == headers["etag"]
            assert short.items() <= headers.items()
            kept = {"cache-control", "content-security-policy", "permissions-policy", "vary"}
            assert kept <= short.keys()
        assert site.get("/", accept_encoding=accepted, if_none_match='"other"')[0] == 200
    assert len(tags) == 3
    assert site.asked == 1


def test_the_tag_of_a_page_is_the_same_in_another_process(site):
    other = Site()
    try:
        assert site.get("/")[1]["etag"] == other.get("/")[1]["etag"]
    finally:
        other.cache.watch.close()


def test_head_has_the_headers_of_get_and_no_body(site):
    _, headers, body = site.get("/")
    assert site.get("/", method="HEAD") == (200, headers, b"")
    assert body
    assert site.asked == 1


@pytest.mark.parametrize(
    ("accepted", "best"),
    [
        ("", ""),
        ("gzip, deflate, br", "br"),
        ("br;q=0, gzip", "gzip"),
        ("gzip;q=0.5, br;q=0.4", "gzip"),
        ("*", "br"),
        ("identity;q=1, gzip;q=0.5", ""),
        ("gzip;q=bad", ""),
        ("br;q=nan, gzip", "gzip"),
        ("br;q=inf, gzip;q=1e9", ""),
        ("gzip;q=-1, identity;q=nan", ""),
        ("GZIP", "gzip"),
    ],
)
def test_the_best_encoding_that_is_accepted(accepted, best):
    assert best_encoding(accepted) == best


def test_parameters_that_no_view_declares_cannot_fill_it(site):
    entry = make_live(title="Kept")
    for number in range(5):
        assert site.get(f"/causes/{entry.slug}/?utm_source={number}&page=7")[0] == 200
    assert site.asked == 1
    assert len(site.cache.store) == 1


def test_declared_parameters_part_pages_whatever_their_order(site):
    make_live(title="Ulnar")
    make_live(title="Median")
    ulnar, median = site.get("/search/?q=ulnar"), site.get("/search/?q=median")
    assert ulnar[2] != median[2]
    assert site.get("/search/?x=1&page=1&q=ulnar")[2] == site.get("/search/?q=ulnar&page=1")[2]
    assert site.asked == 3


def test_a_host_that_is_not_ours_is_refused_and_not_kept(site):
    assert site.get("/")[0] == 200
    assert site.get("/", host="evil.example")[0] == 400
    assert len(site.cache.store) == 1


def test_nothing_of_the_desk_and_no_error_is_kept(site):
    for address in ("/admin/", "/healthz/", "/causes/nothing-here/", "/preview/x/", "/no/such/"):
        site.get(address)
        site.get(address)
    assert site.asked == 10
    assert len(site.cache.store) == 0
    assert site.get("/causes/nothing-here/")[1]["cache-control"] == "no-cache"


def test_a_commit_ends_what_was_kept_and_a_draft_shows_nothing(site):
    entry = make_live(title="Before")
    where = f"/causes/{entry.slug}/"
    assert b"Before" in site.get(where)[2]
    draft = add_draft(entry, title="After")
    assert b"Before" in site.get(where)[2]
    publishing.publish(draft, by=None)
    assert b"After" in site.get(where)[2]


def test_a_commit_elsewhere_leaves_a_page_that_rests_on_the_same_rows(site):
    entry, other = make_live(title="Stays", tags=["nerve"]), make_live(title="Other")
    where = f"/causes/{entry.slug}/"
    site.get(where)
    site.get(where)  # a page that is read once is made again
    publishing.publish(add_draft(other, title="Changed"), by=None)
    assert b"Stays" in site.get(where)[2]
    assert site.asked == 1
    publishing.publish(add_draft(other, title="Now related", tags=["nerve"]), by=None)
    assert b"Now related" in site.get(where)[2]
    assert b"Now related" in site.get(where)[2]
    assert site.asked == 2
    publishing.publish(add_draft(make_live(title="Third"), title="Changed"), by=None)
    assert b"Now related" in site.get(where)[2]
    assert site.asked == 2
    publishing.publish(add_draft(other, title="Unrelated again", tags=[]), by=None)
    assert b"Unrelated again" not in site.get(where)[2]
    assert site.asked == 3
    publishing.take_down(entry, by=None, reason="test")
    assert site.get(where)[0] == 404


def test_a_page_made_across_a_commit_is_for_its_one_reader(site):
    entry = make_live(title="Before")
    draft = add_draft(entry, title="After")
    where = f"/causes/{entry.slug}/"
    site.meanwhile = lambda: publishing.publish(draft, by=None)
    assert b"Before" in site.get(where)[2]
    site.meanwhile = lambda: None
    assert len(site.cache.store) == 0
    assert b"After" in site.get(where)[2]


def test_without_the_generation_row_it_steps_aside(site):
    make_live(title="Kept")
    site.get("/")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM causes_generation")
        try:
            assert site.get("/")[0] == site.get("/")[0] == 200
            assert site.asked == 3
        finally:
            database.install()
    site.get("/")
    site.get("/")
    assert site.asked == 4


def test_a_flood_of_addresses_stays_within_its_room_and_spares_what_is_read(site):
    site = Site(room=MEGABYTE)
    try:
        entry = make_live(title="Read all the time")
        where = f"/causes/{entry.slug}/"
        site.get(where)
        site.get(where)
        for number in range(400):
            site.get(f"/search/?q=word{number}")
            assert site.cache.store.size <= MEGABYTE
        asked = site.asked
        site.get(where)
        assert site.asked == asked
        assert len(site.cache.store) < 400
    finally:
        site.cache.watch.close()


def test_what_it_counts_is_what_it_holds(site):
    for accepted in ("", "gzip", "br"):
        for number in range(5):
            site.get(f"/search/?q={number}", accept_encoding=accepted)
    held = sum(page.size for page in site.cache.store._pages.values())
    assert site.cache.store.size == held


def test_behind_a_cdn_it_says_for_how_long(site, settings):
    settings.PAGE_CACHE_CONTROL = "public, max-age=0, s-maxage=60, stale-while-revalidate=60"
    assert site.get("/")[1]["cache-control"] == settings.PAGE_CACHE_CONTROL
    assert site.get("/causes/none/")[1]["cache-control"] == settings.PAGE_CACHE_CONTROL


def test_no_cdn_may_keep_an_error_of_a_moment(site, settings):
    settings.PAGE_CACHE_CONTROL = "public, max-age=0, s-maxage=60, stale-while-revalidate=60"
    settings.ALLOWED_HOSTS = ["elsewhere.example"]
    status, headers, _ = site.get("/")
    assert (status, headers["cache-control"]) == (400, "no-store")


def test_the_check_leaves_no_transaction_open(site):
    """Otherwise SQLite's log of changes would grow for as long as the process lives."""
    site.get("/")
    site.get("/")
    if connection.vendor == "sqlite":
        make_live(title="Something in the log")
        site.get("/")
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            assert cursor.fetchone()[0] == 0
    else:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND state LIKE 'idle in transaction%'"
            )
            assert cursor.fetchone()[0] == 0


@pytest.mark.skipif(
    connection.vendor == "sqlite",
    reason="SQLite has no server; CI runs the suite on PostgreSQL too",
)
def test_a_server_that_was_started_again_is_asked_again(site):
    kept, new = (f"/causes/{make_live(title=title).slug}/" for title in ("Kept", "New"))
    for _ in range(2):
        assert site.get(kept)[0] == 200
    other = connection.copy()
    with other.cursor() as killer:
        killer.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    other.close()
    for address in (kept, new):
        assert site.get(address)[0] == 200
