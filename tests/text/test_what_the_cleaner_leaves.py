"""What the parser reads reaches the page: the cleaner takes nothing away."""

import itertools
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from causes.text.markdown import render, uncleaned
from tests.text.examples import fixtures, needs_examples, specification

REFUSED_ON_PURPOSE = {
    "raw HTML": re.compile(r"<[a-zA-Z/!?]"),
    "images": re.compile(r"!\["),
    "signs between digits, which are no italics": re.compile(r"\d[*~]+\d"),
    "links to other places": re.compile(r"\]\(|\]:|\]\[|<"),
}
"""The only marks of CommonMark that do not come out as the specification has them."""

OUR_OWN = re.compile(r"[~^@]|^ {0,3}:|https?:|www\.|\[\^", re.MULTILINE)
"""Signs to which this site gives a meaning that the specification does not know."""


class _Events(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, tuple(sorted((k, v or "") for k, v in attrs))))

    def handle_endtag(self, tag):
        self.found.append(f"/{tag}")

    def handle_data(self, data):
        if self.found and self.found[-1][0] == "text":
            data = self.found.pop()[1] + data
        self.found.append(("text", data))


def events(html):
    """Tags, attributes and words, however they are written."""
    parser = _Events()
    parser.feed(html)
    parser.close()
    return [e for e in parser.found if e not in ("/br", "/hr") and e != ("text", "\n")]


def assert_nothing_was_taken(body):
    for options in ({}, {"top_level": 3, "prefix": "a-b--"}):
        assert events(render(body, **options).body_html) == events(
            uncleaned(body, **options).body_html
        )


@needs_examples
def test_the_cleaner_changes_no_example_of_the_specification_or_of_the_parser():
    examples = specification() + fixtures()
    assert len(examples) > 700
    for body in examples:
        assert_nothing_was_taken(body)


@needs_examples
def test_a_page_says_what_the_specification_says_but_for_what_is_refused_on_purpose():
    reference = MarkdownIt("commonmark", {"html": False})
    compared = 0
    for body in specification():
        if OUR_OWN.search(body) or any(p.search(body) for p in REFUSED_ON_PURPOSE.values()):
            continue
        expected = reference.render(body).replace("<h1>", "<h2>").replace("</h1>", "</h2>")
        html = re.sub(r'(<h\d) id="[^"]*"', r"\1", render(body).body_html)
        assert events(html) == events(expected), body
        compared += 1
    assert compared > 350


BLOCKS = {
    "paragraph": ("WORD", "p"),
    "heading": ("### WORD", "h3"),
    "quotation": ("> WORD", "blockquote"),
    "bullets": ("- WORD\n- other", "ul"),
    "steps": ("1. WORD\n2. other", "ol"),
    "definition": ("Term\n: WORD", "dl"),
    "table": ("| a | b |\n|:-:|--:|\n| WORD | c |", "table"),
    "fence": ("```text\nWORD\n```", "pre"),
    "indented": ("    WORD", "pre"),
    "rule": ("WORD\n\n---", "hr"),
}
CONTAINERS = {
    "quotation": ("> ", "> ", "blockquote"),
    "bullets": ("- ", "  ", "ul"),
    "steps": ("1. ", "   ", "ol"),
    "definition": ("Term\n: ", "  ", "dl"),
    "footnote": ("Marked[^n].\n\n[^n]: First.\n\n    ", "    ", "section"),
}
INLINE = {
    "emphasis": ("*WORD*", "em"),
    "strong": ("**WORD**", "strong"),
    "struck": ("~~WORD~~", "s"),
    "code": ("`WORD`", "code"),
    "subscript": ("H~WORD~", "sub"),
    "superscript": ("10^WORD^", "sup"),
    "link": ("[WORD](https://example.org/)", "a"),
    "reference": ("[WORD][r]", "a"),
    "autolink": ("<https://example.org/WORD>", "a"),
    "bare address": ("https://example.org/WORD", "a"),
    "www": ("www.example.org/WORD", "a"),
    "mail": ("[WORD](mailto:a@example.org)", "a"),
    "telephone": ("[WORD](tel:+44123)", "a"),
    "citation": ("WORD [@a-1, p. 2]", "sup"),
    "footnote": ("WORD[^f]", "sup"),
    "inline footnote": ("x^[WORD]", "sup"),
    "break": ("WORD  \nnext", "br"),
}
DEFINED = "\n\n[r]: https://example.org/r\n\n[^f]: A note.\n"
ESCAPED = "Stars \\* and &amp; and &#42; WORD"


def nested(container, block):
    first, further, _ = CONTAINERS[container]
    lines = BLOCKS[block][0].split("\n")
    return first + ("\n" + further).join(lines)


@pytest.mark.parametrize(("outer", "inner"), list(itertools.product(CONTAINERS, BLOCKS)))
def test_every_block_stands_in_every_container(outer, inner):
    body = nested(outer, inner)
    assert_nothing_was_taken(body)
    html = render(body).body_html
    outside, inside = CONTAINERS[outer][2], BLOCKS[inner][1]
    found = re.search(rf"<{outside}\b.*</{outside}>", html, re.S)
    assert found, html
    if inner != "paragraph":  # a tight list has none
        assert re.search(rf"<{inside}\b", found.group()), html
    assert "WORD" in found.group()


# A footnote moves to the end of the page, whatever stands around it.
@pytest.mark.parametrize(
    ("outer", "middle"), [*itertools.permutations(CONTAINERS.keys() - {"footnote"}, 2)]
)
def test_containers_stand_in_one_another_with_bullets_at_the_bottom(outer, middle):
    first, further, tag = CONTAINERS[outer]
    body = first + ("\n" + further).join(nested(middle, "bullets").split("\n"))
    assert_nothing_was_taken(body)
    inner = CONTAINERS[middle][2]
    assert re.search(
        rf"<{tag}\b.*<{inner}\b.*<ul>.*<li>WORD</li>.*</ul>.*</{inner}>.*</{tag}>",
        render(body).body_html,
        re.S,
    )


@pytest.mark.parametrize(("block", "mark"), list(itertools.product(BLOCKS, INLINE)))
def test_every_mark_works_in_every_block(block, mark):
    text, tag = INLINE[mark]
    if block in ("table", "heading", "bullets", "steps", "definition", "rule") and mark == "break":
        text, tag = "WORD", "h3" if block == "heading" else BLOCKS[block][1]
    body = BLOCKS[block][0].replace("WORD", text) + DEFINED
    assert_nothing_was_taken(body)
    html = render(body).body_html
    assert "WORD" in html
    if block not in ("fence", "indented"):
        assert re.search(rf"<{tag}\b", html), html


AROUND = {
    "emphasis": "*…*",
    "strong": "**…**",
    "struck": "~~…~~",
    "link": "[…](https://example.org/)",
    "reference": "[…][r]",
    "inline footnote": "y^[…]",
}
"""The marks that hold others; the rest hold letters."""


@pytest.mark.parametrize(("outer", "inner"), list(itertools.product(AROUND, INLINE)))
def test_every_mark_works_in_every_other_that_can_hold_it(outer, inner):
    body = AROUND[outer].replace("…", f"a {INLINE[inner][0]} b") + DEFINED
    assert_nothing_was_taken(body)
    html = render(body).body_html
    assert "WORD" in html
    # No link within a link, which browsers tear apart.
    depth = 0
    for event in events(html):
        depth += (event[0] == "a") - (event == "/a")
        assert depth in (0, 1), html


_signs = (
    "a b2 5 10 mg * ** _ ~ ~~ ^ ` ``` > - + 1. 2) # ## | |-|-| : [ ] ( ) [^1] [^1]: ^[ [@a-1] "
    "https://x.org/ www.x.org <a> <!-- --> & &lt; \\ ! !["
)
_pieces = st.sampled_from([*_signs.split(), "\n", "\n\n", "    ", "  ", "\t"])


@settings(max_examples=400, deadline=None)
@given(st.lists(_pieces, max_size=25).map(" ".join) | st.lists(_pieces, max_size=25).map("".join))
def test_the_cleaner_takes_nothing_from_any_text(body):
    assert_nothing_was_taken(body)
