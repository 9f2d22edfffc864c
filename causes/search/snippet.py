"""The words found, shown where they stand."""

import re
from dataclasses import dataclass

# Engines put these around what matched; they are private to this exchange and are
# taken out of what a text holds of them by itself.
START, END = "\ue000", "\ue001"

WIDTH = 240

_CITATION = re.compile(r"\[@[^\]\n]*\]")
_LINK = re.compile(r"\[([^\]\n]*)\]\([^)\n]*\)")
_LINE_MARKS = re.compile(r"^\s{0,3}(?:#{1,6}|>|[-*+]|\d+[.)])\s+", re.MULTILINE)
_MARKS = re.compile(r"[*`|]+")
_UNDERLINES = re.compile(r"(?<!\w)_+|_+(?!\w)")
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
    around, cut_before, cut_behind = _around_most(body)
    text = _plain(around)
    places = [match.start() for match in _FOUND.finditer(text)]
    if not places:
        return mark(summary)
    best = _fullest(places)
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
    before = "… " if start or cut_before else ""
    behind = " …" if end < len(text) or cut_behind else ""
    return mark(f"{before}{text[start:end].strip()}{behind}")


def _fullest(places: list[int]) -> int:
    """The place from which on most others are near."""
    return max(places, key=lambda at: sum(at <= other < at + WIDTH for other in places))


def _around_most(body: str) -> tuple[str, bool, bool]:
    """Whole lines around where most words were found, and whether more stands on each side.

    Cleaning costs far more than looking: a long text is not cleaned for one line of it.
    """
    places = [match.start() for match in _FOUND.finditer(body)]
    best = _fullest(places) if places else 0
    start = body.rfind("\n", 0, max(0, best - WIDTH)) + 1
    end = body.find("\n", best + 2 * WIDTH)
    end = len(body) if end == -1 else end
    return body[start:end], start > 0, end < len(body)


def _plain(body: str) -> str:
    """A Markdown text without its signs, good enough to read a line of it."""
    # Each is far dearer to look for than to see that it cannot be there.
    if "[@" in body:
        body = _CITATION.sub("", body)
    if "](" in body:
        body = _LINK.sub(r"\1", body)
    body = _MARKS.sub("", _LINE_MARKS.sub("", body))
    if "_" in body:
        body = _UNDERLINES.sub("", body)
    return " ".join(body.split()).replace(" .", ".").replace(" ,", ",")
