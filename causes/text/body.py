"""All that can be known of a body without a database: its links, citations and paragraphs.

One parser reads a body for the page, for the index of citations and for the advice, so that
these never disagree. Each place is known by its line, counted from 1.
"""

import re
from bisect import bisect
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote

from markdown_it.token import Token

from causes.text.characters import bad_characters
from causes.text.citations import Citation, bracketed_words, near_misses, nearest_key
from causes.text.comments import lines_as_typed
from causes.text.inline import words_of
from causes.text.markdown import BODY_LIMIT, parse
from causes.text.plain import plain_of
from causes.text.recent import Recent
from causes.text.syntax import LINK_RULE, may_link_to

_GONE = "\ufffc"
"""Stands in a passage for a citation, a note mark, code or a sign that was escaped."""

WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
_RAW_IMAGE = re.compile(
    r"!\[{1,2}[^\[\]\n]{0,200}\]{0,2}|<\s?(?:img|picture|svg|image)\b[^>]{0,200}>?"
)
_RAW_LINK = re.compile(r"\[([^\[\]\n]{0,200})\]\(\s*([^\s)]{0,200})[^)\n]{0,200}\)?")
_RAW_DEFINITION = re.compile(r"^\[([^\[\]\n]{1,200})\]:[ \t]*(\S{1,200})", re.MULTILINE)
_LIKE_AN_ADDRESS = re.compile(
    r"[“”„\"'‘’«<]?(?:\w+://|(?:www\.|data:|file:|ftp:|javascript:|mailto:|tel:)\S|\.{0,2}/"
    r"|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?:[/?#]|$))",
    re.IGNORECASE,
)
_RAW_AUTOLINK = re.compile(r"<([a-z][a-z0-9+.-]{1,31}:[^\s<>]{1,200})>", re.IGNORECASE)
_RAW_NOTE = re.compile(r"\[\^[^\[\]\n]{0,100}\]")
_RAW_TAG = re.compile(r"</?[a-z][a-z0-9]*(?:\s[^<>]{0,200})?/?>", re.IGNORECASE)

SHORT_PARAGRAPH = 8
"""Words below which a paragraph states too little to need a source."""


class Link(NamedTuple):
    address: str
    words: str
    line: int


class Found(NamedTuple):
    """A piece of a body as it was typed, and its line."""

    piece: str
    line: int


@dataclass
class Block:
    """A paragraph, a heading, a table cell, or one list with all that is in it."""

    kind: str
    """"paragraph", "heading", "cell", "list" or "note"."""
    passages: list[str] = field(default_factory=list)
    """The plain words, a passage for each item: without marks, citations and code."""
    cites: bool = False

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.passages).split())


@dataclass
class Body:
    """What one body holds."""

    citations: list[tuple[Citation, int]] = field(default_factory=list)
    near_misses: list[Found] = field(default_factory=list)
    words_in_brackets: list[Found] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    broken_links: list[Found] = field(default_factory=list)
    images: list[Found] = field(default_factory=list)
    tags: list[Found] = field(default_factory=list)
    notes_without_text: list[Found] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    """Sentences about words that no reader would see."""
    blocks: list[Block] = field(default_factory=list)
    plain: str = ""
    """The words that readers see, a line for each block."""

    @property
    def pieces(self) -> tuple[list[Found], ...]:
        """Every list of pieces that were typed."""
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


def _blocks(tokens: list[Token], found: Body) -> Iterator[tuple[Block, Token]]:
    """Each inline token with the block that it is part of."""
    lists = notes = 0
    kind = "paragraph"
    block: Block | None = None
    for token in tokens:
        if token.type in ("bullet_list_open", "ordered_list_open", "dl_open"):
            lists += 1
            if lists == 1:
                block = None
        elif token.type in ("bullet_list_close", "ordered_list_close", "dl_close"):
            lists -= 1
        elif token.type in ("footnote_open", "footnote_close"):
            notes += token.nesting or (1 if token.type == "footnote_open" else -1)
        elif token.type == "heading_open":
            kind = "heading"
        elif token.type in ("th_open", "td_open"):
            kind = "cell"
        elif token.type == "inline":
            if kind == "paragraph" and lists:
                if block is None or block.kind != "list":
                    block = Block("list")
                    found.blocks.append(block)
            else:
                block = Block("note" if notes else kind)
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
            address, words = str(children[start].attrs["href"]), words_of(children[start:place])
            found.links.append(Link(address, words.strip(), its_line))
        elif child.type == "citation":
            block.cites = True
            found.citations += [(citation, line) for citation in child.meta["citations"]]
            line += child.meta["lines"]
            flat.append(_GONE + "\n" * child.meta["lines"])
        elif child.type == "image":
            address = str(child.attrs.get("src", ""))
            found.images.append(Found(f"![{child.content}]({address})", line))
            flat.append(_GONE)
        elif child.type in ("code_inline", "text_special", "footnote_ref"):
            flat.append(_GONE)
    block.passages.append(" ".join(words_of(children).split()))
    _read_leftovers(found, "".join(flat), first)


def _read_leftovers(found: Body, text: str, first: int) -> None:
    """Looks for marks that the parser left as they were typed."""

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
            if not match[1].startswith("^") and _LIKE_AN_ADDRESS.match(match[2]):
                found.broken_links.append(Found(match[2], at(match.start())))
        found.notes_without_text += [
            Found(m.group(), at(m.start())) for m in _RAW_NOTE.finditer(text)
        ]
        found.words_in_brackets += [Found(word, first) for word in bracketed_words(text)]
    if "@" in text:
        found.near_misses += [Found(piece, at(place)) for place, piece in near_misses(text)]


def _read_definitions(found: Body, env: dict[str, object], as_typed: Callable[[int], int]) -> None:
    """Link addresses and footnotes that stand in the text and that no reader would see."""
    for again in env.get("duplicate_refs", []):  # type: ignore[attr-defined]
        name, line = again["label"].lower(), as_typed(again["map"][0] + 1)
        found.hidden.append(
            f"Line {line} gives another address for the link [{name}], which has one already: "
            "give each link a name of its own."
        )
    notes: dict[str, int] = env.get("footnotes", {}).get("refs", {})  # type: ignore[attr-defined]
    for label, number in notes.items():
        if number < 0:
            found.hidden.append(
                f"No place in the text leads to the footnote [^{label[1:]}], so no reader would "
                f"see it: put [^{label[1:]}] behind the words that it explains."
            )


# What may not be stored ------------------------------------------------------------------


def objections(body: str) -> list[str]:
    """The reasons why a body cannot be stored, each as a sentence; empty when there is none."""
    said = []
    if len(body) > BODY_LIMIT:
        return [
            f"The text has {len(body):,} characters; the most that fit are {BODY_LIMIT:,}. "
            "Split it into two entries."
        ]
    if sentence := bad_characters(body):
        return [sentence]
    if not any(sign in body for sign in ("[", "<", "!", "://")):
        return []
    found = read_body(body)
    if found.images:
        named = "; ".join(f"{_shown(image.piece)} (line {image.line})" for image in found.images)
        said.append(
            f"Images cannot be part of a text: remove {named}, and describe in words what each "
            "would show."
        )
    refused = [
        Found(link.address, link.line) for link in found.links if not may_link_to(link.address)
    ]
    for address, line in sorted((*refused, *found.broken_links), key=lambda one: one.line):
        if not address:
            said.append(f"A link has no address (line {line}): {LINK_RULE}.")
        elif may_link_to(address):
            said.append(
                f"Readers would see the link to {_shown(address)} (line {line}) as it is typed: "
                "write [words](address), and a title only in straight quotation marks."
            )
        else:
            said.append(
                f"The link to {_shown(unquote(address))} (line {line}) cannot stand: {LINK_RULE}."
            )
    return said


def _shown(piece: str) -> str:
    piece = " ".join(piece.split())
    return f"“{piece if len(piece) <= 60 else piece[:59] + '…'}”"


# What may not be published ---------------------------------------------------------------


def unresolved(body: str, known: Collection[str], keys: Collection[str] = ()) -> list[str]:
    """The reasons why readers would see marks instead of sources and notes, as sentences.

    `known` are the keys cited that have a source; `keys` all keys that could be suggested.
    """
    found = read_body(body)
    said = []
    lines: dict[str, int] = {}
    for citation, line in found.citations:
        lines.setdefault(citation.key, line)
    for key, line in lines.items():
        if key not in known:
            said.append(
                f"It cites [@{key}] (line {line}), but there is no source with the key {key!r}: "
                f"add the source, or correct the key.{_suggested(key, keys)}"
            )
    for piece, line in found.near_misses:
        said.append(
            f"{_shown(piece)} (line {line}) looks like a citation but is none: write "
            f"[@key], [@key, p. 12] or [@one; @two], with the key of a source."
            f"{_suggested(piece, keys)}"
        )
    for word, line in found.words_in_brackets:
        if word in keys:
            said.append(
                f"[{word}] (line {line}) is the key of a source: write [@{word}] to cite it."
            )
    for piece, line in found.notes_without_text:
        said.append(
            f"{_shown(piece)} (line {line}) leads to no footnote: write its text on a line of its "
            f"own, such as {piece}: The text."
        )
    return said + found.hidden


def _suggested(piece: str, keys: Collection[str]) -> str:
    key = nearest_key(piece, keys)
    return f" Did you mean [@{key}]?" if key else ""


def uncited_paragraphs(body: str) -> list[str]:
    """The paragraphs and lists that state something and name no source.

    Headings, tables, code, footnotes and lines that only lead to a list are none of them.
    """
    return [
        block.text
        for block in read_body(body).blocks
        if block.kind in ("paragraph", "list")
        and not block.cites
        and not block.text.endswith(":")
        and len(WORD.findall(block.text)) >= SHORT_PARAGRAPH
    ]
