"""A file of many entries through the admin: upload, plan, apply, report, undo."""

import json
import re
import urllib.request

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.interchange.engines import Elsewhere

ENTRIES = 700

UNTIL_IT_LETS_GO = """
import fcntl
from django.db import connection, transaction
if connection.vendor == "sqlite":
    with open(f"{connection.settings_dict['NAME']}.import-lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
else:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT token FROM causes_generation FOR UPDATE")
"""
"""Waits for the lock that an import holds for as long as its transaction lives."""


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made-up")
    with Elsewhere(folder, "sqlite") as source:
        source.manage("migrate", "-v0")
        source.manage("generate_entries", str(ENTRIES))
        source.manage("export_fixture", "--with-history", str(folder / "many.json"))
    return folder / "many.json"


@pytest.fixture
def others(file, tmp_path):
    """A file of as many other entries, which no test has imported before."""
    text = re.sub(r'"([0-9a-f]{7})([0-9a-f]-[0-9a-f]{4}-)', r'"0000000\2', file.read_text())
    rows = json.loads(text)
    for fields in (row["fields"] for row in rows):
        if "last_number" in fields:
            fields["slug"] = f"other-{fields['slug']}"[:100]
        if "entry" in fields:
            fields["entry"] = [f"other-{fields['entry'][0]}"[:100]]
    path = tmp_path / "others.json"
    path.write_text(json.dumps(rows))
    return path


def upload(page, file):
    page.goto("/admin/causes/import/add/")
    page.set_input_files("#id_files", file)
    page.click("text=Upload and show the plan")
    page.wait_for_url("**/change/**", timeout=60_000)


def forget(page):
    page.click("summary:has-text('Change the options')")
    page.click("text=Discard this upload")
    page.wait_for_url("**/causes/import/")


def sitemap(site):
    with urllib.request.urlopen(f"{site.url}/sitemap.xml") as answer:
        return answer.read().decode()


def healthy(page):
    found = Axe().run(page, options={"preload": False}).response["violations"]
    assert found == []


def test_an_import_that_is_closed_in_the_middle_writes_nothing_and_lets_go(site, signed_in, others):
    page = signed_in
    before = sitemap(site)
    page.goto("/admin/causes/import/add/")
    healthy(page)
    upload(page, others)
    assert "This is the plan. Nothing has been written yet." in page.inner_text("#content")
    assert "Page 1 of" in page.inner_text(".paginator")
    healthy(page)
    page.click("summary:has-text('Changes in the text') >> nth=0")
    assert page.inner_text("details[open] .changes")
    healthy(page)

    plan = page.url
    page.click("button:has-text('Apply')", no_wait_after=True)
    page.wait_for_selector("progress", timeout=30_000)
    page.goto("/admin/causes/import/")
    site.manage("shell", "-v0", "-c", UNTIL_IT_LETS_GO)
    assert sitemap(site) == before
    assert "Planned" in page.inner_text("#result_list")

    page.goto(plan)
    forget(page)


def test_many_entries_come_in_and_go_back_at_the_desk(site, signed_in, file):
    page = signed_in
    before = sitemap(site)
    upload(page, file)
    page.click("button:has-text('Apply')")
    page.wait_for_selector("text=Undo this import", timeout=120_000)
    assert f"{ENTRIES} created" in page.inner_text("#content")
    healthy(page)
    after = sitemap(site)
    assert after.count("<loc>") >= before.count("<loc>") + ENTRIES
    slug = after.split("/causes/")[2].split("/")[0]
    page.goto(f"/causes/{slug}/")
    assert page.locator("h1").inner_text()

    upload(page, file)
    assert "There is nothing to write" in page.inner_text("#content")
    forget(page)

    page.click("#result_list a:has-text('many.json')")
    page.click("text=Undo this import")
    healthy(page)
    page.click("text=Show planned changes")
    page.wait_for_selector(".sign.end", timeout=60_000)
    assert f"{ENTRIES} entries" in page.inner_text(".sign.end")
    page.click("text=Continue")
    page.click("button:has-text('Undo the import')")
    page.wait_for_selector("text=Undone", timeout=120_000)
    assert sitemap(site).count("/causes/") == before.count("/causes/")
