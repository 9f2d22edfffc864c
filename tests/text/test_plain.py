"""The plain text of a body: what a reader sees, and nothing run together or taken apart."""

import pytest

from causes.text.plain import plain

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
