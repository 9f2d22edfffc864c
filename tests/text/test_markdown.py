import hashlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causes.text.body import cited_keys
from causes.text.markdown import BODY_LIMIT, RENDERER, render
from causes.text.objections import objections


def test_headings_start_at_h2_and_get_ids_of_their_own():
    html = render("# One\n\n## One\n\n### Two").body_html
    assert re.findall(r"<h\d id=\"[^\"]+\">", html) == [
        '<h2 id="one">',
        '<h2 id="one-2">',
        '<h3 id="two">',
    ]


def test_inside_the_whole_article_headings_are_one_level_lower():
    rendered = render("## One", top_level=3, prefix="polio-")
    assert '<h3 id="polio-one">' in rendered.body_html
    assert rendered.headings[0].text == "One"


def test_html_is_shown_as_text():
    html = render("<script>alert(1)</script>\n\n<b onclick=x>b</b> &amp; <!-- c -->").body_html
    assert "<script" not in html
    assert "<b" not in html.replace("<br", "")
    assert "&lt;script&gt;" in html


def test_a_body_over_the_limit_is_refused():
    assert objections("x" * BODY_LIMIT) == []
    assert "200,001" in objections("x" * (BODY_LIMIT + 1))[0]


def test_sources_are_numbered_in_order_of_first_citation_with_ways_back():
    rendered = render("One [@b-2]. Two [@a-1, p. 12; @b-2].")
    ways_back = [re.findall('href="#([^"]+)"', r.backlinks) for r in rendered.references]
    assert [(r.number, r.key) for r in rendered.references] == [(1, "b-2"), (2, "a-1")]
    assert ways_back == [["cite-1-1", "cite-1-2"], ["cite-2-1"]]
    assert 'href="#source-2"' in rendered.body_html
    assert "2, p. 12" in rendered.body_html
    for place in re.findall("cite-[0-9-]+", str(ways_back)):
        assert f'id="{place}"' in rendered.body_html


@pytest.mark.parametrize(
    "text", ["[@]", "[@A]", "[@a", "@a-1", "[@a-1](x)", "\\[@a-1]", "`[@a-1]`"]
)
def test_what_is_almost_a_citation_is_text_or_at_most_itself(text):
    assert cited_keys(text) == []


def test_a_heading_named_like_a_reference_does_not_take_its_place():
    rendered = render("## Source 1\n\nA [@a-1].\n\n## Cite 1 1")
    ids = re.findall(r'id="([^"]+)"', rendered.body_html)
    assert len(ids) == len(set(ids))
    assert "source-1" not in ids


_pieces = st.sampled_from(
    [
        "[@a-1]",
        "[@b, p. 2; @c]",
        "`",
        "\n\n",
        "    ",
        "text ",
        "[x](y) ",
        "[@",
        "]",
        "\\",
        "<",
        "; ",
        "\n> ",
        "\n",
        "| ",
        "\n|-|\n",
        "## ",
        "^[",
        "[^1]",
        "\n\n[^1]: ",
        "https://x.org/",
        "<!--",
        "-->",
    ]
)


@settings(max_examples=300)
@given(st.lists(_pieces, max_size=12).map("".join))
def test_the_index_of_citations_holds_what_the_page_shows(body):
    assert cited_keys(body) == [reference.key for reference in render(body).references]


@given(st.text(max_size=300))
def test_any_text_renders(body):
    html = render(body).body_html
    assert "<script" not in html
    assert "<img" not in html


EVERYTHING = """
# Heading, twice

## Heading, twice

A *word*, a **word**, `code` &amp; <b>no HTML</b>, cited [@maas-2015, p. 12; @juch-2017].
A [link](https://example.org/ "title") and [one within](/causes/polio/), again [@maas-2015].

> Quoted

1. One
2. Two
   - inner

| left | right |
|:--|--:|
| a | b |

```
preformatted [@not-cited]
```

- a
- b

Term
: Meaning

H~2~O, 10^6^, ~~struck~~, www.example.org, https://example.org/a, noted[^n], ^[inline].
[mail](mailto:a@example.org) [below](#heading-twice) <!-- a comment -->

[^n]: A note [@maas-2015].

---
"""


def test_other_html_has_another_renderer_version():
    """Stored HTML is shown for as long as its version is the present one."""
    rendered = render(EVERYTHING)
    made = hashlib.sha256(repr(rendered).encode()).hexdigest()[:16]
    assert (RENDERER, made) == (3, "adaa029819ff4cb4"), (
        "The HTML of a text has changed: raise RENDERER in causes/text/markdown.py by one, "
        "and write the new pair here."
    )
