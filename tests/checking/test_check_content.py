"""Every promise is broken by hand, past triggers and guards, and the check names the thing."""

import io
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from causes import database, publishing
from causes.clock import now
from causes.models import Category, Entry, Event, Publication, Redirect, Revision, Tag
from tests.factories import add_draft, make_entry, make_in_state, make_live, make_source, make_tag

pytestmark = pytest.mark.django_db

ON_SQLITE = connection.vendor == "sqlite"


def run(*options):
    """(whether all is well, the lines)"""
    out = io.StringIO()
    try:
        call_command("check_content", *options, stdout=out)
    except CommandError:
        return False, out.getvalue().splitlines()
    return True, out.getvalue().splitlines()


def by_hand(*statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def drop_triggers():
    connection.check_constraints()  # PostgreSQL alters no table while some wait to be checked
    with connection.cursor() as cursor:
        cursor.execute(database.ENGINES[connection.vendor].TRIGGERS)
        for name, table, _ in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {name}{'' if ON_SQLITE else f' ON {table}'}")
        if not ON_SQLITE:
            cursor.execute(
                "ALTER TABLE causes_publication DROP CONSTRAINT causes_publication_apart"
            )


@contextmanager
def without_constraints(*names):
    """Where checks and foreign keys do not hold; what was written there is taken back."""
    with transaction.atomic():
        if ON_SQLITE:
            by_hand("PRAGMA ignore_check_constraints = 1")
        else:
            by_hand(
                "SET CONSTRAINTS ALL DEFERRED",
                *(f"ALTER TABLE {table} DROP CONSTRAINT {name}" for table, name in names),
            )
        yield
        transaction.set_rollback(True)
    if ON_SQLITE:
        by_hand("PRAGMA ignore_check_constraints = 0")


@pytest.fixture
def rows():
    """A live text with tags and citations, a draft on it, and one that was withheld."""
    make_source()
    entry = make_live(slug="one", tags=["nerve"], body="Words [@maas-2015].")
    add_draft(entry, title="Second")
    gone = make_entry(slug="gone")
    publishing.withhold(gone.newest, by=None, reason="A name")
    return entry


def test_whatever_the_verbs_write_keeps_every_promise(rows):
    for state, step in (
        ("scheduled", "out"),
        ("live-with-draft", "approved"),
        ("taken-down", "draft"),
    ):
        make_in_state(state, step)
    publishing.rename(rows, "uno", by=None)
    publishing.merge(make_tag("nerve"), make_tag("nerves"), by=None)
    assert run("-v", "2") == (True, ["Every promise is kept."])


def test_an_imported_fixture_keeps_every_promise(article):
    good, lines = run()
    assert good
    assert lines[0].startswith("Remarks that may be right: ")
    assert "Remark: page about: it has 1 revisions" in run("-v", "2")[1][0]


BROKEN = {
    "the newest number": (
        ["UPDATE causes_entry SET last_number = 9 WHERE slug = 'one'"],
        "cause one: the entry says that its newest revision is 9, but it is 2.",
    ),
    "a missing revision": (
        ["DELETE FROM causes_taggedrevision", "DELETE FROM causes_revision WHERE number = 2"],
        "cause one: the entry says that its newest revision is 2, but it is 1.",
    ),
    "a slug": (["UPDATE causes_entry SET slug = 'One!' WHERE slug = 'one'"], "cause One!: a slug is"),
    "a reserved address": (
        ["UPDATE causes_entry SET slug = 'search', kind = 'page' WHERE slug = 'gone'"],
        "page search: its address belongs to a part of the site.",
    ),
    "a kind": (["UPDATE causes_entry SET kind = 'poem' WHERE slug = 'gone'"], "poem gone: an entry is"),
    "a tag too few": (
        ["DELETE FROM causes_taggedrevision WHERE revision_id IN (SELECT id FROM causes_revision WHERE number = 1)"],
        "cause one, revision 1: it should have 1 tags, but has 0.",
    ),
    "a withheld text": (
        ["UPDATE causes_revision SET body = 'A name' WHERE withheld_at IS NOT NULL"],
        "cause gone, revision 1: it is withheld, but some of its text is still there.",
    ),
    "a text without a title": (
        ["UPDATE causes_revision SET title = ' ' WHERE number = 2"],
        "a text needs a title.",
    ),
    "an old name of itself": (
        ["UPDATE causes_tag SET merged_into_id = id"],
        "tag nerve: a tag needs a name and a slug, and is not an old name of itself.",
    ),
    "a name without letters": (
        ["UPDATE causes_category SET name = ''"],
        "category diseases: a category needs a name",
    ),
    "an unknown verb": (
        ["UPDATE causes_event SET verb = 'sing'"],
        "it is about a verb that the site does not know, 'sing'.",
    ),
    "an event about nothing": (
        ["UPDATE causes_event SET revision_uuid = '00000000000040008000000000000000' WHERE verb = 'publish'"],
        "(cause one): it names a revision that does not exist.",
    ),
    "a text of another entry": (
        ["UPDATE causes_publication SET entry_id = (SELECT id FROM causes_entry WHERE slug = 'gone')"],
        "the revision belongs to another entry.",
    ),
    "a source that is gone": (
        ["DELETE FROM causes_source"],
        "cause one, revision 1: it is public and cites maas-2015, but there is no such source.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_promise_is_named(rows, name):
    statements, words = BROKEN[name]
    drop_triggers()
    by_hand(*statements)
    good, lines = run()
    assert not good
    assert [line for line in lines if line.startswith("Wrong: ") and words in line], lines
    assert run("--repair")[0] is False


def test_texts_of_one_entry_that_are_public_at_once_are_named(rows):
    drop_triggers()
    second = rows.newest
    with without_constraints():
        at = now() - timedelta(days=1)
        publication = Publication(
            entry=rows, revision=second, live_from=at, live_until=now() + timedelta(days=1)
        )
        Publication.objects.bulk_create([publication])
        (line,) = [line for line in run()[1] if "at the same time" in line]
        assert f"cause one, publication {publication.pk}" in line


def test_spans_with_impossible_ends_are_named(rows):
    drop_triggers()
    with without_constraints(("causes_publication", "publication_ends_after_it_begins")):
        by_hand("UPDATE causes_publication SET live_until = live_from")
        assert any("it ends before it begins" in line for line in run()[1])


def test_a_row_that_another_one_names_and_that_is_gone_is_named(rows):
    drop_triggers()
    with without_constraints():
        by_hand(
            "UPDATE causes_review SET revision_id = 0",
            "UPDATE causes_revision SET category_id = 4711",
        )
        wanted = "its category is row 4711 of causes_category, which is gone."
        assert any(wanted in line for line in run()[1])


def test_an_old_address_that_is_the_address_of_another_entry_is_named(rows):
    Redirect.objects.bulk_create([Redirect(slug="gone", entry=rows)])
    assert any("redirect gone: it is an old address of one entry" in line for line in run()[1])


def test_an_old_name_of_an_old_name_is_named(rows):
    one, two, three = make_tag("nerve"), make_tag("nerves"), make_tag("nervous")
    Tag.objects.filter(pk=one.pk).update(merged_into=two)
    Tag.objects.filter(pk=two.pk).update(merged_into=three)
    assert any("tag nerve: it is an old name of nerves" in line for line in run()[1])


def test_a_text_from_before_the_rule_of_characters_is_remarked_on_only(rows):
    drop_triggers()
    by_hand("UPDATE causes_revision SET note = 'a bell\x07' WHERE number = 2")
    database_as_if_untouched()
    good, lines = run("-v", "2")
    assert good
    assert any(line.startswith("Remark: causes_revision, row") for line in lines)


@pytest.mark.skipif(not ON_SQLITE, reason="PostgreSQL has a type for UUIDs")
def test_what_is_no_uuid_is_named(rows):
    drop_triggers()
    by_hand("UPDATE causes_event SET uuid = 'x' WHERE verb = 'publish'")
    assert any("its uuid is 'x', which is no UUID." in line for line in run()[1])


# What is derived ---------------------------------------------------------------------------

DERIVED = {
    "plain text": (["UPDATE causes_revision SET plain = 'x' WHERE number = 2"], "cause one, revision 2: its column plain"),
    "search words": (["UPDATE causes_revision SET sought = '' WHERE number = 1"], "cause one, revision 1: its column sought"),
    "uncited": (["UPDATE causes_revision SET uncited = 7 WHERE number = 2"], "its column uncited"),
    "another version": (["UPDATE causes_revision SET reader = 0"], "its derived columns are of another version"),
    "sort title": (["UPDATE causes_revision SET sort_title = 'zz'"], "cause one, revision 1: its sort key"),
    "sort name": (["UPDATE causes_tag SET sort_name = 'zz'"], "tag nerve: its sort key"),
    "sort authors": (["UPDATE causes_source SET sort_authors = 'zz'"], "source maas-2015: its sort key"),
    "words of a withheld text": (["UPDATE causes_revision SET plain = 'Quux' WHERE withheld_at IS NOT NULL"], "cause gone, revision 1: it is withheld, but its words"),
    "a citation too few": (["DELETE FROM causes_citation"], "cause one, revision 1: its citations are noted wrongly (maas-2015)"),
    "a citation too many": (["INSERT INTO causes_citation (revision_id, source_key) SELECT id, 'nobody' FROM causes_revision"], "(nobody)"),
    "a citation of nothing": (["INSERT INTO causes_citation (revision_id, source_key) VALUES (4711, 'nobody')"], "its revision 4711 is gone"),
    "a list": (["UPDATE causes_listing SET title = 'Another'"], "its row in causes_listing does not follow"),
    "a row too few in a list": (["DELETE FROM causes_listing"], "its row in causes_listing does not follow"),
    "a row too many in a list": (["INSERT INTO causes_listing SELECT 4711, kind, slug, title, summary, category_id, sort_title, live_from, live_until FROM causes_listing"], "publication 4711"),
    "a tag in a list": (["DELETE FROM causes_listed_tag"], "its row in causes_listed_tag does not follow"),
    "a text not in the index": (["DELETE FROM causes_search"], "the search index does not follow from it"),
    "a trigger": ([], "causes_revision_fixed: it is missing from the database."),
}  # fmt: skip


@pytest.mark.parametrize("name", DERIVED)
def test_what_is_derived_is_named_and_repaired(rows, name):
    statements, words = DERIVED[name]
    drop_triggers()
    by_hand(*statements)
    if statements:
        database_as_if_untouched()
    good, lines = run()
    assert not good
    assert [line for line in lines if line.startswith("Wrong: ") and words in line], lines
    assert run("--repair")[0], run()
    assert run() == (True, ["Every promise is kept."])
    rows.refresh_from_db()
    assert Revision.objects.filter(citations__source_key="maas-2015").count() == 2


def database_as_if_untouched():
    """Makes the triggers again, and nothing else, so that only the rows are wrong."""
    connection.check_constraints()
    with connection.cursor() as cursor:
        for statement in database.ENGINES[connection.vendor].triggers():
            cursor.execute(statement)
    database.seal_again(connection)


def test_a_repair_does_not_touch_what_people_wrote(rows):
    before = list(Revision.objects.values_list(*Revision.TEXT_COLUMNS)), Event.objects.count()
    by_hand("DELETE FROM causes_citation", "DELETE FROM causes_listing")
    run("--repair")
    assert (
        list(Revision.objects.values_list(*Revision.TEXT_COLUMNS)),
        Event.objects.count(),
    ) == before


@pytest.mark.skipif(not ON_SQLITE, reason="it is about FTS5's tables")
def test_a_damaged_index_of_words_is_named_and_made_again(rows):
    by_hand("DELETE FROM causes_search_data WHERE id > 10")
    assert any("the search index" in line for line in run()[1])
    assert run("--repair")[0]


def test_the_rows_of_django_are_checked_too(rows):
    person = User.objects.create(username="ed")
    with without_constraints():
        by_hand(f"INSERT INTO auth_user_groups (user_id, group_id) VALUES ({person.pk}, 4711)")
        assert any("row 4711 of auth_group, which is gone" in line for line in run()[1])


def test_an_empty_site_keeps_every_promise():
    assert Entry.objects.count() == Category.objects.count() == 0
    assert run() == (True, ["Every promise is kept."])
