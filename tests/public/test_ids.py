"""Ids are unique on every page, and every link within a page has a target.

Slugs and headings are chosen here to meet one another, the ids of the page itself and those
of sources and citations.
"""

import re
from itertools import product
from random import Random

import pytest

from causes import publishing
from causes.models import Entry
from tests.factories import make_entry, make_live, make_source

pytestmark = pytest.mark.django_db

SLUGS = (
    *("a", "a-b", "a-b-c", "site", "site-main", "site-contents", "site-references", "site-q"),
    *("source", "source-1", "cite-1-1", "polio", "polio-site", "content", "letter-a", "group-1"),
    *("site-chapter-a", "part", "part-1", "main", "footnote-1", "fn-1", "fnref-1", "note-1", "h"),
)
HEADINGS = (
    *("B", "B-c", "C", "c", "A", "A b", "Content", "Contents", "Sources", "References"),
    *("Source 1", "source-1", "Cite 1 1", "cite-1-1", "Site main", "Site contents", "On this page"),
    *("Site references", "Site emergency", "site-chapter-a", "Chapter a", "Polio", "Main", "Site"),
    *("Part", "Part 1", "Part-site-main", "part source 1", "!", "?", "–", "A--b", "a - - b", "-"),
    *("Footnote 1", "fn 1", "fnref 1", "Note 1", "Heading", "h", "B 2", "B", "B", "B 2 2", "É"),
)
PAGES = (
    *("/", "/article/", "/causes/", "/categories/", "/categories/diseases/", "/tags/"),
    *("/tags/shared/", "/sources/", "/sources/maas-2015/", "/search/", "/search/?q=words"),
    *("/about/", "/no-such-page/"),
)


def body(headings):
    """Each heading with a paragraph that cites, once and twice."""
    return "\n\n".join(
        f"{'#' * (2 + place % 3)} {heading}\n\nWords [@maas-2015; @juch-2017] and [@maas-2015]."
        for place, heading in enumerate(headings)
    )


def ids_of(html):
    return re.findall(r'\sid="([^"]*)"', html)


def assert_sound(path, html):
    ids = ids_of(html)
    twice = {name for name in ids if ids.count(name) > 1}
    assert not twice, f"{path}: {sorted(twice)}"
    assert "" not in ids, path
    aims = re.findall(r'href="#([^"]*)"', html)
    aims += [name for names in re.findall(r'aria-labelledby="([^"]*)"', html)
             for name in names.split()]  # fmt: skip
    aims += re.findall(r'<label[^>]*\sfor="([^"]*)"', html)
    assert not set(aims) - set(ids), f"{path}: {sorted(set(aims) - set(ids))}"


@pytest.fixture
def sources(db):
    make_source("maas-2015")
    make_source("juch-2017")


def look(client, entry, paths=()):
    for path in (*paths, entry.get_absolute_url()):
        response = client.get(path)
        assert response.status_code in (200, 404), path
        assert_sound(path, response.content.decode())


def test_slugs_and_headings_that_meet_keep_their_ids_apart(client, sources):
    for slug in SLUGS[:20]:  # as many as one page of the whole article holds
        look(client, make_live(title=slug, slug=slug, tags=["shared"], body=body(HEADINGS)))
    for slug in ("introduction", "about"):
        page = make_entry(
            title=slug, slug=slug, kind=Entry.Kind.PAGE, category=None, body=body(HEADINGS)
        )
        publishing.publish(page.newest, by=None)
        look(client, page, PAGES)


@pytest.mark.parametrize("seed", range(6))
def test_slugs_and_headings_at_random_keep_their_ids_apart(client, sources, seed):
    """Slugs and headings from the same few words, so that one is often the start of another."""
    chance = Random(seed)
    words = ["a", "b", "site", "source", "1", "cite", "part", "main", "2"]
    slugs = {"-".join(chance.choices(words, k=chance.randint(1, 3))) for _ in range(12)}
    for slug in sorted(slugs):
        headings = [" ".join(chance.choices(words, k=chance.randint(1, 4))) for _ in range(12)]
        look(client, make_live(title=slug, slug=slug, tags=["shared"], body=body(headings)))
    page = make_entry(
        slug="introduction", kind=Entry.Kind.PAGE, category=None, body=body([*slugs, "site main"])
    )
    publishing.publish(page.newest, by=None)
    look(client, page, PAGES)


@pytest.mark.parametrize(
    ("slug", "heading"), list(product(["a", "a-b", "site-main"], ["b-c", "Main"]))
)
def test_two_texts_that_share_a_page_never_share_an_id(client, sources, slug, heading):
    make_live(title="One", slug=slug, body=body([heading]))
    make_live(title="Other", slug=f"{slug}-b", body=body(["c", heading]))
    look(client, make_live(title="Third", body=body([slug, f"{slug}-{heading}"])), ["/article/"])


def test_letters_that_look_alike_have_ids_of_their_own(client):
    for title in ("Edema", "Éclat", "Eel", "Ωmega", "Яblock", "中", "(odd", "1st", "[odd"):
        make_live(title=title)
    html = client.get("/causes/").content.decode()
    assert_sound("/causes/", html)
    letters = re.findall(r'<h2 id="site-letter-\d+">([^<]+)</h2>', html)
    assert len(letters) == len(set(letters))
