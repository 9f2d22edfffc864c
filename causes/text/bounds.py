"""Bounds on text that a page repeats: a short body must not become a page of many megabytes.

`beyond` in the parser's environment has a sentence for each bound that a body exceeds. Such a
body is refused. An old one is shown with the table or link just as it was typed.
"""

from typing import Any

from markdown_it.rules_block import StateBlock, table

MISSING_CELLS = 10_000
"""The most cells that rows of tables may lack, in one body: the parser adds each of them."""

REPEATED = 1_000_000
"""The most characters of addresses and titles that links by reference may repeat, in one body.

The parser looks up most links twice, and each lookup counts.
"""


def bounded_table(state: StateBlock, startLine: int, endLine: int, silent: bool) -> bool:  # noqa: N803
    """CommonMark's extension for tables, until more than MISSING_CELLS cells were added."""
    added: int = state.env.get("added_cells", 0)
    if added > MISSING_CELLS or not table(state, startLine, endLine, True):
        return False
    if silent:
        return True
    added += _missing_cells(state, startLine, endLine)
    state.env["added_cells"] = added
    if added > MISSING_CELLS:
        sentence = (
            f"The rows of tables lack more than {MISSING_CELLS:,} cells: give each row of the "
            f"table in line {startLine + 1} as many cells as its head."
        )
        state.env.setdefault("beyond", []).append(sentence)
        return False
    return table(state, startLine, endLine, False)


def _missing_cells(state: StateBlock, startLine: int, endLine: int) -> int:  # noqa: N803
    columns = _cells(state, startLine)
    ends = state.md.block.ruler.getRules("blockquote")
    missing = 0
    for line in range(startLine + 2, endLine):
        if state.isEmpty(line) or state.sCount[line] < state.blkIndent:
            break
        if any(rule(state, line, endLine, True) for rule in ends):
            break
        missing += max(0, columns - _cells(state, line))
    return missing


def _cells(state: StateBlock, line: int) -> int:
    text = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].strip()
    signs = text.count("|") - text.count("\\|")
    return signs + 1 - text.startswith("|") - (text.endswith("|") and not text.endswith("\\|"))


class References(dict[str, Any]):
    """The links that a body defines, until their uses repeat more than REPEATED characters."""

    def __init__(self, env: Any) -> None:
        super().__init__()
        self._env, self._left = env, REPEATED

    def get(self, label: str, default: Any = None) -> Any:
        """The address and title of a link, for the parser."""
        found = super().get(label, default)
        if found is None or self._left < 0:
            return default
        self._left -= len(found["href"]) + len(found["title"])
        if self._left >= 0:
            return found
        sentence = (
            f"Links that are defined once and used often make more than {REPEATED:,} characters: "
            "shorten their addresses and titles."
        )
        self._env.setdefault("beyond", []).append(sentence)
        return default
