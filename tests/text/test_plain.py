"""The plain text of a body: what a reader sees, and nothing run together or taken apart."""

import pytest

from causes.text.body import plain

CASES = {
    "a link keeps its words": ("[leaflet](https://x.example/a) here", "leaflet here"),
    "a link by reference too": ("[leaflet][l]\n\n[l]: https://x.example/", "leaflet"),
    "entities are read": ("a&nbsp;b &lt;c&gt; &#8804; 5 &amp; more", "a\u00a0b <c> ≤ 5 & more"),
    "marks of emphasis go": ("**bo**ld and _thin_ and snake_case", "bold and thin and snake_case"),
    "what is escaped stays": (r"2\*500 and \_x\_", "2*500 and _x_"),
    "single signs stay": ("5 * 3, 2 | 3, ~ 5", "5 * 3, 2 | 3, ~ 5"),
    "each cell is a line": ("|A|B|\n|:-----|--:|\n|5|10|\n|x||", "A\nB\n5\n10\nx"),
    "each item is a line": ("1. one\n2. two\n   - three", "one\ntwo\nthree"),
    "a heading is a line": ("# One\n\nTwo\nthree", "One\nTwo three"),
    "a hard break is a line": ("5  \n10", "5\n10"),
    "code is as it was written": ("```\na  *b*\n  c | d\n```", "a  *b*\n  c | d"),
    "code in a line too": ("Type `2*500  _x_` now", "Type 2*500 _x_ now"),
    "citations leave no gap": ("So it is [@a-1]. Next [@a-1, p. 5; @b-2], too.", "So it is. Next, too."),
    "nor do several in a row": ("So [@a-1], [@b-2]; and [@a-1] [@b-2] more.", "So; and more."),
    "nor one in brackets": ("So it is ([@a-1]) and (see [@b-2]).", "So it is and (see)."),
    "a citation parts figures": ("5[@a-1]10 and 2[@a-1],500", "5 10 and 2 ,500"),
    "nothing at all": ("", ""),
    "blank lines go": ("&nbsp;\n\n***\n\n> quoted", "quoted"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_of_markdown_what_a_reader_sees_is_left(name):
    body, expected = CASES[name]
    assert plain(body) == expected


SIGNS = {
    "powers stay powers": ("10^6^ and 10^-6^ and Ca^2+^ and x^n^", "10⁶ and 10⁻⁶ and Ca²⁺ and xⁿ"),
    "lowered figures stay low": ("H~2~O and CO~2~", "H₂O and CO₂"),
    "others stand in brackets": ("x^ab^ and v~max~", "x^(ab) and v_(max)"),
    "what is struck out says so": (
        "Give ~~500 mg~~ 250 mg, ~~not~~ daily.",
        "Give [struck out: 500 mg ] 250 mg, [struck out: not ] daily.",
    ),
    "a footnote is a line": ("Note[^n] here [^n].\n\n[^n]: The 5 note.", "Note here.\nThe 5 note."),
    "so are term and definitions": ("Term\n: one\n: two", "Term\none\ntwo"),
    "comments go": ("a <!-- 7 -->b\n\n`<!-- 8 -->`", "a b\n<!-- 8 -->"),
    "an asterisk between figures stays": ("2*500 mg and 3*250 mg", "2*500 mg and 3*250 mg"),
    "an image leaves its words": ("![drawing 5](/x.png)", "drawing 5"),
    "a bare address stays": ("See https://x.example/a_b_c.", "See https://x.example/a_b_c."),
}  # fmt: skip


@pytest.mark.parametrize("name", SIGNS)
def test_of_signs_beyond_commonmark_too(name):
    body, expected = SIGNS[name]
    assert plain(body) == expected
