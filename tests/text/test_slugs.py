import pytest
from hypothesis import given
from hypothesis import strategies as st

from causes.text.slugs import (
    is_name_slug,
    is_slug,
    name_slug,
    old_slug_from_title,
    slug_from_title,
)

DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\uff0d"


@pytest.mark.parametrize("dash", DASHES)
def test_every_dash_parts_words(dash):
    assert slug_from_title(f"Guillain{dash}Barré") == "guillain-barre"
    assert name_slug(f"Guillain{dash}Barré") == "guillain-barré"


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Łódź", "lodz"),
        ("Weißer", "weisser"),
        ("Ørsted Æther Þing", "orsted-aether-thing"),
        ("Bell's palsy", "bells-palsy"),
        ("Bell’s palsy", "bells-palsy"),
        ("β-blocker", "beta-blocker"),
        ("TNFα", "tnfalpha"),
        ("γδ T cells", "gamma-delta-t-cells"),
        ("λ", "lambda"),
        ("5 µg of Ω-3", "5-microg-of-omega-3"),
        ("5 \u03bcg", "5-microg"),
        ("Νεύρο", "neyro"),
        ("Москва", "moskva"),
        ("神经", "shenjing"),
        ("½ a dose", "1-2-a-dose"),
        ("dener\u00advation of \ufb01bres", "denervation-of-fibres"),
        ("Ae\u0301rea", "aerea"),
        ("--- ---", ""),
    ],
)
def test_letters_are_transliterated_and_none_is_dropped(title, slug):
    assert slug_from_title(title) == slug


@pytest.mark.parametrize(
    ("title", "slug"),
    [("Guillain–Barré", "guillainbarre"), ("Łódź", "odz"), ("Weißer", "weier")],
)
def test_the_slug_of_the_old_rule_can_still_be_told(title, slug):
    assert old_slug_from_title(title) == slug


@given(st.text())
def test_a_slug_from_any_title_is_well_formed_or_empty(title):
    for slug in (slug_from_title(title), old_slug_from_title(title)):
        assert slug == "" or (is_slug(slug) and len(slug) <= 80)


def test_a_long_title_is_cut_at_a_word_and_a_long_word_within_it():
    assert slug_from_title("nerve " * 20) == "-".join(["nerve"] * 13)
    assert slug_from_title("x" * 100) == "x" * 80


@pytest.mark.parametrize("slug", ["a b", "A", "-a", "a-", "a--b", "", "a\n", "é", "a_b", "a.b"])
def test_malformed_slugs_are_told(slug):
    assert not is_slug(slug)


def test_signs_that_tell_names_apart_are_spelled_out():
    assert name_slug("C") != name_slug("C++")
    assert name_slug("nerve!") == name_slug("nerve-") == "nerve"
    assert name_slug("神経") == "神経"


def test_a_name_without_letter_or_digit_has_no_slug():
    assert name_slug("&&&") == name_slug("  ") == name_slug("-") == name_slug("\u3164") == ""


@given(st.text())
def test_the_slug_of_any_name_is_one(name):
    slug = name_slug(name)
    assert slug == "" or is_name_slug(slug)


@pytest.mark.parametrize("slug", ["", "-", "a--b", "A", "a b", "a,b", "x" * 101])
def test_malformed_slugs_of_names_are_told(slug):
    assert not is_name_slug(slug)
