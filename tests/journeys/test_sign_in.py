"""A publisher's first day on a site that requires a second factor, and the day without the phone."""

import sys
from base64 import b32decode
from pathlib import Path
from time import time

import pytest
from django_otp.oath import TOTP

from tests.journeys.conftest import hearing
from tests.journeys.test_pages_in_chromium import violations
from tests.processes import Server, free_port

MAKE = """
from django.contrib.auth.models import Group, User
person = User.objects.create_user("petra", "petra@example.org", "pw", is_staff=True)
person.groups.set([Group.objects.get(name="Publisher")])
"""


@pytest.fixture
def strict(site):
    """The site again, at a port of its own, with SECOND_FACTOR on."""
    site.manage("shell", "-c", MAKE)
    port = free_port()
    variables = site.environment | {"PORT": str(port), "SECOND_FACTOR": "on"}
    granian = [str(Path(sys.executable).with_name("granian")), "--interface", "wsgi"]
    command = [*granian, "--port", str(port), "denervation_site.wsgi:application"]
    server = Server(command, port, variables)
    try:
        server.ready()
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()


def code_of(secret, steps=0):
    """What an app shows that was given this key; a step is half a minute."""
    app = TOTP(b32decode(secret.replace(" ", "")))
    app.time = time() + 30 * steps
    return f"{app.token():06}"


def send(page):
    with page.expect_navigation():
        page.keyboard.press("Enter")


def sign_in(page):
    page.goto("/admin/")
    page.fill("#id_username", "petra")
    page.fill("#id_password", "pw")
    send(page)


def type_code(page, code):
    page.fill("#id_code", code)
    send(page)


def looks_right(page):
    """Nothing for axe to say in either theme, and no wider than a phone."""
    for scheme, width in (("light", 360), ("dark", 1280)):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        page.evaluate("Promise.all(document.getAnimations().map((fade) => fade.finished))")
        assert violations(page) == [], (page.url, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url


def test_a_publisher_sets_up_a_second_factor_and_signs_in_with_it(browser, strict):
    here, elsewhere = (browser.new_context(base_url=strict) for _ in range(2))
    with hearing(here.new_page()) as page:
        page.goto("/admin/")
        looks_right(page)
        sign_in(page)
        assert page.url.endswith("/admin/account/second-factor/")
        page.goto("/admin/causes/cause/")
        assert page.url.endswith("/admin/account/second-factor/"), "nothing else can be reached"
        assert page.locator(".qr svg").bounding_box()["width"] > 150
        looks_right(page)
        secret = page.inner_text("#secret")
        type_code(page, code_of(secret))
        codes = page.locator(".codes code").all_inner_texts()
        assert len(codes) == 10
        looks_right(page)
        page.click("text=I have kept them")
        page.wait_for_selector("#user-tools")
        page.click("#logout-form button")
        page.wait_for_selector("text=Log in again")

        sign_in(page)
        assert page.get_attribute("#id_code", "autocomplete") == "one-time-code"
        type_code(page, code_of(secret))
        assert "was used before" in page.inner_text("#content")
        assert page.evaluate(
            "document.getElementById(document.getElementById('id_code')"
            ".getAttribute('aria-describedby').split(' ').at(-1)).innerText.length > 0"
        )
        looks_right(page)
        page.click("text=Use a recovery code")
        type_code(page, codes[3])
        page.wait_for_selector("#user-tools")
        assert "9 recovery codes left" in page.inner_text(".messagelist")

        other = elsewhere.new_page()
        sign_in(other)
        other.click("text=Use a recovery code")
        type_code(other, codes[4])
        other.wait_for_selector("#user-tools")
        page.click("#user-tools >> text=Account")
        looks_right(page)
        page.click("text=Sign out everywhere else")
        page.click(".submit-row button")
        assert "1 other session ended" in page.inner_text(".messagelist")
        other.goto("/admin/")
        assert "/login/" in other.url
    for context in (here, elsewhere):
        context.close()
