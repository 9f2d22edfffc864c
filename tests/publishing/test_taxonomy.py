import pytest
from django.core.exceptions import ValidationError
from taggit.utils import parse_tags

from causes import publishing
from causes.models import Event, Tag
from causes.publishing import NameTaken
from tests.factories import make_category, make_live, make_tag

pytestmark = pytest.mark.django_db


def shown(entry):
    return [tag.name for tag in entry.newest.shown_tags()]


def test_renaming_a_tag_in_use_keeps_the_old_name_as_an_alias():
    entry = make_live(tags=["palsy"])
    new = publishing.rename_taxon(make_tag("palsy"), "paralysis", by=None)
    assert shown(entry) == ["paralysis"]
    assert [alias.name for alias in new.aliases.all()] == ["palsy"]
    assert entry.newest.tag_links.get().tag.name == "palsy"


def test_renaming_a_tag_that_nothing_uses_leaves_nothing_behind():
    publishing.rename_taxon(make_tag("tpyo"), "typo", by=None)
    assert [tag.name for tag in Tag.objects.all()] == ["typo"]


def test_the_case_of_a_name_can_be_mended():
    entry = make_live(tags=["als"])
    publishing.rename_taxon(make_tag("als"), "ALS", by=None)
    assert shown(entry) == ["ALS"]
    assert Tag.objects.count() == 1


def test_chains_of_names_collapse_and_no_loop_can_be_made():
    entry = make_live(tags=["one"])
    two = publishing.rename_taxon(make_tag("one"), "two", by=None)
    three = publishing.rename_taxon(two, "three", by=None)
    assert {alias.name for alias in three.aliases.all()} == {"one", "two"}
    back = publishing.rename_taxon(three, "one", by=None)
    assert shown(entry) == ["one"]
    assert back.merged_into is None
    assert {alias.name for alias in back.aliases.all()} == {"two", "three"}


@pytest.mark.parametrize("model", [make_tag, make_category])
@pytest.mark.parametrize("name", ["renamed nerve", "merged into", "Tag 'a' renamed to 'b'"])
@pytest.mark.parametrize("in_use", [True, False])
def test_the_log_says_what_was_done_whatever_the_names_say(model, name, in_use):
    if in_use:
        make_live(tags=[name], category=name)
    kind = model(name)._meta.model_name
    new = publishing.rename_taxon(model(name), f"{name} again", by=None)
    publishing.merge(new, model("renamed"), by=None)
    log = Event.objects.filter(subject__startswith=kind).order_by("pk")
    assert [(event.verb, event.changes) for event in log] == [
        ("rename", [("", name, f"{name} again")]),
        ("merge", [("", f"{name} again", "renamed")]),
    ]


def test_merging_shows_each_tag_once_and_changes_no_stored_text():
    entry = make_live(tags=["weakness", "feebleness"])
    publishing.merge(make_tag("feebleness"), make_tag("weakness"), by=None)
    assert shown(entry) == ["weakness"]
    assert entry.newest.tag_links.count() == 2
    assert Event.objects.filter(verb="merge").count() == 1


def test_a_tag_is_not_merged_into_itself_or_its_alias():
    make_live(tags=["one"])
    two = publishing.rename_taxon(make_tag("one"), "two", by=None)
    for into in (two, Tag.objects.get(name="one")):
        with pytest.raises(NameTaken):
            publishing.merge(two, into, by=None)


@pytest.mark.parametrize("name", ["weakness", "WEAKNESS", "weakness!", "&&&", "a, b"])
def test_a_name_that_is_taken_or_malformed_is_refused(name):
    make_tag("weakness")
    make_live(tags=["other"])
    with pytest.raises(NameTaken):
        publishing.rename_taxon(make_tag("other"), name, by=None)


def test_a_renamed_category_keeps_its_place_and_its_causes():
    entry = make_live(category="Ilnesses")
    old = make_category("Ilnesses")
    old.position, old.description = 3, "Sick."
    old.save()
    new = publishing.rename_taxon(old, "Illnesses", by=None)
    assert (new.position, new.description) == (3, "Sick.")
    assert entry.newest.shown_category == new


def test_words_without_a_comma_are_one_tag():
    assert parse_tags("heart attack, palsy") == ["heart attack", "palsy"]


def test_names_that_make_one_address_are_one_tag():
    make_tag("nerve")
    for name in ("nerve!", "nerve-", " NERVE "):
        with pytest.raises((ValidationError, ValueError)):
            Tag(name=name).full_clean()
    assert {make_tag("C").slug, make_tag("C++").slug} == {"c", "c-plus-plus"}
