import pytest

from causes.text.numbers import LARGEST, whole_number


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("1", 1), ("007", 7), ("1" * 18, int("1" * 18)), (str(LARGEST), LARGEST)],
)
def test_digits_are_a_number(text, number):
    assert whole_number(text) == number


@pytest.mark.parametrize(
    "text",
    ["", " 1", "-1", "+1", "1.0", "1_000", "x", "²", "٣", "１", "NaN", "\x00", "9" * 20, "9" * 5000,
     "0" * 5000, str(LARGEST + 1)],
)  # fmt: skip
def test_anything_else_is_none(text):
    assert whole_number(text) is None


def test_a_number_above_the_most_that_is_asked_for_is_none():
    assert whole_number("10", most=10) == 10
    assert whole_number("11", most=10) is None
