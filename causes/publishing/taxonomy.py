"""The verbs of categories and tags: an old name always leads to the new one."""

from typing import Any, TypeVar

from causes.models import Category, Event, Tag
from causes.models.taxonomy import Taxon
from causes.publishing.records import ChangedMeanwhile
from causes.publishing.situations import Refusal
from causes.publishing.verb import User, need, record, verb
from causes.text.characters import tidy_line
from causes.text.names import fold
from causes.text.slugs import name_slug

T = TypeVar("T", Category, Tag)


class NameTaken(Refusal):
    """The name is malformed, or belongs to another category or tag."""


class OldName(Refusal):
    """The category or tag was renamed or merged in the meantime, and is an old name now."""

    def __init__(self, old: Taxon) -> None:
        super().__init__(
            f"“{old.name}” is an old name of “{old.canonical.name}” now: change that one."
        )


@verb
def rename_taxon(taxon: T, name: str, *, by: User) -> T:
    """Renames a category or tag, and keeps the old name as an alias.

    Returns the row that has the new name. This is another row, unless nothing uses the
    old name yet or both names have the same slug. Raises NameTaken, OldName.
    """
    model: Any = type(taxon)
    need(by, f"change_{model._meta.model_name}")
    old = _as_today(model, taxon)
    name = tidy_line(name)
    if old.is_called(name):
        return old
    if objection := model.name_objection(name):
        raise NameTaken(objection)
    same = model.objects.exclude(pk=old.pk).filter(slug=name_slug(name)).first()
    same = same or model.objects.exclude(pk=old.pk).filter(folded=fold(name)).first()
    in_use = (old.revisions if model is Category else old.links).exists() or old.aliases.exists()
    if same and same.merged_into_id == old.pk and same.name == name:
        new = same  # back to a name it had before
        new.merged_into = None
        _copy(old, new)
        new.save()
    elif same:
        raise NameTaken(f"There is a {model._meta.verbose_name} {same.name!r} already.")
    elif not in_use or name_slug(name) == old.slug:
        # Nothing points to the old name, or the slug that is pointed to stays the same.
        before = old.name
        old.name, old.slug = name, name_slug(name)
        old.save()
        _record(Event.Verb.RENAME, before, old, by)
        return old
    else:
        new = model(name=name)
        _copy(old, new)
        new.save()
    _point(old, new)
    _record(Event.Verb.RENAME, old.name, new, by)
    return new


@verb
def merge(taxon: T, into: T, *, by: User) -> None:
    """Makes one category or tag an alias of another: its texts now belong to the other.

    Its old address redirects. Stored texts do not change. Raises NameTaken if both
    are the same, OldName if `taxon` was renamed or merged already.
    """
    model: Any = type(taxon)
    need(by, f"merge_{model._meta.model_name}")
    old = _as_today(model, taxon)
    new = model.objects.select_for_update().get(pk=into.pk).canonical
    if old.pk == new.pk:
        raise NameTaken(f"{old.name!r} cannot be merged into itself.")
    _point(old, new)
    _record(Event.Verb.MERGE, old.name, new, by)


def _as_today(model: Any, taxon: Any) -> Any:
    """The row to be renamed or merged, as it is stored now. Raises OldName, ChangedMeanwhile."""
    row = model.objects.select_for_update().get(pk=taxon.pk)
    if row.merged_into_id:
        raise OldName(row)
    if row.updated_at != taxon.updated_at:
        raise ChangedMeanwhile(row)
    return row


def _copy(old: Taxon, new: Taxon) -> None:
    own = {field.attname for field in new._meta.concrete_fields}
    for column in {"description", "position", "review_months"} & own:
        setattr(new, column, getattr(old, column))


def _point(old: Any, new: Any) -> None:
    """Makes `old` an alias of `new`, and with it all that were aliases of `old`."""
    for alias in [*old.aliases.exclude(pk=new.pk), old]:
        alias.merged_into = new
        alias.save()


_DONE = {Event.Verb.RENAME: "renamed to", Event.Verb.MERGE: "merged into"}


def _record(verb_name: Event.Verb, before: str, new: Any, by: User) -> None:
    subject = f"{new._meta.verbose_name} {before!r} {_DONE[verb_name]} {new.name!r}"
    record(verb_name, None, by, subject=subject, before=before, after=new.name)
