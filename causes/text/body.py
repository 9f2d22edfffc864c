"""The links, citations and paragraphs of a body. Needs no database.

One parser reads a body for the page, for the index of citations and for the advice, so these
never disagree. Places are given as lines, counted from 1.
"""

import re
from bisect import bisect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from markdown_it.token import Token

from causes.text.citations import Citation, bracketed_words, near_misses
from causes.text.comments import lines_as_typed
from causes.text.inline import words_of
from causes.text.markdown import parse
from causes.text.plain import plain_of
from causes.text.recent import Recent

_GONE = "\ufffc"
"""Replaces a citation, a note mark, code or an escaped sign in a passage."""

WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
_RAW_IMAGE = re.compile(
    r"!\[{1,2}[^\[\]\n]{0,200}\]{0,2}|<\s?(?:img|picture|svg|image)\b[^>]{0,200}>?"
)
_RAW_LINK = re.compile(r"\[([^\[\]\n]{0,200})\]\(\s*([^\s)]{0,200})[^)\n]{0,200}\)?")
_RAW_DEFINITION = re.compile(r"^\[([^\[\]\n]{1,200})\]:[ \t]*(\S{1,200})", re.MULTILINE)
_LIKE_A_URL = re.compile(
    r"[“”„\"'‘’«<]?(?:\w+://|(?:www\.|data:|file:|ftp:|javascript:|mailto:|tel:)\S|\.{0,2}/"
    r"|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?:[/?#]|$))",
    re.IGNORECASE,
)
_RAW_AUTOLINK = re.compile(r"<([a-z][a-z0-9+.-]{1,31}:[^\s<>]{1,200})>", re.IGNORECASE)
_RAW_NOTE = re.compile(r"\[\^[^\[\]\n]{0,100}\]")
_RAW_TAG = re.compile(r"</?[a-z][a-z0-9]*(?:\s[^<>]{0,200})?/?>", re.IGNORECASE)

SHORT_PARAGRAPH = 8
"""A paragraph with fewer words states too little to need a source."""


class Link(NamedTuple):
    """A link of a body."""

    url: str
    words: str
    line: int


class Found(NamedTuple):
    """A piece of a body as it was typed, and its line."""

    piece: str
    line: int


@dataclass
class Block:
    """A paragraph, a heading, a table cell, a footnote, or a whole list."""

    kind: str
    """"paragraph", "heading", "cell", "list" or "note"."""
    passages: list[str] = field(default_factory=list)
    """The plain words without marks, citations and code; each item of a list is a passage."""
    cites: bool = False

    @property
    def text(self) -> str:
        """The plain words of all passages."""
        return " ".join(" ".join(self.passages).split())


@dataclass
class Body:
    """The contents of one body."""

    citations: list[tuple[Citation, int]] = field(default_factory=list)
    near_misses: list[Found] = field(default_factory=list)
    words_in_brackets: list[Found] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    broken_links: list[Found] = field(default_factory=list)
    images: list[Found] = field(default_factory=list)
    tags: list[Found] = field(default_factory=list)
    notes_without_text: list[Found] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    """Sentences about words that readers would not see."""
    beyond: list[str] = field(default_factory=list)
    """Sentences about bounds that the body exceeds: see causes/text/bounds.py."""
    blocks: list[Block] = field(default_factory=list)
    headings: list[tuple[int, str]] = field(default_factory=list)
    """The level of each heading on the page, from 2, and its words."""
    plain: str = ""
    """The words that readers see, a line for each block."""

    @property
    def pieces(self) -> tuple[list[Found], ...]:
        """All lists of pieces."""
        marks = (self.near_misses, self.words_in_brackets, self.notes_without_text)
        return (*marks, self.broken_links, self.images, self.tags)

    @property
    def keys(self) -> list[str]:
        """The keys cited, each once, in order of first citation."""
        return list(dict.fromkeys(citation.key for citation, _ in self.citations))


_bodies: Recent[str, Body] = Recent(2_000_000, size=lambda body, _: len(body))
"""A form reads one body several times; a chunk of an import has about as many characters."""


def read_body(body: str) -> Body:
    """Reads a body, or returns what was read of it recently: never change the result."""
    return _bodies.get(body) or _bodies.keep(body, _read(body))


def _read(body: str) -> Body:
    found = Body()
    env: dict[str, object] = {}
    tokens = parse(body, env)
    for block, token in _blocks(tokens, found):
        _read_passage(found, block, token)
    found.plain = plain_of(tokens)
    found.headings = [
        (max(2, int(token.tag[1])), " ".join(words_of(tokens[place + 1].children or []).split()))
        for place, token in enumerate(tokens)
        if token.type == "heading_open"
    ]
    found.beyond = list(env.get("beyond", []))  # type: ignore[call-overload]
    as_typed = lines_as_typed(body)
    _read_definitions(found, env, as_typed)
    found.citations = [(citation, as_typed(line)) for citation, line in found.citations]
    found.links = [link._replace(line=as_typed(link.line)) for link in found.links]
    for pieces in found.pieces:
        pieces[:] = [Found(piece, as_typed(line)) for piece, line in pieces]
    return found


def plain(body: str) -> str:
    """The words of a body, a line for each block, as the page shows them."""
    return read_body(body).plain


def cited_keys(body: str) -> list[str]:
    """The keys that a body cites, each once, in order of first citation."""
    return read_body(body).keys if "@" in body else []


_LISTS = ("bullet_list", "ordered_list", "dl")
_KINDS = {"heading_open": "heading", "th_open": "cell", "td_open": "cell"}


def _blocks(tokens: list[Token], found: Body) -> Iterator[tuple[Block, Token]]:
    """Each inline token, with its block."""
    lists = notes = 0
    kind = "paragraph"
    block: Block | None = None
    for token in tokens:
        if token.type.rpartition("_")[0] in _LISTS:
            lists += token.nesting
            if token.nesting > 0 and lists == 1:
                block = None
        elif token.type in ("footnote_open", "footnote_close"):
            notes += token.nesting or (1 if token.type == "footnote_open" else -1)
        elif token.type in _KINDS:
            kind = _KINDS[token.type]
        elif token.type == "inline":
            in_list = kind == "paragraph" and lists > 0
            if not in_list or block is None or block.kind != "list":
                block = Block("list" if in_list else "note" if notes else kind)
                found.blocks.append(block)
            yield block, token
            kind = "paragraph"


def _read_passage(found: Body, block: Block, token: Token) -> None:
    children = token.children or []
    first = line = token.map[0] + 1 if token.map else 0
    flat: list[str] = []
    open_links: list[tuple[int, int]] = []
    for place, child in enumerate(children):
        if child.type == "text":
            flat.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            line += 1
            flat.append("\n")
        elif child.type == "link_open":
            open_links.append((place, line))
        elif child.type == "link_close" and open_links:
            start, its_line = open_links.pop()
            url, words = str(children[start].attrs["href"]), words_of(children[start:place])
            found.links.append(Link(url, words.strip(), its_line))
        elif child.type == "citation":
            block.cites = True
            found.citations += [(citation, line) for citation in child.meta["citations"]]
            line += child.meta["lines"]
            flat.append(_GONE + "\n" * child.meta["lines"])
        elif child.type == "image":
            url = str(child.attrs.get("src", ""))
            found.images.append(Found(f"![{child.content}]({url})", line))
            flat.append(_GONE)
        elif child.type in ("code_inline", "text_special", "footnote_ref"):
            flat.append(_GONE)
    block.passages.append(" ".join(words_of(children).split()))
    _read_leftovers(found, "".join(flat), first)


def _read_leftovers(found: Body, text: str, first: int) -> None:
    """Looks for marks that the parser left as text."""
    breaks = [match.start() for match in re.finditer("\n", text)]

    def at(place: int) -> int:
        return first + bisect(breaks, place)

    if "!" in text or "<" in text:
        found.images += [Found(m.group(), at(m.start())) for m in _RAW_IMAGE.finditer(text)]
        found.tags += [Found(m.group(), at(m.start())) for m in _RAW_TAG.finditer(text)]
        found.broken_links += [Found(m[1], at(m.start())) for m in _RAW_AUTOLINK.finditer(text)]
    if "[" in text:
        for match in _RAW_LINK.finditer(text):
            if text[match.start() - 1 : match.start()] != "!":
                found.broken_links.append(Found(match[2] or match.group(), at(match.start())))
        for match in _RAW_DEFINITION.finditer(text):
            if not match[1].startswith("^") and _LIKE_A_URL.match(match[2]):
                found.broken_links.append(Found(match[2], at(match.start())))
        found.notes_without_text += [
            Found(m.group(), at(m.start())) for m in _RAW_NOTE.finditer(text)
        ]
        found.words_in_brackets += [Found(word, first) for word in bracketed_words(text)]
    if "@" in text:
        found.near_misses += [Found(piece, at(place)) for place, piece in near_misses(text)]


def _read_definitions(found: Body, env: dict[str, object], as_typed: Callable[[int], int]) -> None:
    """Definitions of links and footnotes that are in the text but that readers would not see."""
    for again in env.get("duplicate_refs", []):  # type: ignore[attr-defined]
        name, line = again["label"].lower(), as_typed(again["map"][0] + 1)
        found.hidden.append(
            f"Line {line} defines the link [{name}] again: give each link a name of its own."
        )
    notes: dict[str, int] = env.get("footnotes", {}).get("refs", {})  # type: ignore[attr-defined]
    for label, number in notes.items():
        if number < 0:
            found.hidden.append(
                f"Nothing in the text leads to the footnote [^{label[1:]}], so readers would not "
                f"see it: put [^{label[1:]}] after the words that it explains."
            )


def uncited_paragraphs(body: str) -> list[str]:
    """The paragraphs and lists that state something without naming a source.

    Headings, tables, code, footnotes and lines that only introduce a list do not count.
    """
    return [
        block.text
        for block in read_body(body).blocks
        if block.kind in ("paragraph", "list")
        and not block.cites
        and not block.text.endswith(":")
        and len(WORD.findall(block.text)) >= SHORT_PARAGRAPH
    ]
