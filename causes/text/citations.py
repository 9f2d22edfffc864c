"""Citations in the way of Pandoc: `[@maas-2015]`, `[@maas-2015, p. 12; @juch-2017]`.

Source: Pandoc User's Guide, "Citation syntax". Of it the site takes the
bracketed form with keys of small letters, digits and hyphens, and a locator
behind a comma.
"""

import re
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

KEY = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_ONE = rf"@{KEY}(?:,[^\[\];@\n]{{1,80}})?"
_GROUP = re.compile(rf"\[{_ONE}(?:;\s*{_ONE})*\]")
_KEYS = re.compile(rf"@({KEY})")


@dataclass(frozen=True)
class Citation:
    """One source cited at one place: its key, and where in it ("p. 12"), if said."""

    key: str
    locator: str = ""


def parse_group(group: str) -> list[Citation]:
    """The citations of one bracketed group, which must match in whole."""
    parts = (part.strip().removeprefix("@") for part in group.strip("[]").split(";"))
    pairs = (part.partition(",") for part in parts)
    return [Citation(key.strip(), locator.strip()) for key, _, locator in pairs]


# Where one of these stands, only the whole parser knows what is code, link or text.
_NEEDS_PARSER = ("`", "\\", "<", "~", "\t", "&", "    ", "](", "]:")


def scan(body: str) -> list[str] | None:
    """The cited keys of a body without parsing it, or None where that takes the parser.

    Each key once, in order of first citation. A hundred times as fast as the
    parser, which matters when many texts come in at once.
    """
    if any(sign in body for sign in _NEEDS_PARSER):
        return None
    found: dict[str, None] = {}
    for group in _GROUP.findall(body):
        # A locator holds no `@`, so that what stands behind one is a key.
        found.update(dict.fromkeys(_KEYS.findall(group)))
    return list(found)


def citation_rule(state: StateInline, silent: bool) -> bool:
    """A markdown-it inline rule: a group becomes one token of type `citation`."""
    if not state.src.startswith("[@", state.pos):
        return False
    match = _GROUP.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        token = state.push("citation", "sup", 0)
        token.meta = {"citations": parse_group(match.group())}
    state.pos = match.end()
    return True


def citation_plugin(markdown: MarkdownIt) -> None:
    markdown.inline.ruler.before("link", "citation", citation_rule)
