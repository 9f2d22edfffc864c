"""From the rows of older formats to those of today: one function a version.

A change of the format adds a function here, and an example of the form that it leaves
behind to tests/interchange/old/.
"""

from collections.abc import Callable
from typing import Any

from causes.models.format import VERSION
from causes.text.characters import tidy

Row = dict[str, Any]


def from_1(model: str, fields: Row) -> Row:
    """Format 1 did not say which texts a revision takes the place of, but for the last one."""
    if model == "revision" and "predecessors" not in fields:
        base = fields.get("based_on")
        return fields | {"predecessors": [] if base is None else [base]}
    return fields


def from_2(model: str, fields: Row) -> Row:
    """Up to format 2 a text could hold noncharacters, which no new text may."""
    return {
        name: tidy(value, stored=True) if isinstance(value, str) else value
        for name, value in fields.items()
    }


UPGRADES: dict[int, Callable[[str, Row], Row]] = {1: from_1, 2: from_2}


def upgrade(model: str, fields: Row, version: int) -> Row:
    """The fields of a row of this version as today's format has them."""
    for number in range(version, VERSION):
        fields = UPGRADES[number](model, fields)
    return fields
