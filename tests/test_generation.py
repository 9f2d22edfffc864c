"""The generation advances with everything that a visitor can see, and with nothing else."""

from datetime import timedelta

import pytest
from django.db import connection, transaction

from causes import database, publishing
from causes.clock import now
from causes.models import (
    Category,
    Citation,
    Entry,
    Publication,
    Redirect,
    Review,
    Revision,
    Source,
    Tag,
    TaggedRevision,
)
from tests.admin.desk import save
from tests.factories import (
    add_draft,
    make_category,
    make_entry,
    make_live,
    make_source,
    make_tag,
    make_text,
)
from tests.interchange.content import bring, exported_after, write

pytestmark = pytest.mark.django_db


def by_hand(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def advances(change):
    """Whether a change advances the generation."""
    if connection.vendor == "postgresql":
        # It counts once a transaction, and a test is one.
        by_hand("UPDATE causes_generation SET changed_in = NULL")
    before = database.generation()
    change()
    after = database.generation()
    assert None not in (before, after)
    return before != after


def review_of(revision):
    return Review(revision=revision, reviewer="R", qualification="MD", reviewed_on=now().date())


def inserted_revision(entry, number=2, body="Words.", tag_count=0):
    """A draft that a database client wrote; returns its id."""
    columns = (
        "uuid entry_id number predecessors title summary body tag_count note created_at uncited"
    ).split()
    uuid = f"{entry.pk:08d}-0000-4000-8000-{number:012d}"
    if connection.vendor == "sqlite":
        uuid = uuid.replace("-", "")
    values = [uuid, entry.pk, number, "[]", "T", "S", body, tag_count, "", now(), 0]
    names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
    by_hand(f"INSERT INTO causes_revision ({names}) VALUES ({marks})", *values)
    by_hand("UPDATE causes_entry SET last_number = %s WHERE id = %s", number, entry.pk)
    return Revision.objects.get(entry=entry, number=number).pk


# What readers do not see ------------------------------------------------------------------


def test_no_verb_of_drafts_advances_the_generation():
    live, draft = make_live(slug="live", tags=["virus"]), make_entry(slug="draft")
    make_source("maas-2015")
    changes = [
        lambda: make_entry(slug="new", tags=["a new tag"], category="A new category"),
        lambda: add_draft(live, title="Newer", tags=["virus", "weakness"]),
        lambda: add_draft(live, title="Newest", body="It cites [@maas-2015]."),
        lambda: publishing.submit(refreshed(live).newest, by=None),
        lambda: publishing.send_back(refreshed(live).newest, by=None, reason="Why?"),
        lambda: publishing.submit(refreshed(draft).newest, by=None),
        lambda: publishing.approve(refreshed(draft).newest, by=None),
        lambda: publishing.share_preview(draft.newest, by=None, days=7),
        lambda: publishing.restore(live.revisions.get(number=1), by=None),
        lambda: publishing.copy_entry(live.newest, "copy", by=None),
        lambda: publishing.rename(draft, "another", by=None),
        lambda: publishing.record_review(
            draft.newest, by=None, reviewer="R", qualification="MD", reviewed_on=now().date()
        ),
        lambda: publishing.delete_entry(refreshed(draft), by=None),
        lambda: make_source("nobody-2020"),
    ]  # fmt: skip
    for number, change in enumerate(changes):
        assert not advances(change), number


def refreshed(row):
    row.refresh_from_db()
    return row


def test_a_form_that_saves_a_draft_leaves_the_generation(desk):
    entry = make_live()
    assert not advances(lambda: save(desk, entry, title="By form", tags=[make_tag("virus").pk]))
    assert refreshed(entry).newest.title == "By form"


def test_an_import_of_drafts_leaves_the_generation(tmp_path):
    live = make_live(slug="live")

    def write_elsewhere():
        make_source("maas-2015")
        make_entry(slug="new", tags=["a new tag"], category="New", body="See [@maas-2015].")
        add_draft(live, title="Newer")

    path = write(tmp_path, exported_after(write_elsewhere))
    assert not advances(lambda: bring(path))
    assert Entry.objects.get(slug="new").newest.shown_tags()
    assert refreshed(live).newest.title == "Newer"


def test_a_draft_that_a_database_client_writes_leaves_the_generation():
    entry, tag = make_live(), make_tag("virus")
    make_source("maas-2015")

    def insert():
        pk = inserted_revision(entry, tag_count=1)
        by_hand("INSERT INTO causes_taggedrevision (revision_id, tag_id) VALUES (%s, %s)",
                pk, tag.pk)  # fmt: skip
        by_hand("INSERT INTO causes_citation (revision_id, source_key) VALUES (%s, 'maas-2015')",
                pk)  # fmt: skip
        by_hand("UPDATE causes_tag SET name = 'viruses'")
        by_hand("UPDATE causes_source SET title = 'Another'")
        by_hand("DELETE FROM causes_citation")
        by_hand("DELETE FROM causes_taggedrevision")
        by_hand("DELETE FROM causes_revision WHERE id = %s", pk)

    assert not advances(insert)


def test_a_bulk_of_drafts_leaves_the_generation():
    entry, tag = make_live(), make_tag("virus")
    draft = Revision(entry=entry, number=2, title="T", body="See [@maas-2015].", tag_count=1)

    def write_rows():
        Revision.objects.bulk_create([draft])
        TaggedRevision.objects.bulk_create([TaggedRevision(content_object=draft, tag=tag)])
        Entry.objects.filter(pk=entry.pk).update(last_number=2)
        Tag.objects.bulk_create([Tag(name="new", slug="new")])
        Tag.objects.filter(slug="new").update(name="newer")
        Category.objects.bulk_create([Category(name="New", slug="new")])
        Source.objects.bulk_create([Source(key="a-2020", kind="trial", authors="A", title="T")])
        Source.objects.update(title="Other")
        Source.objects.all().delete()

    assert not advances(write_rows)


def test_writing_the_same_again_does_not_advance_the_generation():
    make_live(tags=["virus"])

    def write_again():
        Tag.objects.update(name="virus")
        for row in [*Entry.objects.all(), *Publication.objects.all(), *Revision.objects.all()]:
            row.save()

    assert not advances(write_again)


# What readers see -------------------------------------------------------------------------


def test_every_change_that_shows_advances_the_generation():
    make_source("maas-2015")
    entry = make_live(tags=["virus"], body="It cites [@maas-2015].")
    tag, category = Tag.objects.get(), Category.objects.get()
    draft = add_draft(entry, title="Draft")
    changes = [
        lambda: Tag.objects.filter(pk=tag.pk).update(name="Virus"),
        lambda: Tag.objects.filter(pk=tag.pk).update(sort_name="zzz"),
        lambda: Category.objects.filter(pk=category.pk).update(description="Other"),
        lambda: Category.objects.filter(pk=category.pk).update(position=7),
        lambda: Source.objects.update(title="Other"),
        lambda: by_hand("DELETE FROM causes_source"),
        lambda: make_source("maas-2015"),
        lambda: Citation.objects.create(revision=entry.revisions.first(), source_key="b-2020"),
        lambda: make_source("b-2020"),
        # Reviews are shown with the entry, whichever of its revisions they are of.
        lambda: Review.objects.bulk_create([review_of(draft)]),
        lambda: Review.objects.update(created_at=now() - timedelta(days=1)),
        lambda: publishing.publish(draft, by=None),
        lambda: publishing.rename(entry, "renamed", by=None),
        lambda: Redirect.objects.all().delete(),
        lambda: publishing.take_down(entry, by=None),
        lambda: publishing.withhold(draft, "Because.", by=None),
        lambda: publishing.publish(entry.revisions.get(number=1), by=None),
        lambda: Publication.objects.filter(live_until=None).update(live_until=now()),
        lambda: Redirect.objects.create(slug="nickname", entry=make_entry()),
    ]
    for number, change in enumerate(changes):
        assert advances(change), number


def test_a_publication_of_a_stored_draft_advances_the_generation_and_so_do_its_parts_afterwards():
    """As in a fixture that has the publication before tags and citations."""
    entry, tag = make_entry(), make_tag("late")
    with transaction.atomic():
        draft = Revision.objects.create(entry=entry, number=2, title="T", tag_count=1)
        Entry.objects.filter(pk=entry.pk).update(last_number=2)
    publish = Publication(entry=entry, revision=draft, live_from=now() + timedelta(hours=1))
    assert advances(lambda: Publication.objects.bulk_create([publish]))
    link = TaggedRevision(content_object=draft, tag=tag)
    assert advances(lambda: TaggedRevision.objects.bulk_create([link]))
    assert advances(lambda: Citation.objects.create(revision=draft, source_key="maas-2015"))
    assert advances(lambda: make_source("maas-2015"))
    assert advances(lambda: by_hand("DELETE FROM causes_taggedrevision"))
    assert not advances(lambda: Tag.objects.filter(pk=tag.pk).update(name="later"))


@pytest.mark.parametrize("make", [make_tag, make_category])
def test_every_name_of_what_a_public_page_is_under_counts(make):
    """Old names redirect, and a page shows the name that its tag or category has today."""
    make_live(make_text(tags=["one"], category="one"))
    one, two, three, unused = make("one"), make("two"), make("three"), make("unused")
    rows = type(one).objects
    assert not advances(lambda: rows.filter(pk=two.pk).update(name="second"))
    assert advances(lambda: rows.filter(pk=one.pk).update(merged_into=two))
    assert advances(lambda: rows.filter(pk=two.pk).update(name="zwei"))
    assert advances(lambda: rows.filter(pk=three.pk).update(merged_into=two))
    assert advances(lambda: rows.filter(pk=three.pk).update(slug="drei"))
    assert not advances(lambda: rows.filter(pk=unused.pk).update(name="not used"))
    assert advances(lambda: rows.filter(pk=one.pk).update(merged_into=None))
    assert not advances(lambda: rows.filter(pk=two.pk).update(name="two again"))


def test_sources_of_a_text_that_a_database_client_published_count(client):
    make_source("maas-2015")
    entry = make_entry()
    pk = inserted_revision(entry, body="Words [@maas-2015; @juch-2017, p. 3], me@example.org.")
    columns = "uuid, entry_id, revision_id, live_from"
    uuid = "00000000-0000-4000-8000-000000000001"
    if connection.vendor == "sqlite":
        uuid = uuid.replace("-", "")
    by_hand(
        f"INSERT INTO causes_publication ({columns}) VALUES (%s, %s, %s, %s)",
        uuid, entry.pk, pk, now(),
    )  # fmt: skip
    assert {"maas-2015", "juch-2017"} <= {row.source_key for row in Citation.objects.all()}
    assert b"About maas-2015" in client.get("/article/").content
    assert advances(lambda: Source.objects.update(title="Another"))
    assert advances(lambda: make_source("juch-2017"))
