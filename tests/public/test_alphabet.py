"""A to Z: the order that readers expect, the same on both engines, in every public list."""

import re
from random import Random

import pytest

from causes.models import Category, Source, Tag
from tests.factories import make_entry, make_live, make_source
from tests.public.test_pages import text_of

pytestmark = pytest.mark.django_db

IN_ORDER = [
    "5 signs", "10 signs", "Ataxia", "“Burner” injury", "de Quervain", "Élan", "Elbow",
    "Guillain–Barré", "Łódź", "Lumbar", "Ørsted", "Type 2", "Type 10", "van Es", "World",
    "β-blocker", "Ятро", "神経",
]  # fmt: skip
"""Names in the order of an index."""


@pytest.fixture
def names():
    mixed = list(IN_ORDER)
    Random(5).shuffle(mixed)
    return mixed


def links(html, kind):
    found = re.findall(rf'<a href="/{kind}/[^"]+">(?:<i>)?([^<]+)<', html)
    return [name.strip() for name in found if name.strip() in IN_ORDER]


def test_causes_stand_in_order_under_letters_of_their_own(client, names):
    for place, name in enumerate(names):
        make_live(title=name, slug=f"cause-{place}")
    html = text_of(client, "/causes/")
    assert links(html, "causes") == IN_ORDER
    wanted = ["0–9", *"ABDEGLOTVW", "Β", "Я", "神"]
    assert re.findall(r'<h2 id="[^"]+">([^<]+)</h2>', html) == wanted
    anchors = re.findall(r'<h2 id="([^"]+)">', html)
    assert len(set(anchors)) == len(wanted)
    assert all(re.fullmatch(r"[a-z][a-z0-9-]+", anchor) for anchor in anchors)
    assert re.findall(r'<li><a href="#([^"]+)">', html) == anchors


def test_categories_tags_and_causes_of_them_stand_in_the_same_order(client, names):
    for place, name in enumerate(names):
        make_live(title=name, slug=f"cause-{place}", category=name, tags=[name, "all"])
    assert links(text_of(client, "/categories/"), "categories") == IN_ORDER
    assert links(text_of(client, "/tags/"), "tags") == IN_ORDER
    assert links(text_of(client, "/tags/all/"), "causes") == IN_ORDER
    assert links(text_of(client, "/"), "causes") == IN_ORDER  # one in each category


def test_the_tags_of_a_cause_stand_in_the_same_order(client, names):
    make_live(slug="polio", tags=names)
    assert links(text_of(client, "/causes/polio/"), "tags") == IN_ORDER


def test_sources_stand_in_the_order_of_their_authors_and_years(client, names):
    for place, name in enumerate(names):
        make_source(f"source-{place}", authors=name, title=name)
    for year in (None, 1999, 2001):
        make_source(f"es-{year or 0}", authors="Ataxia", title=f"Of {year}", year=year)
    body = " ".join(f"[@{key}]" for key in Source.objects.values_list("key", flat=True))
    make_live(slug="polio", body=body)
    html = text_of(client, "/sources/")
    assert links(html, "sources") == IN_ORDER
    assert html.index("Of 1999") < html.index("Of 2001") < html.index("Of None")


def test_the_desk_has_the_same_order(desk, names):
    for place, name in enumerate(names):
        make_entry(title=name, slug=f"cause-{place}", category=name, tags=[name])
    for kind, column in (("cause", "?o=1"), ("category", ""), ("tag", "")):
        html = desk.get(f"/admin/causes/{kind}/{column}").content.decode()
        found = re.findall(r'<th class="field-(?:title|name)[^>]*><a[^>]*>([^<]+)</a>', html)
        assert found == IN_ORDER


def test_a_changed_name_finds_its_new_place(client):
    from causes import publishing

    make_live(slug="polio", category="Zoster", tags=["zeta"])
    make_live(slug="other", category="World", tags=["world"])
    publishing.rename_taxon(Category.objects.get(name="Zoster"), "Élan", by=None)
    publishing.rename_taxon(Tag.objects.get(name="zeta"), "élan", by=None)
    assert [category.name for category in Category.objects.current()] == ["Élan", "World"]
    assert [tag.name for tag in Tag.objects.current()] == ["élan", "world"]
