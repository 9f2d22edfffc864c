"""What the rules and effects are made of, and how the two engines spell it."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

INSERT, UPDATE, DELETE = "INSERT", "UPDATE", "DELETE"


class Dialect(NamedTuple):
    """How one engine spells the parts from which refusals and effects are made."""

    differs: str
    """The operator `<>` that also compares NULLs."""
    now: str
    """The present moment, as it is stored."""
    no_slug: Callable[[str], str]
    """SQL for: this column is not of the form in causes/text/slugs.py."""
    unstorable: Callable[[str], str]
    """SQL for: this column holds a character that cannot be kept."""
    lengths: bool
    """Whether triggers must check lengths and NULs because the column types do not."""
    search_key: str
    """The column of causes_search that holds the id of the revision."""
    index: Callable[[str], tuple[str, ...]]
    """Statements that index revisions, given `= …` or `IN (…)` for their ids."""
    relist: Callable[[str], tuple[str, ...]]
    """The same for the rows of publications in the derived lists."""
    split: Callable[[str], str]
    """A table with the column `value`: the parts of a text between its `@` signs."""
    advance: str
    """The statement that writes a new token into causes_generation."""

    def change(self, columns: Iterable[str]) -> str:
        """SQL for: an update changes one of these columns."""
        return " OR ".join(f"OLD.{name} {self.differs} NEW.{name}" for name in columns)

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


def columns(model: Any, *names: str) -> list[str]:
    """The columns of some fields of a model; without names, of all but the primary key."""
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    return [f.column for f in fields if not names or f.attname in names]
