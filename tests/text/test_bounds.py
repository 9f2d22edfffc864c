"""A short text that would become a long page is refused by name, and an old one is shown as typed."""

from causes.text.advice import MOST_ADVICE, advise
from causes.text.alignment import Effort, matching_blocks, opcodes
from causes.text.bounds import MISSING_CELLS, REPEATED
from causes.text.characters import normalized, tidy
from causes.text.markdown import render
from causes.text.objections import MOST_NAMED, SUGGESTED, objections, unresolved
from causes.text.slugs import slug_from_title

HEAD = "a|" * 99 + "a\n" + "-|" * 99 + "-\n"


def table(rows):
    return HEAD + "x\n" * rows + "\n"


def test_tables_may_lack_some_cells_and_no_more():
    rows = MISSING_CELLS // 99
    assert render(table(rows)).body_html.count("<td>") == rows * 100
    assert objections(table(rows)) == []
    said = objections(f"Words.\n\n{table(rows)}{table(5)}")
    assert said == [
        "The rows of tables lack more than 10,000 cells: give each row of the table in line "
        f"{rows + 6} as many cells as its head."
    ]
    html = render(table(rows) + table(5) + "|a|b|\n|-|-|\n|c|d|").body_html
    assert html.count("<table>") == 1
    assert "|c|d|" in html


def test_a_full_table_may_be_as_long_as_a_text():
    body = "|a|b|\n|-|-|\n" + "|c|d\\|e|\n" * 15_000
    assert objections(body) == []
    assert render(body).body_html.count("<td>") == 30_000


def test_an_address_that_is_defined_once_may_not_fill_a_page():
    definition = f"[a]: /{'b' * 50_000}\n\n"
    assert objections(definition + "[a] " * 5) == []
    said = objections(definition + "[a] " * 500)
    assert said == [
        "Links that are defined once and used often make more than 1,000,000 characters: "
        "shorten their addresses and titles."
    ]
    html = render(definition + "[a] " * 500).body_html
    assert html.count("<a ") <= REPEATED / 50_000
    assert html.endswith("[a] [a]</p>\n")
    assert len(html) < 2 * REPEATED


def test_an_ordinary_link_may_be_used_as_often_as_one_likes():
    body = "[a]: https://example.org/some/page\n\n" + "[a] " * 2_000
    assert objections(body) == []
    assert render(body).body_html.count("<a ") == 2_000


def test_of_many_problems_the_first_are_named_and_the_rest_are_counted():
    said = objections("[x](javascript:a)\n" * (MOST_NAMED + 7))
    assert len(said) == MOST_NAMED + 1
    assert said[-1] == "There are 7 more problems like these."
    assert "; and 5 more, and describe" in objections("![x](y) " * (MOST_NAMED + 5))[0]
    keys = [f"[@maas-{1000 + n}] " for n in range(30)]
    said = unresolved("".join(keys), [], {"maas-2015"})
    assert sum("Did you mean" in sentence for sentence in said) == SUGGESTED
    advice = advise("T", "S", "[](https://a.example/)\n\n" * (MOST_ADVICE + 3))
    assert len(advice) == MOST_ADVICE + 1
    assert "There are 3 more" in advice[-1].sentence


def test_marks_on_one_letter_are_parted_and_an_ordinary_number_of_them_is_not():
    ordinary = "a" + "\u0323\u0308" * 15
    assert normalized("NFD", tidy(ordinary)).count("\u034f") == 0
    assert tidy("a" + "\u0323\u0308" * 50).count("\u034f") >= 3


def test_a_slug_of_a_title_of_any_length_is_short():
    assert slug_from_title("a b " * 100_000) == ("a-b-" * 20)[:79]


def test_an_alignment_without_effort_still_finds_what_both_ends_share():
    before, after = list("abcxdef"), list("abcyzdef")
    assert matching_blocks(before, after, Effort()) == [(0, 0, 3), (4, 5, 3)]
    assert matching_blocks(before, after, Effort(0)) == [(0, 0, 3), (4, 5, 3)]
    assert opcodes(before, list("bxa"), Effort(0)) == [(False, 0, 7, 0, 3)]
