"""A real site, served by a process of its own, and a real browser in front of it."""

import os
import shutil
import sys
from contextlib import closing, contextmanager

import pytest
from django.conf import settings
from playwright.sync_api import sync_playwright

from tests.processes import Server, environment, free_port, manage

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.hookimpl(tryfirst=True)  # xdist reads the group in a hook of its own
def pytest_collection_modifyitems(items):
    for item in items:
        if "/journeys/" in str(item.path):
            item.add_marker(pytest.mark.browser)
            # Two groups, each on one worker with a served site of its own.
            group = "public" if "public" in item.name else "desk"
            item.add_marker(pytest.mark.xdist_group(f"browser-{group}"))
            if CHROMIUM is None and "CI" not in os.environ:  # CI fails without it
                reason = "Chromium is not installed (apt-get install chromium); CI runs this"
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser, site):
    """A window of its own, signed in nowhere."""
    context = browser.new_context(base_url=site.url)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def database_url(tmp_path_factory):
    """A database for the served site alone, on the engine that the tests run on."""
    options = settings.DATABASES["default"]
    if options["ENGINE"].endswith("sqlite3"):
        yield f"sqlite:///{tmp_path_factory.mktemp('database') / 'site.sqlite3'}"
        return
    import psycopg

    name = f"denervation_journeys_{os.getpid()}"
    server = {"host": options["HOST"], "port": options["PORT"] or 5432, "user": options["USER"]}
    server |= {"password": options["PASSWORD"]} if options["PASSWORD"] else {}
    with closing(psycopg.connect(dbname="postgres", autocommit=True, **server)) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"postgres://{server['user']}@{server['host']}:{server['port']}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


class Site:
    """The served site: its address, its environment, and a way to run commands on it."""

    def __init__(self, environment, url):
        self.environment, self.url = environment, url

    def manage(self, *arguments, **more):
        return manage(*arguments, env=self.environment | more)


@pytest.fixture(scope="session")
def site(tmp_path_factory, database_url):
    folder, port = tmp_path_factory.mktemp("site"), free_port()
    variables = environment(
        DATA_DIR=str(folder), DATABASE_URL=database_url, PORT=str(port), WORKERS="1"
    )
    served = Site(variables, f"http://127.0.0.1:{port}")
    server = Server([sys.executable, "manage.py", "serve"], port, variables)
    try:
        server.ready()
        served.manage(
            "createsuperuser",
            "--noinput",
            "--username=ed",
            "--email=ed@example.org",
            DJANGO_SUPERUSER_PASSWORD="pw",
        )
        yield served
    finally:
        server.stop()


@contextmanager
def hearing(page):
    """In which any message on the console, uncaught error or failed request fails the test."""
    heard = []

    def failed(request):
        if request.failure != "net::ERR_ABORTED":  # left behind by going to the next page
            heard.append(f"{request.url}: {request.failure}")

    page.on("console", lambda message: heard.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: heard.append(f"{page.url}: {error}"))
    page.on("requestfailed", failed)
    yield page
    assert heard == []


def wait_until_kept(page, words):
    """Until this browser has a copy of what was typed."""
    page.wait_for_function("words => JSON.stringify({...localStorage}).includes(words)", arg=words)


@pytest.fixture
def quiet(page):
    with hearing(page):
        yield page


@pytest.fixture(scope="session")
def session_of_ed(browser, site):
    """The cookies of an editor who has signed in; once, since hashing a password is slow."""
    context = browser.new_context(base_url=site.url)
    page = context.new_page()
    page.goto("/admin/login/")
    page.fill("#id_username", "ed")
    page.fill("#id_password", "pw")
    page.keyboard.press("Enter")
    page.wait_for_selector("#user-tools")
    yield context.storage_state()
    context.close()


@pytest.fixture
def signed_in(browser, site, session_of_ed):
    context = browser.new_context(base_url=site.url, storage_state=session_of_ed)
    with hearing(context.new_page()) as page:
        yield page
    context.close()
