"""What is stored beside a text: made by every road in, in no file, gone when it is withheld."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import Error, connection, transaction

from causes import database, publishing, search
from causes.clock import now
from causes.interchange.apply import run_through
from causes.interchange.undo import undoing
from causes.models import Entry, Publication, Revision
from causes.models.derived import derive_again, rebuild
from causes.text.body import plain
from causes.text.markdown import RENDERER
from tests.factories import add_draft, make_entry, make_live
from tests.interchange.content import bring, exported_after, write

pytestmark = pytest.mark.django_db

BODY = "Take 2\\*500 mg&nbsp;daily, see [leaflet][l].\n\n[l]: https://x.example/target"
PLAIN = "Take 2*500 mg\u00a0daily, see leaflet."
COLUMNS = ("plain", "sought", "reader")


def stored(revision):
    return Revision.objects.values_list(*COLUMNS).get(pk=revision.pk)


def found(question):
    return sorted(hit.address.split("/")[-2] for hit in search.search(question).hits)


def context(question):
    (hit,) = search.search(question).hits
    return "".join(part.text for part in hit.context)


def by_hand(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def forget_what_was_read():
    """The rows as an older version, or a database client, left them."""
    by_hand("UPDATE causes_revision SET plain = '', sought = '', reader = 0")


def by_verb():
    return make_live(slug="one", summary="S", body=BODY)


def by_bulk_create():
    entry = make_entry(slug="one", summary="S")
    Entry.objects.filter(pk=entry.pk).update(last_number=2)
    (made,) = Revision.objects.bulk_create(
        [Revision(entry=entry, number=2, title="Two", summary="S", body=BODY)]
    )
    Publication.objects.bulk_create([Publication(entry=entry, revision=made, live_from=now())])
    return entry


def by_save():
    entry = make_entry(slug="one", summary="S")
    entry.last_number = 2
    entry.save()
    made = Revision(entry=entry, number=2, title="Two", summary="S", body=BODY)
    made.save()
    Publication(entry=entry, revision=made, live_from=now()).save()
    return entry


def by_import(tmp_path):
    bring(write(tmp_path, exported_after(by_verb, "history")))
    return Entry.objects.get(slug="one")


def by_loaddata(tmp_path):
    call_command("loaddata", write(tmp_path, exported_after(by_verb, "history")), verbosity=0)
    return Entry.objects.get(slug="one")


def by_undo(tmp_path):
    entry = by_verb()
    newer = exported_after(lambda: publishing.publish(add_draft(entry, body="Newer."), by=None))
    run_through(undoing(bring(write(tmp_path, newer)), None))
    return entry


@pytest.mark.parametrize(
    "road", [by_verb, by_bulk_create, by_save, by_import, by_loaddata, by_undo]
)
def test_every_road_in_leaves_the_plain_text_and_the_words_beside_the_text(tmp_path, road):
    entry = road(tmp_path) if road.__code__.co_argcount else road()
    entry.refresh_from_db()
    text, words, reader = stored(entry.newest)
    assert (text, reader) == (PLAIN, RENDERER)
    assert json.loads(words)[1:] == ["s", "take 2 500 mg daily see leaflet"]
    assert [found(question) for question in ("leaflet", "nbsp", "target", "2500")] == [
        ["one"], [], [], [],
    ]  # fmt: skip
    assert context("leaflet") == PLAIN


def test_a_text_is_read_once_while_it_is_saved_and_not_when_its_row_is_loaded():
    entry = make_live(body=BODY)
    loaded = Revision.objects.get(pk=entry.newest.pk)
    assert set(COLUMNS) <= loaded.get_deferred_fields()
    loaded.save()
    assert stored(loaded)[0] == PLAIN


def test_what_is_derived_is_in_no_file(tmp_path, capsys):
    make_live(body=BODY)
    call_command("dumpdata", "causes")
    call_command("export_fixture", str(tmp_path / "file.json"), verbosity=0)
    for written in (capsys.readouterr().out, (tmp_path / "file.json").read_text()):
        assert BODY.splitlines()[-1] in written
        assert not any(f'"{column}"' in written for column in COLUMNS)
        assert PLAIN not in written


def test_a_text_that_a_database_client_wrote_is_found_by_its_markdown_until_it_is_read():
    entry = make_entry(slug="by-hand", summary="S")
    Entry.objects.filter(pk=entry.pk).update(last_number=2)
    by_hand(
        "INSERT INTO causes_revision (uuid, entry_id, number, predecessors, title, summary, body, "
        "tag_count, note, created_at, uncited) VALUES (%s, %s, 2, '[]', %s, 'S', %s, 0, '', %s, 0)",
        "00000000000040008000000000000001",
        entry.pk,
        "Bell’s palsies and neuro\u00adpathy, L4/L5",
        BODY,
        now(),
    )
    made = Revision.objects.get(entry=entry, number=2)
    Publication.objects.create(entry=entry, revision=made, live_from=now())
    for question in ("bell's palsy", "neuropathy", "L4/L5", "leaflet", "2*500"):
        assert found(question) == ["by-hand"], question
    assert context("leaflet") == PLAIN
    call_command("rebuild_derived", verbosity=0)
    assert stored(made)[0] == PLAIN
    assert [found("leaflet"), found("nbsp")] == [["by-hand"], []]


def test_texts_of_a_former_version_are_right_once_they_are_read_again():
    entries = [make_live(slug=f"old-{number}", summary="S", body=BODY) for number in range(3)]
    ahead = make_entry(slug="ahead", summary="S", body=BODY)
    publishing.schedule(ahead.newest, by=None, publish_at=now() + timedelta(days=1))
    forget_what_was_read()
    assert found("nbsp") == ["old-0", "old-1", "old-2"]  # of the Markdown
    assert search.search("leaflet").hits[0].context[0].text.startswith("Take 2*500 mg\u00a0daily")
    steps = rebuild(chunk=2)
    assert next(steps)[0] == 2
    steps.close()  # killed, and begun again
    before = database.generation()
    assert [made for made, _ in rebuild(chunk=2)] == [2]
    assert {stored(entry.newest)[0] for entry in (*entries, ahead)} == {PLAIN}
    assert found("nbsp") == []
    assert found("leaflet") == ["old-0", "old-1", "old-2"]
    assert database.generation() != before or connection.vendor == "postgresql"
    assert list(rebuild()) == []


def test_all_of_it_is_made_anew_on_demand():
    entry = make_live(body=BODY)
    by_hand('UPDATE causes_revision SET plain = \'other\', sought = \'["x", "y", "z"]\'')
    assert search.search("z").total == 1
    call_command("rebuild_derived", "--all", verbosity=0)
    assert stored(entry.newest)[0] == PLAIN
    assert search.search("z").total == 0


def test_an_old_draft_is_read_when_it_is_published():
    entry = make_entry(summary="S", body=BODY)
    forget_what_was_read()
    publishing.publish(entry.newest, by=None)
    assert stored(entry.newest)[::2] == (PLAIN, RENDERER)
    assert search.search("nbsp").total == 0


def test_a_page_that_shows_an_excerpt_is_made_anew_once_the_text_is_read_again():
    make_live(title="Read again", summary="S", body="Old words.")
    by_hand("UPDATE causes_revision SET plain = 'Words of old.'")
    if connection.vendor == "postgresql":
        by_hand("UPDATE causes_generation SET changed_in = NULL")
    before = database.generation()
    by_hand("UPDATE causes_revision SET plain = 'Old words.'")
    assert database.generation() != before


@pytest.mark.parametrize("road", ["verb", "client"])
def test_a_text_that_is_withheld_is_in_no_column_and_does_not_come_back(road):
    entry = make_live(body="A secret word.")
    publishing.take_down(entry, by=None)
    revision = entry.newest
    if road == "verb":
        publishing.withhold(revision, "test", by=None)
    else:
        by_hand(
            "UPDATE causes_revision SET title = 'Withheld', summary = '', body = '', note = '', "
            "withheld_at = %s WHERE id = %s",
            now(),
            revision.pk,
        )
    assert stored(revision)[:2] == ("", "")
    for column in ("plain", "sought"):
        with pytest.raises(Error), transaction.atomic():
            by_hand(f"UPDATE causes_revision SET {column} = 'A secret word.'")
    derive_again([revision])  # as it was read before
    assert stored(revision)[:2] == ("", "")


def test_a_withheld_text_that_comes_in_has_nothing_beside_it(tmp_path):
    def elsewhere():
        entry = make_live(slug="one", body="A secret word.")
        publishing.take_down(entry, by=None)
        publishing.withhold(entry.newest, "test", by=None)

    bring(write(tmp_path, exported_after(elsewhere)))
    assert [row[:2] for row in Revision.objects.values_list(*COLUMNS)] == [("", "")]


def test_names_of_tags_are_found_as_they_are_called_today():
    make_live(title="One", tags=["Barré’s words"])
    assert found("barre") != []
    by_hand("UPDATE causes_tag SET name = 'Ménière’s palsies'")
    assert [found("barre"), found("meniere palsy") != []] == [[], True]


def test_the_longest_text_is_read_and_found_by_its_last_word():
    body = "word " * 39_000 + "zebra"
    make_live(slug="long", summary="S", body=body)
    assert found("zebra") == ["long"]
    assert context("zebra").endswith("zebra")
    assert plain(body) == body
