"""From the Markdown that editors write to the HTML that readers get.

CommonMark (spec 0.31) with tables and citations. Raw HTML is shown as text,
images are refused, links lead to http(s) or into the site. The HTML is a pure
function of the text: which source a number stands for is looked up by the page.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from causes.text.citations import Citation, citation_plugin, scan
from causes.text.names import bad_characters, name_slug

BODY_LIMIT = 200_000
"""The longest body, in characters."""

RENDERER = 2
"""The version of what `render` makes of a text. One more whenever other HTML comes out of it."""

_TAGS = set(
    (
        "a blockquote br code em h2 h3 h4 h5 h6 hr li ol p pre strong sup table tbody td th "
        "thead tr span s"
    ).split()
)
_ATTRIBUTES = {
    "a": {"href", "title", "id", "class", "role", "aria-label"},
    "ol": {"start"},
    "sup": {"class"},
    "span": {"class"},
    "td": {"class"},
    "th": {"class"},
} | {f"h{level}": {"id"} for level in range(2, 7)}


class Heading(NamedTuple):
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
    body_html: str
    headings: list[Heading] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)


def _within_site_or_web(url: str) -> bool:
    """Whether a link may stand: http, https, or an address within this site."""
    try:
        parts = urlsplit(html.unescape(url))
    except ValueError:
        return False
    if parts.scheme:
        return parts.scheme in ("http", "https") and bool(parts.netloc)
    # `//host/path` leaves the site without saying how; `\` is a slash to browsers.
    return not parts.netloc and not url.startswith(("//", "/\\", "\\"))


class _Markdown(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802
        return _within_site_or_web(url)


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    markdown = _Markdown("commonmark", {"html": False, "linkify": False})
    markdown.enable("table").use(citation_plugin)
    # An image is refused by `objections`; where one comes in all the same it is no image.
    markdown.disable("image")
    markdown.disable("html_block").disable("html_inline")
    markdown.add_render_rule("citation", _render_citation)
    return markdown


def _render_citation(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: EnvType,
) -> str:
    links = []
    for number, place, locator in tokens[index].meta["links"]:
        prefix = env["prefix"]
        where = f", {html.escape(locator)}" if locator else ""
        links.append(
            f'<a role="doc-noteref" class="noteref" id="{prefix}{place}" '
            f'href="#{prefix}source-{number}" aria-label="Source {number}{where}">'
            f"{number}{where}</a>"
        )
    return f'<sup class="citation">{" ".join(links)}</sup>'


def _inline(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


def _plain(token: Token) -> str:
    """The words of an inline token, without marks and without citations."""
    kinds = {"text", "code_inline", "text_special"}
    parts = [t.content if t.type in kinds else " " for t in token.children or ()]
    return " ".join("".join(parts).split())


def render(body: str, *, top_level: int = 2, prefix: str = "") -> Rendered:
    """The HTML of a body, its headings and its references in order of first citation.

    `top_level` is the highest heading that may come out (2 on a page of its own,
    3 inside the whole article); `prefix` keeps ids apart when several bodies
    share a page.
    """
    env: dict[str, object] = {"prefix": prefix}
    tokens = _parser().parse(body, env)
    headings: list[Heading] = []
    numbers: dict[str, int] = {}
    places: dict[str, list[str]] = {}
    taken: dict[str, int] = {}
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            level = min(6, max(int(token.tag[1]), 2) + top_level - 2)
            token.tag = f"h{level}"
            text = _plain(tokens[index + 1])
            anchor = _free_anchor(name_slug(text) or "part", taken)
            token.attrSet("id", prefix + anchor)
            headings.append(Heading(level, prefix + anchor, text))
        elif token.type == "heading_close":
            token.tag = f"h{headings[-1].level}"
        elif token.type in ("th_open", "td_open") and "style" in token.attrs:
            # Inline styles would need a hole in the content security policy.
            token.attrs["class"] = str(token.attrs.pop("style")).rpartition(":")[2].strip()
    before = None
    for token in _inline(tokens):
        if token.type == "citation":
            if before is not None and before.type == "text":
                # The number keeps to its word: no line may begin with it.
                before.content = before.content.rstrip(" ")
            links = []
            for citation in token.meta["citations"]:
                number = numbers.setdefault(citation.key, len(numbers) + 1)
                here = places.setdefault(citation.key, [])
                here.append(f"cite-{number}-{len(here) + 1}")
                links.append((number, here[-1], citation.locator))
            token.meta["links"] = links
        before = token
    raw = _parser().renderer.render(tokens, _parser().options, env)
    body_html = nh3.clean(
        raw, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes={"http", "https"}, link_rel=None
    )
    references = [
        Reference(number, key, _backlinks(number, [prefix + place for place in places[key]]))
        for key, number in numbers.items()
    ]
    return Rendered(body_html, headings, references)


def _backlinks(number: int, places: list[str]) -> str:
    several = len(places) > 1
    return " ".join(
        f'<a role="doc-backlink" href="#{place}" aria-label="Back to place {count} where '
        f'source {number} is cited">↑{count if several else ""}</a>'
        for count, place in enumerate(places, 1)
    )


def _free_anchor(stem: str, taken: dict[str, int]) -> str:
    """An id that no other heading of the text has."""
    if re.match(r"(source|cite|site)-", stem):  # the page's and the references' own ids
        stem = f"part-{stem}"
    anchor = stem
    while anchor in taken:
        taken[stem] += 1
        anchor = f"{stem}-{taken[stem]}"
    taken[anchor] = 1
    return anchor


def cited_keys(body: str) -> list[str]:
    """The keys that a body cites, each once, in order of first citation."""
    if "[@" not in body:
        return []
    if (scanned := scan(body)) is not None:
        return scanned
    found: dict[str, None] = {}
    for token in _inline(_parser().parse(body)):
        if token.type == "citation":
            citations: list[Citation] = token.meta["citations"]
            found.update(dict.fromkeys(citation.key for citation in citations))
    return list(found)


_IMAGE = re.compile(r"!\[[^\]\n]*\](?:\([^)\n]*\)|\[[^\]\n]*\])")
_BAD_LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(\s*<?([^)\s>]+)")


def objections(body: str) -> list[str]:
    """What keeps a body from being saved, each as a sentence; empty when nothing does."""
    found = []
    if len(body) > BODY_LIMIT:
        found.append(
            f"The text has {len(body):,} characters; the most that fit are {BODY_LIMIT:,}. "
            "Split it into two entries."
        )
    if sentence := bad_characters(body):
        found.append(sentence)
    prose = _without_code(body) if ("![" in body or "](" in body) else ""
    if image := _IMAGE.search(prose):
        found.append(
            f"Images cannot be part of a text: remove {image.group()[:60]!r} and describe "
            "in words what it would show."
        )
    for link in _BAD_LINK.finditer(prose):
        if not _within_site_or_web(link.group(1)):
            found.append(
                f"The link to {link.group(1)[:60]!r} cannot stand: a link starts with https://, "
                "http:// or, within this site, with a slash."
            )
    return found


def _without_code(body: str) -> str:
    """The inline text of a body with code left out: what looks like an image there is none."""
    lines = []
    for token in _parser().parse(body):
        if token.type == "inline":
            text = token.content
            for child in token.children or ():
                if child.type == "code_inline":
                    text = text.replace(f"{child.markup}{child.content}{child.markup}", " ")
            lines.append(text)
    return "\n".join(lines)


def read(body: str) -> list[Token]:
    """The tokens of a body."""
    return _parser().parse(body)
