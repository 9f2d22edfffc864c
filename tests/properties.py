"""What must be true of any input to a page, whoever made it: hypothesis, atheris or a person.

Each function takes a text and raises AssertionError, or any other error, for an input that is not
handled. test_properties.py calls them with made-up texts, `tests/fuzz.py` guided by coverage.
"""

import re
from contextlib import suppress
from html.parser import HTMLParser
from urllib.parse import quote

from django.core.signing import BadSignature, Signer

from causes.interchange import front_matter
from causes.interchange.problems import Wrong
from causes.public.page_cache.page import best_encoding, matches
from causes.search.matches import Matcher
from causes.search.query import MOST_WORDS, parse
from causes.search.snippet import excerpt, mark
from causes.text.body import read_body
from causes.text.characters import bad_characters, normalized, tidy, tidy_line
from causes.text.comments import tidy_body
from causes.text.compare import compare
from causes.text.derived import Derived
from causes.text.identifiers import TIDY, doi_address, identities
from causes.text.markdown import render, uncleaned
from causes.text.merge import chosen, parts_of
from causes.text.names import SORT_KEY_LIMIT, fold, sort_key
from causes.text.numbers import LARGEST, whole_number
from causes.text.objections import objections, unresolved
from causes.text.slugs import is_name_slug, is_slug, name_slug, slug_from_title
from causes.text.syntax import may_link_to

VOID = {"br", "hr"}
TAGS = set(
    "a blockquote br code dd dl dt em h2 h3 h4 h5 h6 hr li ol p pre s section span strong sub sup table tbody "
    "td th thead tr ul".split()
)
PARENTS = {
    "li": {"ul", "ol"},
    "dt": {"dl"},
    "dd": {"dl"},
    "td": {"tr"},
    "th": {"tr"},
    "tr": {"thead", "tbody"},
}
ATTRIBUTES = {"href", "title", "id", "class", "role", "aria-label", "start"}


class _Strict(HTMLParser):
    """Raises AssertionError for HTML that asks for something, or is not nested."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.ids = [], set()

    def handle_starttag(self, tag, attrs):
        assert tag in TAGS, tag
        assert tag not in PARENTS or self.open[-1] in PARENTS[tag], (tag, self.open)
        assert tag != "a" or "a" not in self.open, "a link in a link"
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names)
        assert set(names) <= ATTRIBUTES, names
        for name, value in attrs:
            if name == "href":
                assert may_link_to(value), value
            if name == "id":
                assert value not in self.ids, f"two elements have the id {value}"
                self.ids.add(value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert tag in VOID or self.open.pop() == tag, tag

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl):
        raise AssertionError(f"a declaration: {decl}")

    def handle_pi(self, data):
        raise AssertionError(f"an instruction: {data}")


def strict(html):
    parser = _Strict()
    parser.feed(html)
    parser.close()
    assert not parser.open, parser.open


def markdown(text):
    """A page has no script, asks other hosts for nothing, and is nested, before it is cleaned."""
    strict(uncleaned(text).body_html)
    for options in ({}, {"top_level": 3, "prefix": "a-b--"}):
        strict(render(text, **options).body_html)
    stored = tidy_body(text, stored=True)
    assert tidy_body(stored, stored=True) == stored
    objections(text), unresolved(text, [], ["maas-2015"])
    read_body(text)
    Derived.of(text[:200], text[:500], text)


def comparison(text):
    """Both texts can be read back from their comparison, and from their merge."""
    before, _, after = text.partition("\x1f")
    words = [piece for words in compare(before, after) for piece in words]
    for text, other in ((before, "inserted"), (after, "deleted")):
        seen = "".join(piece.text for piece in words if piece.kind != other)
        assert re.sub(r"\s", "", seen) == re.sub(r"\s", "", text)
    parts = parts_of(before, after, before[::2])
    mine = chosen(parts, ["mine"] * len(parts))
    assert re.sub(r"\s", "", mine) == re.sub(r"\s", "", before[::2])


def question(text):
    """A search reads twelve words at most, and an excerpt shows the words of the text only."""
    items = parse(text)
    assert len(items) <= MOST_WORDS
    matcher = Matcher(items)
    found = matcher.matches(text)
    assert all(one.start < one.end <= len(text) for one in found)
    for parts in (mark(text, found), excerpt(text, found)):
        assert all(part.text for part in parts)


def names(text):
    """Slugs and sort keys keep to their forms, and a tidy text stays as it is."""
    slug, named = slug_from_title(text), name_slug(text)
    assert not slug or is_slug(slug)
    assert not named or is_name_slug(named)
    assert len(sort_key(text)) <= SORT_KEY_LIMIT
    for function in (fold, tidy, tidy_line):
        once = function(text)
        assert function(once) == once
    for form in ("NFC", "NFKC", "NFKD"):
        assert normalized(form, normalized(form, text)) == normalized(form, text)
    bad_characters(text)


def identifiers(text):
    """An identifier that was tidied stays as it is, and its address leads to its own host."""
    for tidied in TIDY.values():
        assert tidied(tidied(text)) == tidied(text)
    assert re.match(r"https://doi\.org/[!-~]*\Z", doi_address(quote(text, errors="replace")))
    identities(dict.fromkeys(TIDY, text))


def parameters(text):
    """A number is a number of the database, and a token is one that this site signed."""
    number = whole_number(text)
    assert number is None or 0 <= number <= LARGEST
    assert best_encoding(text) in ("", "gzip", "br")
    assert matches(text, '"tag"') in (True, False)
    with suppress(BadSignature, UnicodeEncodeError):
        signed = Signer(salt="a").unsign(text)
        assert Signer(salt="a").sign(signed) == text


def front(text):
    """A Markdown file is read, or refused by a sentence."""
    for held in (text, f"---\n{text}\n---\n{text}"):
        with suppress(Wrong):
            front_matter.title_and_body(*front_matter.split(held))


TARGETS = {
    one.__name__: one
    for one in (markdown, comparison, question, names, identifiers, parameters, front)
}
