import pytest
from hypothesis import given
from hypothesis import strategies as st

from causes.text.names import (
    bad_characters,
    fold,
    is_slug,
    name_slug,
    slug_from_title,
    tags_from_string,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ageing", "AGEING"), ("Straße", "STRASSE"), ("caf\u00e9", "cafe\u0301"), (" a  b ", "a b")],
)
def test_names_that_differ_in_case_or_accents_form_are_the_same(one, other):
    assert fold(one) == fold(other)


def test_signs_that_tell_names_apart_are_spelled_out():
    assert name_slug("C") != name_slug("C++")
    assert name_slug("nerve!") == name_slug("nerve-") == "nerve"
    assert name_slug("神経") == "神経"


def test_a_name_without_letter_or_digit_has_no_slug():
    assert name_slug("&&&") == name_slug("  ") == name_slug("-") == ""


def test_tags_are_parted_by_commas_and_by_nothing_else():
    assert tags_from_string("heart attack, nerve ,, virus") == ["heart attack", "nerve", "virus"]


@given(st.text())
def test_a_slug_from_any_title_is_well_formed_or_empty(title):
    slug = slug_from_title(title)
    assert slug == "" or (is_slug(slug) and len(slug) <= 80)


@given(st.text())
def test_folding_twice_changes_nothing(name):
    assert fold(fold(name)) == fold(name)


@pytest.mark.parametrize("slug", ["a b", "A", "-a", "a-", "a--b", "", "a\n", "é", "a_b", "a.b"])
def test_malformed_slugs_are_told(slug):
    assert not is_slug(slug)


def test_nul_and_half_characters_are_told():
    assert "NUL" in bad_characters("a\x00b")
    assert "surrogate" in bad_characters("a\ud800b")
    assert bad_characters("Ångström 𝒩") == ""
