"""The second factor: setting it up, signing in with it, losing it."""

import re
from base64 import b32decode
from datetime import UTC, datetime, timedelta
from time import time

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from causes import accounts
from tests.factories import make_person

pytestmark = pytest.mark.django_db

START = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def at(name, *args):
    return reverse(f"admin:{name}", args=args)


class Phone:
    """An app that was given a key as text."""

    def __init__(self, secret):
        self.key = b32decode(secret.replace(" ", ""))

    def code(self):
        app = TOTP(self.key)
        app.time = time()
        return f"{app.token():06}"


def password(name, browser=None):
    browser = browser or Client()
    return browser, browser.post(at("login"), {"username": name, "password": "pw"})


def set_up(browser):
    """Sets up the second factor as a page shows it; returns the phone and the recovery codes."""
    shown = browser.get(at("second_factor")).content.decode()
    phone = Phone(re.search(r'id="secret"[^>]*>([A-Z2-7 ]+)<', shown)[1])
    page = browser.post(at("second_factor"), {"code": phone.code()}).content.decode()
    codes = re.findall(r"<code>([a-z2-7]{4}-[a-z2-7]{4})</code>", page)
    assert len(codes) == accounts.RECOVERY_CODES
    return phone, codes


@pytest.fixture
def publisher(django_user_model):
    return make_person("Publisher")


@pytest.fixture
def enrolled(publisher, clock):
    browser, _ = password("publisher")
    phone, codes = set_up(browser)
    clock.shift(timedelta(seconds=30))  # a code is good once
    return browser, phone, codes


def code_page(name="publisher"):
    """A browser that gave the right password, and a function that types a code."""
    browser, answer = password(name)
    assert "/login/code/" in answer["Location"]
    return browser, lambda code: browser.post(answer["Location"], {"code": code})


def test_the_page_has_the_key_as_a_picture_drawn_here_and_as_text(publisher):
    browser, _ = password("publisher")
    page = browser.get(at("second_factor")).content.decode()
    assert "<svg" in page
    assert "style=" not in re.search(r"<svg[^>]*class=.segno.*?</svg>", page, re.DOTALL)[0]
    wrong = browser.post(at("second_factor"), {"code": "000000"})
    assert "not the code that the app should show" in wrong.content.decode()
    assert not TOTPDevice.objects.exists()


def test_who_has_a_second_factor_needs_it_to_sign_in(enrolled):
    browser, type_code = code_page()
    assert browser.get(at("index")).status_code == 302
    assert "wrong" in type_code("000000").content.decode()
    assert browser.get(at("index")).status_code == 302


def test_a_code_lets_in_once(enrolled, clock):
    _, phone, _ = enrolled
    browser, type_code = code_page()
    code = phone.code()
    assert type_code(f" {code[:3]} {code[3:]}")["Location"] == at("index")
    assert browser.get(at("index")).status_code == 200
    _, type_again = code_page()
    assert "was used before" in type_again(code).content.decode()
    clock.shift(timedelta(seconds=30))
    assert type_again(phone.code()).status_code == 302


def test_the_code_that_confirmed_the_phone_does_not_let_in(publisher):
    browser, _ = password("publisher")
    phone, _ = set_up(browser)
    _, type_code = code_page()
    assert "was used before" in type_code(phone.code()).content.decode()


def test_a_recovery_code_lets_in_once_and_tells_how_many_are_left(enrolled, clock):
    *_, codes = enrolled
    browser, type_code = code_page()
    type_code(codes[0].upper().replace("-", " "))
    page = browser.get(at("index"))
    assert "9 recovery codes left" in page.content.decode()
    _, type_again = code_page()
    assert "was used before" in type_again(codes[0]).content.decode()


def test_wrong_codes_wait_longer_each_time_and_close_the_door_like_passwords(enrolled, clock):
    _, phone, _ = enrolled
    _, type_code = code_page()
    for failures in range(1, 5):
        assert type_code("000000").status_code == 200
        assert "wait" in type_code(phone.code()).content.decode(), "however right it is"
        clock.shift(timedelta(seconds=2**failures))
    closed = type_code("000000")
    assert closed.status_code == 429
    assert "Wait 15 minutes" in closed.content.decode()
    clock.shift(timedelta(minutes=9))
    assert type_code(phone.code()).status_code == 429
    clock.shift(timedelta(minutes=7))
    _, type_code = code_page()  # the password of ten minutes ago is forgotten
    assert type_code(phone.code()).status_code == 302


def test_nobody_who_knows_the_password_can_keep_its_owner_out_for_long(enrolled, clock):
    _, phone, _ = enrolled
    TOTPDevice.objects.update(throttling_failure_count=40, throttling_failure_timestamp=START)
    clock.shift(timedelta(seconds=513))
    _, type_code = code_page()
    assert type_code(phone.code()).status_code == 302


def test_a_right_password_is_remembered_for_ten_minutes_and_until_it_is_changed(
    enrolled, clock, publisher
):
    _, phone, _ = enrolled
    _, type_code = code_page()
    clock.shift(timedelta(minutes=10, seconds=1))
    assert type_code(phone.code())["Location"].startswith(at("login") + "?")
    _, type_code = code_page()
    publisher.set_password("another")
    publisher.save()
    assert type_code(phone.code())["Location"].startswith(at("login") + "?")


def test_setting_it_up_begins_a_new_session_and_ends_all_others(publisher):
    elsewhere, _ = password("publisher")
    browser, _ = password("publisher")
    key = browser.cookies["sessionid"].value
    set_up(browser)
    assert browser.cookies["sessionid"].value != key
    assert browser.get(at("account")).status_code == 200
    assert elsewhere.get(at("account")).status_code == 302


def test_setting_it_up_long_after_sign_in_needs_the_password(publisher, clock):
    browser, _ = password("publisher")
    clock.shift(timedelta(minutes=11))
    page = browser.get(at("second_factor")).content.decode()
    code = Phone(re.search(r'id="secret"[^>]*>([A-Z2-7 ]+)<', page)[1]).code()
    for wrong in ({}, {"password": "guessed"}):
        assert browser.post(at("second_factor"), {"code": code} | wrong).status_code == 200
    assert not TOTPDevice.objects.exists()
    browser.post(at("second_factor"), {"code": code, "password": "pw"})
    assert TOTPDevice.objects.exists()


def test_removing_it_needs_password_and_code_and_new_recovery_codes_need_a_code(enrolled, clock):
    browser, phone, codes = enrolled
    for data in ({"code": phone.code()}, {"code": "123456", "password": "pw"}):
        assert browser.post(at("remove_second_factor"), data).status_code == 200
    clock.shift(timedelta(seconds=30))
    page = browser.post(at("recovery_codes"), {"code": phone.code()}).content.decode()
    new = re.findall(r"<code>([a-z2-7]{4}-[a-z2-7]{4})</code>", page)
    assert len(new) == 10
    assert not set(new) & set(codes)
    done = browser.post(at("remove_second_factor"), {"code": new[0], "password": "pw"})
    assert done.status_code == 302
    assert not TOTPDevice.objects.exists()
    assert password("publisher")[1]["Location"] == at("index")


# Required -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "asked"),
    [("Publisher", True), ("Superuser", True), ("Writer", False), ("Reviewer", False)],
)
def test_publishers_and_superusers_reach_nothing_else_before_they_set_it_up(settings, role, asked):
    settings.SECOND_FACTOR = True
    make_person(role)
    browser, _ = password(role.lower())
    for page in ("index", "causes_cause_changelist", "account", "password_change", "jsi18n"):
        answer = browser.get(at(page))
        assert (answer.status_code == 302) is asked, page
        if asked:
            assert answer["Location"] == at("second_factor")
    if asked:
        assert b"needs a second factor" in browser.get(at("second_factor")).content
        set_up(browser)
        assert browser.get(at("index")).status_code == 200


def test_a_session_that_never_gave_a_code_is_sent_to_sign_in(settings, enrolled, publisher):
    settings.SECOND_FACTOR = True
    browser = Client()
    browser.force_login(publisher)
    assert browser.get(at("index"))["Location"].startswith(at("login"))
    assert browser.get(at("login")).status_code == 200


# Lost -----------------------------------------------------------------------------------


def test_the_command_resets_it_and_ends_the_sessions(enrolled, capsys, caplog):
    browser, *_ = enrolled
    call_command("reset_second_factor", "publisher")
    assert "of publisher was removed. Sessions that ended: 1" in capsys.readouterr().out
    assert "The command line reset the second factor of publisher." in caplog.text
    assert browser.get(at("account")).status_code == 302
    assert password("publisher")[1]["Location"] == at("index")
    with pytest.raises(CommandError, match="no account with the user name 'nobody'"):
        call_command("reset_second_factor", "nobody")


def test_a_superuser_resets_it_at_the_desk_and_nobody_else_does(enrolled, publisher, desk, caplog):
    browser, *_ = enrolled
    page = at("auth_user_reset_second_factor", publisher.pk)
    assert browser.post(page).status_code == 403
    assert page in desk.get(at("auth_user_change", publisher.pk)).content.decode()
    assert b"really comes from publisher" in desk.get(page).content
    answer = desk.post(page, follow=True).content.decode()
    assert "was reset, and 1 session ended" in answer
    assert "ed reset the second factor of publisher." in caplog.text
    assert "Reset the second factor." in desk.get(
        at("auth_user_history", publisher.pk)
    ).content.decode()  # fmt: skip
    assert browser.get(at("account")).status_code == 302
