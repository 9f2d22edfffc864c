import io

import pytest
from django.core.management import call_command
from django.db import connection

from causes.models import Citation, Revision
from causes.text.derived import first_difference
from causes.text.markdown import RENDERER
from tests.factories import add_draft, make_entry, make_live, make_source

pytestmark = pytest.mark.django_db


def as_an_older_version_left_it(entry, plain, cited=()):
    """The plain text and the index of citations of a text, as another parser made them."""
    pk = entry.newest.pk
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE causes_revision SET reader = %s, plain = %s WHERE id = %s",
            [RENDERER - 1, plain, pk],
        )
    Citation.objects.filter(revision=pk).delete()
    Citation.objects.bulk_create(Citation(revision_id=pk, source_key=key) for key in cited)


def rebuilt():
    said = io.StringIO()
    call_command("rebuild_derived", verbosity=0, stdout=said)
    return said.getvalue()


def test_an_upgrade_lists_the_live_texts_whose_words_change(client):
    changed = make_live(slug="water", body="Drink H~2~O.", title="Water")
    same = make_live(slug="milk", body="- Drink milk.")
    draft = make_entry(slug="tea", body="Drink H~2~O.")
    as_an_older_version_left_it(changed, "Drink H~2~O.")
    as_an_older_version_left_it(same, "Drink\nmilk.")
    as_an_older_version_left_it(draft, "Drink H~2~O.")
    said = rebuilt()
    assert "/causes/water/ “Water”: “Drink H~2~O.” is now “Drink H₂O.”" in said
    assert "milk" not in said
    assert "tea" not in said
    assert "<sub>2</sub>" in client.get("/causes/water/").content.decode()
    assert "<ul>" in client.get("/causes/milk/").content.decode()
    assert rebuilt() == ""


def test_an_upgrade_corrects_the_index_of_citations():
    make_source("a-1")
    entry = make_live(slug="x", body="> Quoted [@a-1;\n> @a-1, p. 2].")
    as_an_older_version_left_it(entry, "x", cited=["gone-2020"])
    rebuilt()
    keys = Citation.objects.filter(revision=entry.newest.pk).values_list("source_key", flat=True)
    assert list(keys) == ["a-1"]


def test_a_text_that_was_live_before_is_derived_again_when_it_is_published_again():
    from causes import publishing

    entry = make_live(slug="x", body="- one")
    old = entry.newest
    publishing.publish(add_draft(entry, body="- two"), by=None)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE causes_revision SET reader = 0, plain = '- one'")
    publishing.publish(Revision.objects.get(pk=old.pk), by=None)
    assert Revision.objects.values_list("plain", flat=True).get(pk=old.pk) == "one"


@pytest.mark.parametrize(
    ("before", "after", "difference"),
    [
        ("a b", "a\nb", None),
        ("10⁶", "10^6^", ("10⁶", "10^6^")),
        ("a\nb", "ab", ("a b", "ab")),
        ("a", "a b", ("a", "a b")),
        ("one two three four", "one two three five", ("two three four", "two three five")),
    ],
)
def test_the_first_difference_is_of_words(before, after, difference):
    assert first_difference(before, after) == difference
