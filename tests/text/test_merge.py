import pytest
from hypothesis import given
from hypothesis import strategies as st

from causes.text.merge import chosen, parts_of

texts = st.lists(st.sampled_from(["a", "b", "c", "d", "## e", "f\ng", "- h\n- i"]), max_size=9).map(
    "\n\n".join
)


@given(texts, texts, texts)
def test_choosing_one_side_everywhere_gives_that_text(base, theirs, mine):
    parts = parts_of(base, theirs, mine)
    assert chosen(parts, ["theirs"] * len(parts)) == theirs


@given(texts, texts, texts)
def test_mine_everywhere_is_mine_wherever_the_two_differ(base, theirs, mine):
    parts = parts_of(base, theirs, mine)
    assert chosen(parts, ["mine"] * len(parts)) == mine.strip("\n")


@given(texts, texts)
def test_what_both_say_is_never_asked(base, text):
    assert all(part.settled for part in parts_of(base, text, text))


def test_every_place_that_differs_is_a_part_even_where_one_side_left_it_alone():
    base = "One.\n\nTake 5 mg.\n\nThree.\n\nFour."
    theirs = "One.\n\nTake 50 mg.\n\nThree.\n\nFour."
    mine = "One.\n\nTake 5 mg.\n\nThree.\n\nTwice a day.\n\nFour."
    differing = [part for part in parts_of(base, theirs, mine) if not part.settled]
    assert [(p.base.strip(), p.theirs.strip(), p.mine.strip()) for p in differing] == [
        ("Take 5 mg.", "Take 50 mg.", "Take 5 mg."),
        ("", "", "Twice a day."),
    ]


def test_a_paragraph_that_went_leaves_no_hole():
    parts = parts_of("a\n\nb\n\nc", "a\n\nc", "a\n\nb!\n\nc")
    sides = ["theirs"] * len(parts)
    assert chosen(parts, sides) == "a\n\nc"
    mine = ["mine"] * len(parts)
    assert chosen(parts, mine) == "a\n\nb!\n\nc"


@pytest.mark.parametrize("text", ["```\na\n\n\nb\n```", "a  \n\n\n\nb", "\n\na"])
def test_blank_lines_come_back_as_they_were(text):
    parts = parts_of("x", text, "y")
    assert chosen(parts, ["theirs"] * len(parts)) == text.strip("\n")
