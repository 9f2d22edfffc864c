"""Inline tokens of the parser as plain text: the words of a passage as readers see them."""

import re
from collections.abc import Sequence

from markdown_it.token import Token

STRUCK, STRUCK_END = "[struck out: ", " ]"
"""Marks around struck-out words. Without them, a withdrawn dose would look valid."""

_RAISED = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")

_TEXT = {"text", "text_special", "code_inline"}
_SIGNS = {"softbreak": " ", "hardbreak": "\n", "s_open": STRUCK, "s_close": STRUCK_END}
_LEFT_OUT = ("citation", "footnote_ref")
# The white space of HTML. No-break spaces are not included: they hold a dose together.
_BLANKS = re.compile(r"[ \t\n\r\f]+")
_ENDS_SENTENCE = re.compile(r"[.,;:!?…)\]”’»](?!\d)")
_ONLY_PARTS = re.compile(r"[\s,;–-]*")


def words_of(tokens: Sequence[Token]) -> str:
    """The visible text of inline tokens, with a line feed where the page begins a new line."""
    outer: list[list[str]] = []
    parts: list[str] = []
    gap = False
    for index, token in enumerate(tokens):
        piece = _piece(token)
        if token.type in ("sup_open", "sub_open"):
            outer.append(parts)
            parts = []
        elif token.type in ("sup_close", "sub_close") and outer:
            piece = script(token.type, "".join(parts))
            parts = outer.pop()
        gap = gap or token.type in ("s_open", *_LEFT_OUT)
        if gap and piece:
            following = tokens[index + 1].type if index + 1 < len(tokens) else ""
            if following in _LEFT_OUT and _ONLY_PARTS.fullmatch(piece):
                continue
            piece = _beside(parts.pop() if parts else "", piece)
        if piece:
            parts.append(piece)
            gap = token.type == "s_close"
    return "\n".join(line.strip(" ") for line in "".join(parts).split("\n"))


def _piece(token: Token) -> str:
    if token.type in _TEXT:
        return _BLANKS.sub(" ", token.content)
    if token.type == "image":
        return words_of(token.children or [])
    return _SIGNS.get(token.type, "")


def script(kind: str, inner: str) -> str:
    """A superscript or subscript, written so that its digits do not look like normal ones."""
    sign, table = ("^", _RAISED) if kind.startswith("sup") else ("_", _LOWERED)
    raised = all(ord(character) in table for character in inner)
    return inner.translate(table) if raised else f"{sign}({inner})"


def _beside(before: str, after: str) -> str:
    """Joins two pieces of text with something between them that is left out or struck out.

    Words and numbers remain separated by a space: `5[@a]10` does not become 510.
    """
    if before.endswith("(") and after.startswith(")"):
        return before[:-1].rstrip(" ") + after[1:]
    if _ENDS_SENTENCE.match(after):
        return before.rstrip(" \u00a0") + after
    if after.startswith(" "):
        return before.rstrip(" ") + after
    apart = not before or before[-1].isspace() or after[0].isspace()
    return f"{before}{'' if apart else ' '}{after}"
