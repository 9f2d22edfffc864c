import json

import pytest
from django.core.management import CommandError, call_command

from causes import search
from causes.management.made_up import generate
from causes.models import Citation, Entry, Publication, Revision, Source, Tag

pytestmark = pytest.mark.django_db


def test_entries_are_whole_public_and_found(client):
    assert generate(12) == (12, 0)
    assert Entry.objects.count() == Publication.objects.live().count() == 12
    for revision in Revision.objects.newest():
        assert 550 <= len(revision.body.split()) <= 700
        assert revision.number == 3
        assert len(revision.shown_tags()) == revision.tag_count == 5
        assert revision.citations.count() == 4
    assert Source.objects.count() == 48
    assert Citation.objects.count() == 12 * 3 * 4
    entry = Entry.objects.first()
    assert client.get(entry.get_absolute_url()).status_code == 200
    assert search.search(entry.newest.title).total >= 1


def test_they_are_the_same_every_time():
    generate(4)
    first = list(Revision.objects.values_list("uuid", "title", "body").order_by("uuid"))
    assert generate(4) == (0, 4)
    assert list(Revision.objects.values_list("uuid", "title", "body").order_by("uuid")) == first


def test_what_is_there_already_is_left_alone():
    generate(3)
    assert generate(5) == (2, 3)
    assert Entry.objects.count() == 5


def prose(**changes):
    base = {"title": "A title", "slug": "a-title", "summary": "S", "sections": [["H", ["One."]]],
            "category": "Trauma", "tags": ["axon injury"],
            "sources": [{"title": "T", "url": "https://example.org/1", "year": 1999}]}  # fmt: skip
    return base | changes


def test_a_prose_file_gives_the_words(tmp_path, client):
    path = tmp_path / "prose.jsonl"
    path.write_text(json.dumps(prose()) + "\n" + json.dumps(prose(slug="b", title="B")) + "\n")
    call_command("generate_entries", "2", prose=path, verbosity=0)
    assert Source.objects.get(key="a-title-1").year == 1999
    assert client.get("/categories/trauma/").status_code == 200
    assert client.get("/tags/axon-injury/").status_code == 200


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["not json"], "line 1 is not JSON"),
        ([json.dumps(prose()), json.dumps({"title": "x"})], "line 2 is not an entry"),
        ([json.dumps(prose())], "has 1 entries"),
    ],
)
def test_a_bad_prose_file_is_named_with_its_line(tmp_path, lines, words):
    path = tmp_path / "prose.jsonl"
    path.write_text("\n".join(lines))
    with pytest.raises(CommandError, match=words):
        call_command("generate_entries", "2", prose=path, verbosity=0)


def test_a_number_below_one_is_refused():
    with pytest.raises(CommandError, match="1 or more"):
        call_command("generate_entries", "0")
    assert not Tag.objects.exists()
