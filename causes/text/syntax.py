"""The Markdown of the site: CommonMark with additional plugins and rules.

No rule may change a dose. Each rule applies only to text that can have no other meaning, and
leaves everything else as it was typed.
"""

import html
import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, reference
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.footnote.index import footnote_def
from mdit_py_plugins.subscript import sub_plugin
from mdit_py_plugins.superscript import superscript_plugin

from causes.text.bounds import References, bounded_table
from causes.text.citations import citation_plugin
from causes.text.parser import Block, Inline

SCHEMES = {"http", "https", "mailto", "tel"}
LINK_RULE = (
    "a link starts with https://, http://, mailto:, tel: or, within this site, with a slash or #"
)


def may_link_to(url: str) -> bool:
    """Whether a link may lead to an address: see LINK_RULE."""
    url = html.unescape(url)
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme in ("http", "https"):
        return bool(parts.netloc) and _cleaner_takes(url)
    if parts.scheme == "mailto":
        return re.fullmatch(r"mailto:[^\s@?]+@[^\s@?]+(?:\?\S*)?", url, re.IGNORECASE) is not None
    if parts.scheme == "tel":
        number = re.fullmatch(r"tel:(?:\+|%2B)?([0-9().*#;=a-z-]|%20)+", url, re.IGNORECASE)
        return number is not None and any(c.isdigit() for c in url)
    if parts.scheme or parts.netloc:
        return False
    if url.startswith("#"):
        return len(url) > 1
    # `//host/path` leaves the site without a scheme. Browsers read `\` as a slash.
    return url.startswith("/") and not url.lower().startswith(("//", "/\\", "/%5c"))


@lru_cache(maxsize=1000)
def _cleaner_takes(url: str) -> bool:
    """Whether nh3 accepts the address. It removes links such as `http://x.1`, a broken number."""
    return "href" in nh3.clean(f'<a href="{html.escape(url)}">', url_schemes=SCHEMES)


class _Markdown(MarkdownIt):
    inline: Inline
    block: Block

    def __init__(self) -> None:
        super().__init__()
        self.inline, self.block = Inline(), Block()
        self.configure("commonmark", {"html": False, "linkify": False})

    def validateLink(self, url: str) -> bool:  # noqa: N802
        """Accepts every address, so that an error can name the ones that are not allowed.

        `markdown.read` removes these links. The rules below check reference definitions and
        `<autolinks>`, which would hide words otherwise.
        """
        return True


SIGNS = {
    "times": "*~",
    "scripts": "~^",
    "angles": "<",
    "url": ":",
    "citation": "[",
    "citation_or_link": "[",
}
"""The signs at which the rules within a paragraph begin that this site adds."""


def make_parser() -> MarkdownIt:
    markdown = _Markdown()
    markdown.enable(["table", "strikethrough"])
    markdown.disable(["html_block", "html_inline"])
    # Joining tokens would hide which signs were escaped.
    markdown.disable("text_join")
    markdown.use(deflist_plugin).use(footnote_plugin)
    markdown.use(sub_plugin).use(superscript_plugin).use(citation_plugin)
    markdown.inline.ruler.before("strikethrough", "times", _between_digits)
    markdown.inline.ruler.after("emphasis", "scripts", _no_script)
    markdown.inline.ruler.before("autolink", "angles", _no_autolink)
    markdown.inline.ruler.before("newline", "url", _bare_url)
    markdown.core.ruler.after("inline", "www", _www_urls)
    block = markdown.block.ruler
    block.at("table", bounded_table, {"alt": ["paragraph", "reference"]})
    block.at("reference", _reference)
    block.at("footnote_def", _footnote, {"alt": ["paragraph", "reference"]})
    deflist = next(rule for rule in block.getRules("") if rule.__name__ == "deflist")
    alternatives = ["paragraph", "reference", "blockquote"]
    block.at("deflist", _only_colons(deflist), {"alt": alternatives})
    markdown.inline.signs |= SIGNS
    markdown.block.close()
    return markdown


# Doses -----------------------------------------------------------------------------------

_BETWEEN_DIGITS = re.compile(r"(?<=\d)(?:\*+|~~+)(?=\d)")


def _between_digits(state: StateInline, silent: bool) -> bool:
    """Keeps `*` and `~~` between digits: "2*500 mg and 3*250 mg" must not become 2500 mg.

    CommonMark would remove the signs and print the text between them in italics.
    """
    match = _BETWEEN_DIGITS.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        state.append_pending(match.group())
    state.pos = match.end()
    return True


# Scripts: H~2~O and 10^6^ ----------------------------------------------------------------

_SIGN = r"[+\-−–]"
_SCRIPT = rf"(?:{_SIGN}?[^\W_]{{1,20}}{_SIGN}?|{_SIGN})"
# No digit may follow: in 5~10~15 and 2^3^4 the marks could mean something else. A subscript
# must follow a letter, digit or bracket: `~20mg~30mg` means about 20 mg.
_SUPERSCRIPT = re.compile(rf"\^{_SCRIPT}\^(?!\d)")
_SUBSCRIPT = re.compile(rf"(?<=[^\W_]|[)\]^])~{_SCRIPT}~(?![\d~])")


def _no_script(state: StateInline, silent: bool) -> bool:
    """Keeps a `~` or `^` that does not begin a subscript or superscript."""
    sign = state.src[state.pos]
    if sign not in "~^" or state.src.startswith("^[", state.pos):
        return False
    pattern = _SUBSCRIPT if sign == "~" else _SUPERSCRIPT
    if pattern.match(state.src, state.pos, state.posMax):
        return False
    if not silent:
        state.append_pending(sign)
    state.pos += 1
    return True


# Definition lists ------------------------------------------------------------------------


def _only_colons(
    rule: Callable[[StateBlock, int, int, bool], bool],
) -> Callable[[StateBlock, int, int, bool], bool]:
    """The plugin's rule, without `~` in place of `:`, since `~ 5 mg` means about 5 mg."""

    def starts(sign: str, state: StateBlock, line: int) -> bool:
        return state.src.startswith(sign, state.bMarks[line] + state.tShift[line])

    def deflist(state: StateBlock, startLine: int, endLine: int, silent: bool) -> bool:  # noqa: N803
        if silent:
            return starts(":", state, startLine) and rule(state, startLine, endLine, True)
        after = startLine + 1
        if after < endLine and state.isEmpty(after):
            after += 1
        if after >= endLine or not starts(":", state, after):
            return False
        # Up to the last such line no list fits, on this level: trying again at each line before it
        # would take quadratic time.
        no_list_before: dict[int, int] = state.env.setdefault("no_list_before", {})
        if startLine < no_list_before.get(state.level, 0):
            return False
        made, line = len(state.tokens), state.line
        if not rule(state, startLine, endLine, False):
            return False
        signs = (number for number in range(startLine, state.line) if starts("~ ", state, number))
        if (last := max(signs, default=-1)) >= 0:
            no_list_before[state.level] = last
            del state.tokens[made:]
            state.line = line
            return False
        return True

    return deflist


# Footnotes -------------------------------------------------------------------------------


def _footnote(state: StateBlock, startLine: int, endLine: int, silent: bool) -> bool:  # noqa: N803
    """The plugin's rule, except for a footnote in a footnote, which would break both."""
    if state.env.get("in_footnote"):
        return False
    state.env["in_footnote"] = True
    try:
        return footnote_def(state, startLine, endLine, silent)
    finally:
        state.env["in_footnote"] = False


# URLs ------------------------------------------------------------------------------------


def _reference(state: StateBlock, startLine: int, endLine: int, silent: bool) -> bool:  # noqa: N803
    """CommonMark's rule, only for definitions with an allowed link: `[Note]: daily` is text."""
    references = state.env.setdefault("references", References(state.env))
    before, line = len(references), state.line
    if not reference(state, startLine, endLine, silent):
        return False
    if not silent and len(references) > before:
        label = next(reversed(references))
        if not may_link_to(references[label]["href"]):
            del references[label]
            state.line = line
            return False
    return True


_AUTOLINK = re.compile(r"<(?:(?:https?|mailto|tel):|[^\s<>:@]+@)[^\s<>]+>", re.IGNORECASE)


def _no_autolink(state: StateInline, silent: bool) -> bool:
    """Keeps a `<` that does not begin a link: all of `x <a:b> y` is shown."""
    if state.src[state.pos] != "<" or _AUTOLINK.match(state.src, state.pos, state.posMax):
        return False
    if not silent:
        state.append_pending("<")
    state.pos += 1
    return True


_REST = r"[^\s<>\"“”„«»‹›`|\\\x00-\x1f]"
_SCHEME = re.compile(r"(?<![\w/])(https?)$", re.IGNORECASE)
_WEB = re.compile(rf"://[^\W_]{_REST}*")
_WWW = re.compile(rf"(?<![\w@./:-])www\.[^\W_]{_REST}*\.{_REST}+", re.IGNORECASE)
_TRAILING = "?!.,:;*_~'’‘[]…^-"


def _trimmed(address: str) -> str:
    """A web address without the punctuation of the sentence or bracket around it."""
    extra = address.count(")") - address.count("(")
    end = len(address)
    while end:
        last = address[end - 1]
        if last not in _TRAILING and not (last == ")" and extra > 0):
            break
        extra -= last == ")"
        end -= 1
    return address[:end]


def _bare_url(state: StateInline, silent: bool) -> bool:
    """Makes a link of https://… or http://… before other rules read signs in it."""
    if silent or state.linkLevel or not state.src.startswith("://", state.pos):
        return False
    scheme = _SCHEME.search(state.src[max(0, state.pos - 6) : state.pos])
    match = _WEB.match(state.src, state.pos, state.posMax)
    if scheme is None or match is None or not state.pending.endswith(scheme[1]):
        return False
    rest = _trimmed(match.group())
    address = scheme[1] + rest
    state.pending = state.pending[: -len(scheme[1])]
    opening = state.push("link_open", "a", 1)
    opening.attrs, opening.info = {"href": state.md.normalizeLink(address)}, "auto"
    state.push("text", "", 0).content = address
    state.push("link_close", "a", -1).info = "auto"
    state.pos += len(rest)
    return True


def _www_urls(state: StateCore) -> None:
    """Makes links of www.… in text that is not part of a link."""
    for block in state.tokens:
        if not block.children or "www." not in block.content.lower():
            continue
        children: list[Token] = []
        depth = 0
        for token in block.children:
            depth += token.nesting if token.tag == "a" else 0
            if depth or token.type != "text" or "www." not in token.content.lower():
                children.append(token)
                continue
            place = 0
            for match in _WWW.finditer(token.content):
                address = _trimmed(match.group())
                if match.start() < place or address.count(".") < 2:
                    continue
                children.append(_text(token.content[place : match.start()], token.level))
                href = state.md.normalizeLink(f"http://{address}")
                children += [
                    Token("link_open", "a", 1, attrs={"href": href}, level=token.level),
                    _text(address, token.level + 1),
                    Token("link_close", "a", -1, level=token.level),
                ]
                place = match.start() + len(address)
            children.append(_text(token.content[place:], token.level))
        block.children = children


def _text(content: str, level: int) -> Token:
    return Token("text", "", 0, content=content, level=level)
