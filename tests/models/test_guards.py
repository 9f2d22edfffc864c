"""`loaddata` skips Model.save() and every form: what it may not bring in all the same."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import ProtectedError

from causes import publishing
from causes.clock import now
from causes.models import Category, Entry, Publication, Revision, Source, Tag
from causes.models.guards import Refused
from tests.factories import add_draft, make_category, make_entry, make_live, make_source, make_tag

pytestmark = pytest.mark.django_db

UUID = "11111111-1111-4111-8111-111111111111"
STAMP = "2026-01-01T00:00:00Z"


@pytest.fixture
def load(tmp_path):
    def load(*rows):
        path = tmp_path / "rows.json"
        path.write_text(json.dumps([{"model": f"causes.{m}", **row} for m, row in rows]))
        call_command("loaddata", str(path), verbosity=0)

    return load


def entry_row(slug="loaded", **fields):
    base = {"kind": "cause", "slug": slug, "created_at": STAMP, "last_number": 1}
    return ("entry", {"fields": base | fields})


def revision_row(slug="loaded", **fields):
    base = {"uuid": UUID, "entry": [slug], "number": 1, "title": "Loaded", "created_at": STAMP}
    return ("revision", {"fields": base | fields})


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([entry_row("NOT A slug!!")], "NOT A slug!!"),
        ([entry_row(kind="blog")], "kind must be one of"),
        ([entry_row("search", kind="page")], "part of the site"),
        ([entry_row(), revision_row(title="  ")], "'loaded', revision 1: the title is empty"),
        ([entry_row(), revision_row(title="a\x00b")], "NUL"),
        ([entry_row(), revision_row(note="a\ud800b")], "lone surrogate"),
        ([entry_row(), revision_row(summary="x" * 501)], "longer than 500"),
        ([entry_row(), revision_row(body="x" * 200_001)], "200,001 characters"),
        ([entry_row(), revision_row(body="![x](y)")], "Images cannot be part"),
        ([("fixtureformat", {"fields": {"name": "denervation-site", "version": 5}})], "format 5"),
        ([("source", {"fields": {"key": "No Key", "kind": "trial", "authors": "A", "title": "T"}})],
         "maas-2015"),
        ([("tag", {"fields": {"name": "&&&", "slug": "x"}})], "no letter or digit"),
    ],
)  # fmt: skip
def test_an_invalid_row_is_refused_with_a_sentence_and_nothing_is_written(load, rows, sentence):
    with pytest.raises(CommandError) as caught:
        load(*rows)
    assert sentence in str(caught.value)
    assert not Entry.objects.exists()


def test_a_primary_key_clash_never_turns_one_entry_into_another(load):
    mine = make_live(slug="mine")
    name, row = entry_row("theirs")
    with pytest.raises(CommandError, match="'mine'"):
        load((name, {"pk": mine.pk, **row}))
    mine.refresh_from_db()
    assert mine.slug == "mine"


def test_a_stored_text_is_not_replaced(load):
    entry = make_entry(slug="loaded")
    newest = entry.newest
    with pytest.raises(CommandError, match="'loaded', revision 1: a stored text never changes"):
        load(revision_row(uuid=str(newest.uuid), title="Other words"))
    newest.refresh_from_db()
    assert newest.title != "Other words"


def test_another_text_with_the_same_number_is_refused(load):
    make_entry(slug="loaded")
    with pytest.raises(CommandError, match="'loaded', revision 1: there is another text"):
        load(revision_row())


def test_overlapping_spans_are_refused_by_name(load):
    entry = make_live(slug="loaded")
    with pytest.raises(CommandError, match=r"cause 'loaded', .* is public in the same"):
        load(
            entry_row(last_number=2, created_at=entry.created_at.isoformat()),
            revision_row(number=2),
            ("publication", {"fields": {"uuid": UUID, "entry": ["loaded"], "revision": [UUID],
                                        "live_from": now().isoformat()}}),
        )  # fmt: skip
    assert Revision.objects.count() == 1


def test_tags_come_in_with_their_text_and_never_after_it(load):
    make_tag("virus")
    make_tag("weakness")
    link = ("taggedrevision", {"fields": {"content_object": [UUID], "tag": ["virus"]}})
    load(entry_row(), revision_row(tag_count=1), link)
    load(entry_row(), revision_row(tag_count=1), link)
    assert [tag.name for tag in Revision.objects.get().shown_tags()] == ["virus"]
    late = ("taggedrevision", {"fields": {"content_object": [UUID], "tag": ["weakness"]}})
    with pytest.raises(CommandError, match="tags of a stored text never change"):
        load(late)


def test_a_tag_that_differs_in_case_only_is_refused(load):
    make_tag("Ageing")
    with pytest.raises(CommandError, match="same name"):
        load(("tag", {"fields": {"name": "AGEING", "slug": "ageing-2"}}))


def test_who_wrote_a_text_survives_loading_it_again(tmp_path, editor):
    make_live(slug="kept", by=editor)
    path = tmp_path / "dump.json"
    call_command("dumpdata", "causes", natural_primary=True, natural_foreign=True, output=str(path))
    assert "ed" not in {str(value) for row in json.loads(path.read_text())
                        for value in row["fields"].values()}  # fmt: skip
    call_command("loaddata", str(path), verbosity=0)
    assert Revision.objects.get().author == editor


def test_saving_a_changed_revision_is_refused():
    revision = make_entry().newest
    revision.title = "Changed"
    with pytest.raises(Refused, match="never changes"):
        revision.save()


def test_a_bulk_of_texts_is_noted_with_what_it_cites():
    entry, source = make_entry(slug="bulk"), make_source("maas-2015")
    made = Revision(entry=entry, number=2, title="T", body="Cites [@maas-2015].")
    Revision.objects.bulk_create([made])
    Publication.objects.bulk_create([Publication(entry=entry, revision=made, live_from=now())])
    assert list(Source.objects.with_live()) == [source]


def test_what_was_public_is_not_deleted():
    entry = make_live()
    with pytest.raises((Refused, ProtectedError)), transaction.atomic():
        entry.delete()
    with pytest.raises(Refused), transaction.atomic():
        entry.publications.get().delete()
    assert Publication.objects.live().count() == 1


def test_what_was_never_public_can_be_deleted_with_its_drafts():
    entry = make_entry(tags=["virus"])
    add_draft(entry, title="B")
    entry.delete()
    assert not Revision.objects.exists()
    assert Tag.objects.exists()


def test_a_cited_source_is_not_deleted_and_keeps_its_key():
    source = make_source("maas-2015")
    make_entry(body="See [@maas-2015].")
    with pytest.raises(Refused, match="withdrawn"), transaction.atomic():
        source.delete()
    source.key = "maas-2016"
    with pytest.raises(Refused, match="never changes"):
        source.save()


def test_tags_and_categories_in_use_are_not_deleted():
    make_live(tags=["virus"])
    for row in (Tag.objects.get(), Category.objects.get()):
        with pytest.raises(ProtectedError), transaction.atomic():
            row.delete()


def test_a_text_in_a_merged_category_is_shown_under_its_new_name():
    entry = make_live(category="Old")
    publishing.merge(make_category("Old"), make_category("New"), by=None)
    assert entry.newest.shown_category.name == "New"


def test_a_span_is_laid_on_a_text_of_its_own_entry():
    one, other = make_entry(), make_entry()
    with pytest.raises(Refused, match="another entry"):
        Publication.objects.create(entry=one, revision=other.newest, live_from=now())


def test_a_scheduled_span_can_be_cancelled():
    entry = make_entry()
    later = now() + timedelta(days=1)
    Publication.objects.create(entry=entry, revision=entry.newest, live_from=later)
    entry.publications.get().delete()
    assert entry.state == Entry.State.DRAFT
