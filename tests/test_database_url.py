"""DATABASE_URL: its options count, and no mistake in it shows the login that it holds."""

from urllib.parse import quote

import pytest
from django.core.exceptions import ImproperlyConfigured

from denervation_site import database_url
from tests.test_settings import manage

USER, SECRET = "qzuser", "qzsecret"
MALFORMED = [
    f"mysql://{USER}:{SECRET}@host/name",
    f"timescale://{USER}:{SECRET}@host/name",
    f"postgres ://{USER}:{SECRET}@host/name",
    f"postgres:{USER}:{SECRET}@host/name",
    f"postgres://{USER}:{SECRET}@host",
    f"postgres://{USER}:{SECRET}@/",
    f"postgres://{USER}:{SECRET}@host:port/name",
    f"postgres://{USER}:{SECRET}@host:99999/name",
    f"postgres://{USER}:{SECRET}@host:1:2/name",
    f"postgres://{USER}:{SECRET}@[host/name",
    f"postgres://{USER}:{SECRET}@a..b/name",
    f"postgres://{USER}:{SECRET}@{'h' * 70}/name",
    f"postgres://{USER}:{SECRET}/x@host/name",
    f"postgres://{USER}:1/{SECRET}@host/name",
    f"postgres://{USER}:1?{SECRET}@host/name",
    f"postgres://{USER}:1/name?{SECRET}@host",
    f"postgres://{USER}:1#{SECRET}@host/name",
    f"postgres://{USER}:{SECRET}@host/name#x",
    f"postgres://{USER}:{SECRET}%@host/name",
    f"postgres://{USER}:{SECRET}%zz@host/name",
    f"postgres://{USER}:{SECRET}%ff@host/name",
    f"postgres://{USER}:{SECRET}%00@host/name",
    f"postgres://{USER}:{SECRET}@host\n/name",
    f"postgres:///{USER}:{SECRET}",
    f"postgres://host/name?{SECRET}=x",
    f"postgres://{USER}:{SECRET}@host/name?sslmode",
    f"postgres://{USER}:{SECRET}@host/name?sslmode=require&sslmode=disable",
    f"postgres://{USER}:{SECRET}@host/name?pool=1",
    f"sqlite://{USER}:{SECRET}@host/name",
    f"sqlite:///name?password={SECRET}",
    f"sqlite:///name?timeout={SECRET}",
    f"sqlite:///name#{SECRET}",
    f"{USER}:{SECRET}",
    SECRET,
]


@pytest.mark.parametrize("url", MALFORMED)
def test_a_malformed_url_is_a_sentence_without_any_part_of_it(tmp_path, url):
    with pytest.raises(ImproperlyConfigured) as caught:
        database_url.parse(url, test_folder=tmp_path)
    said = str(caught.value)
    assert said.startswith("DATABASE_URL ")
    assert "postgres://USER:PASSWORD@HOST:PORT/NAME" in said
    assert USER not in said
    assert SECRET not in said
    # A traceback shows what an error was raised from.
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    "url",
    [
        f"postgres://{USER}:{SECRET}@host:port/name",
        f"mysql://{USER}:{SECRET}@host/name",
        f"postgres://{USER}:{SECRET}@127.0.0.1:1/name",
        f"postgres://{USER}:{SECRET}@no such host/name",
        f"postgres://{USER}:{SECRET}@127.0.0.1:1/name?sslmode=nonsense",
    ],
)
@pytest.mark.parametrize("command", ["check", "serve", "migrate"])
def test_no_command_prints_the_password(tmp_path, command, url):
    result = manage(command, tmp_path=tmp_path, DATABASE_URL=url)
    assert command == "check" or result.returncode != 0
    assert SECRET not in result.stdout + result.stderr
    if command != "migrate":
        assert "Traceback" not in result.stderr


PAGES = """
from django.test import Client
from django.conf import settings
settings.DEBUG = True
client = Client(raise_request_exception=False, DATABASE_URL=settings.DATABASES["default"]["PASSWORD"])
for path in ("/", "/causes/", "/healthz/"):
    print(client.get(path, SERVER_NAME="localhost").content.decode())
"""


def test_no_page_shows_the_password_of_a_database_that_cannot_be_reached(tmp_path):
    url = f"postgres://{USER}:{SECRET}@127.0.0.1:1/name"
    result = manage("shell", "-v0", "-c", PAGES, tmp_path=tmp_path, DATABASE_URL=url)
    assert "OperationalError" in result.stdout
    assert "the database cannot be reached" in result.stdout
    assert SECRET not in result.stdout + result.stderr


def test_options_of_postgresql_are_added_to_the_sites_own(tmp_path):
    found = database_url.parse(
        "postgres://u:p%40%2F%20@host/name?sslmode=verify-full&connect_timeout=5",
        test_folder=tmp_path,
    )
    assert found["PASSWORD"] == "p@/ "
    assert found["OPTIONS"] == {
        **database_url.TIMEOUTS,
        "sslmode": "verify-full",
        "connect_timeout": 5,
        **database_url.FOR_POSTGRESQL,
    }
    assert found["WEB"] == database_url.WEB_POSTGRESQL


def test_a_limit_in_the_url_replaces_the_sites_own_and_leaves_the_others(tmp_path):
    options = "-c statement_timeout=60s --lock-timeout=1s -c work_mem=8MB"
    url = f"postgres://u@host/name?options={quote(options)}&tcp_user_timeout=0"
    found = database_url.parse(url, test_folder=tmp_path)
    assert found["OPTIONS"]["options"] == options
    assert found["OPTIONS"]["tcp_user_timeout"] == 0
    assert list(found["WEB"]) == ["idle_in_transaction_session_timeout"]


def test_a_timeout_of_sqlite_is_added_to_the_sites_own(tmp_path):
    found = database_url.parse("sqlite:////srv/my site/a.sqlite3?timeout=5", test_folder=tmp_path)
    assert found["NAME"] == "/srv/my site/a.sqlite3"
    assert found["OPTIONS"] == {**database_url.FOR_SQLITE, "timeout": 5}
    assert found["WEB"] == {"timeout": 5}
