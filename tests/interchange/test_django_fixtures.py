"""What Django's own dumpdata writes comes in the same way, and so do older formats."""

import json
import random

import pytest
from django.core.management import call_command

from causes import publishing
from causes.clock import now
from causes.interchange.upgrade import UPGRADES
from causes.models import Entry, Publication, Revision, Source, Tag
from causes.models.format import VERSION
from tests.factories import (
    add_draft,
    make_category,
    make_entry,
    make_live,
    make_person,
    make_source,
)
from tests.interchange.content import (
    Planned,
    bring,
    empty,
    everything,
    exported,
    exported_after,
    write,
)

OLD = "tests/interchange/old"


def content():
    """Some of everything, by somebody."""
    ann = make_person("Superuser", "ann")
    make_source("maas-2015")
    entry = make_live(slug="old", tags=["virus", "nerve"], body="Known [@maas-2015].", by=ann)
    publishing.rename_taxon(Tag.objects.get(slug="virus"), "viruses", by=ann)
    publishing.publish(add_draft(entry, title="Second", tags=["root"]), by=ann)
    publishing.rename(entry, "new", by=ann)
    publishing.record_review(
        entry.revisions.first(), by=ann, reviewer="B", qualification="MD", reviewed_on=now().date()
    )
    make_entry(slug="a-page", kind="page", by=ann, category=None)


def dumped(tmp_path, **options):
    path = tmp_path / "dump.json"
    call_command("dumpdata", "causes", output=str(path), **options)
    return path


NATURAL = {"natural_primary": True, "natural_foreign": True}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("options", [NATURAL, {"natural_foreign": True}, {}])
def test_dumpdata_with_and_without_natural_keys_comes_in_as_an_export_does(tmp_path, options):
    content()
    path, text = dumped(tmp_path, **options), exported("history")
    empty()
    # Other rows have the primary keys of the file here.
    make_live(slug="in-the-way", tags=["other"], category="Injuries")
    make_source("in-the-way")
    planned = Planned(path)
    assert planned.problems == []
    assert planned.store.fact("left_out")["event"] >= 5
    run = planned.apply()
    assert run is not None
    mine = exported("history", entries=("new", "a-page"))
    names = ('"in-the-way"', '"injuries"', '"other"')
    assert not any(name in mine for name in names)
    for row in json.loads(text):
        assert row in json.loads(exported("history"))
    assert Entry.objects.get(slug="in-the-way").newest.category.name == "Injuries"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("options", [NATURAL, {"natural_foreign": True}, {}])
def test_loaddata_loads_what_dumpdata_wrote_into_a_new_site(tmp_path, options):
    content()
    path, text = dumped(tmp_path, **options), exported("history")
    empty()
    call_command("loaddata", str(path), verbosity=0)
    assert exported("history") == text


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_rows_does_not_matter(tmp_path, seed):
    content()
    rows = json.loads(exported("history"))
    text = exported("history")
    empty()
    random.Random(seed).shuffle(rows)
    assert bring(write(tmp_path, rows)) is not None
    assert exported("history") == text


@pytest.mark.django_db
def test_a_primary_key_that_the_file_does_not_explain_is_refused_by_name(tmp_path):
    make_category("Diseases")
    text = exported_after(lambda: make_live(slug="polio", tags=[]), "public")
    rows = json.loads(text)
    for row in rows:
        if row["model"] == "causes.revision":
            row["fields"]["category"] = 77
    planned = Planned(write(tmp_path, [r for r in rows if r["model"] != "causes.category"]))
    assert "is the primary key 77 of a category that is not in the file" in (planned.problems[0])
    assert "--natural-foreign" in planned.problems[0]


@pytest.mark.django_db
def test_several_files_are_one_import(tmp_path):
    def both():
        make_live(slug="one", tags=["nerve"])
        make_live(slug="two", tags=["nerve"])

    rows = json.loads(exported_after(both, "public"))

    def part(slug):
        """One entry, with the taxonomy that both share."""
        own = {
            row["fields"]["uuid"]
            for row in rows
            if row["model"] == "causes.revision" and row["fields"]["entry"] == [slug]
        }
        return [
            row
            for row in rows
            if row["model"].split(".")[1] in ("fixtureformat", "category", "tag")
            or row["fields"].get("slug") == slug
            or row["fields"].get("entry") == [slug]
            or (row["fields"].get("content_object") or [""])[0] in own
        ]

    one, two = write(tmp_path, part("one"), "one.json"), write(tmp_path, part("two"), "two.json")
    planned = Planned(two, one)
    assert planned.problems == []
    assert planned.entries == {"one": "created", "two": "created"}
    planned.apply()
    assert Publication.objects.live().count() == 2


@pytest.mark.django_db
def test_an_example_of_every_older_format_comes_in(client):
    assert sorted(UPGRADES) == list(range(1, VERSION))
    from pathlib import Path

    for version in UPGRADES:
        path = Path(OLD) / f"format-{version}.json"
        assert f'"version": {version}' in path.read_text()
        planned = Planned(path)
        assert planned.problems == []
        planned.apply()
        assert client.get("/causes/polio/").status_code == 200
        assert Revision.objects.count() == 9
        # The fixture of today holds the same content, and corrections of some texts.
        today = set(Planned(Path("fixtures/initial.json")).outcomes.values())
        assert today == {"unchanged", "changed"}


@pytest.mark.django_db
def test_a_revision_of_format_1_takes_the_place_of_what_it_was_based_on(tmp_path):
    entry = make_live(slug="polio")

    def act():
        publishing.publish(add_draft(entry, title="Second"), by=None)

    rows = json.loads(exported_after(act, "public"))
    for row in rows:
        row["fields"].pop("predecessors", None)
    rows[0]["fields"]["version"] = 1
    planned = Planned(write(tmp_path, rows))
    assert planned.entries == {"polio": "changed"}
    planned.apply()
    second = Revision.objects.get(title="Second")
    assert second.predecessors == [str(second.based_on)]


@pytest.mark.django_db
def test_what_is_not_content_is_left_out_and_counted(tmp_path, capsys):
    content()
    path = dumped(tmp_path, **NATURAL)
    before = everything()
    call_command("import_fixture", str(path), "--dry-run")
    assert "rows of causes.event, which are not content" in capsys.readouterr().out
    assert everything() == before
    assert Source.objects.count() == 1
