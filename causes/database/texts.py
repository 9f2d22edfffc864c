"""The refusals of texts that no row may hold, made from the columns that the models declare.

The guards tidy and refuse more, by name; see causes/text/characters.py.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import CharField, TextField

from causes.database.dialect import INSERT, UPDATE, Dialect, Refusal
from causes.models.texts import TidyField, text_fields

_SENTENCE = "a text is too long, is empty where it must not be, or holds a control character"


def refusals(sql: Dialect) -> Iterator[Refusal]:
    """The refusals for each table, in the words of one engine."""
    for model in apps.get_app_config("causes").get_models():
        if model._meta.managed and not model._meta.proxy:
            yield from _written(model, sql)
            if sql.lengths:
                yield from _other(model)


def _written(model: Any, sql: Dialect) -> Iterator[Refusal]:
    """For the columns that people write."""
    table = model._meta.db_table
    wrong = {
        field.column: f"(length(NEW.{field.column}) > {field.max_length or 0}"
        f" OR {sql.unstorable(f'NEW.{field.column}')}"
        + ("" if field.blank else f" OR NEW.{field.column} = ''")
        + ")"
        for field in text_fields(model)
    }
    if wrong:
        name = f"{table.removeprefix('causes_')}_texts"
        yield Refusal(name, (INSERT,), table, " OR ".join(wrong.values()), _SENTENCE)
        # A text from before the rule may stay when something else changes.
        changed = (f"{sql.change([column])} AND {bad}" for column, bad in wrong.items())
        yield Refusal(f"{name}_changed", (UPDATE,), table, " OR ".join(changed), _SENTENCE)


def _other(model: Any) -> Iterator[Refusal]:
    """For all other columns of text: their lengths, and NULs."""
    table = model._meta.db_table
    fields = [f for f in model._meta.concrete_fields if not isinstance(f, TidyField)]
    short = [f for f in fields if isinstance(f, CharField)]
    wrong = [f'length(NEW."{f.column}") > {f.max_length}' for f in short]
    wrong += [
        f"instr(CAST(NEW.\"{f.column}\" AS BLOB), x'00') > 0"
        for f in fields
        if isinstance(f, CharField | TextField)
    ]
    if wrong:
        name = f"{table.removeprefix('causes_')}_fits"
        yield Refusal(name, (INSERT, UPDATE), table, " OR ".join(wrong), _SENTENCE)
