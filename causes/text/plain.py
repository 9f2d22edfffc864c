"""A body as plain text: the words that a reader of the page sees, without the Markdown.

Search looks in it and shows lines of it. Each paragraph, heading, list item, table cell,
term, definition and footnote is a line of its own, so that nothing runs together that the
page keeps apart.
"""

from collections.abc import Iterable

from markdown_it.token import Token

from causes.text.inline import words_of


def plain_of(tokens: Iterable[Token]) -> str:
    """The words of a body that was parsed, a line for each block, as the page shows them.

    Links keep their words, code stays as it was written. Citations and the marks of
    footnotes are left out. `10^6^` gives 10⁶; what has no raised or lowered form in Unicode
    stands in brackets, behind `^` or `_`.
    """
    lines: list[str] = []
    for token in tokens:
        if token.type == "inline":
            lines += words_of(token.children or []).split("\n")
        elif token.type in ("fence", "code_block"):
            lines += (line.rstrip() for line in token.content.split("\n"))
    return "\n".join(line for line in lines if line.strip())
