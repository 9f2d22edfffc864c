"""Whatever form of the desk a session ends under: the words stand in it again."""

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import wait_until_kept
from tests.journeys.test_pages_in_chromium import violations

MAKE = """
from django.contrib.auth.models import Group
from causes import publishing
from causes.models import Category, Entry, Source, Tag
from tests.factories import make_entry, make_source
if not Source.objects.filter(key="kept-2020").exists():
    make_source("kept-2020", authors="Before A")
    Category.objects.create(name="Kept category")
    Tag.objects.create(name="kept tag")
    Group.objects.create(name="Kept group")
    entry = make_entry(title="Kept entry", slug="kept-entry", category="Kept category")
    publishing.submit(entry.newest, by=None)
"""

MEANWHILE = """
from causes import publishing
from causes.models import Source
source = Source.objects.get(key="kept-2020")
source.year = 2019
publishing.save_record(source, by=None)
"""

FORMS = [
    ("source/?q=kept-2020", "", {"authors": "Typed A, Other B", "title": "Typed title"}),
    ("tag/?q=kept", "", {"name": "kept words"}),
    ("category/?q=kept", "", {"description": "Typed description", "review_months": "18"}),
    (
        "cause/?q=kept-entry",
        "review",
        {"reviewer": "R. Name", "qualification": "MD", "notes": "Ok"},
    ),
    ("cause/?q=kept-entry", "send_back", {"reason": "Name the nerve, please."}),
    ("cause/?q=kept-entry", "rename", {"slug": "kept-entry-2", "reason": "Clearer"}),
]


@pytest.fixture
def desk(signed_in, site):
    site.manage("shell", "-c", MAKE)
    return signed_in


def sign_in(page):
    page.wait_for_selector("#id_username")
    page.fill("#id_username", "ed")
    page.fill("#id_password", "pw")
    page.keyboard.press("Enter")


def go_to(page, where, verb):
    page.goto(f"/admin/causes/{where}")
    page.click("#result_list tbody th a")
    page.wait_for_load_state()
    if verb:
        page.click(f"a.verb-{verb}")
        page.wait_for_selector("#ask_form")


def send(page):
    page.locator(".submit-row .default").click()


@pytest.mark.parametrize(("where", "verb", "typed"), FORMS)
def test_words_survive_a_session_that_ended_and_go_once_they_are_saved(desk, where, verb, typed):
    page = desk
    go_to(page, where, verb)
    address = page.url
    for name, words in typed.items():
        page.fill(f"#id_{name}", words)
    page.context.clear_cookies(name="sessionid")
    send(page)
    sign_in(page)
    page.wait_for_selector(".kept")
    assert "not saved yet" in page.inner_text(".kept")
    for name, words in typed.items():
        assert page.input_value(f"#id_{name}") == words
    assert violations(page) == []
    send(page)
    page.wait_for_selector(".messagelist li")
    left = page.evaluate(
        "Object.keys(localStorage).filter((name) => name.startsWith('desk-copy:'))"
    )
    assert left == []
    page.goto(address)
    assert page.locator(".kept").count() == 0


def test_words_typed_before_a_crash_come_back_with_what_they_were_typed_over(desk, site):
    page = desk
    go_to(page, "source/?q=kept-2020", "")
    page.fill("#id_published_in", "Typed before the crash")
    wait_until_kept(page, "Typed before the crash")
    site.manage("shell", "-c", MEANWHILE)
    other = page.context.new_page()
    other.goto(page.url)
    assert "was kept in this browser" in other.inner_text(".kept")
    other.click("text=Restore it")
    assert other.input_value("#id_published_in") == "Typed before the crash"
    send(other)
    other.wait_for_selector(".conflict")
    assert "2019" in other.inner_text(".conflict")
    assert violations(other) == []
    assert other.input_value("#id_year") == "2019"
    send(other)
    other.wait_for_selector(".messagelist .success")
    other.close()


def test_a_source_added_in_a_small_window_is_kept_and_then_forgotten(desk):
    page = desk
    page.goto("/admin/causes/cause/add/")
    with page.expect_popup() as opened:
        page.click("#add_id_tags")
    popup = opened.value
    popup.fill("#id_name", "kept in a popup")
    popup.context.clear_cookies(name="sessionid")
    popup.click("input[name=_save]")
    sign_in(popup)
    popup.wait_for_selector(".kept")
    assert popup.input_value("#id_name") == "kept in a popup"
    popup.click("input[name=_save]")
    page.wait_for_selector(".field-tags .select2-selection__choice:has-text('kept in a popup')")
    page.goto("/admin/causes/tag/add/")
    assert page.locator(".kept").count() == 0


def test_permissions_in_the_double_list_come_back_and_no_password_is_kept(desk):
    page = desk
    page.goto("/admin/auth/group/")
    page.click("text=Kept group")
    page.wait_for_selector("#id_permissions_from option")
    wanted = page.locator("#id_permissions_from option").first.get_attribute("value")
    page.dblclick("#id_permissions_from option >> nth=0")
    expect(page.locator("#id_permissions_to option")).to_have_count(1)
    page.context.clear_cookies(name="sessionid")
    page.click("input[name=_save]")
    sign_in(page)
    page.wait_for_selector(".kept")
    expect(page.locator("#id_permissions_to option")).to_have_count(1)
    assert page.locator("#id_permissions_to option").get_attribute("value") == wanted
    page.click("input[name=_save]")
    page.wait_for_selector(".messagelist .success")
    adding = page.context.new_page()  # Django focuses two fields there, and Chromium says so
    adding.goto("/admin/auth/user/add/")
    adding.fill("#id_username", "somebody")
    adding.fill("#id_password1", "a secret that nobody keeps")
    adding.goto("/admin/")  # leaving a page keeps at once what is typed, where anything is kept
    kept = adding.evaluate("JSON.stringify({...localStorage})")
    assert "a secret" not in kept
    adding.close()
