"""What becomes of entries that were renamed here, there, or on both sides."""

import pytest

from causes import publishing
from causes.models import Entry
from tests.factories import make_entry, make_live
from tests.interchange.content import (
    Planned,
    bring,
    exported_after,
    live_title,
    newer,
    write,
)

pytestmark = pytest.mark.django_db


def test_an_entry_that_was_renamed_here_is_found_by_its_old_slug(tmp_path, polio):
    path = write(tmp_path, exported_after(newer(polio)))
    publishing.rename(polio, "poliomyelitis", by=None)
    planned = Planned(path)
    assert planned.outcomes["cause polio"] == "changed"
    assert "address stays 'poliomyelitis'" in planned.said("polio")
    planned.apply()
    assert live_title("poliomyelitis") == "Newer"
    assert Entry.objects.count() == 1


def test_an_entry_that_was_renamed_there_is_renamed_here_and_the_old_address_leads_on(
    tmp_path, polio, client
):
    path = write(tmp_path, exported_after(lambda: publishing.rename(polio, "moved", by=None)))
    bring(path)
    assert Entry.objects.get().slug == "moved"
    assert client.get("/causes/polio/")["Location"] == "/causes/moved/"
    assert Planned(path).entries == {"moved": "unchanged"}


def test_renamed_on_both_sides_is_a_conflict(tmp_path, polio):
    path = write(tmp_path, exported_after(lambda: publishing.rename(polio, "theirs", by=None)))
    publishing.rename(polio, "ours", by=None)
    assert Planned(path).entries == {"theirs": "conflict"}
    bring(path, on_conflict="theirs")
    assert {Entry.objects.get().slug, *polio.redirects.values_list("slug", flat=True)} == {
        "theirs",
        "ours",
        "polio",
    }


def test_an_entry_with_the_addresses_of_two_here_is_refused(tmp_path, polio):
    path = write(tmp_path, exported_after(lambda: publishing.rename(polio, "moved", by=None)))
    make_entry(slug="moved")
    planned = Planned(path)
    assert planned.entries == {"moved": "refused"}
    assert "Several entries on this site have its addresses" in planned.problems[0]


def test_another_entry_of_the_same_name_is_never_overwritten(tmp_path, polio):
    def another():
        publishing.rename(polio, "elsewhere", by=None)
        publishing.rename(make_live(slug="new"), "polio-2", by=None)

    text = exported_after(another).replace('"polio-2"', '"polio-3"')
    text = text.replace('"polio"', '"polio-4"').replace('"elsewhere"', '"polio-5"')
    text = text.replace('"polio-3"', '"polio"')
    planned = Planned(write(tmp_path, text))
    assert planned.entries["polio"] in ("conflict", "refused")
    assert live_title() == "Polio, again"
