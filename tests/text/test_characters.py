import sys
import xml.sax
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causes.text.characters import (
    bad_characters,
    is_blank,
    legal_in_xml,
    tidy,
    tidy_line,
    without_invisible,
)


@pytest.mark.parametrize("end", ["\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_every_line_end_becomes_a_line_feed(end):
    assert tidy(f"one{end}two{end}{end}three") == "one\ntwo\n\nthree"
    assert tidy_line(f"one{end}two") == "one two"


@pytest.mark.parametrize(
    "code", [0x02, 0x08, 0x0E, 0x1B, 0x7F, 0x81, 0xAD, 0x200B, 0x202E, 0x2060, 0x2066, 0xFEFF, 0xFFF9, 0xE0041]
)  # fmt: skip
def test_what_running_text_does_not_need_is_removed(code):
    assert tidy(f"ner{chr(code)}ve") == tidy_line(f"ner{chr(code)}ve") == "nerve"


@pytest.mark.parametrize(
    "text",
    [
        "10⁶ and ½ and H₂O",
        "5\u00a0mg",
        "می\u200cخواهم",
        "\U0001f468\u200d\u2695\ufe0f",
        "שלום\u200e!",
        "a\tb",
        "\ue000 \ufffd",
    ],
)
def test_what_a_reader_needs_stays(text):
    assert tidy(text) == tidy_line(text).replace("a b", "a\tb") == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("cafe\u0301", "caf\u00e9"),
        ("\ufb01bre \ufb03 \ufb06", "fibre ffi st"),
        ("5\x9610\xa0mg, Bell\x92s", "5–10\xa0mg, Bell’s"),
        ("\u2126 \u212b", "Ω Å"),
        ("a\x1fb", "a b"),
    ],
)
def test_what_stands_for_other_characters_is_replaced_by_them(text, kept):
    assert tidy(text) == kept


def test_blanks_at_the_ends_go_and_code_at_the_beginning_stays():
    assert tidy("\n \n    code\n\ntext \n ") == "    code\n\ntext"
    assert tidy_line(" \u00a0 a \n b\u00a0c\u2003") == "a b\u00a0c"


@given(st.text())
def test_what_is_tidy_stays_as_it_is(text):
    assert tidy(tidy(text)) == tidy(text)
    assert tidy_line(tidy_line(text)) == tidy_line(text)
    assert tidy_line(tidy(text)) == tidy_line(text)


def test_no_character_is_left_that_breaks_xml_unless_it_is_refused():
    for code in range(sys.maxunicode + 1):
        text = tidy(f"a{chr(code)}b")
        if not bad_characters(text):
            assert legal_in_xml(text) == text, hex(code)


def test_what_is_legal_in_xml_is_read_by_a_parser():
    codes = [*range(0x3000), *range(0xD000, 0x11000), *range(0x1FFF0, 0x20010)]
    text = "".join(map(chr, codes)).replace("&", "").replace("<", "").replace("]]>", "")
    parser = xml.sax.make_parser()  # noqa: S317 (the text is ours)
    parser.parse(StringIO(f"<a>{legal_in_xml(text)}</a>"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\x00b", "Line 1 holds U+0000, behind “a”: a NUL character"),
        ("one\r\ntwo words \ufffe", "Line 2 holds U+FFFE, behind “two words”"),
        ("\ufdd0", "Line 1 holds U+FDD0: no character at all"),
        ("\U0001ffff", "U+1FFFF"),
        ("a\ud800b", "lone surrogate"),
    ],
)
def test_what_cannot_be_kept_is_named_with_its_place(text, said):
    assert said in bad_characters(text)


def test_characters_of_every_script_and_plane_are_kept():
    assert bad_characters("Ångström 𝒩 \ue000 \U000f0000 \u0378") == ""


def test_a_text_from_before_the_rule_shows_that_something_was_lost():
    assert tidy("a\ufffeb\x02", stored=True) == tidy_line("a\ufffeb", stored=True) == "a\ufffdb"


def test_a_text_of_invisible_characters_is_blank():
    assert is_blank(" \u00a0\u200b\u3164\u2800\u200d\n")
    assert not is_blank("?")


def test_invisible_characters_are_taken_out_to_compare():
    assert without_invisible("n\u00ade\u200dr\u200fv\ufe0fe\n") == "nerve\n"
