import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from causes import publishing, search
from causes.models import Entry
from causes.search.query import parse
from causes.search.snippet import END, START, snippet
from tests.factories import add_draft, make_entry, make_live, make_source

pytestmark = pytest.mark.django_db


def titles(question):
    return ["".join(part.text for part in hit.title) for hit in search.search(question).hits]


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
    assert text.startswith("…")
    assert text.endswith("…")
    assert len(text) < 300


def test_results_are_paged():
    for number in range(13):
        make_live(title=f"Palsy {number}")
    first, second = search.search("palsy"), search.search("palsy", page=2)
    assert first.total == second.total == 13
    assert (len(first.hits), len(second.hits)) == (10, 3)
    assert not {h.address for h in first.hits} & {h.address for h in second.hits}


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


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=40))
def test_any_text_is_an_answer(client, question):
    assert client.get("/search/", {"q": question}).status_code == 200


def test_a_question_is_cut_at_twelve_words():
    assert sum(map(len, parse("w" + " w".join(map(str, range(40)))))) == 12
    assert parse("the the the") == [["the"]]


def test_marks_in_a_text_itself_do_not_confuse():
    shown = snippet("", f"{END}odd {START}nerve{END} odd{START}")
    assert [part.text for part in shown if part.found] == ["nerve"]
