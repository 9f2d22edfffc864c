"""Turns the Markdown that editors write into the HTML that readers get.

CommonMark (spec 0.31) with tables, citations and the additions of causes/text/syntax.py.
Raw HTML is shown as text, and HTML comments are left out. The HTML is a pure function of the
text: the page itself looks up the source behind a number.

nh3 cleans the HTML as a second wall. It finds nothing to remove in the output of the parser,
and a test checks that: `body.objections` refuses by name whatever is not allowed.
"""

import html
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.utils import EnvType

from causes.text.comments import without_comments
from causes.text.inline import words_of
from causes.text.recent import Recent
from causes.text.slugs import name_slug
from causes.text.syntax import SCHEMES, make_parser, may_link_to

BODY_LIMIT = 200_000
"""The longest body, in characters."""

RENDERER = 3
"""The version of the parser and the renderer. Increase it whenever their output changes."""

_TAGS = set(
    (
        "a blockquote br code dd dl dt em h2 h3 h4 h5 h6 hr li ol p pre s section span strong sub"
        " sup table tbody td th thead tr ul"
    ).split()
)
_ATTRIBUTES = {
    "a": {"href", "title", "id", "class", "role", "aria-label"},
    "code": {"class"},
    "li": {"id"},
    "ol": {"start", "class"},
    "section": {"class", "role", "aria-label"},
    "sup": {"class"},
    "td": {"class"},
    "th": {"class"},
} | {f"h{level}": {"id"} for level in range(2, 7)}


class Heading(NamedTuple):
    """A heading of a rendered text."""

    level: int
    id: str
    text: str


class Reference(NamedTuple):
    """A source as one text cites it."""

    number: int
    key: str
    backlinks: str
    """HTML of the links from the reference back to each place where it is cited."""


@dataclass
class Rendered:
    """A text as HTML, with its headings and references."""

    body_html: str
    headings: list[Heading] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    markdown = make_parser()
    for kind, draw in _DRAWN.items():
        markdown.add_render_rule(kind, _rule(draw))
    return markdown


def parse(body: str, env: dict[str, object] | None = None) -> list[Token]:
    """The tokens of a body, with every link and image that the author typed."""
    return _parser().parse(without_comments(body)[0], {} if env is None else env)


def read(body: str, env: dict[str, object] | None = None) -> list[Token]:
    """The tokens of a body as readers see it.

    A link that is not allowed leaves its words, and an image its description. Citations and
    footnote marks within a link are moved behind it.
    """
    tokens = parse(body, env)
    for block in tokens:
        if block.children:
            block.children = list(_as_seen(block.children))
    return tokens


def _as_seen(tokens: Sequence[Token]) -> Iterator[Token]:
    shown: list[bool] = []  # for each open link
    behind: list[Token] = []
    for token in tokens:
        if token.type == "link_open":
            shown.append(may_link_to(str(token.attrs["href"])) and not any(shown))
            if shown[-1]:
                yield token
        elif token.type == "link_close":
            if shown.pop():
                yield token
            if not shown:
                yield from behind
                behind = []
        elif shown and token.type in ("citation", "footnote_ref"):
            behind.append(token)
        else:
            yield token


# Marks with HTML of their own ------------------------------------------------------------


def _draw_citation(token: Token, env: EnvType) -> str:
    links = []
    for number, place, locator in token.meta["links"]:
        prefix = env["prefix"]
        where = f", {html.escape(locator)}" if locator else ""
        links.append(
            f'<a role="doc-noteref" class="noteref" id="{prefix}{place}" '
            f'href="#{prefix}source-{number}" aria-label="Source {number}{where}">'
            f"{number}{where}</a>"
        )
    return f'<sup class="citation">{" ".join(links)}</sup>'


def _draw_image(token: Token, env: EnvType) -> str:
    """`objections` refuses images; an image in an old text is shown as its words."""
    return html.escape(words_of(token.children or []))


def _draw_text(token: Token, env: EnvType) -> str:
    return html.escape(token.content, quote=False)


def note_letter(index: int) -> str:
    """a, b, … z, aa, ab, …: numbers are for sources."""
    letters = ""
    index += 1
    while index:
        index, letter = divmod(index - 1, 26)
        letters = chr(ord("a") + letter) + letters
    return letters


def _note_place(token: Token) -> str:
    """The id of a footnote's mark: a note with three marks has three ids."""
    count = token.meta.get("subId", 0) + 1
    return f"note-{note_letter(token.meta['id'])}-{count}"


def _draw_note_mark(token: Token, env: EnvType) -> str:
    prefix = env["prefix"]
    letter = note_letter(token.meta["id"])
    return (
        f'<sup class="note"><a role="doc-noteref" id="{prefix}{_note_place(token)}" '
        f'href="#{prefix}note-{letter}" aria-label="Note {letter}">{letter}</a></sup>'
    )


def _draw_notes(token: Token, env: EnvType) -> str:
    return '<section class="footnotes" role="doc-endnotes" aria-label="Notes">\n<ol class="notes">'


def _draw_note(token: Token, env: EnvType) -> str:
    return f'<li id="{env["prefix"]}note-{note_letter(token.meta["id"])}">'


def _draw_way_back(token: Token, env: EnvType) -> str:
    letter = note_letter(token.meta["id"])
    return (
        f' <a role="doc-backlink" href="#{env["prefix"]}{_note_place(token)}" '
        f'aria-label="Back to note {letter} in the text">↑</a>'
    )


_DRAWN: dict[str, Callable[[Token, EnvType], str]] = {
    "citation": _draw_citation,
    "footnote_ref": _draw_note_mark,
    "footnote_block_open": _draw_notes,
    "footnote_open": _draw_note,
    "footnote_anchor": _draw_way_back,
    "image": _draw_image,
    "text_special": _draw_text,
}


def _rule(draw: Callable[[Token, EnvType], str]) -> Callable[..., str]:
    """A rule in the form that the renderer calls, with arguments that are not needed here."""

    def rule(_: Any, tokens: Sequence[Token], index: int, options: Any, env: EnvType) -> str:
        return draw(tokens[index], env)

    return rule


# Rendering -------------------------------------------------------------------------------


def _inline(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


def render(body: str, *, top_level: int = 2, prefix: str = "") -> Rendered:
    """The HTML of a body, its headings and its references in order of first citation.

    `top_level` is the highest level of a heading (2 on a page of its own, 3 inside the whole
    article); `prefix` begins every id, for several bodies on one page.
    """
    rendered = uncleaned(body, top_level=top_level, prefix=prefix)
    rendered.body_html = nh3.clean(
        rendered.body_html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel=None,
    )
    return rendered


def _size(key: tuple[str, int, str], made: Rendered) -> int:
    return len(key[0]) + len(made.body_html) + sum(len(one.backlinks) for one in made.references)


_stored: Recent[tuple[str, int, str], Rendered] = Recent(12_000_000, size=_size)
"""The HTML of about 1,000 texts; each process has its own."""


def render_stored(body: str, *, top_level: int = 2, prefix: str = "") -> Rendered:
    """`render` for stored texts, which readers ask for again and again: never change the result."""
    key = body, top_level, prefix
    return _stored.get(key) or _stored.keep(key, render(body, top_level=top_level, prefix=prefix))


def forget_rendered() -> None:
    """Empties the cache of `render_stored`, as a new process has it: for measuring."""
    _stored.clear()


def uncleaned(body: str, *, top_level: int = 2, prefix: str = "") -> Rendered:
    """`render` without the second wall. For tests only: never show it to anybody."""
    env: dict[str, object] = {"prefix": prefix}
    tokens = read(body, env)
    headings = _number_headings(tokens, top_level, prefix)
    anchors = {heading.id.removeprefix(prefix) for heading in headings}
    places = _number_citations(tokens)
    for token in _inline(tokens):
        if token.type in ("th_open", "td_open") and "style" in token.attrs:
            # Inline styles would need a hole in the content security policy.
            token.attrs["class"] = str(token.attrs.pop("style")).rpartition(":")[2].strip()
        elif token.type == "link_open" and prefix:
            # A link to a heading of this text must not lead to another text on the page.
            href = str(token.attrs["href"])
            if href.startswith("#") and unquote(href[1:]) in anchors:
                token.attrs["href"] = f"#{prefix}{href[1:]}"
    references = [
        Reference(number, key, _backlinks(number, [prefix + place for place in some]))
        for number, (key, some) in enumerate(places.items(), 1)
    ]
    raw = _parser().renderer.render(tokens, _parser().options, env)
    return Rendered(raw, headings, references)


def _number_headings(tokens: list[Token], top_level: int, prefix: str) -> list[Heading]:
    """Sets the level and a unique id of each heading."""
    headings: list[Heading] = []
    taken: dict[str, int] = {}
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            level = min(6, max(int(token.tag[1]), 2) + top_level - 2)
            token.tag = f"h{level}"
            text = " ".join(words_of(tokens[index + 1].children or []).split())
            anchor = prefix + _free_anchor(name_slug(text) or "part", taken)
            token.attrSet("id", anchor)
            headings.append(Heading(level, anchor, text))
        elif token.type == "heading_close":
            token.tag = f"h{headings[-1].level}"
    return headings


def _number_citations(tokens: list[Token]) -> dict[str, list[str]]:
    """Sets the number and place of each citation. Returns the places of each key, in order."""
    places: dict[str, list[str]] = {}
    numbers: dict[str, int] = {}
    before = None
    for token in _inline(tokens):
        if token.type in ("citation", "footnote_ref") and before and before.type == "text":
            # The mark stays with the word before it: no line may begin with a mark.
            before.content = before.content.rstrip(" ")
        if token.type == "citation":
            links = []
            for citation in token.meta["citations"]:
                number = numbers.setdefault(citation.key, len(numbers) + 1)
                here = places.setdefault(citation.key, [])
                here.append(f"cite-{number}-{len(here) + 1}")
                links.append((number, here[-1], citation.locator))
            token.meta["links"] = links
        before = token
    return places


def _backlinks(number: int, places: list[str]) -> str:
    several = len(places) > 1
    return " ".join(
        f'<a role="doc-backlink" href="#{place}" aria-label="Back to place {count} where '
        f'source {number} is cited">↑{count if several else ""}</a>'
        for count, place in enumerate(places, 1)
    )


def _free_anchor(stem: str, taken: dict[str, int]) -> str:
    """An id that no other heading of the text has yet."""
    if re.match(r"(source|cite|note|site)(-|$)", stem):  # the page's and the references' own ids
        stem = f"part-{stem}"
    anchor = stem
    while anchor in taken:
        taken[stem] += 1
        anchor = f"{stem}-{taken[stem]}"
    taken[anchor] = 1
    return anchor
