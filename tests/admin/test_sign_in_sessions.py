"""How long somebody stays signed in, and how a session ends earlier."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import make_person

pytestmark = pytest.mark.django_db

START = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
DESK, ACCOUNT = "/admin/", "/admin/account/"


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def signed_in(person):
    browser = Client()
    browser.force_login(person)
    return browser


def test_an_idle_session_ends_and_one_in_use_goes_on(editor, clock, settings):
    settings.SESSION_IDLE_MINUTES = 60
    idle, busy = signed_in(editor), signed_in(editor)
    for _ in range(3):
        clock.shift(timedelta(minutes=25))
        assert busy.get(ACCOUNT).status_code == 200
    assert idle.get(ACCOUNT)["Location"] == f"/admin/login/?next={ACCOUNT}"


def test_no_session_lasts_longer_than_the_limit_however_busy(editor, clock, settings):
    settings.SESSION_MAX_HOURS, settings.SESSION_IDLE_MINUTES = 2, 60
    browser = signed_in(editor)
    for _ in range(4):
        clock.shift(timedelta(minutes=30))
        assert browser.get(ACCOUNT).status_code == 200
    clock.shift(timedelta(seconds=1))
    assert browser.get(ACCOUNT).status_code == 302


def test_a_request_writes_nothing_but_once_in_five_minutes(editor, clock):
    browser = signed_in(editor)
    written = []
    for _ in range(21):
        clock.shift(timedelta(seconds=30))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            browser.get(ACCOUNT)
        written.append(any("UPDATE" in query["sql"] for query in queries.captured_queries))
    assert sum(written) == 1


def test_a_session_from_before_the_limits_ends(editor):
    browser = signed_in(editor)
    session = browser.session
    del session["desk_began"]
    session.save()
    assert browser.get(ACCOUNT).status_code == 302


def test_signing_out_everywhere_ends_the_other_sessions_of_that_person_only(editor):
    here, elsewhere, writer = signed_in(editor), signed_in(editor), signed_in(make_person("Writer"))
    page = reverse("admin:sign_out_everywhere")
    assert here.get(page).status_code == 200
    assert elsewhere.get(ACCOUNT).status_code == 200, "looking ends nothing"
    assert b"1 other session ended" in here.post(page, follow=True).content
    assert elsewhere.get(ACCOUNT).status_code == 302
    assert writer.get(ACCOUNT).status_code == 200


def test_a_new_password_ends_the_other_sessions(editor):
    here, elsewhere = signed_in(editor), signed_in(editor)
    new = "a new password of some words"
    data = {"old_password": "pw", "new_password1": new, "new_password2": new}
    assert here.post(reverse("admin:password_change"), data).status_code == 302
    assert here.get(ACCOUNT).status_code == 200
    assert elsewhere.get(ACCOUNT).status_code == 302


def test_public_pages_read_no_session(editor):
    browser = signed_in(editor)
    assert "Cookie" not in browser.get("/").get("Vary", "")


@pytest.mark.parametrize("page", ["/admin/login/", ACCOUNT])
def test_a_page_about_signing_in_is_kept_by_no_cache(editor, page):
    assert "no-store" in signed_in(editor).get(page, follow=True)["Cache-Control"]
