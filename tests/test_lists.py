"""Lists of causes, and the derived rows that they are read from."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.http import Http404

from causes import database, lists, publishing
from causes.clock import now
from causes.models import Category, ListedTag, Listing, Publication, Tag
from causes.public.paging import existing, page_number
from tests.factories import add_draft, make_category, make_entry, make_live, make_source, make_tag

pytestmark = pytest.mark.django_db


def titles(page):
    return [card.title for card in page.rows]


def derived():
    """The derived rows, without their own numbers."""
    listing = Listing.objects.order_by("publication_id").values()
    tags = ListedTag.objects.order_by("publication_id", "tag_id").values(
        "tag_id", "publication_id", "sort_title", "live_from", "live_until"
    )
    return list(listing), list(tags)


def made_anew():
    """The same, after all of them were lost and `migrate` made them again."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM causes_listing")
        cursor.execute("DELETE FROM causes_listed_tag")
    database.install()
    return derived()


def test_a_category_and_a_tag_list_what_is_live_by_title():
    for title in ("Zoster", "abscess", "Median"):
        make_live(title=title, category="Diseases", tags=["nerve"])
    make_entry(title="A draft", category="Diseases", tags=["nerve"])
    gone = make_live(title="Gone", category="Diseases", tags=["nerve"])
    publishing.take_down(gone, by=None)
    for kind, taxon in (("category", Category.objects.get()), ("tag", Tag.objects.get())):
        page = lists.causes_of(kind, taxon.pk, 1)
        assert titles(page) == ["abscess", "Median", "Zoster"]
        assert page.counted == "3 causes"


def test_a_list_is_paged_and_a_page_that_is_not_there_is_said_so():
    for number in range(25):
        make_live(title=f"Cause {number:02}", tags=["nerve"])
    tag = Tag.objects.get().pk
    first, second = lists.causes_of("tag", tag, 1), lists.causes_of("tag", tag, 2)
    assert titles(first) + titles(second) == [f"Cause {number:02}" for number in range(25)]
    assert (first.here, first.next, first.previous) == ("Page 1 of 2", 2, 0)
    assert (second.here, second.next, second.previous) == ("Page 2 of 2", 0, 1)
    beyond = lists.causes_of("tag", tag, 3)
    assert not beyond.rows
    with pytest.raises(Http404):
        existing(beyond)


def test_a_long_list_is_not_counted_to_its_end(monkeypatch):
    monkeypatch.setattr(lists, "COUNTED", 3)
    for number in range(22):
        make_live(title=f"Cause {number:02}", tags=["nerve"])
    page = lists.causes_of("tag", Tag.objects.get().pk, 1)
    assert page.counted == "More than 3 causes"
    assert page.here == "Page 1"
    assert page.next == 2


@pytest.mark.parametrize("asked", ["0", "-1", "x", "", "1.5", "9999999", "²"])
def test_what_is_no_number_of_a_page_is_refused(rf, asked):
    with pytest.raises(Http404):
        page_number(rf.get("/causes/", {"page": asked}))


def test_derived_rows_are_the_same_as_if_they_were_made_anew():
    one = make_live(title="One", category="First", tags=["a", "b"])
    two = make_live(title="Two", category="Second", tags=["b", "c"])
    make_live(title="Three", category="First", tags=["c"])
    publishing.publish(add_draft(one, title="One again", tags=["a", "c"]), by=None)
    publishing.rename(two, "two-renamed", by=None)
    publishing.merge(Tag.objects.get(name="b"), Tag.objects.get(name="c"), by=None)
    first, second = Category.objects.get(name="First"), Category.objects.get(name="Second")
    publishing.merge(second, first, by=None)
    publishing.publish(add_draft(two, title="Two again", category="First"), by=None)
    publishing.take_down(one, by=None)
    assert Listing.objects.get(kind="cause", title="Two again").slug == "two-renamed"
    assert derived() == made_anew()
    assert Listing.objects.count() == 2


def test_what_ends_in_this_millisecond_leaves_the_lists_and_the_search_index_with_it():
    ended = [make_live(title=f"Cause {number}", tags=["nerve"]) for number in range(20)]
    for entry in ended:
        Publication.objects.filter(entry=entry).update(live_until=now())
    assert derived() == ([], [])
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM causes_search")
        assert cursor.fetchone() == (0,)


def test_a_merged_category_lists_what_its_old_name_held():
    make_live(title="Old", category="Old name")
    make_live(title="New", category="New name")
    old, new = Category.objects.get(name="Old name"), Category.objects.get(name="New name")
    publishing.merge(old, new, by=None)
    assert titles(lists.causes_of("category", new.pk, 1)) == ["New", "Old"]
    assert lists.counts(Category) == [(lists.Link.to(new), 2)]


def test_the_home_page_has_every_category_in_its_order_and_those_without_last():
    make_category("Second")
    Category.objects.filter(name="Second").update(position=2)
    make_category("First")
    Category.objects.filter(name="First").update(position=1)
    for number in range(4):
        make_live(title=f"Of second {number}", category="Second")
    make_live(title="Of first", category="First")
    shelves = lists.causes_by_category(3)
    assert [(category.name, titles(page)) for category, page in shelves] == [
        ("First", ["Of first"]),
        ("Second", ["Of second 0", "Of second 1", "Of second 2"]),
    ]
    assert [page.more for _, page in shelves] == [False, True]


def test_sources_and_what_cites_them():
    make_source("maas-2015")
    make_source("unused-2020")
    make_live(title="Cites", body="Words [@maas-2015].")
    make_live(title="Does not")
    assert [source.key for source in lists.cited_sources(1).rows] == ["maas-2015"]
    assert titles(lists.entries_citing("maas-2015", 1)) == ["Cites"]


def test_derived_rows_are_in_no_fixture(capsys):
    make_live(title="One", tags=[make_tag("nerve").name])
    call_command("dumpdata", "causes")
    written = capsys.readouterr().out
    for name in ("listing", "listedtag", "citation"):
        assert f'"causes.{name}"' not in written
    assert Publication.objects.count() == 1
