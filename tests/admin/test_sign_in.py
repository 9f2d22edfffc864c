"""Signing in with a password: who is let in, who waits, and what is written down."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.test import Client, RequestFactory
from django.urls import reverse

from causes.admin import throttle
from causes.admin.visitor import address_of, counted_address
from tests.factories import make_person

pytestmark = pytest.mark.django_db

HERE, ELSEWHERE = "203.0.113.5", "198.51.100.7"
START = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


class CountingHasher(MD5PasswordHasher):
    """Counts how often a password was hashed."""

    hashed = 0

    def encode(self, password, salt):
        type(self).hashed += 1
        return super().encode(password, salt)


@pytest.fixture
def hashes(settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    CountingHasher.hashed = 0
    return lambda: CountingHasher.hashed


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def guess(name, password="no", *, address=HERE, browser=None, **more):
    data = {"username": name, "password": password} | more
    return (browser or Client()).post(reverse("admin:login"), data, REMOTE_ADDR=address)


def words_of(response):
    html = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def is_in(response):
    return response.status_code == 302 and "/login/" not in response["Location"]


def test_a_password_leads_to_the_page_that_was_asked_for(editor):
    browser = Client()
    target = reverse("admin:causes_cause_changelist")
    asked = browser.get(target)
    response = browser.get(asked["Location"])
    assert 'autocomplete="current-password"' in response.content.decode()
    answer = guess("ed", "pw", browser=browser, next=response.context["next"])
    assert answer["Location"] == target
    assert browser.get(target).status_code == 200
    assert guess("ed", "pw", next="https://elsewhere.example/")["Location"] == "/admin/"


def test_signing_in_begins_a_session_under_a_new_key(editor):
    browser = Client()
    keys = set()
    for _ in range(2):
        assert is_in(guess("ed", "pw", browser=browser))
        keys.add(browser.cookies["sessionid"].value)
    assert len(keys) == 2
    assert Session.objects.count() == 1


def test_after_five_failures_the_person_waits_and_is_told_how_long(editor, clock, hashes):
    for _ in range(4):
        response = guess("ed")
        assert response.status_code == 200
        assert "is wrong" in words_of(response)
    fifth = guess("ed")
    assert fifth.status_code == 429
    assert "Wait 15 minutes" in words_of(fifth)
    before, rows = hashes(), AccessFailureLog.objects.count()
    clock.shift(timedelta(minutes=10, seconds=1))
    refused = guess("ed", "pw")
    assert refused.status_code == 429
    assert "Wait 5 minutes" in words_of(refused)
    assert hashes() == before, "a guess at a closed door costs no hash"
    assert AccessFailureLog.objects.count() == rows, "and no row"
    clock.shift(timedelta(minutes=5))
    assert is_in(guess("ed", "pw"))


def test_nobody_can_lock_out_somebody_who_is_elsewhere(editor, clock):
    for _ in range(8):
        guess("ed")
    assert guess("ed", "pw").status_code == 429
    assert is_in(guess("ed", "pw", address=ELSEWHERE))


def test_whether_an_account_exists_is_told_by_nothing(editor, django_user_model, clock, hashes):
    make_person("Onlooker", "gone")
    django_user_model.objects.filter(username="gone").update(is_active=False)
    django_user_model.objects.create_user("reader", password="pw")  # not for the desk
    answers = []
    for name, password in (("ed", "no"), ("nobody", "no"), ("gone", "pw"), ("reader", "pw")):
        before = hashes()
        response = guess(name, password)
        answers.append((response.status_code, words_of(response), hashes() - before))
    assert len(set(answers)) == 1, answers
    closed = []
    for name in ("ed", "nobody"):
        closed.append([(r.status_code, words_of(r)) for r in [guess(name) for _ in range(6)]][-2:])
    assert closed[0] == closed[1]


def test_guesses_at_many_names_close_an_address_for_a_quarter_of_an_hour(editor, clock):
    for number in range(throttle.FROM_ONE_ADDRESS):
        guess(f"name{number}")
    assert guess("ed", "pw").status_code == 429
    assert is_in(guess("ed", "pw", address=ELSEWHERE))
    clock.shift(timedelta(minutes=15, seconds=1))
    assert is_in(guess("ed", "pw"))


def test_guesses_at_one_name_from_many_addresses_are_told_to_the_site_and_lock_nobody_out(
    editor, clock, caplog
):
    for number in range(throttle.FOR_ONE_NAME):
        guess("ed", address=f"198.18.0.{number}")
    assert f"{throttle.FOR_ONE_NAME} sign-ins as ed have failed" in caplog.text
    assert is_in(guess("ed", "pw"))


def test_success_forgets_the_failures_of_that_person_there_only(editor, clock):
    make_person("Writer")
    for name in ("ed", "writer"):
        for _ in range(4):
            guess(name)
    assert is_in(guess("ed", "pw"))
    assert guess("ed").status_code == 200
    assert guess("writer").status_code == 429


def test_failures_are_in_the_log_and_at_the_desk_without_names_that_do_not_exist(
    editor, clock, caplog, client
):
    for name in ("ed", "ed", "ed", "ed", "ed", "my secret password"):
        guess(name)
    assert "Sign-in as ed from 203.0.113.5 failed." in caplog.text
    assert "failed, and is closed for a quarter of an hour" in caplog.text
    assert "Sign-in as a user that does not exist from 203.0.113.5" in caplog.text
    client.force_login(editor)
    shown = client.get(reverse("admin:axes_accessfailurelog_changelist")).content.decode()
    assert "no such account" in shown
    assert HERE in shown
    stored = [*AccessAttempt.objects.values_list(), *AccessFailureLog.objects.values_list()]
    assert "my secret" not in caplog.text + shown + str(stored)


def test_superusers_read_the_lists_of_sign_ins_and_nobody_changes_them(client, desk):
    guess("ed")
    for name in ("accessfailurelog", "accesslog"):
        assert desk.get(reverse(f"admin:axes_{name}_changelist")).status_code == 200
        assert desk.get(reverse(f"admin:axes_{name}_add")).status_code == 403
    row = AccessFailureLog.objects.get()
    page = reverse("admin:axes_accessfailurelog_change", args=[row.pk])
    assert b"_save" not in desk.get(page).content
    client.force_login(make_person("Publisher"))
    assert client.get(reverse("admin:axes_accesslog_changelist")).status_code == 403


def test_old_rows_go_when_somebody_signs_in(editor, clock):
    guess("ed")
    assert is_in(guess("ed", "pw"))
    guess("ed")
    clock.shift(timedelta(days=throttle.KEPT_DAYS + 1))
    assert is_in(guess("ed", "pw"))
    assert (AccessLog.objects.count(), Session.objects.count()) == (1, 1)
    assert not AccessFailureLog.objects.exists()
    assert not AccessAttempt.objects.exists()


@pytest.mark.parametrize(
    ("behind", "proxies", "forwarded", "found"),
    [
        (False, [], "192.0.2.1", HERE),
        (True, [], "", HERE),
        (True, [], "192.0.2.1", "192.0.2.1"),
        (True, [], "127.0.0.1, 10.0.0.1, 192.0.2.1", "192.0.2.1"),
        (True, [], "192.0.2.1:4711", "192.0.2.1"),
        (True, [], "[2001:db8::1]:443", "2001:db8::1"),
        (True, [], "::ffff:192.0.2.1", "192.0.2.1"),
        (True, [], "192.0.2.1, unknown", HERE),
        (True, ["198.18.0.0/15"], "192.0.2.66, 192.0.2.1, 198.18.3.4", "192.0.2.1"),
        (True, ["198.18.0.0/15"], "198.18.3.4", "198.18.3.4"),
    ],
)
def test_the_address_is_the_last_one_that_no_visitor_can_invent(
    settings, behind, proxies, forwarded, found
):
    settings.BEHIND_PROXY, settings.PROXY_NETWORKS = behind, proxies
    request = RequestFactory().get("/", REMOTE_ADDR=HERE, HTTP_X_FORWARDED_FOR=forwarded)
    assert str(address_of(request)) == found


def test_a_header_opens_no_closed_door(editor, clock):
    for number in range(5):
        guess("ed", browser=Client(HTTP_X_FORWARDED_FOR=f"192.0.2.{number}"))
    assert guess("ed", "pw", browser=Client(HTTP_X_FORWARDED_FOR="192.0.2.9")).status_code == 429


def test_addresses_of_one_ipv6_network_count_as_one_and_none_at_all_is_no_error(editor, clock):
    request = RequestFactory().get("/", REMOTE_ADDR="2001:db8:1:2:3::4")
    assert counted_address(request) == "2001:db8:1:2::"
    for number in range(5):
        guess("ed", address=f"2001:db8:1:2::{number}")
    assert guess("ed", "pw", address="2001:db8:1:2:ffff::1").status_code == 429
    assert guess("ed", address="").status_code == 200
