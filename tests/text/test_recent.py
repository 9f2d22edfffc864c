"""What was made of a text is kept for those used last, and found by nothing but that text."""

from causes.text.markdown import forget_rendered, render, render_stored
from causes.text.recent import Recent


def test_it_holds_what_fits_and_the_oldest_results_leave():
    kept = Recent(10, size=lambda key, result: len(key) + len(result))
    for text in ("aa", "bb", "cc"):
        assert kept.keep(text, text.upper()) == text.upper()
    assert [kept.get(text) for text in ("aa", "bb", "cc")] == [None, "BB", "CC"]
    kept.keep("a text that is too long", "")
    assert [kept.get(text) for text in ("bb", "cc", "a text that is too long")] == [None] * 3


def test_the_same_text_twice_counts_once():
    kept = Recent(4, size=lambda key, result: len(key) + len(result))
    for _ in range(3):
        kept.keep("aa", "AA")
    assert kept.get("aa") == "AA"
    kept.clear()
    assert kept.get("aa") is None


def test_a_stored_text_is_rendered_as_any_other_and_once_for_each_way_to_show_it():
    forget_rendered()
    body = "# One\n\nTwo [@a-1]."
    for options in ({}, {"top_level": 3, "prefix": "x--"}):
        first = render_stored(body, **options)
        assert first == render(body, **options)
        assert render_stored(body, **options) is first
    assert render_stored(body + " Three.") == render(body + " Three.")
