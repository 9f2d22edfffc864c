import re

import pytest

from causes.text.comments import without_comments
from causes.text.markdown import render
from causes.text.objections import objections


@pytest.mark.parametrize(
    ("body", "without", "count"),
    [
        ("a <!-- c --> b", "a  b", 1),
        ("<!-- a -->\ntext", "text", 1),
        ("one\n\n<!-- a\n\nb -->\n\ntwo", "one\n\n\ntwo", 1),
        ("- a\n<!-- x -->\n- b", "- a\n- b", 1),
        ("| a |\n|---|\n<!-- c -->\n| b |", "| a |\n|---|\n| b |", 1),
        ("<!--a--> <!--b-->\nz", "z", 2),
        ("> a <!-- x -->\n> b", "> a \n> b", 1),
        ("- a\n\n    <!-- c -->\n    b", "- a\n\n    b", 1),
        ("<!-- ``` -->\ntext <!-- d -->", "text ", 2),
        ("<!-->", "", 1),
    ],
)
def test_comments_go_and_are_counted(body, without, count):
    assert without_comments(body) == (without, count)


@pytest.mark.parametrize(
    "body",
    [
        "`<!-- c -->`",
        "`` ` <!-- c --> ``",
        "```\n<!-- c -->\n```",
        "> ~~~\n> <!-- c -->\n> ~~~",
        "- ```\n  <!-- c -->\n  ```",
        "text\n\n    <!-- c -->\n\ntext",
        "\\<!-- c -->",
        "<!-- without an end",
        "--> <!--",
    ],
)
def test_comments_in_code_and_those_without_an_end_stay(body):
    assert without_comments(body) == (body, 0)


@pytest.mark.parametrize(
    "place",
    [
        "{}",
        "a {} b",
        "- {}",
        "> {}",
        "## {}",
        "| {} |\n|---|\n| {} |",
        "x^[{}]",
        "[{}](https://x.org/)",
    ],
)
def test_no_reader_sees_a_comment_that_was_stored(place):
    html = render(place.replace("{}", "<!-- for the editor -->")).body_html
    assert "editor" not in html


def test_a_comment_that_was_taken_out_leaves_the_rest_as_it_is_shown():
    body = "1. one\n<!-- x -->\n2. two `<!-- code -->`\n"
    assert render(body).body_html == render(without_comments(body)[0]).body_html
    assert re.findall("<li>.*?</li>", render(body).body_html) == [
        "<li>one</li>",
        "<li>two <code>&lt;!-- code --&gt;</code></li>",
    ]


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("<!-- a -->\n![x](y)", 2),
        ("<!-- a\n\nb -->\n\n![x](y)", 5),
        ("one <!-- a\nb --> two\n\n![x](y)", 4),
        ("![x](y) <!-- a\nb -->\n", 1),
        ("one\n<!-- a --> <!-- b -->\n<!-- c -->\n![x](y)", 4),
        ("- one\n  <!-- a -->\n- ![x](y)\n<!-- b -->", 3),
        ("> one\n> <!-- a -->\n> ![x](y)", 3),
    ],
)
def test_lines_are_those_that_the_author_sees(body, line):
    assert f"(line {line})" in objections(body)[0]
