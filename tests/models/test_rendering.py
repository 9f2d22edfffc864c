import io

import pytest
from django.core.management import call_command
from django.db import connection

from causes.models import Citation, Rendering, Revision
from causes.text.markdown import RENDERER
from causes.text.seen import first_difference
from tests.factories import add_draft, make_entry, make_live, make_source

pytestmark = pytest.mark.django_db


def as_an_older_version_left_it(entry, html, cited=()):
    """The HTML and the index of citations of a text, as another reader of Markdown made them."""
    pk = entry.newest.pk
    Rendering.objects.filter(pk=pk).update(renderer=RENDERER - 1, body_html=html)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE causes_revision SET reader = %s WHERE id = %s", [RENDERER - 1, pk])
    Citation.objects.filter(revision=pk).delete()
    Citation.objects.bulk_create(Citation(revision_id=pk, source_key=key) for key in cited)


def rebuilt():
    said = io.StringIO()
    call_command("rebuild_rendered", verbosity=0, stdout=said)
    return said.getvalue()


def test_an_upgrade_lists_the_live_texts_whose_words_change(client):
    changed = make_live(slug="water", body="Drink H~2~O.", title="Water")
    same = make_live(slug="milk", body="- Drink milk.")
    draft = make_entry(slug="tea", body="Drink H~2~O.")
    as_an_older_version_left_it(changed, "<p>Drink H~2~O.</p>")
    as_an_older_version_left_it(same, "<li>Drink milk.</li>")
    as_an_older_version_left_it(draft, "<p>Drink H~2~O.</p>")
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
    as_an_older_version_left_it(entry, "<p>x</p>", cited=["gone-2020"])
    rebuilt()
    keys = Citation.objects.filter(revision=entry.newest.pk).values_list("source_key", flat=True)
    assert list(keys) == ["a-1"]


def test_a_text_that_was_live_before_is_made_anew_when_it_is_published_again():
    from causes import publishing

    entry = make_live(slug="x", body="- one")
    old = entry.newest
    publishing.publish(add_draft(entry, body="- two"), by=None)
    Rendering.objects.filter(pk=old.pk).update(renderer=RENDERER - 1, body_html="<li>one</li>")
    publishing.publish(Revision.objects.get(pk=old.pk), by=None)
    assert "<ul>" in Rendering.objects.get(pk=old.pk).body_html


@pytest.mark.parametrize(
    ("before", "after", "difference"),
    [
        ("<p>a b</p>", "<ul><li>a</li> <li>b</li></ul>", None),
        ("<p>10<sup>6</sup></p>", "<p>10^6^</p>", ("10⁶", "10^6^")),
        ("<p>a</p><p>b</p>", "<p>ab</p>", ("a b", "ab")),
        ("<p>a</p>", "<p>a b</p>", ("a", "a b")),
        ("<td>1</td><td>2</td>", "<td>12</td>", ("1 2", "12")),
    ],
)
def test_the_first_difference_is_of_words_that_are_seen(before, after, difference):
    assert first_difference(before, after) == difference
