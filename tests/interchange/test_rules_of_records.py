"""What becomes of categories, tags and sources that a file brings."""

import pytest

from causes import publishing, search
from causes.models import Category, Event, Source, Tag
from tests.factories import make_source
from tests.interchange.content import (
    Planned,
    bring,
    exported,
    exported_after,
    write,
)

pytestmark = pytest.mark.django_db


def changed_source(**fields):
    def act():
        source = Source.objects.get(key="maas-2015")
        for name, value in fields.items():
            setattr(source, name, value)
        publishing.save_record(source, by=None)

    return act


def test_a_source_that_is_newer_in_the_file_is_changed_and_the_log_says_from_what(tmp_path):
    make_source("maas-2015")
    path = write(tmp_path, exported_after(changed_source(title="A better title", year=2015)))
    planned = Planned(path)
    assert planned.outcomes == {"source maas-2015": "changed"}
    run = planned.apply()
    assert Source.objects.get().year == 2015
    changes = Event.objects.get(by_import=run).changes
    assert ("title", "About maas-2015", "A better title") in changes


def test_a_source_that_is_newer_here_is_a_conflict(tmp_path):
    make_source("maas-2015")
    path = write(tmp_path, exported("history"))
    changed_source(title="Changed here")()
    assert Planned(path).outcomes == {"source maas-2015": "conflict"}
    assert Planned(path, on_conflict="ours").outcomes == {"source maas-2015": "kept"}
    bring(path, on_conflict="theirs")
    assert Source.objects.get().title == "About maas-2015"
    assert Planned(path).outcomes == {"source maas-2015": "unchanged"}


def test_a_tag_that_was_renamed_there_is_renamed_here(tmp_path, polio, client):
    def rename():
        publishing.rename_taxon(Tag.objects.get(slug="virus"), "viruses", by=None)

    bring(write(tmp_path, exported_after(rename)))
    assert client.get("/tags/virus/")["Location"] == "/tags/viruses/"
    assert b"Polio" in client.get("/tags/viruses/").content
    assert search.search("viruses").total == 1


def test_a_tag_that_was_merged_here_stays_merged(tmp_path, polio):
    text = exported("history")
    publishing.merge(Tag.objects.get(slug="virus"), Tag.objects.create(name="infection"), by=None)
    assert Planned(write(tmp_path, text)).outcomes["tag virus"] == "conflict"
    planned = Planned(write(tmp_path, text), on_conflict="ours")
    assert planned.outcomes["tag virus"] == "kept"
    assert planned.entries == {"polio": "unchanged"}


def test_a_circle_of_old_names_that_only_both_sides_together_make_is_refused(tmp_path, polio):
    nerve = publishing.rename_taxon(Tag.objects.get(slug="virus"), "nerve", by=None)

    def the_other_way_round():
        publishing.rename_taxon(nerve, "virus", by=None)

    # There `nerve` is an old name of `virus`, here the other way round, and changed last.
    text = exported_after(the_other_way_round)
    virus = Tag.objects.get(slug="virus")
    virus.save()
    planned = Planned(write(tmp_path, text), on_conflict="ours", skip_invalid=True)
    assert planned.outcomes["tag virus"] == "kept"
    assert planned.outcomes["tag nerve"] == "refused"
    assert any("old name of itself" in problem for problem in planned.problems)
    planned.apply()
    assert Tag.objects.get(slug="virus").merged_into == nerve
    assert Tag.objects.get(slug="nerve").merged_into is None


def test_an_old_name_leads_to_what_its_new_name_is_called_here_today(tmp_path, polio):
    def rename():
        publishing.rename_taxon(Tag.objects.get(slug="virus"), "viruses", by=None)

    text = exported_after(rename)
    publishing.rename_taxon(Tag.objects.get(slug="virus"), "germs", by=None)
    bring(write(tmp_path, text), on_conflict="theirs")
    for tag in Tag.objects.exclude(merged_into=None):
        assert tag.merged_into.merged_into is None


def test_a_category_keeps_its_place_and_description(tmp_path, polio):
    def describe():
        category = Category.objects.get()
        category.description, category.position = "Illnesses.", 3
        publishing.save_record(category, by=None)

    bring(write(tmp_path, exported_after(describe)))
    assert Category.objects.get().description == "Illnesses."
    assert Category.objects.get().position == 3
