"""What medical writers type, and what a page makes of it."""

import re

import pytest

from causes.text.body import read_body
from causes.text.markdown import note_letter, render
from causes.text.objections import objections, unresolved


def seen(body, **options):
    """The HTML of a body without the paragraph around it."""
    html = render(body, **options).body_html.strip()
    return html.removeprefix("<p>").removesuffix("</p>")


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("- a", "<ul>\n<li>a</li>\n</ul>"),
        (
            "1. Rest\n   - tape\n   - drops\n2. See a doctor",
            "<ol>\n<li>Rest\n<ul>\n<li>tape</li>\n<li>drops</li>\n</ul>\n</li>\n<li>See a doctor</li>\n</ol>",
        ),
        ("4. a\n5. b", '<ol start="4">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ("Term\n: Meaning", "<dl>\n<dt>Term</dt>\n<dd>Meaning</dd>\n</dl>"),
        ("H~2~O", "H<sub>2</sub>O"),
        ("10^6^/L", "10<sup>6</sup>/L"),
        ("10^-6^ and 10^−9^", "10<sup>-6</sup> and 10<sup>−9</sup>"),
        (
            "Ca^2+^, SO~4~^2−^, Na^+^",
            "Ca<sup>2+</sup>, SO<sub>4</sub><sup>2−</sup>, Na<sup>+</sup>",
        ),
        ("^99m^Tc", "<sup>99m</sup>Tc"),
        ("~~struck~~", "<s>struck</s>"),
        ("~~H~2~O~~", "<s>H<sub>2</sub>O</s>"),
    ],
)
def test_what_medical_writers_type_comes_out(body, html):
    assert seen(body) == html


@pytest.mark.parametrize(
    "dose",
    [
        "10^6/L–10^9/L",
        "5~10, 15~20",
        "5~10~15 mg",
        "~20mg~30mg",
        "about ~5 mg and ~10 mg",
        "2^3^4",
        "10^6 and 10^9",
        "10^1,5^",
        "5~10 mg/15~20 mg",
        "a ~ b ~ c",
        "x^y z^",
        "2*500 mg and 3*250 mg",
        "10*3 units",
        "p&gt;0.05".replace("&gt;", ">"),
        "pH 7.35~7.45",
        "1/2 [of a tablet]",
        "x <a:b> y",
        "[Dose]: daily",
        "[Adults]: 5/day",
        "The dose is\n~ 5 mg a day",
        "^a b^",
        "I^2 = 45%; tau^2 = 0.1",
        "2 x 10^3 ^ 4",
    ],
)
def test_no_mark_changes_a_dose(dose):
    shown = render(dose).body_html
    words = re.sub(r"<[^>]+>", "", shown).replace("&gt;", ">").replace("&lt;", "<").strip()
    assert words == dose
    assert "<su" not in shown


def test_about_is_not_a_definition_even_below_one():
    html = render("Dose\n: daily\n~ 5 mg\n\nOther\n~ 7 mg").body_html
    assert "~ 5 mg" in html
    assert "~ 7 mg" in html


# Footnotes -------------------------------------------------------------------------------


def test_footnotes_are_letters_with_ways_there_and_back():
    rendered = render(
        "One[^x] two^[Inline [@a-1].] three[^x] [@b-2].\n\n[^x]: https://example.org/a"
    )
    html = rendered.body_html
    assert re.findall(r'href="#(note-[^"]+)"[^>]*>([a-z])</a>', html) == [
        ("note-a", "a"),
        ("note-b", "b"),
        ("note-a", "a"),
    ]
    assert 'href="https://example.org/a"' in html
    for target in re.findall(r'href="#([^"]+)"', html):
        if not target.startswith("source-"):
            assert f'id="{target}"' in html
    assert [reference.key for reference in rendered.references] == ["b-2", "a-1"]
    assert unresolved("One[^x].\n\n[^x]: Text.", ()) == []


def test_footnotes_keep_apart_on_a_page_of_several_texts():
    one = render("a[^1]\n\n[^1]: b", prefix="polio--").body_html
    assert set(re.findall(r'(?:id|href)="#?([^"]+)"', one)) == {"polio--note-a", "polio--note-a-1"}


def test_letters_go_on_behind_z():
    assert [note_letter(index) for index in (0, 25, 26, 51, 52, 701, 702)] == [
        "a",
        "z",
        "aa",
        "az",
        "ba",
        "zz",
        "aaa",
    ]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("A[^1].", "leads to no footnote"),
        ("A.\n\n[^1]: Nobody marks me.", "readers would not see it"),
        ("[a]\n\n[a]: https://x.org/\n[a]: https://y.org/", "defines the link [a] again"),
    ],
)
def test_words_that_no_reader_would_see_are_named(body, words):
    assert words in unresolved(body, ())[0]


# Links -----------------------------------------------------------------------------------

GOOD = [
    "https://example.org/a",
    "http://x.org",
    "/causes/polio/",
    "#part",
    "mailto:a@b.org",
    "tel:+44123",
    "tel:112",
]
BAD = [
    "www.cdc.gov/polio",
    "other.md",
    "../y",
    "./z",
    "//evil.example",
    "javascript:alert",
    "data:text/html,x",
    "ftp://a/b",
    "?page=2",
    "/\\evil.example",
    "https:",
    "https:///x",
    "mailto:",
    "tel:",
    "“https://x.org”",
    "#",
]
WAYS = {
    "inline": "[words]({})",
    "inline in angles": "[words](<{}>)",
    "with a title": '[words]({} "title")',
    "reference": "[words][r]\n\n[r]: {}",
    "collapsed reference": "[words][]\n\n[words]: {}",
    "shortcut reference": "[words]\n\n[words]: {}",
    "footnote": "x[^1]\n\n[^1]: [words]({})",
    "inline footnote": "x^[see [words]({})]",
    "in a table": "| a |\n|---|\n| [words]({}) |",
    "in a heading": "## [words]({})",
    "in a definition": "Term\n: [words]({})",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("address", GOOD)
def test_a_link_that_may_stand_stands_in_every_way_to_write_it(way, address):
    body = WAYS[way].format(address)
    assert f'href="{address}"' in render(body).body_html
    assert objections(body) == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("address", BAD)
def test_a_link_that_may_not_stand_is_refused_in_every_way_to_write_it(way, address):
    body = WAYS[way].format(address)
    html = render(body).body_html
    assert f'href="{address}"' not in html
    assert "words" in html
    # In a definition some of these are words like any other, and shown as such.
    if "reference" not in way or address not in ("tel:", "mailto:", "https:", "?page=2", "#"):
        assert "line" in objections(body)[0]


@pytest.mark.parametrize("address", ["https://a.example/b", "mailto:a@b.example", "tel:112"])
def test_autolinks_follow_the_same_rule(address):
    assert f'href="{address}"' in render(f"<{address}>").body_html
    assert objections(f"<{address}>") == []


@pytest.mark.parametrize("address", ["javascript:alert(1)", "ftp://a/b", "data:text/html,x"])
def test_other_autolinks_are_shown_as_typed_and_refused(address):
    assert "href" not in render(f"<{address}>").body_html
    assert address in objections(f"<{address}>")[0]


def test_a_link_that_was_stored_before_the_rule_shows_its_words():
    assert seen("See [the CDC](www.cdc.gov/polio).") == "See the CDC."


def test_a_link_with_broken_marks_is_named_instead_of_shown():
    assert "straight quotation marks" in objections("[CDC](https://cdc.gov “title”)")[0]


@pytest.mark.parametrize(
    ("body", "address"),
    [
        ("See https://example.org/a_b_c*d~e~f.", "https://example.org/a_b_c*d~e~f"),
        ("(http://x.org/a_(b))", "http://x.org/a_(b)"),
        ("“https://x.org/y”", "https://x.org/y"),
        ("*https://x.org/z*, and", "https://x.org/z"),
        ("www.cdc.gov/polio.", "http://www.cdc.gov/polio"),
        ("10.1000/x;2-# https://doi.org/10.1/a(b)c;2-#", "https://doi.org/10.1/a(b)c;2-#"),
    ],
)
def test_a_bare_address_is_a_link(body, address):
    assert re.findall(r'href="([^"]+)"', render(body).body_html) == [address]


@pytest.mark.parametrize(
    "body",
    [
        "example.org/a",
        "a@example.org",
        "xhttps://",
        "https://",
        "www.",
        "nwww.x.org/y",
        "5www.x.org",
    ],
)
def test_what_has_no_scheme_is_text(body):
    assert "<a" not in render(body).body_html


# Citations -------------------------------------------------------------------------------

KEYS = {"maas-2015", "juch-2017", "who-polio"}


@pytest.mark.parametrize(
    ("body", "nearest"),
    [
        ("[@maas-2015 p. 12]", "maas-2015"),
        ("[@Maas-2015]", "maas-2015"),
        ("[@maas–2015]", "maas-2015"),
        ("[@maas-2015.]", "maas-2015"),
        ("[@maas_2015]", "maas-2015"),
        ("[@maas 2015]", "maas-2015"),
        ("[ @maas-2015]", "maas-2015"),
        ("[@maas-2015", "maas-2015"),
        ("[see @maas-2015]", "maas-2015"),
        ("[-@maas-2015]", "maas-2015"),
        ("[@maas-2015;]", "maas-2015"),
        ("[@maas-2015, @juch-2017]", "maas-2015"),
        ("[@who-pollio]", "who-polio"),
        ("(@maas-2015)", "maas-2015"),
        ("as @maas-2015 says", "maas-2015"),
        ("[@]", ""),
        ("> [@Maas-2015]", "maas-2015"),
        ("## Heading [@Maas-2015]", "maas-2015"),
        ("| a |\n|---|\n| [@Maas-2015] |", "maas-2015"),
        ("- a [@Maas-2015]", "maas-2015"),
        ("x^[a [@Maas-2015]]", "maas-2015"),
        ("*[@Maas-2015]*", "maas-2015"),
    ],
)
def test_what_looks_like_a_citation_and_is_none_is_named_with_the_nearest_key(body, nearest):
    known = set(read_body(body).keys) & KEYS
    said = unresolved(body, known, KEYS)
    assert len(said) == 1
    assert (f"Did you mean [@{nearest}]?" in said[0]) is bool(nearest)


@pytest.mark.parametrize(
    "body",
    [
        "[@maas-2015]",
        "[@maas-2015, p. 12; @juch-2017]",
        "[@maas-2015,\np. 12]",
        "> [@maas-2015;\n> @juch-2017, p. 3]",
        "- a [@maas-2015,\n  p. 12]",
        "`[@Maas-2015]`",
        "    [@Maas-2015]",
        "\\[@Maas-2015]",
        "[@clinic](https://example.org/)",
        "[@clinic][c]\n\n[c]: https://example.org/",
        "mail a@b-2.org or @NHSuk",
        "[follow @NHSuk] and [Operations @ the clinic]",
        "https://example.org/@maas-2015",
        "<!-- [@Maas-2015] -->",
    ],
)
def test_what_cites_or_only_seems_to_is_not_named(body):
    assert unresolved(body, KEYS, KEYS) == []


def test_a_key_in_brackets_without_its_sign_is_named_when_there_is_such_a_source():
    assert "[@maas-2015]" in unresolved("A fact [maas-2015].", (), KEYS)[0]
    assert unresolved("A fact [see-2015].", (), KEYS) == []


@pytest.mark.parametrize(
    "body",
    [
        "[@maas-2015,\np. 12]",
        "> [@a-1;\n> @b-2]",
        "## A [@a-1; @b-2]",
        "| x |\n|-|\n| [@a-1; @b-2] |",
    ],
)
def test_the_page_and_the_index_read_the_same_citations(body):
    assert [r.key for r in render(body).references] == read_body(body).keys != []


def test_a_citation_in_the_words_of_a_link_stands_behind_it():
    html = render("[see [@a-1] here](https://example.org/)").body_html
    assert html.index("</a>") < html.index("citation")


# Images ----------------------------------------------------------------------------------


def test_images_of_every_kind_are_named_with_their_lines():
    body = (
        "![a [b] c](x)\n![two][r]\n\n![x] ![[y.png]]\n\n<img src='z'>\n\n[r]: https://example.org/"
    )
    said = objections(body)
    assert len(said) == 1
    for piece, line in (
        ("![a [b] c](x)", 1),
        ("![two](", 2),
        ("![x]", 4),
        ("![[y.png]]", 4),
        ("<img", 6),
    ):
        assert re.search(rf"{re.escape(piece)}[^;]*\(line {line}\)", said[0]), (piece, said)


@pytest.mark.parametrize(
    "body", ["`![a](b)`", "    ![a](b)", "\\!\\[a](https://x.org)", "Stop! [@a-1]", "Stop![@a-1]"]
)
def test_what_looks_like_an_image_and_is_none_stands(body):
    assert objections(body) == []


# Links within the text -------------------------------------------------------------------


def test_links_to_headings_lead_there_on_a_page_of_several_texts():
    html = render(
        "## Nerves\n\n[up](#nerves) [away](#elsewhere)", prefix="polio--", top_level=3
    ).body_html
    assert 'id="polio--nerves"' in html
    assert 'href="#polio--nerves"' in html
    assert 'href="#elsewhere"' in html


def test_a_list_of_contents_shows_ten_to_the_sixth_and_never_106():
    headings = render("## 10^6^ cells\n\n## H~2~O [@a-1] and a note[^1]\n\n[^1]: Text.").headings
    assert [heading.text for heading in headings] == ["10⁶ cells", "H₂O and a note"]
