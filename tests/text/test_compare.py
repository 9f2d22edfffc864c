import random

from hypothesis import given
from hypothesis import strategies as st

from causes.text.compare import Piece, compare, compare_lists


def test_a_changed_number_is_shown_whole():
    (words,) = compare("Take 500 mg a day.", "Take 5,000 mg a day.")
    assert Piece("deleted", "500") in words
    assert Piece("inserted", "5,000") in words


def test_unchanged_paragraphs_are_one_piece_and_new_ones_stand_alone():
    result = compare("One.\n\nTwo.", "One.\n\nBrand new things.\n\nTwo.")
    assert result == [
        [Piece("same", "One.")],
        [Piece("inserted", "Brand new things.")],
        [Piece("same", "Two.")],
    ]


def test_a_paragraph_that_was_replaced_stands_before_the_one_that_came():
    assert compare("Old words here.", "Quite another thing") == [
        [Piece("deleted", "Old words here.")],
        [Piece("inserted", "Quite another thing")],
    ]


def test_tags_are_kept_inserted_or_deleted_by_name():
    assert compare_lists(["a", "b"], ["b", "c"]) == [
        Piece("deleted", "a"),
        Piece("same", "b"),
        Piece("inserted", "c"),
    ]


_words = st.lists(st.sampled_from(["nerve", "500", "5,000", ".", "muscle", "a\nb"]), max_size=8)
_texts = st.lists(_words.map(" ".join).filter(str.strip), max_size=5).map("\n\n".join)


@given(_texts, _texts)
def test_both_texts_can_be_read_back_from_the_comparison(before, after):
    def read_back(dropped):
        paragraphs = (
            "".join(piece.text for piece in words if piece.kind != dropped)
            for words in compare(before, after)
        )
        return [" ".join(text.split()) for text in paragraphs if text.strip()]

    def plain(text):
        return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]

    assert read_back("inserted") == plain(before)
    assert read_back("deleted") == plain(after)


def test_a_paragraph_too_long_for_words_is_compared_by_sentences():
    pick = random.Random(1)
    sentences = [f"The {pick.random()} nerve lost {n} fibres" for n in range(2_000)]
    changed = [*sentences]
    changed[1_000] = "This one is another"
    (words,) = compare(". ".join(sentences), ". ".join(changed))
    assert [piece.kind for piece in words].count("inserted") <= 6
    assert any("another" in piece.text for piece in words if piece.kind == "inserted")
