"""What visitors see, and what they never see."""

import json
import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from causes import publishing
from causes.clock import now
from causes.models import Entry, Publication
from causes.public import errors, trouble
from tests.factories import add_draft, make_category, make_entry, make_live, make_source, make_tag

pytestmark = pytest.mark.django_db

EVERY_PAGE = [
    "/",
    "/article/",
    "/causes/",
    "/causes/polio/",
    "/categories/",
    "/categories/diseases/",
    "/tags/",
    "/tags/weakness/",
    "/sources/",
    "/sources/gordon-2020/",
    "/about/",
    "/how-we-review/",
    "/contact/",
    "/search/",
    "/search/?q=nerve",
]


def text_of(client, path):
    return client.get(path).content.decode()


@pytest.mark.parametrize("path", EVERY_PAGE)
def test_every_page_is_whole_and_sets_no_cookie(client, article, path):
    response = client.get(path)
    html = response.content.decode()
    assert response.status_code == 200
    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")
    assert html.count("<h1") == 1
    assert '<html lang="en">' in html
    assert 'class="skip"' in html
    assert "<main" in html
    assert 'rel="canonical"' in html
    scripts = re.findall(r"<script([^>]*)>", html)
    assert all("application/ld+json" in attributes for attributes in scripts)
    for data in re.findall(r'<script type="application/ld\+json">(.*?)</script>', html):
        json.loads(data)
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    for anchor in re.findall(r'href="#([^"]+)"', html):
        assert anchor in ids, anchor


def test_the_indentation_of_the_templates_stays_out_of_the_pages(client, article):
    for path in ("/", "/article/", "/causes/polio/", "/sources/"):
        assert "  <" not in text_of(client, path), path


@pytest.mark.parametrize("path", EVERY_PAGE)
def test_every_link_of_a_page_leads_somewhere(client, article, path):
    html = text_of(client, path)
    for address in set(re.findall(r'href="(/[^"#?]*)', html)):
        if not address.startswith("/static/"):
            assert client.get(address).status_code == 200, address


def test_the_home_page_groups_causes_by_category_in_the_articles_order(client, article):
    html = text_of(client, "/")
    titles = ["Amyotrophic", "Polio and", "Peripheral nerve", "Disc denervation", "Botulinum"]
    places = [html.index(f">{title}") for title in titles]
    assert places == sorted(places)
    chapters = re.findall(r'<h2 id="site-chapter-([a-z-]+)">\s*<a', text_of(client, "/article/"))
    assert chapters == [
        "amyotrophic-lateral-sclerosis",
        "polio",
        "peripheral-nerve-injury",
        "disc-denervation",
        "botulinum-toxin",
    ]


def test_a_cause_page_says_all_that_it_must(client, article):
    html = text_of(client, "/causes/peripheral-nerve-injury/")
    for phrase in (
        "Not yet reviewed by a clinician",
        "supports, and does not replace",
        "When to get help at once",
        "Updated",
        "Related causes",
        "On this page",
        'href="/categories/injuries/"',
        'href="/tags/nerve-regrowth/"',
        "not yet checked by an editor",
    ):
        assert phrase in html, phrase


def test_a_contents_list_stands_from_three_headings_on(client):
    make_live(slug="two", body="## A\n\na\n\n## B\n\nb")
    make_live(slug="three", body="## A\n\na\n\n## B\n\nb\n\n## C\n\nc")
    assert "On this page" not in text_of(client, "/causes/two/")
    assert "On this page" in text_of(client, "/causes/three/")


def test_a_review_is_shown_and_an_edit_after_it_told(client, editor):
    entry = make_live(slug="reviewed")
    publishing.record_review(
        entry.newest,
        by=editor,
        reviewer="R. Name",
        qualification="MD",
        reviewed_on=date(2026, 5, 6),
    )
    html = text_of(client, "/causes/reviewed/")
    assert "Reviewed by R. Name, MD" in html
    assert "edited since" not in html
    publishing.publish(add_draft(entry, summary="Mended."), by=editor)
    assert "edited since its last review" in text_of(client, "/causes/reviewed/")


def test_related_causes_are_those_that_share_most_tags(client):
    make_live(title="Shares one", tags=["a"])
    make_live(title="Shares three", tags=["a", "b", "c"])
    make_live(title="Shares none", tags=["d"])
    make_live(title="Shares two", tags=["a", "old"])
    make_live(title="This", slug="this", tags=["a", "b", "c", "new"])
    publishing.merge(make_tag("old"), make_tag("new"), by=None)
    related = text_of(client, "/causes/this/").partition("Related causes")[2]
    assert re.findall(r">(Shares \w+)</a>", related) == [
        "Shares three",
        "Shares two",
        "Shares one",
    ]


def test_a_withdrawn_source_is_marked(client):
    make_source("old-1999", withdrawn_on=date(2026, 1, 1))
    make_live(slug="cites", body="So [@old-1999].")
    assert "Withdrawn 1 January 2026" in text_of(client, "/causes/cites/")


def test_drafts_scheduled_and_past_texts_are_on_no_page(client, article):
    secret = "Xylophone"
    make_entry(
        title=f"{secret} draft",
        slug="xylophone-draft",
        tags=["concealed tag"],
        category="Concealed",
    )
    soon = make_entry(title=f"{secret} scheduled", slug="xylophone-soon", tags=["concealed tag"])
    later = now() + timedelta(days=1)
    Publication.objects.create(entry=soon, revision=soon.newest, live_from=later)
    past = make_live(title=f"{secret} past", slug="xylophone-past", tags=["concealed tag"])
    publishing.take_down(past, by=None)
    make_source("xylophone-2000")
    add_draft(Entry.objects.get(slug="polio"), title=f"{secret} edit", body="[@xylophone-2000]")
    for path in [*EVERY_PAGE, "/feed/", "/sitemap.xml", "/search/?q=xylophone+draft"]:
        html = text_of(client, path).replace("xylophone draft", "").replace("Xylophone draft", "")
        assert secret not in html, path
        assert "xylophone" not in html, path
        assert "concealed" not in html.lower(), path
    for slug in ("xylophone-draft", "xylophone-soon", "xylophone-past"):
        assert client.get(f"/causes/{slug}/").status_code == 404
    for path in ("/tags/concealed-tag/", "/categories/concealed/", "/sources/xylophone-2000/"):
        assert client.get(path).status_code == 404


def test_an_old_address_redirects_for_good(client):
    publishing.rename(make_live(slug="old"), "new", by=None)
    response = client.get("/causes/old/")
    assert (response.status_code, response["Location"]) == (301, "/causes/new/")


def test_the_old_address_of_what_is_not_public_is_not_found(client):
    entry = publishing.rename(make_live(slug="old"), "new", by=None)
    publishing.take_down(entry, by=None)
    assert client.get("/causes/old/").status_code == 404


def test_old_names_of_tags_and_categories_redirect(client):
    make_live(tags=["palsy"], category="Ilnesses")
    publishing.rename_taxon(make_tag("palsy"), "paralysis", by=None)
    publishing.rename_taxon(make_category("Ilnesses"), "Illnesses", by=None)
    assert client.get("/tags/palsy/")["Location"] == "/tags/paralysis/"
    assert client.get("/categories/ilnesses/")["Location"] == "/categories/illnesses/"
    assert "palsy" not in text_of(client, "/tags/")


def test_lists_are_paged_by_twenty(client):
    for number in range(23):
        make_live(title=f"Cause {number:02}", tags=["many"])
    first, second = text_of(client, "/tags/many/"), text_of(client, "/tags/many/?page=2")
    assert first.count('class="card"') == 20
    assert second.count('class="card"') == 3
    assert "23 causes" in first
    for page in ("3", "0", "-1", "x", "1" * 400):
        assert client.get("/tags/many/", {"page": page}).status_code == 404


def test_the_home_page_shows_some_of_a_large_category_and_the_way_to_all(client):
    for number in range(15):
        make_live(title=f"Cause {number:02}")
    html = text_of(client, "/")
    assert html.count('class="card"') == 4
    assert "All causes in Diseases" in html


def test_a_category_shows_causes_and_never_pages(client, article):
    assert "What this site is for" not in text_of(client, "/causes/")


def test_the_contact_page_says_how_or_says_that_nobody_said(client, article, settings):
    settings.CONTACT_EMAIL = ""
    assert "have not added a contact address" in text_of(client, "/contact/")
    settings.CONTACT_EMAIL = "desk@example.org"
    assert "mailto:desk@example.org" in text_of(client, "/contact/")


def test_a_page_that_an_editor_adds_has_an_address(client):
    page = make_entry(title="Imprint", slug="imprint", kind=Entry.Kind.PAGE, category=None)
    publishing.publish(page.newest, by=None)
    assert "Imprint" in text_of(client, "/imprint/")
    assert client.get("/causes/imprint/").status_code == 404


def test_an_empty_site_has_its_pages(client):
    for path in (
        "/",
        "/article/",
        "/causes/",
        "/categories/",
        "/tags/",
        "/sources/",
        "/search/?q=x",
    ):
        assert client.get(path).status_code == 200


def test_a_title_with_markup_is_text_everywhere(client):
    make_live(title="<script>alert(1)</script>", slug="odd", summary="</script><b>x", tags=["<i>t"])
    for path in (
        "/",
        "/causes/",
        "/causes/odd/",
        "/tags/",
        "/feed/",
        "/search/?q=alert",
        "/article/",
    ):
        html = text_of(client, path)
        assert "<script>alert" not in html, path
        assert "<b>x" not in html, path
        assert "<i>t" not in html, path


def test_the_sitemap_names_what_is_public_with_its_date(client, article, settings):
    settings.SITE_URL = "https://denervation.example"
    xml = text_of(client, "/sitemap.xml")
    assert "<loc>https://denervation.example/causes/polio/</loc><lastmod>2026-11-25T" in xml
    assert xml.count("<url>") == 5 + 4 + 3 + 4 + len(set(re.findall(r"/tags/[a-z-]+/", xml)))
    for path in re.findall(r"<loc>https://denervation.example([^<]+)</loc>", xml):
        assert client.get(path).status_code == 200, path


def test_a_large_sitemap_is_spread_over_files(client, article, monkeypatch):
    monkeypatch.setattr("causes.public.sitemaps.LARGEST", 4)
    index = text_of(client, "/sitemap.xml")
    assert index.count("<sitemap>") == 3
    found = "".join(text_of(client, f"/sitemap.xml?page={n}") for n in (1, 2, 3))
    assert all(f"/causes/{slug}/" in found for slug in ("polio", "botulinum-toxin"))
    assert client.get("/sitemap.xml?page=4").status_code == 404
    for page in ("x", "0", "-1", "²", "٣", "9" * 5000):
        assert client.get("/sitemap.xml", {"page": page}).status_code == 404


def test_the_feed_is_atom_and_its_ids_outlive_a_rename(client):
    entry = make_live(title="Ulnar", slug="ulnar")
    before = re.findall(r"<id>(urn:uuid:[^<]+)</id>", text_of(client, "/feed/"))
    publishing.rename(entry, "elsewhere", by=None)
    publishing.publish(add_draft(entry, title="Ulnar, again"), by=None)
    feed = text_of(client, "/feed/")
    assert re.findall(r"<id>(urn:uuid:[^<]+)</id>", feed) == before
    assert "Ulnar, again" in feed
    assert "/causes/elsewhere/" in feed


def test_robots_are_told_where_the_sitemap_is(client):
    assert "Sitemap: http://testserver/sitemap.xml" in text_of(client, "/robots.txt")


def test_health_is_ok_until_something_is_missing(client, db):
    assert client.get("/healthz/").status_code == 200
    with connection.cursor() as cursor:
        table = "" if connection.vendor == "sqlite" else " ON causes_revision"
        cursor.execute(f"DROP TRIGGER causes_revision_fixed{table}")
    response = client.get("/healthz/")
    assert response.status_code == 503
    assert b"run manage.py migrate" in response.content


@pytest.mark.parametrize(
    "path", ["/nope/", "/causes/nope/", "/tags/nope/", "/a/b/c/", "/causes/%00/"]
)
def test_what_is_not_there_offers_search(client, db, path):
    response = client.get(path)
    assert response.status_code == 404
    assert b'name="q"' in response.content
    assert b"There is no such page" in response.content


def test_other_errors_have_the_sites_look(client, db):
    client.raise_request_exception = False
    bad = client.get("/", headers={"host": "evil.example"})
    assert bad.status_code == 400
    assert b"could not be read" in bad.content
    request = RequestFactory().get("/")
    assert b"Something went wrong" in trouble.server_error(request).content
    assert b"You may not see this page" in errors.permission_denied(request).content
    assert b"could not be accepted" in errors.csrf_failure(request).content


@pytest.mark.parametrize(
    "path", ["/", "/causes/", "/tags/", "/categories/", "/tags/shared/", "/causes/cause-a/",
             "/article/", "/sources/", "/search/?q=nerve", "/sitemap.xml", "/feed/"]
)  # fmt: skip
def test_twice_the_rows_take_the_same_number_of_queries(client, path):

    def grow(letters):
        for letter in letters:
            make_source(f"source-{letter}")
            make_live(
                title=f"Nerve {letter}",
                slug=f"cause-{letter}",
                tags=["shared", f"tag {letter}"],
                category=f"Category {letter}",
                body=f"## One\n\nText [@source-{letter}].",
            )

    counts = []
    for letters in ("abcd", "efgh"):
        grow(letters)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_reverse_names_the_public_addresses():
    assert reverse("cause", args=["polio"]) == "/causes/polio/"
