from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from causes.interchange.markdown import KEYS
from causes.models import Category, Entry, Import, Publication, Revision, Source, Tag
from tests.factories import add_draft, make_category, make_live, make_source, make_tag
from tests.interchange.content import Planned, everything

pytestmark = pytest.mark.django_db

POLIO = """---
title: Polio
category: Diseases
tags: [virus, motor neurons]
summary: A virus that harms nerve cells.
published: 2026-03-01
note: First text.
sources:
  - key: who-polio
    kind: health-authority
    authors: World Health Organization
    title: Poliomyelitis
    year: 2025
---

Poliovirus harms motor neurons [@who-polio].
"""


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "texts"
    made.mkdir()
    return made


def put(folder, name, text):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def planned(folder, **options):
    return Planned(folder, markdown=True, **options)


def test_a_folder_comes_in_as_entries_with_categories_tags_and_sources(folder, client):
    put(folder, "polio.md", POLIO)
    put(folder, "more/Nerve injury.markdown", "# Nerve injury\n\nA draft, no more.\n")
    call_command("import_fixture", "--from", "markdown", str(folder), verbosity=0)
    polio = Entry.objects.get(slug="polio").newest
    assert (polio.title, polio.category.name, polio.note) == ("Polio", "Diseases", "First text.")
    assert [tag.name for tag in polio.shown_tags()] == ["motor neurons", "virus"]
    assert Publication.objects.get().live_from.isoformat() == "2026-03-01T00:00:00+00:00"
    assert "motor neurons" in client.get("/causes/polio/").content.decode()
    assert Source.objects.get().year == 2025
    draft = Entry.objects.get(slug="nerve-injury").newest
    assert (draft.title, draft.body) == ("Nerve injury", "A draft, no more.")


def test_what_is_named_and_here_is_used_and_not_made_again(folder):
    make_category("Diseases")
    make_tag("virus")
    make_source("who-polio", kind="health-authority", authors="World Health Organization",
                title="Poliomyelitis", year=2025)  # fmt: skip
    put(folder, "polio.md", POLIO.replace("Diseases", "diseases").replace("virus,", "Virus,"))
    plan = planned(folder)
    assert plan.problems == []
    assert plan.outcomes == {
        "tag motor-neurons": "created",
        "source who-polio": "unchanged",
        "cause polio": "created",
    }
    plan.apply()
    assert Category.objects.count() == 1
    assert Tag.objects.count() == 2


def test_coming_in_again_changes_nothing_and_an_edited_file_is_a_new_revision(folder):
    path = put(folder, "polio.md", POLIO)
    planned(folder).apply()
    assert set(planned(folder).outcomes.values()) == {"unchanged"}
    path.write_text(POLIO.replace("harms motor", "kills motor"))
    plan = planned(folder)
    assert plan.entries == {"polio": "changed"}
    plan.apply()
    assert "kills" in Publication.objects.live().get().revision.body
    assert Revision.objects.count() == 2


def test_an_edited_file_is_a_conflict_where_somebody_edited_here(folder):
    path = put(folder, "polio.md", POLIO)
    planned(folder).apply()
    add_draft(Entry.objects.get(), title="Edited here")
    path.write_text(POLIO.replace("harms motor", "kills motor"))
    assert planned(folder).entries == {"polio": "conflict"}
    # Unless the file says that it was written on that text.
    base = Entry.objects.get().newest.uuid
    path.write_text(
        POLIO.replace("harms motor", "kills motor").replace("---\n", f"---\nbased_on: {base}\n", 1)
    )
    assert planned(folder).entries == {"polio": "changed"}


def test_an_entry_that_was_written_here_is_not_overwritten(folder):
    make_live(slug="polio", title="Written here")
    put(folder, "polio.md", POLIO)
    plan = planned(folder)
    assert plan.entries == {"polio": "conflict"}


def test_published_true_is_public_from_now_on(folder, client):
    put(folder, "polio.md", POLIO.replace("2026-03-01", "true"))
    planned(folder).apply()
    assert client.get("/causes/polio/").status_code == 200
    assert set(planned(folder).outcomes.values()) == {"unchanged"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("note:", "colour: red\nnote:"), "field 'colour': There is no such key. The keys are: title"),
        (("title: Polio", "title: ''"), "field 'title': It is empty"),
        (("title: Polio", "title: Polio\nslug: Not One"), "field 'slug': 'Not One' is not a slug"),
        (("title: Polio", "title: [a"), "The front matter is not YAML in line"),
        (("2026-03-01", "soon"), "field 'published': It must be a date and time"),
        (("tags: [virus, motor neurons]", "tags: {a: b}"), "field 'tags': It must be a list"),
        (("tags: [virus, motor neurons]", "tags: ['&&&']"), "field 'tags': The name '&&&' has no"),
        (("year: 2025", "year: soon"), "field 'sources: year': source who-polio: It must be a whole"),
        (("year: 2025", "pages: 3"), "field 'sources: pages': source who-polio: There is no such field"),
        (("harms motor", "![x](y)"), "field 'body': Images cannot be part"),
        (("[@who-polio]", "[@nobody-1]"), "no source has the key 'nobody-1'"),
        (("category: Diseases\n", ""), "field 'category': This text is public in the file."),
        (("title: Polio", "title: Polio\nkind: thing"), "field 'kind': It must be one of"),
        (("note: First", "note: &a First"), None),
        (("note: First text.", "note: &a First\ndate: *a"), "uses YAML aliases"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_the_file_and_the_key(folder, change, sentence):
    put(folder, "polio.md", POLIO.replace(*change, 1))
    before = everything()
    plan = planned(folder)
    if sentence is None:
        assert plan.problems == []
        return
    assert any(p.startswith("polio.md") and sentence in p for p in plan.problems), plan.problems
    with pytest.raises(CommandError, match="Nothing was written"):
        call_command("import_fixture", "--from", "markdown", str(folder), verbosity=0)
    assert everything() == before


@pytest.mark.parametrize(
    ("text", "sentence"),
    [(b"---\ntitle: \xe9\n---\n", "The file is not UTF-8"), ("---\n- a\n---\n", "must have keys with values"),
     ("Only words.", "field 'title': It is empty"), ("x" * (5 << 20), "larger than 4 MB")],
)  # fmt: skip
def test_a_file_that_is_none_is_named(folder, text, sentence):
    put(folder, "bad.md", text)
    put(folder, "polio.md", POLIO)
    plan = planned(folder)
    assert any(p.startswith("bad.md") and sentence in p for p in plan.problems), plan.problems
    assert plan.entries["polio"] == "created"


def test_a_folder_without_markdown_is_named(folder):
    with pytest.raises(CommandError, match="cannot be read to its end"):
        call_command("import_fixture", "--from", "markdown", str(folder), verbosity=0)
    assert not Import.objects.exists()


def test_two_files_with_one_address_are_refused(folder):
    put(folder, "polio.md", POLIO)
    put(folder, "other/polio.md", "# Other\n\nWords.\n")
    plan = planned(folder)
    assert any("in the file has this slug, too" in p for p in plan.problems), plan.problems


def test_every_key_is_documented():
    text = Path("docs/fixtures.md").read_text(encoding="utf-8")
    for key in KEYS:
        assert f"`{key}`" in text
