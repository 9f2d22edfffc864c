"""Each public page and each main page of the desk, seen in Chromium."""

import pytest
from axe_playwright_python.sync_playwright import Axe

PUBLIC = [
    "/",
    "/article/",
    "/causes/",
    "/causes/peripheral-nerve-injury/",
    "/categories/",
    "/categories/diseases/",
    "/tags/",
    "/tags/weakness/",
    "/sources/",
    "/sources/gordon-2020/",
    "/about/",
    "/how-we-review/",
    "/contact/",
    "/search/?q=nerve",
    "/search/?q=zebrafish",
]
DESK = [
    "/admin/",
    "/admin/causes/cause/",
    "/admin/causes/cause/add/",
    "/admin/causes/page/",
    "/admin/causes/tag/",
    "/admin/causes/tag/add/",
    "/admin/causes/category/",
    "/admin/causes/source/",
    "/admin/causes/source/add/",
    "/admin/causes/event/",
]
OF_A_CAUSE = (
    "change history rename take-down review submit publish schedule share copy withhold".split()
)


def violations(page):
    # Preloading, axe would put the page's styles in line, which the site's policy forbids.
    found = Axe().run(page, options={"preload": False}).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:150]} ({node.get('failureSummary', '')[:200]})"
        for rule in found
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_renders_quietly_fits_every_width_and_axe_finds_nothing(quiet, path):
    assert quiet.goto(path).status == 200
    for width in (3840, 1440, 768, 360, 320):
        quiet.set_viewport_size({"width": width, "height": 800})
        assert quiet.evaluate("document.documentElement.scrollWidth") <= width, width
    for scheme, width in (("light", 360), ("dark", 1440)):
        quiet.set_viewport_size({"width": width, "height": 800})
        quiet.emulate_media(color_scheme=scheme)
        assert violations(quiet) == [], scheme


def test_a_page_that_is_not_there_offers_search(page, site):
    assert page.goto("/no/such/page/").status == 404
    page.fill("main input[name=q]", "eyelid")
    page.keyboard.press("Enter")
    assert "drooping" in page.inner_text(".hits")
    assert violations(page) == []


def test_the_public_site_needs_no_script(browser, site):
    context = browser.new_context(java_script_enabled=False, base_url=site.url)
    page = context.new_page()
    page.goto("/")
    page.fill("#site-q", "polio")
    page.keyboard.press("Enter")
    page.click(".hits a")
    assert page.inner_text("h1") == "Polio and post-polio syndrome"
    assert context.cookies() == []
    context.close()


def test_the_skip_link_and_the_ways_to_a_reference_and_back_work_by_keyboard(quiet):
    quiet.goto("/causes/polio/")
    quiet.keyboard.press("Tab")
    assert quiet.evaluate("document.activeElement.className") == "skip"
    quiet.keyboard.press("Enter")
    assert quiet.evaluate("document.activeElement.id") == "site-main"
    quiet.focus("#cite-1-2")
    quiet.keyboard.press("Enter")
    assert quiet.url.endswith("#source-1")
    quiet.focus("#source-1 a[href='#cite-1-2']")
    quiet.keyboard.press("Enter")
    assert quiet.url.endswith("#cite-1-2")


def test_the_login_page_is_accessible(quiet):
    quiet.goto("/admin/login/")
    assert violations(quiet) == []


@pytest.mark.parametrize("path", DESK)
def test_a_page_of_the_desk_renders_quietly_and_axe_finds_nothing(signed_in, path):
    assert signed_in.goto(path).status == 200
    assert violations(signed_in) == []


@pytest.mark.parametrize("verb", OF_A_CAUSE)
def test_the_pages_about_one_cause_do_so_too(signed_in, verb):
    signed_in.goto("/admin/causes/cause/?q=botulinum")
    signed_in.click("#result_list tbody th a")
    signed_in.wait_for_selector("#id_body")
    address = signed_in.url.replace("change/", f"{verb}/")
    assert signed_in.goto(address).status == 200
    assert violations(signed_in) == []


def test_the_page_of_a_bulk_action_does_so_too(signed_in):
    signed_in.goto("/admin/causes/cause/")
    signed_in.click("#action-toggle")
    signed_in.select_option("select[name=action]", "take_down")
    signed_in.click("button[name=index]")
    signed_in.click("text=Show planned changes")
    signed_in.wait_for_selector("text=Planned changes")
    assert violations(signed_in) == []
