"""A day of three people in three browsers: a writer, a reviewer and a publisher."""

import re
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import hearing, wait_until_kept

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


class Day:
    """What three people do on one day, in three windows, and what a reader sees of it."""

    def __init__(self, people, browser, site, title="Carpal tunnel"):
        self.title, self.slug = title, title.lower().replace(" ", "-")
        self.writer, self.reviewer, self.publisher = people
        self.reader = browser.new_context(base_url=site.url).new_page()
        self.saved = []
        """Every text that was saved."""

    def begin(self):
        """The writer begins, with a source added in place."""
        self.writer.goto("/admin/causes/cause/add/")
        self.writer.fill("#id_title", "Carpal tunnel")
        self.writer.fill("#id_summary", "A nerve of the hand is pressed at the wrist.")
        self.writer.select_option("#id_category", label="Diseases")
        self.writer.fill(
            "#id_body", "## What it is\n\nThe median nerve is pressed at the wrist for a long time."
        )
        self.writer.wait_for_selector("#advice-body :text('cites no source')")
        self.writer.focus("#id_body")
        self.writer.keyboard.press("Control+End")
        self.writer.keyboard.press("Control+Alt+s")
        self.writer.wait_for_selector(".picked button")
        with self.writer.expect_popup() as opened:
            self.writer.click("#add_id_added_source")
        popup = opened.value
        for name, value in {"key": "doe-2020", "authors": "Doe J", "title": "Wrists"}.items():
            popup.fill(f"#id_{name}", value)
        popup.select_option("#id_kind", "review")
        popup.click("input[name=_save]")
        expect(self.writer.locator("#id_body")).to_have_value(re.compile(r"\[@doe-2020\]$"))
        self.writer.wait_for_selector("#advice-body :text('No suggestions')")
        assert self.writer.locator("#look-page h1").inner_text() == "Carpal tunnel"
        self.saved.append(self.writer.input_value("#id_body"))
        press(self.writer, "button[name=_submit]", "waiting for approval")
        self.address = re.sub(r"#.*", "", self.writer.url)

    def send_back(self):
        """The reviewer sends it back; the writer sees why, on the front page and in the form."""
        assert "Carpal tunnel" in front(self.reviewer, "waiting")
        self.reviewer.click("section:has(> #work-waiting) a:has-text('Carpal tunnel')")
        self.reviewer.wait_for_load_state()
        assert self.reviewer.locator("textarea#id_body").count() == 0
        ask(self.reviewer, "send_back", "sent back", reason="Say which fingers.")
        assert "Say which fingers." in front(self.writer, "sent-back")
        self.writer.goto(self.address)
        assert "Say which fingers." in self.writer.inner_text(".desk-step")

    def meet_in_two_tabs(self):
        """Two tabs of the writer's meet: a conflict, and a choice for every place."""
        other = self.writer.context.new_page()
        other.goto(self.address)
        first = self.writer.input_value("#id_body")
        self.writer.fill("#id_body", first.replace("What it is", "What it is: 5 mm"))
        self.saved.append(self.writer.input_value("#id_body"))
        press(self.writer, "button[name=_save]", "saved as revision 2")
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
        self.saved.append(body)
        ask(other, "submit", "waiting for approval")

    def schedule_and_publish(self):
        """The reviewer records a review; the publisher approves, schedules, and then publishes now.

        Texts that go out by time alone are in tests/public/changes.py, where time can be moved.
        """
        self.reviewer.goto(self.address)
        ask(self.reviewer, "review", "recorded", reviewer="R. Name", qualification="MD")
        self.publisher.goto(self.address)
        ask(self.publisher, "approve", "is approved")
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        ask(
            self.publisher,
            "schedule",
            "will become public on",
            publish_at=f"{tomorrow:%Y-%m-%dT%H:%M:%S}",
        )
        assert "Carpal tunnel" in front(self.publisher, "scheduled")
        assert self.reader.goto("/causes/carpal-tunnel/").status == 404
        self.publisher.goto(self.address)
        ask(self.publisher, "cancel_schedule", "is cancelled")
        ask(self.publisher, "publish", "is public")
        assert self.reader.goto("/causes/carpal-tunnel/").status == 200
        assert "Reviewed by R. Name" in self.reader.inner_text("main")
        for listed in (
            "/causes/",
            "/sitemap.xml",
            "/feed/",
            "/search/?q=carpal",
            "/",
            "/categories/diseases/",
        ):
            assert "arpal" in self.reader.request.get(listed).text(), listed

    def publish_reviewed(self):
        """A text that was reviewed, approved and published."""
        self.writer.goto("/admin/causes/cause/add/")
        self.writer.fill("#id_title", self.title)
        self.writer.fill("#id_summary", "A nerve of the foot is pressed.")
        self.writer.select_option("#id_category", label="Diseases")
        self.writer.fill("#id_body", "## What it is\n\nA nerve is pressed for a long time.")
        self.saved.append(self.writer.input_value("#id_body"))
        press(self.writer, "button[name=_submit]", "waiting for approval")
        self.address = re.sub(r"#.*", "", self.writer.url)
        self.reviewer.goto(self.address)
        ask(self.reviewer, "review", "recorded", reviewer="R. Name", qualification="MD")
        self.publisher.goto(self.address)
        ask(self.publisher, "approve", "is approved")
        ask(self.publisher, "publish", "is public")
        self.reader.goto(f"/causes/{self.slug}/")

    def fix_a_typo(self):
        """A typo fix never moves the review, and goes the same way."""
        self.writer.goto(self.address)
        self.writer.fill(
            "#id_body", self.writer.input_value("#id_body").replace("for a long time", "for years")
        )
        self.writer.fill("#id_note", "Plainer")
        self.saved.append(self.writer.input_value("#id_body"))
        press(self.writer, "button[name=_submit]", "waiting for approval")
        assert "for a long time" in self.reader.request.get(f"/causes/{self.slug}/").text()
        self.publisher.goto(self.address)
        ask(self.publisher, "approve", "is approved")
        ask(self.publisher, "publish", "is public")
        self.reader.reload()
        assert "for years" in self.reader.inner_text("main")
        assert "edited since its last review" in self.reader.inner_text("main")
        assert self.title in front(self.reviewer, "edited")

    def take_down_and_restore(self):
        """Taken down, and an old text restored and published again."""
        self.publisher.goto(self.address)
        ask(self.publisher, "take_down", "taken down", reason="Wrong hand")
        assert self.reader.goto(f"/causes/{self.slug}/").status == 404
        self.writer.goto(self.address)
        self.writer.click(".historylink")
        self.writer.click(f"tr:has(th:has-text('1. {self.title}')) >> text=Restore")
        press(self.writer, ".submit-row button", "Revision 3 is a draft")
        ask(self.writer, "submit", "waiting for approval")
        self.publisher.goto(self.address)
        ask(self.publisher, "approve", "is approved")
        ask(self.publisher, "publish", "is public")
        assert self.reader.goto(f"/causes/{self.slug}/").status == 200

    def read_the_history(self):
        """Every text that anyone saved is still readable in the history."""
        self.writer.goto(self.address)
        self.writer.click(".historylink")
        self.writer.wait_for_load_state()
        links = [
            link.get_attribute("href")
            for link in self.writer.locator("td.acts a:has-text('Preview')").all()
        ]
        texts = []
        for link in links:
            self.writer.goto(link)
            texts.append(" ".join(self.writer.inner_text(".prose").split()))
        for body in self.saved:
            plain = re.sub(r"\s*\[@[^\]]+\]", "", body).replace("## ", "").split("\n\n")
            assert any(
                all(part in re.sub(r"(?<=[.,])\d+", "", text) for part in plain) for text in texts
            ), body
        assert len(links) == 3


def test_a_day_of_three_people_from_a_new_draft_to_the_public(people, browser, site):
    day = Day(people, browser, site)
    day.begin()
    day.send_back()
    day.meet_in_two_tabs()
    day.schedule_and_publish()
    day.reader.context.close()


def test_a_day_of_three_people_from_a_typo_to_a_restored_text(people, browser, site):
    day = Day(people, browser, site, title="Tarsal tunnel")
    day.publish_reviewed()
    day.fix_a_typo()
    day.take_down_and_restore()
    day.read_the_history()
    day.reader.context.close()


def test_what_was_typed_comes_back_after_a_crash_and_after_signing_in_again(people):
    writer = people[0]
    writer.goto("/admin/causes/cause/?q=botulinum")
    writer.click("#result_list tbody th a")
    writer.wait_for_selector("#id_body")
    address, body = writer.url, writer.input_value("#id_body")
    writer.fill("#id_body", f"{body}\n\nTyped before the crash.")
    wait_until_kept(writer, "Typed before the crash.")
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
