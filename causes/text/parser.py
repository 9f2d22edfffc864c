"""The loops of markdown-it-py, which try at each place only the rules that can begin there.

markdown-it-py tries every rule at every sign and at every line. A text of brackets or of short
lines then takes several times as long as prose. The rules and their order are the same here, so
the tokens are, too.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from markdown_it.parser_block import ParserBlock
from markdown_it.parser_inline import ParserInline
from markdown_it.ruler import Ruler
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

InlineRule = Callable[[StateInline, bool], bool]
BlockRule = Callable[[StateBlock, int, int, bool], bool]
Rule = TypeVar("Rule")


def by_sign(
    rules: Iterable[tuple[str, Rule]], signs: Mapping[str, str]
) -> tuple[dict[str, list[Rule]], list[Rule]]:
    """For each sign the rules that can begin with it, and the rules for any other sign.

    `signs` has the signs of some rules by name, and "" for a rule that begins with none of them.
    A rule without a name there can begin anywhere.
    """
    named = list(rules)
    listed = {sign for name, _ in named for sign in signs.get(name, "")}
    found = {
        sign: [rule for name, rule in named if sign in signs.get(name, sign)] for sign in listed
    }
    return found, [rule for name, rule in named if not signs.get(name)]


class Inline(ParserInline):
    """The rules within a paragraph, by the sign at which each begins."""

    SIGNS = {
        "text": "",
        "newline": "\n",
        "escape": "\\",
        "backticks": "`",
        "strikethrough": "~",
        "emphasis": "*_",
        "link": "[",
        "image": "!",
        "autolink": "<",
        "entity": "&",
        "footnote_inline": "^",
        "footnote_ref": "[",
        "sub": "~",
        "sup": "^",
    }
    """The signs of the library's and the plugins' rules. `make_parser` adds those of ours."""

    def __init__(self) -> None:
        super().__init__()
        self.signs = dict(self.SIGNS)
        self._rules: tuple[dict[str, list[InlineRule]], list[InlineRule]] | None = None

    def _by_sign(self) -> tuple[dict[str, list[InlineRule]], list[InlineRule]]:
        if self._rules is None:
            named = zip(self.ruler.get_active_rules(), self.ruler.getRules(""), strict=True)
            self._rules = by_sign(named, self.signs)
        return self._rules

    def skipToken(self, state: StateInline) -> None:  # noqa: N802
        """Moves behind the token that begins here; the same as in the library."""
        pos = state.pos
        if (end := state.cache.get(pos)) is not None:
            state.pos = end
            return
        ok = False
        if state.level < state.md.options["maxNesting"]:
            rules, others = self._by_sign()
            state.level += 1
            for rule in rules.get(state.src[pos], others):
                if ok := rule(state, True):
                    break
            state.level -= 1
        else:
            state.pos = state.posMax
        if not ok:
            state.pos += 1
        state.cache[pos] = state.pos

    def tokenize(self, state: StateInline) -> None:
        """Makes the tokens of a passage; the same as in the library."""
        rules, others = self._by_sign()
        src, end, most = state.src, state.posMax, state.md.options["maxNesting"]
        while state.pos < end:
            sign = src[state.pos]
            for rule in rules.get(sign, others) if state.level < most else ():
                if rule(state, False):
                    break
            else:
                state.append_pending(sign)
                state.pos += 1
        if state.pending:
            state.pushPending()


class _Chains(Ruler[BlockRule]):
    """The rules of a parser, with one rule in place of all that can end a paragraph."""

    def __init__(self, rules: Ruler[BlockRule], chains: Mapping[str, list[BlockRule]]) -> None:
        super().__init__()
        self._names, self._chains = rules.get_active_rules(), chains

    def getRules(self, chainName: str = "") -> list[BlockRule]:  # noqa: N802, N803
        return self._chains[chainName]

    def get_active_rules(self) -> list[str]:
        return self._names


class Block(ParserBlock):
    """The rules of blocks, by the first sign of the line at which each begins.

    `close` ends the making of the parser: the rules cannot change any more.
    """

    SIGNS = {
        "fence": "`~",
        "blockquote": ">",
        "hr": "*-_",
        "list": "*-+0123456789",
        "footnote_def": "[",
        "reference": "[",
        "heading": "#",
    }
    CHAINS = ("paragraph", "reference", "blockquote", "list")

    def close(self) -> None:
        named = zip(self.ruler.get_active_rules(), self.ruler.getRules(""), strict=True)
        names = {rule: name for name, rule in named}
        chains = {}
        for chain in ("", *self.CHAINS):
            rules = [(names[rule], rule) for rule in self.ruler.getRules(chain)]
            chains[chain] = [_first_of(*by_sign(rules, self.SIGNS))]
        self.ruler = _Chains(self.ruler, chains)


def _first_of(rules: dict[str, list[BlockRule]], others: list[BlockRule]) -> BlockRule:
    """A rule that tries these rules in order."""

    def rule(state: StateBlock, startLine: int, endLine: int, silent: bool) -> bool:  # noqa: N803
        place = state.bMarks[startLine] + state.tShift[startLine]
        sign = state.src[place] if place < state.eMarks[startLine] else ""
        for one in rules.get(sign, others):  # noqa: SIM110 (a generator costs more)
            if one(state, startLine, endLine, silent):
                return True
        return False

    return rule
