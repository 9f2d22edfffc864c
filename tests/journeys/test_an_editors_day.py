"""From login to publication, by keyboard alone; and two editors who meet."""

import re

from playwright.sync_api import expect

from tests.journeys.test_pages_in_chromium import violations

TITLE = "Bell's palsy"
BODY = "## What it is\n\nThe facial nerve swells. [@gordon-2020]"


def tab_to(page, selector, limit=80):
    """Presses Tab until the element has the focus, as somebody without a mouse does."""
    for _ in range(limit):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement?.matches(s) ?? false", selector):
            return
    raise AssertionError(f"{selector} cannot be reached by keyboard on {page.url}")


def type_into(page, selector, words, **more):
    tab_to(page, selector)
    page.keyboard.type(words, **more)


def press(page, selector, limit=80):
    tab_to(page, selector, limit)
    page.keyboard.press("Enter")


def test_an_editors_day_by_keyboard_from_login_to_publish(quiet, site):
    page = quiet
    page.goto("/admin/")
    page.keyboard.type("ed")
    type_into(page, "#id_password", "pw")
    page.keyboard.press("Enter")
    page.wait_for_selector("#user-tools")

    press(page, "a[href='/admin/causes/cause/add/']")
    page.wait_for_url("**/cause/add/")
    type_into(page, "#id_title", TITLE)
    type_into(page, "#id_summary", "The nerve of one half of the face stops working for a while.")
    type_into(page, "#id_category", "Diseases")
    type_into(page, ".field-tags .select2-search__field", "weakn", delay=20)
    page.wait_for_selector(".select2-results__option--highlighted:has-text('weakness')")
    page.keyboard.press("Enter")
    type_into(page, "#id_body", "What it is")
    page.keyboard.press("Control+Alt+2")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.keyboard.type("The facial nerve swells. ")
    page.keyboard.press("Control+Alt+c")
    page.keyboard.type("gordon-2020")
    assert page.input_value("#id_body") == BODY
    press(page, "button[name=_save]")
    page.wait_for_url(re.compile(r"/cause/\d+/change/"))
    assert "saved as revision 1" in page.inner_text(".messagelist")

    press(page, "button[name=_preview]", 120)
    page.wait_for_selector(".preview")
    assert page.inner_text("h1") == TITLE
    press(page, ".preview a")
    page.wait_for_url("**/change/")

    press(page, "button[name=_publish]", 120)
    page.wait_for_selector(".messagelist .success")
    press(page, ".messagelist a")
    page.wait_for_url("**/causes/bells-palsy/")
    assert "The facial nerve swells." in page.inner_text(".prose")
    assert "weakness" in page.inner_text(".taglist")
    page.goto("/search/?q=palsy+swelling")
    assert TITLE in page.inner_text(".hits")


def test_a_new_tag_is_added_without_leaving_the_form(signed_in):
    page = signed_in
    page.goto("/admin/causes/cause/add/")
    page.fill("#id_title", "Lyme disease")
    with page.expect_popup() as opened:
        page.click("#add_id_tags")
    popup = opened.value
    popup.fill("#id_name", "tick bite")
    popup.click("input[name=_save]")
    page.wait_for_selector(".field-tags .select2-selection__choice:has-text('tick bite')")
    page.click("button[name=_save]")
    page.wait_for_url(re.compile(r"/cause/\d+/change/"))
    assert "tick bite" in page.inner_text(".field-tags")


def test_two_editors_meet_and_both_texts_are_kept(signed_in):
    page = signed_in
    page.goto("/admin/causes/cause/?q=disc-denervation")
    page.click("#result_list tbody th a")
    page.wait_for_selector("#id_body")
    address = page.url
    other = page.context.new_page()
    other.goto(address)
    body = page.input_value("#id_body")
    page.fill("#id_body", body + "\n\nFrom the first tab.")
    page.click("button[name=_save]")
    page.wait_for_selector(".messagelist .success")
    other.fill("#id_body", body + "\n\nFrom the second tab.")
    other.click("button[name=_save]")
    other.wait_for_selector(".conflict")
    assert violations(other) == []
    choice = other.locator("fieldset.choice")
    expect(choice).to_have_count(1)
    assert "From the first tab." in choice.inner_text()
    assert "From the second tab." in choice.inner_text()
    choice.locator("input[value=mine]").check()
    other.click("text=Save my choices")
    other.wait_for_selector(".messagelist .success")
    assert other.input_value("#id_body").endswith("From the second tab.")
    other.click(".historylink")
    other.wait_for_load_state()
    assert other.locator("table th[scope=row]").count() >= 3
    other.click("text=Compare the two")
    assert "first" in other.inner_text(".changes del")
    assert "second" in other.inner_text(".changes ins")


def test_the_textarea_works_without_the_script(browser, site):
    context = browser.new_context(java_script_enabled=False, base_url=site.url)
    page = context.new_page()
    page.goto("/admin/login/")
    page.fill("#id_username", "ed")
    page.fill("#id_password", "pw")
    page.click("#login-form [type=submit]")
    page.goto("/admin/causes/page/?q=contact")
    page.click("#result_list tbody th a")
    page.fill("#id_body", page.input_value("#id_body") + "\n\nTyped without a script.")
    page.click("button[name=_save]")
    assert "saved as revision" in page.inner_text(".messagelist")
    context.close()
