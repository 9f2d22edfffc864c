"""Sources, categories and tags: the event log has every change, with both values."""

from typing import Any

from causes.models import Category, Event, Source, Tag
from causes.models.texts import TidyField
from causes.publishing.situations import Refusal, shown
from causes.publishing.verb import User, need, record, verb

Record = Category | Source | Tag


class ChangedMeanwhile(Refusal):
    """Somebody else saved the row after it was read: saving it would undo that."""

    def __init__(self, stored: Record) -> None:
        super().__init__(
            f"The {_subject(stored)} was changed on {shown(stored.updated_at)}, after you read "
            "it. Nothing was written: read it again, then change it."
        )


_SILENT = {"id", "folded", "sort_name", "sort_authors", "updated_at", "checked_by_id"}


@verb
def save_record(row: Record, *, by: User) -> None:
    """Adds or changes a source, category or tag; writes nothing if nothing differs.

    The guards (causes/models/guards.py) refuse rows that break a rule. Raises
    NotPermitted, ChangedMeanwhile.
    """
    model: Any = type(row)
    stored = model.objects.select_for_update().filter(pk=row.pk).first() if row.pk else None
    if stored is None:
        need(by, f"add_{model._meta.model_name}")
        row.save()
        record(Event.Verb.ADD, None, by, subject=_subject(row), changes=_changes(None, row))
        return
    need(by, f"change_{model._meta.model_name}")
    if _changes(stored, row):
        if stored.updated_at != row.updated_at:
            raise ChangedMeanwhile(stored)
        row.save()  # which tidies it
        changes = _changes(stored, row)
        record(Event.Verb.CHANGE, None, by, subject=_subject(stored), changes=changes)


@verb
def delete_record(row: Record, *, by: User) -> None:
    """Deletes a row that nothing uses. Foreign keys and guards refuse all others.

    Raises NotPermitted, ChangedMeanwhile.
    """
    need(by, f"delete_{row._meta.model_name}")
    model: Any = type(row)
    stored = model.objects.select_for_update().filter(pk=row.pk).first()
    if stored is not None and stored.updated_at != row.updated_at:
        raise ChangedMeanwhile(stored)
    changes = {name: [before, ""] for name, (_, before) in _changes(None, row).items()}
    subject = _subject(row)
    row.delete()
    record(Event.Verb.DELETE, None, by, subject=subject, changes=changes)


def _subject(row: Record) -> str:
    name = f"[@{row.key}]" if isinstance(row, Source) else f"“{row.name}”"
    return f"{row._meta.verbose_name} {name}"


def _changes(stored: Record | None, row: Record) -> dict[str, list[str]]:
    """The old and the new value of each field that differs, as text."""
    found = {}
    for field in row._meta.concrete_fields:
        if field.attname in _SILENT:
            continue
        before = _text(getattr(stored, field.attname)) if stored else ""
        after = _text(getattr(row, field.attname))
        same = field.same(before, after) if isinstance(field, TidyField) else before == after
        if not same:
            found[field.name] = [before, after]
    return found


def _text(value: Any) -> str:
    return "" if value is None else str(value)
