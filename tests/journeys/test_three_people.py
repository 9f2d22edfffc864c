"""A day of three people in three browsers: a writer, a reviewer and a publisher."""

import re
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import hearing

MAKE = """
from django.contrib.auth.models import Group, User
for name, role in (("wanda", "Writer"), ("rae", "Reviewer"), ("pat", "Publisher")):
    if User.objects.filter(username=name).exists():
        continue
    user = User.objects.create_user(name, f"{name}@example.org", "pw", is_staff=True)
    user.groups.set([Group.objects.get(name=role)])
"""


@pytest.fixture
def people(browser, site):
    """Three windows, each with a session of its own."""
    site.manage("shell", "-c", MAKE)
    with ExitStack() as stack:
        windows = []
        for name in ("wanda", "rae", "pat"):
            context = browser.new_context(base_url=site.url)
            stack.callback(context.close)
            page = stack.enter_context(hearing(context.new_page()))
            page.goto("/admin/login/")
            page.fill("#id_username", name)
            page.fill("#id_password", "pw")
            page.keyboard.press("Enter")
            page.wait_for_selector("#user-tools")
            windows.append(page)
        yield windows


def press(page, button, said):
    page.click(button)
    page.wait_for_selector(".messagelist")
    assert said in page.inner_text(".messagelist")


def ask(page, verb, said, **fields):
    """Follows the button of a verb, fills its page and sends it."""
    page.click(f"a.verb-{verb}")
    for name, value in fields.items():
        page.fill(f"#id_{name}", value)
    press(page, ".submit-row button.default", said)


def front(page, key):
    page.goto("/admin/")
    section = page.locator(f"section:has(> #work-{key})")
    return section.inner_text() if section.count() else ""


def test_a_day_of_three_people_from_a_new_draft_to_a_restored_one(people, browser, site):
    writer, reviewer, publisher = people
    reader = browser.new_context(base_url=site.url).new_page()
    saved = []

    # The writer begins, with a source added in place.
    writer.goto("/admin/causes/cause/add/")
    writer.fill("#id_title", "Carpal tunnel")
    writer.fill("#id_summary", "A nerve of the hand is pressed at the wrist.")
    writer.select_option("#id_category", label="Diseases")
    writer.fill(
        "#id_body", "## What it is\n\nThe median nerve is pressed at the wrist for a long time."
    )
    writer.wait_for_selector("#advice-body :text('cites no source')")
    writer.focus("#id_body")
    writer.keyboard.press("Control+End")
    writer.keyboard.press("Control+Alt+s")
    writer.wait_for_selector(".picked button")
    with writer.expect_popup() as opened:
        writer.click("#add_id_added_source")
    popup = opened.value
    for name, value in {"key": "doe-2020", "authors": "Doe J", "title": "Wrists"}.items():
        popup.fill(f"#id_{name}", value)
    popup.select_option("#id_kind", "review")
    popup.click("input[name=_save]")
    expect(writer.locator("#id_body")).to_have_value(re.compile(r"\[@doe-2020\]$"))
    writer.wait_for_selector("#advice-body :text('No suggestions')")
    assert writer.locator("#look-page h1").inner_text() == "Carpal tunnel"
    saved.append(writer.input_value("#id_body"))
    press(writer, "button[name=_submit]", "waiting for approval")
    address = re.sub(r"#.*", "", writer.url)

    # The reviewer sends it back; the writer sees why, on the front page and in the form.
    assert "Carpal tunnel" in front(reviewer, "waiting")
    reviewer.click("section:has(> #work-waiting) a:has-text('Carpal tunnel')")
    reviewer.wait_for_load_state()
    assert reviewer.locator("textarea#id_body").count() == 0
    ask(reviewer, "send_back", "sent back", reason="Say which fingers.")
    assert "Say which fingers." in front(writer, "sent-back")
    writer.goto(address)
    assert "Say which fingers." in writer.inner_text(".desk-step")

    # Two tabs of the writer's meet: a conflict, and a choice for every place.
    other = writer.context.new_page()
    other.goto(address)
    first = writer.input_value("#id_body")
    writer.fill("#id_body", first.replace("What it is", "What it is: 5 mm"))
    saved.append(writer.input_value("#id_body"))
    press(writer, "button[name=_save]", "saved as revision 2")
    other.fill("#id_title", "Carpal tunnel syndrome")
    other.fill("#id_body", first + "\n\nThumb, index and middle finger go numb. [@doe-2020]")
    other.click("button[name=_save]")
    other.wait_for_selector(".conflict")
    other.click("text=Save my choices")
    assert "still to choose" in other.inner_text(".errornote")
    choices = other.locator("fieldset.choice")
    expect(choices).to_have_count(3)
    for choice, side in zip(choices.all(), ("mine", "theirs", "mine"), strict=True):
        choice.locator(f"input[value={side}]").check()
    press(other, "text=Save my choices", "saved as revision 3")
    body = other.input_value("#id_body")
    assert "5 mm" in body
    assert "Thumb" in body
    saved.append(body)
    ask(other, "submit", "waiting for approval")

    # The reviewer records a review; the publisher approves and schedules.
    reviewer.goto(address)
    ask(reviewer, "review", "recorded", reviewer="R. Name", qualification="MD")
    publisher.goto(address)
    ask(publisher, "approve", "is approved")
    minute = datetime.now(UTC) + timedelta(seconds=8)
    ask(publisher, "schedule", "will become public on", publish_at=f"{minute:%Y-%m-%dT%H:%M:%S}")
    assert "Carpal tunnel" in front(publisher, "scheduled")
    assert reader.goto("/causes/carpal-tunnel/").status == 404
    time.sleep(max(0, (minute - datetime.now(UTC)).total_seconds()) + 0.2)
    assert reader.goto("/causes/carpal-tunnel/").status == 200
    assert "Reviewed by R. Name" in reader.inner_text("main")
    for listed in (
        "/causes/",
        "/sitemap.xml",
        "/feed/",
        "/search/?q=carpal",
        "/",
        "/categories/diseases/",
    ):
        assert "arpal" in reader.request.get(listed).text(), listed

    # A typo fix never moves the review, and goes the same way.
    writer.goto(address)
    writer.fill("#id_body", writer.input_value("#id_body").replace("for a long time", "for years"))
    writer.fill("#id_note", "Plainer")
    saved.append(writer.input_value("#id_body"))
    press(writer, "button[name=_submit]", "waiting for approval")
    assert "for a long time" in reader.request.get("/causes/carpal-tunnel/").text()
    publisher.goto(address)
    ask(publisher, "approve", "is approved")
    ask(publisher, "publish", "is public")
    reader.reload()
    assert "for years" in reader.inner_text("main")
    assert "edited since its last review" in reader.inner_text("main")
    assert "Carpal tunnel" in front(reviewer, "edited")

    # Taken down, and an old text restored and published again.
    publisher.goto(address)
    ask(publisher, "take_down", "taken down", reason="Wrong hand")
    assert reader.goto("/causes/carpal-tunnel/").status == 404
    writer.goto(address)
    writer.click(".historylink")
    writer.click("tr:has(th:has-text('1. Carpal tunnel')) >> text=Restore")
    press(writer, ".submit-row button", "Revision 5 is a draft")
    ask(writer, "submit", "waiting for approval")
    publisher.goto(address)
    ask(publisher, "approve", "is approved")
    ask(publisher, "publish", "is public")
    assert reader.goto("/causes/carpal-tunnel/").status == 200

    # Every text that anyone saved is still readable in the history.
    writer.goto(address)
    writer.click(".historylink")
    writer.wait_for_load_state()
    links = [
        link.get_attribute("href") for link in writer.locator("td.acts a:has-text('Preview')").all()
    ]
    texts = []
    for link in links:
        writer.goto(link)
        texts.append(" ".join(writer.inner_text(".prose").split()))
    for body in saved:
        plain = re.sub(r"\s*\[@[^\]]+\]", "", body).replace("## ", "").split("\n\n")
        assert any(
            all(part in re.sub(r"(?<=[.,])\d+", "", text) for part in plain) for text in texts
        ), body
    assert len(links) == 5
    reader.context.close()


def test_what_was_typed_comes_back_after_a_crash_and_after_signing_in_again(people):
    writer = people[0]
    writer.goto("/admin/causes/cause/?q=botulinum")
    writer.click("#result_list tbody th a")
    writer.wait_for_selector("#id_body")
    address, body = writer.url, writer.input_value("#id_body")
    writer.fill("#id_body", f"{body}\n\nTyped before the crash.")
    writer.wait_for_timeout(500)
    writer.context.new_page().goto(address)  # the other tab shows what is saved
    crashed = writer.context.pages[-1]
    assert "was kept in this browser" in crashed.inner_text(".kept")
    assert crashed.input_value("#id_body") == body
    crashed.click("text=Restore it")
    assert crashed.input_value("#id_body").endswith("Typed before the crash.")
    crashed.close()

    writer.fill("#id_body", f"{body}\n\nTyped before the session ended.")
    writer.context.clear_cookies(name="sessionid")
    writer.click("button[name=_save]")
    writer.wait_for_selector("#id_username")
    writer.fill("#id_username", "wanda")
    writer.fill("#id_password", "pw")
    writer.keyboard.press("Enter")
    writer.wait_for_selector(".kept")
    assert writer.input_value("#id_body").endswith("Typed before the session ended.")
    assert "not saved yet" in writer.inner_text(".kept")
    press(writer, "button[name=_save]", "saved as revision 2")
    writer.reload()
    assert writer.locator(".kept").count() == 0
    writer.click(".historylink")
    # No kept copy is in the history.
    expect(writer.locator(".history th[scope=row]")).to_have_count(2)
