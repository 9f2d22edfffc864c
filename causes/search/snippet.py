"""The words found, shown where they stand."""

import re
from dataclasses import dataclass

# Engines put these around what matched; they are private to this exchange and are
# taken out of what a text holds of them by itself.
START, END = "\ue000", "\ue001"

WIDTH = 240

_CITATION = re.compile(r"\[@[^\]\n]*\]")
_LINK = re.compile(r"\[([^\]\n]*)\]\([^)\n]*\)")
_MARKS = re.compile(
    r"^\s{0,3}(?:#{1,6}|>|[-*+]|\d+[.)])\s+|[*`|]+|(?<!\w)_+|_+(?!\w)", re.MULTILINE
)
_FOUND = re.compile(f"{START}[^{END}]*{END}")


@dataclass(frozen=True)
class Part:
    text: str
    found: bool


Snippet = list[Part]


def mark(text: str) -> Snippet:
    """Splits a marked text into what was found and what stands between."""
    parts = []
    for piece in re.split(f"({START}[^{END}]*{END})", text):
        clean = piece.replace(START, "").replace(END, "")
        if clean:
            parts.append(Part(clean, piece.startswith(START)))
    return parts


def snippet(summary: str, body: str) -> Snippet:
    """About 240 characters around the place where most words were found.

    The summary when something in it matched, or when nothing in the body did.
    """
    if START in summary or START not in body:
        return mark(summary)
    text = _plain(body)
    places = [match.start() for match in _FOUND.finditer(text)]
    if not places:
        return mark(summary)
    best = max(places, key=lambda at: sum(at <= other < at + WIDTH for other in places))
    start = max(0, best - 60)
    end = min(len(text), start + WIDTH)
    if start:
        start = text.find(" ", start, best) + 1 or best
    if end < len(text):
        # Never between the two signs of one mark.
        closing = text.find(END, end)
        opening = text.find(START, end)
        if closing != -1 and (opening == -1 or closing < opening):
            end = closing + 1
        end = max(text.rfind(" ", start, end), text.rfind(END, start, end) + 1)
    cut = ("… " if start else "") + text[start:end].strip() + (" …" if end < len(text) else "")
    return mark(cut)


def _plain(body: str) -> str:
    """A Markdown text without its signs, good enough to read a line of it."""
    body = _LINK.sub(r"\1", _CITATION.sub("", body))
    return " ".join(_MARKS.sub("", body).split()).replace(" .", ".").replace(" ,", ",")
