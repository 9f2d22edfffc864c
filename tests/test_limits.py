"""Line ends, limits and what a writer needs: how characters count."""

import pytest
from django.db import Error, transaction

from causes.models import Event, Revision, Source
from causes.models.guards import Refused
from causes.text.characters import NONCHARACTERS, UNSTORABLE, tidy
from tests.admin.desk import ask, save
from tests.factories import add_draft, make_entry, make_live, make_source, make_text
from tests.interchange.content import Planned

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("end", ["\r\n", "\r", "\x85", "\u2028", "\n"])
def test_paragraphs_are_counted_whatever_the_line_ends_of_a_file(tmp_path, end):
    words = "This paragraph states something at length and names no source at all."
    path = tmp_path / "polio.md"
    text = f"\ufeff---\ntitle: Polio\n---\n\n{words}\n\n{words} [@maas-2015]\n\n{words}\n"
    path.write_text(text.replace("\n", end), encoding="utf-8", newline="")
    Planned(path, markdown=True).apply()
    made = Revision.objects.get()
    assert (made.title, made.uncited, made.body.count("\n")) == ("Polio", 2, 4)
    path.write_text(text.replace("\n", "\r\n"), encoding="utf-8", newline="")
    assert Planned(path, markdown=True).entries == {"polio": "unchanged"}


def test_limits_count_a_line_end_once_as_browsers_do(desk):
    entry = make_entry(slug="polio")
    body = ("x" * 999 + "\r\n") * 199 + "x" * 1000  # 200,000 characters in a browser
    summary = "x" * 200 + "\r\n" + "y" * 299
    answer = save(desk, entry, body=body, summary=summary)
    assert "saved as revision 2" in answer.content.decode()
    assert len(Revision.objects.get(number=2).body) == 200_000
    assert len(Revision.objects.get(number=2).summary) == 500
    answer = save(desk, entry, body=body + "x")
    assert "200,001" in answer.content.decode() or "200001" in answer.content.decode()


def test_a_reason_keeps_its_lines_and_counts_each_once(desk):
    entry = make_entry(slug="polio")
    assert ask(desk, entry, "submit", reason="x\r\n" * 249 + "yy").status_code == 200
    assert Event.objects.get().reason == "x\n" * 249 + "yy"


def test_limits_count_characters_beyond_the_first_plane_once(desk):
    entry = make_entry(slug="polio")
    assert "saved as revision 2" in save(desk, entry, title="\U0001f9e0" * 200).content.decode()
    assert "at most 200" in save(desk, entry, title="\U0001f9e0" * 201).content.decode()


def test_records_keep_to_their_limits_however_they_are_written():
    with pytest.raises(Refused, match="501 characters"):
        make_source(title="x" * 501)
    with pytest.raises(Error), transaction.atomic():
        Source.objects.bulk_create([Source(key="a", kind="review", authors="A", title="x" * 501)])


def test_a_code_block_that_begins_a_text_keeps_its_blanks(desk):
    entry = make_entry(slug="polio")
    save(desk, entry, body="\r\n    code\r\n\r\nText.\r\n")
    assert entry.revisions.get(number=2).body == "    code\n\nText."


def test_private_use_characters_do_not_break_the_excerpt_of_a_search(client):
    make_live(slug="polio", title="Wartime", body="Before \ue000 nerve \ue001 behind nerve.")
    answer = client.get("/search/?q=nerve")
    assert answer.status_code == 200
    assert b"Wartime" in answer.content


def test_the_classes_of_characters_do_not_overlap():
    removed = {code for first, last in UNSTORABLE for code in range(first, last + 1)}
    nothing = {code for first, last in NONCHARACTERS for code in range(first, last + 1)}
    assert nothing < removed
    assert not {code for code in removed if tidy(chr(code)) == chr(code)} - nothing


def test_a_draft_keeps_what_a_writer_needs():
    entry = make_entry(
        make_text(body="5\u00a0mg, 10⁶, می\u200cخواهم, \U0001f468\u200d\u2695\ufe0f")
    )
    assert add_draft(entry, note=" A\r\nnote ").body == entry.newest.body
