"""A body as plain text: the words that readers see, without Markdown.

Search uses it, and shows excerpts of it. Each paragraph, heading, list item, table cell,
term, definition and footnote is a separate line, so words that are separate on the page
remain separate.
"""

from collections.abc import Iterable

from markdown_it.token import Token

from causes.text.inline import words_of


def plain_of(tokens: Iterable[Token]) -> str:
    """The words of a parsed body as the page shows them, a line for each block.

    The words of links and the text of code are kept. Citations and footnote marks are left
    out. `10^6^` becomes 10⁶. Text that has no raised or lowered form in Unicode is written
    in brackets after `^` or `_`.
    """
    lines: list[str] = []
    for token in tokens:
        if token.type == "inline":
            lines += words_of(token.children or []).split("\n")
        elif token.type in ("fence", "code_block"):
            lines += (line.rstrip() for line in token.content.split("\n"))
    return "\n".join(line for line in lines if line.strip())
