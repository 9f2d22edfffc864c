"""The reasons why a body cannot be stored, or cannot be published, as sentences for the writer."""

from collections.abc import Collection
from urllib.parse import unquote

from causes.text.body import Found, read_body
from causes.text.characters import bad_characters
from causes.text.citations import nearest_key
from causes.text.markdown import BODY_LIMIT
from causes.text.syntax import LINK_RULE, may_link_to

MOST_NAMED = 50
"""The most problems of one kind that are named one by one."""

SUGGESTED = 10
"""The number of wrong keys for which a key is proposed."""


def objections(body: str) -> list[str]:
    """The reasons why a body cannot be stored, each as a sentence; empty if it can be."""
    said = []
    if len(body) > BODY_LIMIT:
        return [
            f"The text has {len(body):,} characters; the limit is {BODY_LIMIT:,}. "
            "Split it into two entries."
        ]
    if sentence := bad_characters(body):
        return [sentence]
    if not any(sign in body for sign in ("[", "<", "!", "://", "|")):
        return []
    found = read_body(body)
    said += found.beyond
    if found.images:
        named = "; ".join(
            f"{_shown(image.piece)} (line {image.line})" for image in found.images[:MOST_NAMED]
        )
        if (more := len(found.images) - MOST_NAMED) > 0:
            named += f"; and {more:,} more"
        said.append(
            f"Images cannot be part of a text: remove {named}, and describe each image in words."
        )
    refused = [Found(link.url, link.line) for link in found.links if not may_link_to(link.url)]
    for url, line in sorted((*refused, *found.broken_links), key=lambda one: one.line):
        if not url:
            said.append(f"A link has no address (line {line}): {LINK_RULE}.")
        elif may_link_to(url):
            said.append(
                f"Readers would see the link to {_shown(url)} (line {line}) just as it is typed: "
                "write [words](address), with any title in straight quotation marks."
            )
        else:
            said.append(
                f"The link to {_shown(unquote(url))} (line {line}) is not allowed: {LINK_RULE}."
            )
    return first_of(said)


def first_of(sentences: list[str]) -> list[str]:
    """The first MOST_NAMED sentences, and one about the rest."""
    if (more := len(sentences) - MOST_NAMED) <= 0:
        return sentences
    return [*sentences[:MOST_NAMED], f"There are {more:,} more problems like these."]


def _shown(piece: str) -> str:
    piece = " ".join(piece.split())
    return f"“{piece if len(piece) <= 60 else piece[:59] + '…'}”"


def unresolved(body: str, known: Collection[str], keys: Collection[str] = ()) -> list[str]:
    """The reasons why readers would see marks instead of sources and notes, as sentences.

    `known` holds the cited keys that have a source; `keys` all keys that can be suggested.
    """
    found = read_body(body)
    said = []
    suggested = _Suggestions(keys)
    lines: dict[str, int] = {}
    for citation, line in found.citations:
        lines.setdefault(citation.key, line)
    for key, line in lines.items():
        if key not in known:
            said.append(
                f"It cites [@{key}] (line {line}), but no source has the key {key!r}: "
                f"add the source, or correct the key.{suggested.about(key)}"
            )
    for piece, line in found.near_misses:
        said.append(
            f"{_shown(piece)} (line {line}) looks like a citation but is not one: write "
            f"[@key], [@key, p. 12] or [@one; @two], with the key of a source."
            f"{suggested.about(piece)}"
        )
    for word, line in found.words_in_brackets:
        if word in keys:
            said.append(
                f"[{word}] (line {line}) is the key of a source: write [@{word}] to cite it."
            )
    for piece, line in found.notes_without_text:
        said.append(
            f"{_shown(piece)} (line {line}) leads to no footnote: write the footnote on its own "
            f"line, such as {piece}: The text."
        )
    return first_of(said + found.hidden)


class _Suggestions:
    """Proposes a key for each of the first pieces: it compares a piece with every key."""

    def __init__(self, keys: Collection[str]) -> None:
        self._keys, self._left = keys, SUGGESTED

    def about(self, piece: str) -> str:
        self._left -= 1
        key = nearest_key(piece, self._keys) if self._left >= 0 else ""
        return f" Did you mean [@{key}]?" if key else ""
