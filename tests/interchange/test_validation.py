"""Everything that is wrong with a file is told at once, with its place, and nothing is written."""

import copy
import json

import pytest
from django.core.management import CommandError, call_command

from causes.interchange.schema import SCHEMAS
from causes.models import Entry
from tests.factories import make_entry, make_live, make_source
from tests.interchange.content import Planned, everything, exported, exported_after, write

pytestmark = pytest.mark.django_db


def content():
    make_source("maas-2015")
    make_live(slug="polio", title="Polio", tags=["virus", "nerve"], body="Known [@maas-2015].")


@pytest.fixture
def rows():
    return json.loads(exported_after(content, "public"))


def of(rows, model, place=0):
    return [row for row in rows if row["model"] == f"causes.{model}"][place]


def change(model, place=0, **fields):
    def act(rows):
        of(rows, model, place)["fields"].update(fields)

    return act


def drop(model, field):
    def act(rows):
        del of(rows, model)["fields"][field]

    return act


def remove(model, place=0):
    def act(rows):
        rows.remove(of(rows, model, place))

    return act


def twice(model, **fields):
    def act(rows):
        row = copy.deepcopy(of(rows, model))
        row["fields"].update(fields)
        rows.append(row)

    return act


LONG = "x" * 600
UUID = "11111111-1111-4111-8111-111111111111"

BAD = [
    # What is done to a good file; what must be said of the place, and of what is wrong.
    (change("entry", slug="Not a Slug!"), "object 6, entry Not a Slug!, field 'slug'", "is not a slug"),
    (change("entry", slug=None), "object 6, entry, field 'slug'", "None is not a slug"),
    (change("entry", kind="thing"), "entry polio, field 'kind'", "one of cause, page"),
    (change("entry", created_at="yesterday"), "field 'created_at'", "must be a date and time such as"),
    (change("entry", created_at="2026-01-01T00:00:00"), "field 'created_at'", "no time zone"),
    (change("entry", last_number=-1), "field 'last_number'", "whole number from 0"),
    (change("entry", last_number="2"), "field 'last_number'", "whole number from 0"),
    (change("entry", colour="red"), "entry polio, field 'colour'", "There is no such field"),
    (change("revision", title="  "), "object 7, revision", "It is empty"),
    (drop("revision", "title"), "field 'title'", "is missing"),
    (change("revision", title="x" * 201), "field 'title'", "It has 201 characters; the most is 200"),
    (change("revision", title=5), "field 'title'", "It must be a text, not 5"),
    (change("revision", title="a\x00b"), "field 'title'", "NUL character"),
    (change("revision", body="a\ud800b"), "field 'body'", "lone surrogate"),
    (change("revision", summary=LONG), "field 'summary'", "the most is 500"),
    (change("revision", body="x" * 200_001), "field 'body'", "the limit is 200,000"),
    (change("revision", body="![a](b)"), "field 'body'", "Images cannot be part"),
    (change("revision", body="[a](javascript:b)"), "field 'body'", "is not allowed"),
    (change("revision", body="No [@who-2020]."), "field 'body'", "no source has the key 'who-2020'"),
    (change("revision", summary=""), "field 'summary'", "Lists and search engines show the summary"),
    (change("revision", category=None), "field 'category'", "choose one"),
    (change("revision", category=["nowhere"]), "field 'category'", "no category 'nowhere'"),
    (change("revision", category="diseases"), "field 'category'", "must be a natural key"),
    (change("revision", uuid="1234"), "field 'uuid'", "must be a UUID"),
    (change("revision", number=0), "field 'number'", "whole number from 1"),
    (change("revision", number=True), "field 'number'", "whole number from 1"),
    (change("revision", predecessors="x"), "field 'predecessors'", "list of UUIDs"),
    (change("revision", predecessors=["x"]), "field 'predecessors'", "must be a UUID"),
    (change("revision", tag_count=3), "field 'tag_count'", "says 3, but the file has 2 tags"),
    (change("revision", entry=["nowhere"]), "field 'entry'", "entry nowhere, which is not in the file"),
    (change("revision", withheld_at="2026-01-01T00:00:00Z"), "field 'withheld_at'", "must have the title 'Withheld'"),
    (remove("revision"), "taggedrevision", "which is not in the file"),
    (change("taggedrevision", tag=["nowhere"]), "field 'tags'", "no tag 'nowhere'"),
    (change("taggedrevision", tag=["No Slug"]), "field 'tag'", "is not a slug of a category or tag"),
    (change("taggedrevision", tag=["virus", "x"]), "field 'tag'", "a list of one value"),
    (change("publication", live_until="2020-01-01T00:00:00Z"), "field 'live_until'", "must be after live_from"),
    (change("publication", live_from="2026-02-30T00:00:00Z"), "field 'live_from'", "must be a date and time"),
    (twice("publication", uuid=UUID), "field 'live_from'", "public in the same span of time"),
    (change("publication", revision=[UUID]), "field 'revision'", "not a revision of this entry"),
    (change("category", name=""), "category diseases, field 'name'", "It is empty"),
    (change("category", slug="No Slug"), "field 'slug'", "is not a slug of a category or tag"),
    (change("category", review_months=0), "field 'review_months'", "whole number from 1 to 240"),
    (change("category", merged_into=["diseases"]), "field 'merged_into'", "old name of itself"),
    (change("category", merged_into=["nowhere"]), "field 'merged_into'", "no category 'nowhere'"),
    (change("tag", name="a,b"), "field 'name'", "contains a comma"),
    (change("tag", name="&&&"), "field 'name'", "no letter or digit"),
    (change("tag", name="Virus"), "field 'name'", "has the same name"),
    (change("source", key="Maas 2015"), "field 'key'", "is not a key"),
    (change("source", kind="book"), "field 'kind'", "must be one of"),
    (change("source", authors=""), "field 'authors'", "It is empty"),
    (change("source", doi="x"), "field 'doi'", "A DOI looks like"),
    (change("source", pmid="12a"), "field 'pmid'", "A PMID is a number"),
    (change("source", url="ftp://x"), "field 'url'", "valid URL"),
    (change("source", year="2015"), "field 'year'", "whole number from 0"),
    (change("source", checked_on="2015-13-01"), "field 'checked_on'", "must be a date such as"),
    (change("source", withdrawn_reason="Wrong."), "field 'withdrawn_on'", "Say when it was withdrawn"),
    (twice("entry", created_at="2001-01-01T00:00:00Z"), "entry polio", "This row differs from"),
    (twice("revision", uuid=UUID), "field 'number'", "also has number 1"),
    (lambda rows: rows.append({"model": "blog.post", "fields": {}}), "blog.post, field 'model'", "another app"),
    (lambda rows: rows.append({"model": "causes.thing", "fields": {}}), "causes.thing", "no such model"),
    (lambda rows: rows.append({"model": "causes.tag"}), "field 'fields'", "must be an object"),
    (lambda rows: rows.append({"fields": {}}), "field 'model'", "is missing"),
    (lambda rows: rows.append("text"), "object 11", "This is not a row"),
    (lambda rows: rows.append({"model": "causes.tag", "fields": {}, "x": 1}), "field 'x'", "no such part"),
    (change("fixtureformat", version=5), "object 1, field 'version'", "use a newer version of the site"),
    (change("fixtureformat", name="another"), "field 'version'", "this site reads denervation-site"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(BAD)))
def test_a_bad_file_is_refused_with_the_place_and_the_reason(tmp_path, rows, number):
    spoil, place, sentence = BAD[number]
    spoil(rows)
    path = write(tmp_path, rows)
    before = everything()
    planned = Planned(path)
    found = [p for p in planned.problems if place in p and sentence in p]
    assert found, planned.problems
    assert all(problem.startswith("content.json, object ") for problem in planned.problems)
    with pytest.raises(CommandError, match="Nothing was written"):
        call_command("import_fixture", str(path), verbosity=0)
    assert everything() == before


def test_all_of_it_is_told_at_once(tmp_path, rows, capsys):
    for spoil in (
        change("entry", kind="thing"),
        change("source", doi="x", year="y"),
        change("revision", title="", summary=LONG),
        change("tag", 1, name="a,b"),
    ):
        spoil(rows)
    rows.append({"model": "blog.post", "fields": {}})
    planned = Planned(write(tmp_path, rows))
    assert len(planned.problems) == 7
    with pytest.raises(CommandError, match="7 problems"):
        call_command("import_fixture", str(tmp_path / "content.json"), verbosity=0)
    said = capsys.readouterr().err
    for words in ("'kind'", "'doi'", "'year'", "'title'", "'summary'", "'name'", "blog.post"):
        assert words in said


def test_a_row_in_which_a_name_stands_twice_is_refused(tmp_path, rows):
    text = json.dumps(rows).replace('"title": "Polio"', '"title": "Polio", "title": "Other"')
    planned = Planned(write(tmp_path, text))
    assert "field 'title': This name appears twice" in planned.problems[0]
    assert planned.entries == {"polio": "refused"}


def test_the_same_row_twice_is_one(tmp_path, rows):
    planned = Planned(write(tmp_path, rows * 2))
    assert planned.problems == []
    assert set(planned.outcomes.values()) == {"created"}


def test_two_files_that_say_different_things_of_one_row_are_refused(tmp_path, rows):
    one = write(tmp_path, rows, "one.json")
    of(rows, "source")["fields"]["title"] = "Another title"
    two = write(tmp_path, rows, "two.json")
    planned = Planned(one, two)
    (problem,) = planned.problems
    assert problem.startswith("two.json, object ")
    assert "source maas-2015: This row differs from object" in problem
    assert "of one.json, which has the same key" in problem


def test_two_entries_of_a_file_cannot_share_what_is_one_things_own(tmp_path, rows):
    twin = [copy.deepcopy(row) for row in rows if row["model"].split(".")[1] in (
        "entry", "revision", "taggedrevision", "publication")]  # fmt: skip
    text = json.dumps(twin).replace('"polio"', '"twin"')
    planned = Planned(write(tmp_path, rows + json.loads(text)))
    assert "refused" in (planned.entries.get("polio"), planned.entries.get("twin"))
    text = text.replace(of(rows, "revision")["fields"]["uuid"], UUID)
    planned = Planned(write(tmp_path, rows + json.loads(text)))
    assert planned.entries == {"polio": "created", "twin": "refused"}
    assert "differs from object 10, which has the same key" in planned.problems[0]


def test_a_stored_text_is_never_another(tmp_path):
    content()
    rows = json.loads(exported())
    of(rows, "revision")["fields"]["title"] = "Another title"
    planned = Planned(write(tmp_path, rows), on_conflict="theirs")
    assert planned.entries == {"polio": "refused"}
    assert "a stored text never changes" in planned.problems[0]


def test_a_text_or_span_of_another_entry_is_refused(tmp_path):
    content()
    rows = json.loads(exported())
    text = json.dumps(rows).replace('"polio"', '"other"')
    planned = Planned(write(tmp_path, text))
    assert planned.entries == {"other": "refused"}
    assert any(
        "This revision belongs to another entry on this site" in problem
        for problem in planned.problems
    )
    assert any("Another entry on this site has it" in problem for problem in planned.problems)


def test_a_span_that_is_another_one_here_is_refused(tmp_path):
    content()
    rows = json.loads(exported())
    of(rows, "publication")["fields"]["live_from"] = "2999-01-01T00:00:00Z"
    planned = Planned(write(tmp_path, rows), on_conflict="theirs")
    assert "field 'live_from': It has begun on this site already" in planned.problems[0]


def test_skip_invalid_brings_in_the_rest_and_lists_what_it_left_out(tmp_path):
    def more():
        content()
        make_live(slug="other", tags=["root"])
        make_live(slug="third", tags=["nerve"])

    rows = json.loads(exported_after(more, "public"))
    revision = next(
        r for r in rows if r["fields"].get("entry") == ["polio"] and "title" in r["fields"]
    )
    revision["fields"]["title"] = ""
    of(rows, "tag", 1)["fields"]["name"] = "&&&"
    planned = Planned(write(tmp_path, rows), skip_invalid=True)
    run = planned.apply()
    # One has no title, and the tag of the other has no name.
    assert planned.entries == {"other": "refused", "polio": "refused", "third": "created"}
    assert [entry.slug for entry in Entry.objects.all()] == ["third"]
    for words in ("It is empty", "no letter or digit", "There is no tag 'root'"):
        assert any(words in line[2] for line in run.report), words


def test_a_file_that_is_cut_off_brings_nothing_in_even_so(tmp_path, rows):
    text = json.dumps(rows)
    planned = Planned(write(tmp_path, text[: len(text) - 200]), skip_invalid=True)
    assert "cut off" in planned.problems[-1]
    assert planned.plan.unreadable
    with pytest.raises(CommandError, match="cannot be read to its end"):
        call_command(
            "import_fixture", str(tmp_path / "content.json"), "--skip-invalid", verbosity=0
        )


def test_an_entry_that_is_a_page_here_cannot_come_in_as_a_cause(tmp_path, rows):
    make_entry(slug="polio", kind="page")
    planned = Planned(write(tmp_path, rows))
    assert "This is a page on this site" in planned.problems[0]


def test_a_page_cannot_take_an_address_of_the_site(tmp_path, rows):
    text = json.dumps(rows).replace('"polio"', '"admin"').replace('"cause"', '"page"')
    planned = Planned(write(tmp_path, text))
    assert "belongs to a part of the site" in planned.problems[0]


def test_every_field_that_is_exported_is_read_and_none_else(article):
    for row in json.loads(exported("history")):
        form = SCHEMAS[row["model"].removeprefix("causes.")]
        assert list(row["fields"]) == [field.name for field in form.fields]
