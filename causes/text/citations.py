"""Citations in Pandoc's syntax: `[@maas-2015]`, `[@maas-2015, p. 12; @juch-2017]`.

Source: Pandoc User's Guide, "Citation syntax". The site uses only the bracketed form, with
keys of small letters, digits and hyphens, and with a locator after a comma.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
from markdown_it.rules_inline import StateInline

from causes.text.slugs import SLUG, SLUG_LIMIT

_ONE = rf"@{SLUG}(?:,[^\[\];@]{{1,80}})?"
_GROUP = re.compile(rf"\[{_ONE}(?:;\s*{_ONE})*\]")


@dataclass(frozen=True)
class Citation:
    """A source cited at one place: its key and, if given, the place in it ("p. 12")."""

    key: str
    locator: str = ""


def parse_group(group: str) -> list[Citation]:
    """The citations of one bracketed group. The whole string must be the group."""
    parts = (part.strip().removeprefix("@") for part in group.strip("[]").split(";"))
    pairs = (part.partition(",") for part in parts)
    return [Citation(key.strip(), " ".join(locator.split())) for key, _, locator in pairs]


def citation_rule(state: StateInline, silent: bool) -> bool:
    """A markdown-it inline rule: a group becomes one token of type `citation`."""
    # When the parser only looks ahead, a group is ordinary text: a link text may contain one.
    if silent or not state.src.startswith("[@", state.pos):
        return False
    match = _GROUP.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    token = state.push("citation", "sup", 0)
    lines = match.group().count("\n")
    token.meta = {"citations": parse_group(match.group()), "lines": lines}
    state.pos = match.end()
    return True


def _no_link(state: StateInline, silent: bool) -> bool:
    """The same, where no link can begin: it saves the search for a link, the largest cost."""
    if silent or not state.src.startswith("[@", state.pos):
        return False
    match = _GROUP.match(state.src, state.pos, state.posMax)
    if match is None or state.src[match.end() : match.end() + 1] in ("(", "["):
        return False
    label = normalizeReference(match.group()[1:-1])
    return label not in state.env.get("references", {}) and citation_rule(state, False)


def citation_plugin(markdown: MarkdownIt) -> None:
    markdown.inline.ruler.before("link", "citation", _no_link)
    # After links: `[@clinic](https://…)` is a link to the clinic, not a citation.
    markdown.inline.ruler.after("link", "citation_or_link", citation_rule)


# A bracket that begins with an @, or has one later before a word with a digit or a dash.
_LIKE_A_GROUP = re.compile(
    r"\[(?:[\s\-–—−]{0,9}@|[^\[\]@]{1,40}(?<![\w.])@(?=[^\W_]*[\d–—−_-]))[^\[\]]{0,200}\]?"
)
_DASH = "[-–—−‐‑_]"
_BARE_KEY = re.compile(rf"(?<![\w@./\ufffc])@([^\W_]+{_DASH}[^\W_]+)(?:{_DASH}[^\W_]+)*")
_DIGIT = re.compile(r"\d")
_WITHOUT_AT = re.compile(rf"\[({SLUG}(?:-[a-z0-9]+))\](?![(:\[])")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−_ ", "-"))


def near_misses(text: str) -> list[tuple[int, str]]:
    """The pieces of a text that look like citations, as (position, piece), in order.

    `text` is a passage from which citations, links and code were removed.
    """
    groups = [(match.start(), match.group()) for match in _LIKE_A_GROUP.finditer(text)]
    inside = {place for start, piece in groups for place in range(start, start + len(piece))}
    bare = [
        (match.start(), match.group())
        for match in _BARE_KEY.finditer(text)
        if _DIGIT.search(match[1])
    ]
    found = groups + [(place, piece) for place, piece in bare if place not in inside]
    return [(place, " ".join(piece.split())) for place, piece in sorted(found)]


def bracketed_words(text: str) -> list[str]:
    """Words in brackets that look like keys without the @ sign: `[maas-2015]`."""
    return [match[1] for match in _WITHOUT_AT.finditer(text)]


def nearest_key(piece: str, keys: Collection[str]) -> str:
    """The key that a piece of text most probably means, or an empty string."""
    typed = re.search(
        r"([^\[\]@,;]+)", piece.rpartition("@")[2] if piece.count("@") == 1 else piece
    )
    if typed is None:
        return ""
    words = typed[1].strip()[:SLUG_LIMIT].lower().translate(_DASHES)
    for length in range(len(words.split("-")), 0, -1):
        start = re.sub(r"[^a-z0-9-]", "", "-".join(words.split("-")[:length])).strip("-")
        if start in keys:
            return start
    close = get_close_matches(re.sub(r"[^a-z0-9-]", "", words), keys, n=1, cutoff=0.6)
    return close[0] if close else ""
