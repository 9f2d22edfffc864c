import pytest

from causes.text.advice import advise, measure, sentences_of, uncited_paragraphs

LONG = "The nerve that serves the hand runs behind the elbow and can be pressed there for years."


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("", 0),
        (LONG, 1),
        (f"{LONG} [@maas-2015]", 0),
        (f"{LONG}\n\n{LONG} [@a-1]\n\n{LONG}", 2),
        (f"## {LONG}", 0),
        ("Too short to count.", 0),
        (f"{LONG[:-1]}:\n\n- one [@a-1]", 0),
        (f"```\n{LONG}\n\n{LONG}\n```", 0),
        (f"| a | b |\n|---|---|\n| {LONG} | x |", 0),
        (f"- {LONG}\n- {LONG}", 1),
        (f"> {LONG}", 1),
        (f"{LONG}\r\n\r\n{LONG}".replace("\r", ""), 2),
    ],
)
def test_paragraphs_that_state_something_and_cite_nothing(body, count):
    assert len(uncited_paragraphs(body)) == count


def test_sentences_end_at_their_ends_and_not_at_abbreviations():
    body = "Some nerves, e.g. The ulnar one, heal. Others (see Fig. 2) do not! Why? Dr. Who knows."
    assert sentences_of(body) == [
        "Some nerves, e.g. The ulnar one, heal.",
        "Others (see Fig. 2) do not!",
        "Why?",
        "Dr. Who knows.",
    ]


def test_a_sentence_is_long_from_26_words_and_marks_are_no_words():
    words = " ".join(["nerve"] * 25)
    assert not [
        a for a in advise("T", "S", f"A heading [@a-1].\n\n{words}.") if "words" in a.sentence
    ]
    found = [a for a in advise("T", "S", f"*{words}* nerve [@a-1].") if "words" in a.sentence]
    assert "26 words" in found[0].sentence


def test_the_list_of_what_a_publisher_would_object_to():
    body = f"## One\n\n#### Three\n\n{LONG}\n\nSee [](https://a.example/). [@a-1]"
    said = [(a.field, a.sentence, a.excerpt) for a in advise("T", "", body)]
    assert [field for field, *_ in said] == ["summary", "body", "body", "body"]
    assert said[1][1:] == ("This paragraph cites no source.", LONG[:79].rsplit(" ", 1)[0] + " …")
    assert "level 4" in said[2][1]
    assert "no text" in said[3][1]
    good = f"## One\n\n{LONG} [@a-1]\n\n### Two\n\n[words](/causes/x/) [@a-1]"
    assert advise("T", "S", good) == []


def test_reading_age_is_the_grade_and_five():
    easy = "The cat sat on the mat. The dog ran to the cat. It was a hot day. " * 3
    hard = "Radiofrequency denervation demonstrates heterogeneous methodological quality. " * 6
    assert measure(easy).reading_age == 5
    assert measure(hard).reading_age > 20
    assert measure("Too short.").reading_age is None
    assert measure("One two three [@a-1]. *Four* [five](https://a.example/six).").words == 5


def test_nothing_is_too_odd_to_be_advised_on():
    for body in ("\n\n\n", "```", "[@", "# ", "- ", "\u202e\U0001f600" * 50, "a" * 5000, ". . . ."):
        advise("", "", body)
        measure(body)
