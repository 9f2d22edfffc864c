"""The refusals of texts that no row may hold, whoever writes: made from the models' own columns.

The guards tidy and refuse more, by name; see causes/text/characters.py.
"""

from collections.abc import Callable, Iterator

from causes.database.rules import INSERT, UPDATE, Refusal

SENTENCE = "a text fits its column and holds no control character and no noncharacter"


def refusals(different: str, unstorable: Callable[[str], str]) -> Iterator[Refusal]:
    """For each table with texts, on both engines.

    `different` is the engine's null-safe `<>`; `unstorable` makes its SQL for: this
    column holds a character that cannot be kept.
    """
    for table, columns in _columns():
        wrong = {
            name: f"(length(NEW.{name}) > {limit} OR {unstorable(f'NEW.{name}')})"
            for name, limit in columns.items()
        }
        short = table.removeprefix("causes_")
        yield Refusal(f"{short}_texts", (INSERT,), table, " OR ".join(wrong.values()), SENTENCE)
        # What is there from before stays when something else changes.
        changed = (f"OLD.{n} {different} NEW.{n} AND {sql}" for n, sql in wrong.items())
        yield Refusal(f"{short}_texts_changed", (UPDATE,), table, " OR ".join(changed), SENTENCE)


def _columns() -> Iterator[tuple[str, dict[str, int]]]:
    """Each table with its columns for texts, and the most characters of each."""
    from django.apps import apps

    from causes.models.texts import text_fields

    for model in apps.get_app_config("causes").get_models():
        fields = [] if model._meta.proxy else text_fields(model)
        if fields:
            yield model._meta.db_table, {f.column: f.max_length or 0 for f in fields}
