import pytest

from causes.text.likeness import near_duplicates


@pytest.mark.parametrize(
    "pair",
    [
        ("nerve", "nerves"),
        ("nerve injury", "injury nerve"),
        ("motor neuron", "motor neurone"),
        ("palsies", "palsy"),
        ("virus", "viruses"),
        ("tumour", "tumor"),
        ("Facial palsy", "facial-palsy"),
        ("poliomyelitis", "poliomyeiltis"),
        ("paralysis", "paralisis"),
    ],
)
def test_names_that_are_probably_one(pair):
    assert near_duplicates(pair) == [tuple(sorted(pair))]


@pytest.mark.parametrize(
    "pair",
    [
        ("type 1", "type 2"),
        ("hand", "hind"),
        ("toxin", "trauma"),
        ("ageing", "virus"),
        ("rebaat", "reaabt"),
    ],
)
def test_names_that_are_two(pair):
    assert near_duplicates(pair) == []


def test_a_thousand_tags_take_no_thousand_times_a_thousand_steps():
    names = [f"condition {a}{b}" for a in "abcdefghijklmnopqrstuvwxyz" for b in "qwertzuiopasdfghj"]
    assert len(near_duplicates([f"{n} of {i:04d}" for i, n in enumerate(names)])) == 0
