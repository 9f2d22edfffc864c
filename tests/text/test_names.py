import pytest
from hypothesis import given
from hypothesis import strategies as st

from causes.text.names import fold, initial, searchable, sort_key, tags_from_string


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ageing", "AGEING"),
        ("Straße", "STRASSE"),
        ("caf\u00e9", "cafe\u0301"),
        (" a  b ", "a b"),
        ("nerve", "ner\u00adve"),  # soft hyphen
        ("nerve", "\u200bnerve\ufeff"),
        ("nerve", "ner\u200dve"),
        ("\ufb01bre", "fibre"),
        ("nerve pain", "nerve\u00a0pain"),
        ("\u00b5g", "\u03bcg"),
    ],
)
def test_names_that_a_reader_cannot_tell_apart_are_the_same(one, other):
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("cafe", "café"), ("m2", "m²"), ("C", "C++")])
def test_names_that_a_reader_can_tell_apart_are_two(one, other):
    assert fold(one) != fold(other)


def test_tags_are_parted_by_commas_and_by_nothing_else():
    assert tags_from_string("heart attack, nerve ,, virus") == ["heart attack", "nerve", "virus"]


@given(st.text())
def test_folding_twice_changes_nothing(name):
    assert fold(fold(name)) == fold(name)


@pytest.mark.parametrize(
    ("text", "sought"),
    [
        ("dener\u00advation", "denervation"),
        ("dener\u200bvation \u200ddener\x02vation", "denervation denervation"),
        ("\ufb01bre \ufb02exor e\ufb03cient", "fibre flexor efficient"),
        ("Guillain–Barré", "Guillain–Barre"),
        ("Łódź Ørsted Weißer", "Lodz Orsted Weisser"),
        ("H₂O, 10⁶, \u00b5g", "H2O, 106, \u03bcg"),
        ("one\n\ntwo", "one\n\ntwo"),
        ("がん 한국", "がん 한국"),
    ],
)
def test_a_text_is_sought_without_what_hides_its_words(text, sought):
    assert searchable(text) == sought


@given(st.text())
def test_what_is_sought_stays_as_it_is_when_it_is_folded_again(text):
    assert searchable(searchable(text)) == searchable(text)


def test_names_stand_in_the_order_that_readers_expect():
    wanted = """??? |5 signs|10 signs|Ataxia|“Burner” injury|de Quervain|Élan|Elbow|Guillain-Barré
        |Guillain–Barré syndrome|Guillaume|Łódź|Lumbar|Ørsted|Type 2|Type 10|van Es|World|β-blocker
        |γ-ray|Ятро|神経"""
    names = [name.strip() for name in wanted.split("|")]
    keys = [sort_key(name) for name in names]
    assert keys == sorted(keys)


def test_names_that_differ_in_accents_alone_have_an_order_of_their_own():
    assert sort_key("elan") != sort_key("élan") != sort_key("Élan")


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("Ataxia", ("A", "letter-a")),
        ("Élan", ("E", "letter-e")),
        ("Łódź", ("L", "letter-l")),
        ("Æther", ("A", "letter-a")),
        ("«Burner»", ("B", "letter-b")),
        ("\u00a0 Blank", ("B", "letter-b")),
        ("5 signs", ("0–9", "letter-09")),
        ("¾ of them", ("0–9", "letter-09")),
        ("Ятро", ("Я", "letter-u44f")),
        ("ятро", ("Я", "letter-u44f")),
        ("β-blocker", ("Β", "letter-u3b2")),
        ("???", ("Signs", "letter-signs")),
    ],
)
def test_a_name_stands_in_the_group_of_its_first_letter(name, group):
    assert initial(name) == group


@given(st.lists(st.text()))
def test_groups_are_whole_in_the_order_of_names(names):
    seen = [initial(name) for name in sorted(names, key=sort_key)]
    runs = [group for place, group in enumerate(seen) if place == 0 or seen[place - 1] != group]
    assert len(runs) == len(set(runs))
    assert len({group.anchor for group in runs}) == len(runs)


@given(st.text())
def test_a_sort_key_fits_its_column(name):
    assert len(sort_key(name)) <= 301
