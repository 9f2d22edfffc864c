import gzip
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from causes import publishing
from causes.clock import now
from causes.interchange.export import Selection, export
from causes.models import Entry, Publication, Revision, Source, Tag
from tests.factories import add_draft, make_entry, make_live, make_person, make_source
from tests.interchange.content import empty, everything, exported, rows_of

pytestmark = pytest.mark.django_db


def of(text, model):
    return [row["fields"] for row in rows_of(text) if row["model"] == f"causes.{model}"]


def slugs(text):
    return [fields["slug"] for fields in of(text, "entry")]


def test_what_is_live_or_scheduled_is_exported_with_what_it_needs_and_no_draft():
    make_source("maas-2015")
    make_source("unused-2000")
    live = make_live(slug="live", tags=["nerve"], body="Known [@maas-2015].")
    add_draft(live, title="Only a draft", tags=["secret"])
    ahead = make_entry(slug="ahead")
    publishing.schedule(ahead.newest, by=None, publish_at=now() + timedelta(days=2))
    make_entry(slug="a-draft")
    gone = make_live(slug="gone")
    publishing.take_down(gone, by=None)
    text = exported()
    assert slugs(text) == ["ahead", "live"]
    assert "Only a draft" not in text
    assert [fields["slug"] for fields in of(text, "tag")] == ["nerve"]
    assert [fields["key"] for fields in of(text, "source")] == ["maas-2015"]
    assert [fields["last_number"] for fields in of(text, "entry")] == [1, 1]


def test_live_only_leaves_out_what_is_scheduled():
    make_live(slug="live")
    ahead = make_entry(slug="ahead")
    publishing.schedule(ahead.newest, by=None, publish_at=now() + timedelta(days=2))
    assert slugs(exported("live")) == ["live"]


def test_with_history_holds_every_revision_and_span_and_what_nothing_uses():
    make_source("unused-2000")
    entry = make_live(slug="moved")
    publishing.publish(add_draft(entry, title="Second"), by=None)
    publishing.take_down(entry, by=None)
    make_entry(slug="a-draft")
    text = exported("history")
    assert slugs(text) == ["a-draft", "moved"]
    assert len(of(text, "revision")) == 3
    assert len(of(text, "publication")) == 2
    assert [fields["key"] for fields in of(text, "source")] == ["unused-2000"]


def test_old_names_and_old_addresses_come_along():
    entry = make_live(slug="old", tags=["first name"])
    publishing.rename_taxon(Tag.objects.get(), "second name", by=None)
    publishing.rename(entry, "new", by=None)
    text = exported()
    assert [(f["slug"], f["merged_into"]) for f in of(text, "tag")] == [
        ("first-name", ["second-name"]),
        ("second-name", None),
    ]
    assert [(f["slug"], f["entry"]) for f in of(text, "redirect")] == [("old", ["new"])]


def test_the_last_review_comes_along_with_the_text_it_is_of_but_never_with_a_draft():
    entry = make_live(slug="reviewed")
    first = entry.newest
    review(first, "Ann")
    publishing.publish(add_draft(entry, title="Second"), by=None)
    review(add_draft(entry, title="Draft of what is not public"), "Bob")
    text = exported()
    assert [fields["reviewer"] for fields in of(text, "review")] == ["Ann"]
    assert [fields["number"] for fields in of(text, "revision")] == [1, 2]
    assert "what is not public" not in text
    assert len(of(exported("history"), "review")) == 2


def review(revision, name):
    publishing.record_review(
        revision, by=None, reviewer=name, qualification="MD", reviewed_on=now().date()
    )


def test_no_account_no_event_and_no_primary_key_is_in_it():
    writer = make_person("Superuser", "wanda")
    make_live(slug="by-her", by=writer)
    text = exported("history")
    assert "wanda" not in text
    assert "causes.event" not in text
    assert not any("pk" in row for row in rows_of(text))


def test_the_same_content_gives_the_same_bytes_whatever_the_order_in_which_it_was_made(article):
    # Primary keys, and with them what the database would rather give first, differ.
    first = exported("history")
    rows = rows_of(first)
    empty_by_hand()
    call_command("loaddata", _shuffled(rows), verbosity=0)
    assert exported("history") == first


def empty_by_hand():
    Publication.objects.all()._raw_delete("default")
    for model in ("TaggedRevision", "Revision", "Entry", "Tag", "Category", "Source"):
        from causes import models

        getattr(models, model).objects.all()._raw_delete("default")


def _shuffled(rows):
    import tempfile

    taxonomy = [row for row in rows if row["model"] in ("causes.tag", "causes.source")]
    rest = [row for row in rows if row not in taxonomy]
    with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as out:
        json.dump(rest[:5] + taxonomy[::-1] + rest[5:], out)
    return out.name


def test_what_is_sorted_is_sorted_by_code_point(article):
    text = exported("history")
    for model, key in (("category", "slug"), ("tag", "slug"), ("source", "key"), ("entry", "slug")):
        keys = [fields[key] for fields in of(text, model)]
        assert keys == sorted(keys)


def test_it_is_laid_out_as_dumpdata_lays_it_out(article):
    text = exported()
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"
    lines = exported(form="jsonl").splitlines()
    assert [json.loads(line) for line in lines] == json.loads(text)


@pytest.mark.django_db(transaction=True)
def test_stock_loaddata_reads_it(tmp_path):
    make_source("maas-2015")
    live = make_live(slug="live", tags=["nerve"], body="Known [@maas-2015].")
    publishing.publish(add_draft(live, title="Second"), by=None)
    for mode, form in (("history", "json"), ("public", "jsonl")):
        path = tmp_path / f"out.{form}"
        path.write_text(exported(mode, form), encoding="utf-8")
        empty()
        call_command("loaddata", str(path), verbosity=0)
        assert exported(mode, form) == path.read_text(encoding="utf-8")


def test_some_entries_are_chosen_by_slug_category_or_tag():
    make_live(slug="one", tags=["nerve"])
    make_live(slug="two", category="Injuries")
    make_live(slug="three", tags=["nerve", "root"])
    assert slugs(exported(entries=("one", "two"))) == ["one", "two"]
    assert slugs(exported(categories=("injuries",))) == ["two"]
    assert slugs(exported(tags=("nerve",))) == ["one", "three"]
    assert slugs(exported(tags=("root",), categories=("injuries",))) == []
    assert [f["slug"] for f in of(exported(entries=("two",)), "category")] == ["injuries"]


def test_a_category_is_chosen_by_what_the_text_that_is_exported_says():
    entry = make_live(slug="moving", category="Injuries")
    add_draft(entry, category="Diseases")
    assert slugs(exported(categories=("injuries",))) == ["moving"]
    assert slugs(exported("history", categories=("injuries",))) == []
    assert slugs(exported("history", categories=("diseases",))) == ["moving"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--entries", "nowhere"], "no entry with the slug 'nowhere'"),
        (["--category", "nowhere"], "no category with the slug 'nowhere'"),
        (["--tag", "nowhere"], "no tag with the slug 'nowhere'"),
        (["--entries", "a-draft"], "No text of 'a-draft' is live or scheduled"),
    ],
)
def test_what_is_asked_for_and_not_there_is_named_and_no_file_is_left(tmp_path, arguments, words):
    make_entry(slug="a-draft")
    path = tmp_path / "out.json"
    with pytest.raises(CommandError, match=words):
        call_command("export_fixture", str(path), *arguments)
    assert list(tmp_path.iterdir()) == []


def test_the_command_writes_files_plain_and_gzipped_and_to_standard_output(
    tmp_path, capsys, article
):
    for name in ("a.json", "a.jsonl", "a.json.gz"):
        call_command("export_fixture", str(tmp_path / name))
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert text == exported()
    assert (tmp_path / "a.jsonl").read_text(encoding="utf-8") == exported(form="jsonl")
    packed = (tmp_path / "a.json.gz").read_bytes()
    assert gzip.decompress(packed).decode() == text
    call_command("export_fixture", str(tmp_path / "a.json.gz"))
    assert (tmp_path / "a.json.gz").read_bytes() == packed
    call_command("export_fixture")
    assert capsys.readouterr().out == text


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(CommandError, match=r"nowhere/out\.json cannot be written"):
        call_command("export_fixture", str(tmp_path / "nowhere" / "out.json"))


def test_an_export_writes_nothing(article):
    before = everything()
    exported("history")
    assert everything() == before


def test_twice_the_entries_take_no_more_queries():
    def queries():
        with CaptureQueriesContext(connection) as seen:
            exported("history")
        return len(seen)

    for number in range(3):
        make_live(slug=f"entry-{number}", tags=["nerve", f"tag {number}"])
    before = queries()
    for number in range(3, 6):
        make_live(slug=f"entry-{number}", tags=["nerve", f"tag {number}"])
    assert queries() == before


@pytest.mark.django_db(transaction=True)
def test_what_is_written_while_it_is_read_is_not_in_it():
    for number in range(3):
        make_live(slug=f"entry-{number}")
    pieces = export(Selection("history"))
    begun = next(pieces)
    elsewhere(lambda: make_live(slug="entry-1b"))
    assert slugs(begun + "".join(pieces)) == ["entry-0", "entry-1", "entry-2"]
    assert Entry.objects.filter(slug="entry-1b").exists()


def elsewhere(act):
    """Carries something out on another connection."""
    from threading import Thread

    def work():
        try:
            act()
        finally:
            connection.close()

    thread = Thread(target=work)
    thread.start()
    thread.join()


def test_texts_of_every_kind_come_through(tmp_path):
    body = 'Quotes " and \\, a line\nand tabs\tand 5\u00a0mg, \U0001f9e0, \ue000 and ع.'
    make_live(slug="odd", title="Ünïcode \U0001d518", body=body)
    text = exported()
    assert of(text, "revision")[0]["body"] == body
    lines = exported(form="jsonl").split("\n")
    assert len(lines) == len(rows_of(text)) + 1
    assert Revision.objects.get().body == body
    assert not Source.objects.exists()
