"""The refusals of texts that no row may hold, made from the columns that the models declare.

The guards tidy and refuse more, by name; see causes/text/characters.py.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import CharField, TextField

from causes.database.dialect import INSERT, UPDATE, Dialect, Refusal
from causes.models.texts import TidyField

_SENTENCE = "a text is too long, is empty where it must not be, or holds a control character"


def refusals(sql: Dialect) -> Iterator[Refusal]:
    """The refusals for each table with texts, in the words of one engine."""
    for model in apps.get_app_config("causes").get_models():
        fields = model._meta.concrete_fields if model._meta.managed else ()
        bad = {field.column: sentence for field in fields if (sentence := _bad(field, sql))}
        if bad and not model._meta.proxy:
            table = model._meta.db_table
            name = f"{table.removeprefix('causes_')}_texts"
            yield Refusal(name, (INSERT,), table, " OR ".join(bad.values()), _SENTENCE)
            # A text from before the rule may stay when something else changes.
            changed = (f"({sql.change([column])}) AND {held}" for column, held in bad.items())
            yield Refusal(f"{name}_changed", (UPDATE,), table, " OR ".join(changed), _SENTENCE)


def _bad(field: Any, sql: Dialect) -> str:
    """SQL for: a column holds a text that it may not. Empty if nothing needs to be checked."""
    column, written = f'NEW."{field.column}"', isinstance(field, TidyField)
    if not isinstance(field, CharField | TextField) or not (written or sql.lengths):
        return ""
    found = [sql.unstorable(column) if written else f"instr(CAST({column} AS BLOB), x'00') > 0"]
    if field.max_length:
        found.append(f"length({column}) > {field.max_length}")
    if written and not field.blank:
        found.append(f"{column} = ''")
    return f"({' OR '.join(found)})"
