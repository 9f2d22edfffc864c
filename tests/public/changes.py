"""Changes of what visitors see, each of another table or by another road.

Run beside a site, as a process of its own. Every change is a generator: it yields an
address and what stands there (a text, or a status), waits, changes something, and
yields what must stand there from then on.
"""

import json
import sys
from datetime import timedelta
from pathlib import Path

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from causes import publishing  # noqa: E402
from causes.clock import now  # noqa: E402
from causes.models import (  # noqa: E402
    Category,
    Entry,
    Publication,
    Redirect,
    Review,
    Revision,
    Source,
    Tag,
    TaggedRevision,
)
from tests.factories import add_draft, make_entry, make_live, make_source, make_tag  # noqa: E402
from tests.public import clock  # noqa: E402


def path(entry):
    return f"/causes/{entry.slug}/"


def span(entry):
    return Publication.objects.live().get(entry=entry)


def by_hand(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


# By the verbs ------------------------------------------------------------------------------


def verb_publish():
    entry = make_live(title="Before the verb")
    yield path(entry), "Before the verb"
    publishing.publish(add_draft(entry, title="After the verb"), by=None)
    yield path(entry), "After the verb"


def verb_take_down():
    entry = make_live(title="To be taken down")
    yield path(entry), "To be taken down"
    publishing.take_down(entry, by=None, reason="test")
    yield path(entry), 404


def verb_rename():
    entry = make_live(title="To be renamed", slug="first-address")
    yield "/causes/first-address/", "To be renamed"
    publishing.rename(entry, "second-address", by=None)
    yield "/causes/first-address/", 301


def verb_withhold():
    entry = make_live(title="To be withheld")
    yield path(entry), "To be withheld"
    publishing.take_down(entry, by=None, reason="test")
    publishing.withhold(entry.newest, "test", by=None)
    yield path(entry), 410


def verb_merge():
    entry = make_live(title="Two words for one", tags=["nerve palsy"])
    yield path(entry), "nerve palsy"
    old, new = Tag.objects.get(name="nerve palsy"), make_tag("nerve paralysis")
    publishing.merge(old, new, by=None)
    yield path(entry), "nerve paralysis"


# By rows of every public table, past the verbs ----------------------------------------------


def entry_update():
    entry = make_live(title="Moved by hand", slug="old-place")
    yield "/causes/old-place/", "Moved by hand"
    with transaction.atomic():
        Redirect.objects.create(slug="old-place", entry=entry)
        Entry.objects.filter(pk=entry.pk).update(slug="new-place")
    yield "/causes/old-place/", 301


def redirect_bulk_create_and_delete():
    entry = make_live(title="Has a nickname")
    yield "/causes/a-nickname/", 404
    Redirect.objects.bulk_create([Redirect(slug="a-nickname", entry=entry)])
    yield "/causes/a-nickname/", 301
    Redirect.objects.filter(slug="a-nickname").delete()
    yield "/causes/a-nickname/", 404


def revision_and_publication_bulk_create():
    entry = make_live(title="Before the bulk")
    yield path(entry), "Before the bulk"
    with transaction.atomic():
        moment = now()
        Publication.objects.filter(entry=entry).update(live_until=moment)
        Entry.objects.filter(pk=entry.pk).update(last_number=2)
        made = Revision.objects.bulk_create(
            [Revision(entry=entry, number=2, title="After the bulk")]
        )
        Publication.objects.bulk_create(
            [Publication(entry=entry, revision=made[0], live_from=moment)]
        )
    yield path(entry), "After the bulk"


def publication_update():
    entry = make_live(title="Ended by update")
    yield path(entry), "Ended by update"
    Publication.objects.filter(entry=entry).update(live_until=now())
    yield path(entry), 404


def publication_delete():
    entry = make_live(title="Span deleted", category="Of one cause")
    yield "/categories/of-one-cause/", "Span deleted"
    by_hand("DELETE FROM causes_publication WHERE entry_id = %s", entry.pk)
    yield "/categories/of-one-cause/", 404


def tagged_revision_create():
    entry = make_live(title="Not tagged yet")
    late = make_tag("put on late")
    with transaction.atomic():
        moment = now()
        Publication.objects.filter(entry=entry).update(live_until=moment)
        Entry.objects.filter(pk=entry.pk).update(last_number=2)
        revision = Revision.objects.create(
            entry=entry, number=2, title="Has room for a tag", tag_count=1
        )
        Publication.objects.create(entry=entry, revision=revision, live_from=moment)
    yield path(entry), "Has room for a tag"
    yield "/tags/put-on-late/", 404
    TaggedRevision.objects.bulk_create([TaggedRevision(content_object=revision, tag=late)])
    yield path(entry), "put on late"
    yield "/tags/put-on-late/", "Has room for a tag"


def review_bulk_create():
    entry = make_live(title="To be reviewed")
    yield path(entry), "Not yet reviewed"
    day = now().date()
    review = Review(
        revision=entry.newest, reviewer="Rosa Reid", qualification="MD", reviewed_on=day
    )
    Review.objects.bulk_create([review])
    yield path(entry), "Rosa Reid"


def category_update():
    entry = make_live(title="In a category", category="First heading")
    yield path(entry), "First heading"
    Category.objects.filter(name="First heading").update(name="Second heading")
    yield path(entry), "Second heading"


def tag_update():
    entry = make_live(title="Under a tag", tags=["first word"])
    yield path(entry), "first word"
    Tag.objects.filter(name="first word").update(name="second word")
    yield path(entry), "second word"


def source_update():
    source = make_source("first-2020", title="A first title")
    entry = make_live(title="Cites", body="Words [@first-2020].")
    yield path(entry), "A first title"
    Source.objects.filter(pk=source.pk).update(title="A second title")
    yield path(entry), "A second title"


def source_delete_and_create():
    make_source("second-2020", title="It was there")
    entry = make_live(title="Cites what goes away", body="Words [@second-2020].")
    yield path(entry), "It was there"
    by_hand("DELETE FROM causes_source WHERE key = %s", "second-2020")
    yield path(entry), "there is no source with this key"
    Source.objects.bulk_create(
        [Source(key="second-2020", kind="review", authors="A", title="It came back")]
    )
    yield path(entry), "It came back"


def citation_by_sql():
    make_source("third-2020", title="Cited by nobody")
    entry = make_live(title="Cites by hand")
    yield "/sources/third-2020/", 404
    by_hand(
        "INSERT INTO causes_citation (revision_id, source_key) VALUES (%s, %s)",
        entry.newest.pk,
        "third-2020",
    )
    yield "/sources/third-2020/", "Cites by hand"


# By other roads ------------------------------------------------------------------------------


def by_sql():
    entry = make_live(title="Changed by SQL", tags=["by hand"])
    yield path(entry), "by hand"
    by_hand("UPDATE causes_tag SET name = 'by a client' WHERE name = 'by hand'")
    yield path(entry), "by a client"


def by_save_in_a_shell():
    source = make_source("shell-2020", title="Before the shell")
    entry = make_live(title="Cites a shell", body="Words [@shell-2020].")
    yield path(entry), "Before the shell"
    source.title = "After the shell"
    source.save()
    yield path(entry), "After the shell"


def by_loaddata():
    yield "/causes/polio/", 404
    call_command("loaddata", "initial", verbosity=0)
    yield "/causes/polio/", "About 1 infection in 200"


def by_import():
    source = make_source("imported-2020", title="Before the import")
    entry = make_live(title="Cites an import", body="Words [@imported-2020].")
    yield path(entry), "Before the import"
    file = Path(sys.argv[2]) / "content.json"
    call_command("export_fixture", str(file), verbosity=0)
    rows = json.loads(file.read_text())
    for row in rows:
        if row["fields"].get("key") == source.key:
            row["fields"] |= {
                "title": "After the import",
                "updated_at": f"{now() + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}",
            }
    file.write_text(json.dumps(rows))
    call_command("import_fixture", str(file), verbosity=0)
    yield path(entry), "After the import"


# By time, with nobody writing ------------------------------------------------------------------


def by_time():
    entry = make_live(title="Until later")
    ahead = make_entry(title="Public by itself", slug="by-itself")
    begin, end = now() + timedelta(hours=1), now() + timedelta(hours=2)
    for revision in (add_draft(entry, title="From then on"), ahead.newest):
        publishing.schedule(revision, publish_at=begin, take_down_at=end, by=None)
    # Less than the second for which a process may believe that nobody touched a trigger.
    instant = timedelta(milliseconds=1)
    clock.stop_at(begin - instant)
    yield path(entry), "Until later"
    yield path(ahead), 404
    clock.stop_at(begin)
    yield path(entry), "From then on"
    yield path(ahead), "Public by itself"
    for where in (
        "/causes/",
        "/sitemap.xml",
        "/feed/",
        "/search/?q=itself",
        "/categories/diseases/",
    ):
        yield where, "by-itself"
    clock.stop_at(end - instant)
    yield path(entry), "From then on"
    clock.stop_at(end)
    yield path(entry), 404


def by_a_clock_set_back():
    entry = make_live(title="Published before the clock goes back")
    other = make_live(title="Until its time has come")
    begin, back = now() + timedelta(hours=1), timedelta(seconds=8)
    publishing.schedule(add_draft(other, title="Its time had come"), publish_at=begin, by=None)
    clock.stop_at(begin)
    publishing.publish(add_draft(entry, title="Published at that moment"), by=None)
    yield path(entry), "Published at that moment"
    yield path(other), "Its time had come"
    clock.stop_at(begin - back)
    for where in (path(entry), "/causes/"):
        yield where, "Published at that moment"
    for where in (path(other), "/causes/"):
        yield where, "Its time had come"
    publishing.publish(add_draft(entry, title="Published afterwards"), by=None)
    yield path(entry), "Published afterwards"
    yield "/causes/", "Published afterwards"


# An editor in a hurry ----------------------------------------------------------------------------


def publish_again_and_again():
    entry = make_live(title="Text 0")
    yield path(entry), "Text 0"
    for number in range(1, int(sys.argv[3]) + 1):
        publishing.publish(add_draft(entry, title=f"Text {number}."), by=None)
        yield path(entry), f"Text {number}."


CHANGES = {
    "by verbs, files and time": [
        by_loaddata,  # into an empty database
        verb_publish,
        verb_take_down,
        verb_rename,
        verb_withhold,
        verb_merge,
        by_import,
        by_save_in_a_shell,
        publish_again_and_again,
        by_time,  # after which the clock stands still
        by_a_clock_set_back,
    ],
    "by rows": [
        entry_update,
        redirect_bulk_create_and_delete,
        revision_and_publication_bulk_create,
        publication_update,
        publication_delete,
        tagged_revision_create,
        review_bulk_create,
        category_update,
        tag_update,
        source_update,
        source_delete_and_create,
        citation_by_sql,
        by_sql,
    ],
}

if __name__ == "__main__":
    for change in CHANGES[sys.argv[1]]:
        for where, what in change():
            print(json.dumps([change.__name__, where, what]), flush=True)
            sys.stdin.readline()
