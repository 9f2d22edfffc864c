"""The words from which refusals and effects are made, and how each engine spells them."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

INSERT, UPDATE, DELETE = "INSERT", "UPDATE", "DELETE"

Statements = tuple[str, ...]


class Dialect(NamedTuple):
    """How one engine spells the parts of refusals and effects.

    `differs` is the operator `<>` that also compares NULLs, and `now` the present moment.
    `no_slug` makes SQL for: this column is not of the form in causes/text/slugs.py;
    `unstorable` for: it holds a character that cannot be kept. With `lengths`, triggers check
    lengths and NULs, because the types of columns do not.

    `search_key` is the column of causes_search with the id of the revision. `reindex` makes
    the statements that index revisions, and `relist` those that list publications, from
    `= …` or `IN (…)` for their ids. `split_at` makes a table of the parts of a text between
    its `@` signs, in the column `value`. `advance` writes a new token to causes_generation.
    """

    differs: str
    now: str
    no_slug: Callable[[str], str]
    unstorable: Callable[[str], str]
    lengths: bool
    search_key: str
    reindex: Callable[[str], Statements]
    relist: Callable[[str], Statements]
    split_at: Callable[[str], str]
    advance: str

    def change(self, columns: Iterable[str]) -> str:
        """SQL for: an update changes one of these columns."""
        return " OR ".join(f'OLD."{name}" {self.differs} NEW."{name}"' for name in columns)

    def not_ended(self, publication: str) -> str:
        """SQL for: this publication is live or scheduled."""
        return f"({publication}.live_until IS NULL OR {publication}.live_until > {self.now})"


class Refusal(NamedTuple):
    """A trigger that refuses a row before these events, if the condition holds."""

    name: str
    events: tuple[str, ...]
    table: str
    condition: str
    sentence: str


class Effect(NamedTuple):
    """A trigger that writes elsewhere after an event, for each row that meets the condition.

    `{these}` in a statement becomes `= …` with the values of the column `of` in those rows.
    An empty condition is met by every row.
    """

    name: str
    event: str
    table: str
    of: str
    condition: str
    statements: Statements


def columns(model: Any, *names: str) -> list[str]:
    """The columns of some fields of a model; without names, of all but the primary key."""
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    return [field.column for field in fields if not names or field.attname in names]
