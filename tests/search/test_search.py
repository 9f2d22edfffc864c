from datetime import timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from causes import publishing, search
from causes.clock import now
from causes.models import Entry
from causes.search.matches import ENOUGH, Matcher
from causes.search.query import parse
from tests.factories import add_draft, make_entry, make_live, make_source

pytestmark = pytest.mark.django_db


def titles(question, page=1):
    hits = search.search(question, page=page).hits
    return ["".join(part.text for part in hit.title) for hit in hits]


def test_title_summary_body_and_tags_are_searched():
    make_live(title="Alpha")
    make_live(title="B", summary="About beta.")
    make_live(title="C", body="About gamma.")
    make_live(title="D", tags=["delta thing"])
    assert [titles(q) for q in ("alpha", "beta", "gamma", "delta")] == [
        ["Alpha"],
        ["B"],
        ["C"],
        ["D"],
    ]


def test_words_are_found_by_their_stem():
    make_live(title="Injured nerves")
    assert titles("nerve injuring") == ["Injured nerves"]


def test_accents_do_not_matter():
    make_live(title="Guillain-Barré syndrome")
    assert titles("barre") == titles("BARRÉ") == ["Guillain-Barré syndrome"]


def test_a_title_match_outranks_any_body_match():
    make_live(title="Loud", body="botulism " * 50)
    make_live(title="A long title that names botulism among many other words", body="Short.")
    assert titles("botulism")[0].startswith("A long title")


def test_words_in_quotation_marks_stand_side_by_side():
    make_live(title="One", body="motor neuron disease")
    make_live(title="Two", body="a neuron and a motor")
    assert titles('"motor neuron"') == ["One"]
    assert set(titles("motor neuron")) == {"One", "Two"}


def test_where_no_text_has_all_words_those_with_some_are_shown():
    make_live(title="One", body="hamstring")
    results = search.search("hamstring zebrafish")
    assert not results.all_words
    assert results.total == 1


def test_drafts_past_and_future_texts_are_not_found():
    make_entry(title="Secret draft")
    entry = make_live(title="Former words")
    publishing.publish(add_draft(entry, title="Present", summary="P", body="P"), by=None)
    add_draft(entry, title="Coming words")
    gone = make_live(title="Gone words")
    publishing.take_down(gone, by=None)
    assert [titles(q) for q in ("secret", "former", "coming", "gone")] == [[], [], [], []]
    assert titles("present") == ["Present"]


def test_the_words_found_are_shown_in_their_context():
    make_source("a-1")
    make_live(
        title="T", summary="S", body="Start. " * 60 + "The **radial** nerve [@a-1]. " + "End. " * 60
    )
    (hit,) = search.search("radial").hits
    text = "".join(part.text for part in hit.context)
    assert [part.text for part in hit.context if part.found] == ["radial"]
    assert "The radial nerve" in text
    assert "[@" not in text
    assert text.startswith("… Start.")
    assert text.endswith("End. …")
    assert len(text) < 300


def test_results_are_paged():
    for number in range(13):
        make_live(title=f"Palsy {number}")
    first, second = search.search("palsy"), search.search("palsy", page=2)
    assert first.total == second.total == 13
    assert (len(first.hits), len(second.hits)) == (10, 3)
    assert not {h.address for h in first.hits} & {h.address for h in second.hits}


def test_of_very_many_matches_the_newest_are_ranked_and_all_in_titles(client, monkeypatch):
    # The engines have the number in their SQL.
    for engine in search.ENGINES.values():
        little = engine._FIND.replace(f"LIMIT {search.query.RANKED}", "LIMIT 21")
        monkeypatch.setattr(engine, "_FIND", little)
    monkeypatch.setattr(search, "COUNTED", 20)
    make_live(title="The oldest, about palsy")
    for number in range(24):
        make_live(title=f"Cause {number}", body="A palsy.")
    found = [titles("palsy"), *(titles("palsy", page=page) for page in (2, 3))]
    assert found[0][0] == "The oldest, about palsy"
    assert {title for page in found for title in page} == {
        "The oldest, about palsy",
        *(f"Cause {number}" for number in range(3, 24)),
    }
    first = client.get("/search/", {"q": "palsy"}).content.decode()
    assert "More than 20 pages" in first
    assert "Page 1 of 2" in first
    assert client.get("/search/", {"q": "palsy", "page": 2}).status_code == 200
    assert client.get("/search/", {"q": "palsy", "page": 3}).status_code == 404


def test_a_text_that_was_replaced_is_found_again_once_it_is_published_again():
    entry = make_live(title="Zebrafish words", summary="S", body="B")
    first = entry.newest
    publishing.publish(add_draft(entry, title="Axolotl words"), by=None)
    assert [titles(q) for q in ("zebrafish", "axolotl")] == [[], ["Axolotl words"]]
    publishing.publish(first, by=None)
    assert [titles(q) for q in ("zebrafish", "axolotl")] == [["Zebrafish words"], []]


def test_a_planned_text_is_found_when_its_time_has_come_and_not_after():
    begin = now() + timedelta(hours=1)
    end = begin + timedelta(hours=1)
    text = make_entry(title="Planned words").newest
    publishing.schedule(text, by=None, publish_at=begin, take_down_at=end)
    assert titles("planned") == []
    for moment, expected in ((begin, ["Planned words"]), (end, [])):
        with time_machine.travel(moment, tick=False):
            assert titles("planned") == expected


def test_pages_are_found_too():
    entry = make_entry(title="Imprint", kind=Entry.Kind.PAGE, category=None)
    publishing.publish(entry.newest, by=None)
    assert titles("imprint") == ["Imprint"]


HOSTILE = ['"', "'", "*", "a*", "NEAR(a b)", "title:x", "a AND", "OR", "NOT", "-", "^a", "(", "{a}: b",
           "\x00", "a\x00b", "%", "\\", ";--", "' OR 1=1", "\ud7ff", "\U0001f9e0", "the", "and or",
           "a" * 5000, "a " * 500, '"a', '""', "<script>", ":*", "!a", "a & | b", "\ue000"]  # fmt: skip


@pytest.mark.parametrize("question", HOSTILE)
def test_hostile_input_is_an_answer(client, question):
    make_live(title="A nerve", body="the and or title NEAR")
    assert client.get("/search/", {"q": question}).status_code == 200


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(max_size=40))
def test_any_text_is_an_answer(client, question):
    assert client.get("/search/", {"q": question}).status_code == 200


def test_a_question_is_cut_at_twelve_words():
    assert len(parse("w" + " w".join(map(str, range(40))))) == 12
    assert parse("the the the") == [(("the",),)]


def test_a_long_text_full_of_common_words_is_read_no_further_than_an_excerpt_needs():
    words = "the muscle of the nerve root signal limb hand foot tendon joint".split()
    make_live(title="T", summary="S", body=" ".join(words * 2_500))
    (hit,) = search.search(" ".join(words)).hits
    assert {part.text for part in hit.context if part.found} == set(words)
    matcher = Matcher(parse("the muscle"))
    assert len(matcher.matches("the muscle and " * 10_000)) < 2 * ENOUGH


def test_an_excerpt_is_cut_neither_in_a_number_nor_between_it_and_its_unit():
    filler = "word " * 14
    body = f"{'Start. ' * 30}Take 2 500 mg {filler}palsy {'word ' * 36}at 1 250 mg. {'End. ' * 60}"
    make_live(title="T", summary="S", body=body)
    (hit,) = search.search("palsy").hits
    text = "".join(part.text for part in hit.context)
    for dose in ("2 500 mg", "1 250 mg"):
        assert dose in text or not any(part in text.split() for part in dose.split())


def test_cells_of_a_table_do_not_read_as_one_number():
    make_live(title="T", summary="S", body="| dose | days |\n|---|---|\n| 5 | 10 |\n\nA word. And.")
    (hit,) = search.search("dose").hits
    assert "".join(part.text for part in hit.context) == "dose | days | 5 | 10 | A word. And."


def test_signs_for_private_use_in_a_text_do_not_confuse():
    make_live(title="T", summary="S", body="\ue001odd \ue000nerve\ue001 odd\ue000")
    (hit,) = search.search("odd").hits
    assert "".join(part.text for part in hit.context) == "\ue001odd \ue000nerve\ue001 odd\ue000"
