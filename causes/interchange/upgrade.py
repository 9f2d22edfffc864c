"""Upgrades rows of older formats to the present one: one function for each version.

A change of the format adds a function here, and an example of the former format to
tests/interchange/old/.
"""

from collections.abc import Callable
from typing import Any

from causes.models.format import VERSION
from causes.text.characters import tidy

Row = dict[str, Any]


def from_1(model: str, fields: Row) -> Row:
    """Format 1 named only the last of the texts that a revision takes the place of."""
    if model == "revision" and "predecessors" not in fields:
        base = fields.get("based_on")
        return fields | {"predecessors": [] if base is None else [base]}
    return fields


def from_2(model: str, fields: Row) -> Row:
    """Texts of format 2 and earlier could hold noncharacters, which new texts may not."""
    return {
        name: tidy(value, stored=True) if isinstance(value, str) else value
        for name, value in fields.items()
    }


def from_3(model: str, fields: Row) -> Row:
    """Format 3 did not say which ends a person set.

    One row does not tell: an end at which no other publication begins is a person's
    (causes/timeline.py).
    """
    return fields


UPGRADES: dict[int, Callable[[str, Row], Row]] = {1: from_1, 2: from_2, 3: from_3}


def upgrade(model: str, fields: Row, version: int) -> Row:
    """The fields of a row of an older version, in the present format."""
    for number in range(version, VERSION):
        fields = UPGRADES[number](model, fields)
    return fields
