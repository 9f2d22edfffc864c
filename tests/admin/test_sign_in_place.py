"""Where the desk is (ADMIN_PATH), and from which networks it can be reached (ADMIN_NETWORKS)."""

import runpy
from importlib import reload
from pathlib import Path

import pytest
from django.conf import settings as site_settings
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError
from django.test import Client
from django.urls import clear_url_caches, reverse

from causes import publishing
from causes.addresses import PUBLIC
from causes.management.setting_up import check_desk
from causes.models import Cause, Entry
from denervation_site import urls
from tests.factories import make_entry, make_live, make_person, make_tag
from tests.public.test_methods import ask, through_the_cache

SETTINGS = Path(site_settings.BASE_DIR) / "denervation_site" / "settings.py"


def settings_from(monkeypatch, **variables):
    """The settings that these variables give."""
    for name in (*variables, "SITE_URL", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(SETTINGS))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("ADMIN_PATH", value) for value in ("a/b", "de sk", "désk", "-desk", "x" * 101, "..")),
        *(("ADMIN_PATH", value) for value in ("causes", "Search", "static", "healthz")),
        *(("ADMIN_NETWORKS", value) for value in ("10.0.0.1/8", "office", "10.0.0.0/8,x")),
        *(("PROXY_NETWORKS", value) for value in ("10.0.0.0/33",)),
        *(("SECOND_FACTOR", value) for value in ("maybe", "2")),
        *(("SESSION_IDLE_MINUTES", value) for value in ("0", "-5", "12h")),
        *(("SESSION_MAX_HOURS", value) for value in ("0", "9999999")),
        ("BREACHED_PASSWORDS", "/no/such/file"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_with_a_sentence(monkeypatch, name, value):
    with pytest.raises(ImproperlyConfigured) as refusal:
        settings_from(monkeypatch, **{name: value})
    assert name in str(refusal.value)
    assert value.rpartition(",")[2] in str(refusal.value)


def test_the_desk_may_take_no_address_of_the_public_site():
    public = {str(pattern.pattern) for pattern in urls.urlpatterns[1].url_patterns}
    first = {pattern.partition("/")[0].partition(".")[0] for pattern in public} - {""}
    assert {name for name in first if "<" not in name} | {"static"} >= PUBLIC - {"feed"}
    assert {name for name in first if "<" not in name} <= PUBLIC | {"robots"}


def test_over_https_the_second_factor_is_required_and_the_cookies_belong_to_this_host_alone(
    monkeypatch,
):
    plain = settings_from(monkeypatch)
    secure = settings_from(monkeypatch, SITE_URL="https://example.org")
    off = settings_from(monkeypatch, SITE_URL="https://example.org", SECOND_FACTOR="off")
    assert [found["SECOND_FACTOR"] for found in (plain, secure, off)] == [False, True, False]
    assert secure["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert secure["CSRF_COOKIE_NAME"].startswith("__Host-")
    assert secure["SESSION_COOKIE_SECURE"]
    assert secure["CSRF_COOKIE_SECURE"]


@pytest.fixture
def moved(settings):
    """The site with its desk at another path."""
    settings.ADMIN_PATH = "redaktion-7"
    reload(urls)
    clear_url_caches()
    yield "/redaktion-7/"
    settings.ADMIN_PATH = "admin"
    reload(urls)
    clear_url_caches()


@pytest.mark.django_db
def test_the_desk_moves_and_no_public_page_tells_where(moved, editor):
    make_live(slug="one", tags=["virus"])
    make_live(slug="about-us", kind=Entry.Kind.PAGE, category=None)
    visitor, desk = Client(), Client()
    desk.force_login(editor)
    assert desk.get(moved).status_code == 200
    assert visitor.get(moved)["Location"].startswith(f"{moved}login/")
    assert '"/admin/' not in desk.get(moved).content.decode()
    assert visitor.get("/admin/").status_code == 404
    for page in ("/", "/causes/", "/causes/one/", "/about-us/", "/robots.txt", "/sitemap.xml"):
        assert "redaktion" not in visitor.get(page).content.decode(), page
    assert "belongs to a part of the site" in Entry.slug_objection("redaktion-7", "page")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["about-us", "about"])
def test_the_site_does_not_start_with_a_desk_in_the_place_of_a_page(settings, path):
    page = make_live(slug="about", kind=Entry.Kind.PAGE, category=None)
    check_desk()
    publishing.rename(page, "about-us", by=None)
    settings.ADMIN_PATH = path
    with pytest.raises(CommandError, match=f"address /{path}/: choose another word"):
        check_desk()


# The fence ------------------------------------------------------------------------------


@pytest.fixture
def fenced(settings):
    settings.ADMIN_NETWORKS = ["192.0.2.0/24", "2001:db8::/32"]


def answer_of(client, method, path):
    response = client.generic(method, path)
    body = response.content.decode().replace(path, "PATH")
    return response.status_code, dict(response.headers), body


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.parametrize("rest", ["/", "", "/login/", "/login", "/causes/cause/", "/x.y"])
def test_from_elsewhere_the_desk_is_like_any_address_without_a_page(fenced, method, rest):
    stranger = Client(REMOTE_ADDR="198.51.100.7")
    desk, nothing = (answer_of(stranger, method, f"/{at}{rest}") for at in ("admin", "nimda"))
    if desk[0] == 301:
        assert desk[1].pop("Location") == "/admin/"
        assert nothing[1].pop("Location") == "/nimda/"
    assert desk == nothing


@pytest.mark.django_db
def test_from_the_networks_the_desk_is_there(fenced, editor, settings):
    for address in ("192.0.2.9", "2001:db8::9"):
        assert Client(REMOTE_ADDR=address).get("/admin/login/").status_code == 200
    forwarded = {"HTTP_X_FORWARDED_FOR": "192.0.2.9"}
    stranger = Client(REMOTE_ADDR="198.51.100.7", **forwarded)
    assert stranger.get("/admin/login/").status_code == 404, "a header opens nothing"
    settings.BEHIND_PROXY = True
    assert stranger.get("/admin/login/").status_code == 200


@pytest.mark.django_db(transaction=True)  # the application ends its connections by itself
def test_the_page_cache_answers_both_alike(fenced):
    application = through_the_cache()
    desk, nothing = (ask(application, "GET", address) for address in ("/admin/", "/nimda/"))
    application.watch.close()
    assert desk == nothing
    assert list(desk[1]) == list(nothing[1]), "not even the order of the headers tells"
    assert desk[0] == 404


# The way from a row to its page -----------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "status"), [(None, 302), ("Nobody", 404), ("Onlooker", 302), ("Superuser", 302)]
)
def test_the_way_to_a_page_tells_a_slug_to_nobody_who_may_not_see_the_row(role, status):
    entry = make_entry(slug="secret-slug")
    kind = ContentType.objects.get_for_model(Cause, for_concrete_model=False)
    browser = Client()
    if role:
        person = make_person("Onlooker", role.lower())
        if role == "Nobody":
            person.user_permissions.clear()
        if role == "Superuser":
            person.is_superuser = True
            person.save()
        browser.force_login(person)
    answer = browser.get(reverse("admin:view_on_site", args=[kind.pk, entry.pk]))
    assert answer.status_code == status
    told = "secret-slug" in answer.get("Location", "") + answer.content.decode()
    assert told == (role in ("Onlooker", "Superuser"))
    concrete = ContentType.objects.get_for_model(Entry)
    answer = browser.get(reverse("admin:view_on_site", args=[concrete.pk, entry.pk]))
    assert "secret-slug" not in answer.get("Location", "")


@pytest.mark.django_db
def test_the_way_to_the_page_of_a_tag_still_leads_there(desk):
    tag = make_tag("virus")
    kind = ContentType.objects.get_for_model(type(tag))
    answer = desk.get(reverse("admin:view_on_site", args=[kind.pk, tag.pk]))
    assert answer["Location"].endswith("/tags/virus/")
