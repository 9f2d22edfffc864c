"""The words of a text as search has them, for texts and questions alike."""

import pytest

from causes.text.stems import stem
from causes.text.words import LINE, POINT, sought, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bell's and Bell’s, MS's; ‘single’ and 'start'", "bell and bell ms single and start"),
        ("crow's feet, the bees' and O'Brien", "crow feet the bees and o brien"),
        ("Barré Sjo\u0308gren naïve Straße", "barre sjogren naive strasse"),
        ("neuro\u00adpathy plexo\u200bpathy ﬁbre \ufeffbegin", "neuropathy plexopathy fibre begin"),
        ("β-blocker, 20 µg, Αλφα", "β blocker 20 μg αλφα"),
        ("10⁶ and 10⁻⁶, H₂O, Ca²⁺, m²", "10 6 and 10 6 h2o ca2 m2"),
        ("COVID-19 L4/L5 foo_bar 50%", "covid 19 l4 l5 foo bar 50"),
        ("2.5mg 2,500 2*500 1:10 12,34 3.", f"2{POINT}5mg 2500 2 500 1 10 12 34 3"),
        ("One.\nTwo\n\nthree", f"one {LINE} two {LINE} three"),
        ("neurology possibly trekked", "neurolog possible trek"),
        ("an old [struck out: cuirass ] armour", "an old cuirass armour"),
        (f"1{LINE} 2{POINT}", "1a 2o"),
        ("", ""),
    ],
)
def test_words_are_folded_alike_in_texts_and_questions(text, expected):
    assert sought(text) == expected


def test_a_word_says_where_it_stands():
    text = "Of Bell’s,\nBarré"
    assert [text[word.start : word.end] for word in words(text)] == ["Of", "Bell’s", "Barré"]


@pytest.mark.parametrize(
    "group",
    [
        "nerve nerves", "weaken weakens weakened weakening", "possible possibly",
        "neurology neurological", "assembly assemblies assembled", "hop hopping hopped",
        "hope hoping", "size sizes sizing", "relate relational", "trek trekking treks",
    ],
)  # fmt: skip
def test_forms_of_one_word_have_one_stem(group):
    assert len({stem(word) for word in group.split()}) == 1


@pytest.mark.parametrize("word", ["ms", "is", "by", "as", "µ", "l5"])
def test_the_shortest_words_are_their_own_stems(word):
    assert stem(word) == word
