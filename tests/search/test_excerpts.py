"""An excerpt says what the page says: no number of it stands there otherwise."""

import re
import unicodedata
from html.parser import HTMLParser

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from causes.search.matches import Matcher
from causes.search.query import parse
from causes.search.snippet import excerpt
from causes.text.body import plain
from causes.text.inline import STRUCK, STRUCK_END
from causes.text.markdown import render

_RAISED = {
    kind: {
        chr(int(parts[1], 16)): character
        for character in map(chr, range(0x3000))
        if (parts := unicodedata.decomposition(character).split())[:1] == [kind]
        and len(parts) == 2
        and unicodedata.category(character) in ("No", "Sm")
    }
    for kind in ("<super>", "<sub>")
}


BLANKS = re.compile(r"[ \t\n\r\f]+")


class Page(HTMLParser):
    """The text of a page as a browser shows it, with a line feed around each block."""

    def __init__(self, html, citation=" "):
        super().__init__()
        self.parts, self.hidden, self.script, self.citation = [], 0, None, citation
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        kind = dict(attrs).get("class")
        if self.hidden or kind in ("citation", "note") or dict(attrs).get("role") == "doc-backlink":
            self.hidden += 1
            return
        if tag in ("sup", "sub"):
            self.script, self.parts = self.parts, []
        elif tag == "s":
            self.parts.append(" ")
        elif tag not in ("a", "em", "strong", "code", "span"):
            self.parts.append("\n")

    def handle_endtag(self, tag):
        if self.hidden:
            self.hidden -= 1
            if not self.hidden:
                self.parts.append(self.citation)
        elif tag in ("sup", "sub") and self.script is not None:
            inner = "".join(self.parts)
            kind, sign = ("<super>", "^") if tag == "sup" else ("<sub>", "_")
            if set(inner) <= set(_RAISED[kind]):
                inner = "".join(_RAISED[kind][character] for character in inner)
            else:
                inner = f"{sign}({inner})"
            self.parts, self.script = [*self.script, inner], None
        elif tag == "s":
            self.parts.append(" ")
        elif tag not in ("a", "em", "strong", "code", "span"):
            self.parts.append("\n")

    def handle_data(self, data):
        if not self.hidden:
            self.parts.append(data)

    @property
    def text(self):
        return "".join(self.parts)


def numbers(text):
    """Each run of figures with its neighbours, in which a blank stands for what ends a line."""
    text = f" {' '.join(BLANKS.split(text))} "
    return {
        (text[match.start() - 1], match.group(), text[match.end()])
        for match in re.finditer(r"[0-9]+", text)
    }


FRAGMENTS = [
    "5", "10", "2,500", "1.5", "0", "mg", "units", "word", "w", ".", ",", "(", ")", "=", "+", "-",
    "*", "**", "_", "|", "`", "\n```\n", "\n", "\n\n", "\n- ", "\n1. ", "\n# ", "\n> ", "\n    ",
    "&nbsp;", "&lt;", "&#54;", "&shy;", "^", "~", "~~", "[", "](/a)", "][l]", "[^n]", "\n\n[^n]: ",
    " ", " ", " ", "  \n", "\\", "<b>", "<!-- 7 -->", "\n\n|5|10|\n|--|:-:|\n|2|3|\n", "\n\nterm\n: ",
    "10^6^", "H~2~O", "x^ab^", "~~500~~", "[@a-1]", " [@a-1, p. 5]", "https://x.example/7_8_9", "½", "٣",
]  # fmt: skip
BODIES = st.lists(st.sampled_from(FRAGMENTS), max_size=60).map("".join)
EXAMPLES = settings(max_examples=200, deadline=None)


def without_marks(text):
    """Without the signs around what is struck out, of which an excerpt may have only one."""
    if STRUCK not in text:
        return text
    return text.replace(STRUCK, " ").replace(STRUCK_END, " ")


@EXAMPLES
@given(BODIES)
def test_the_plain_text_has_the_words_of_the_page_and_parts_them_where_it_does(body):
    body = body.replace("[@", "[").replace("[^n]", "n")
    assume("~~" not in body or "]" not in body)  # which could end what is struck out
    assert without_marks(plain(body)).split() == Page(render(body).body_html).text.split()


@EXAMPLES
@given(BODIES, st.sampled_from(["mg", "word", "5", "10", "2,500", "w units"]))
def test_every_number_of_an_excerpt_stands_in_the_page_with_the_same_neighbours(body, question):
    body = f"{body}\n\nword {body} {body} {body} {body} mg"
    text, html = plain(body), render(body).body_html
    # A citation that is left out leaves no gap before a sign, and one between figures.
    closed = re.sub(r"[ \u00a0]*\ue000(?!\w)", "", Page(html, "\ue000").text).replace("\ue000", " ")
    page = numbers(Page(html).text) | numbers(closed)
    found = Matcher(parse(question)).matches(text)
    shown = "".join(part.text for part in excerpt(text, found))
    assert numbers(without_marks(shown)) <= page
