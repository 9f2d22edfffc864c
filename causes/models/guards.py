"""What no row may do, however it comes in: form, verb, shell or `loaddata`.

Signals, because `loaddata` skips `Model.save()` and sends them all the same,
with `raw=True`. The database's own triggers (causes/database/) are the second
wall, for what sends no signal. A refusal names the entry and says what to do.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.signals import post_save, pre_delete, pre_save

from causes.clock import future_objection, now
from causes.models.entry import Entry, Redirect
from causes.models.event import Event
from causes.models.format import LOADABLE, VERSION, FixtureFormat
from causes.models.publication import Publication
from causes.models.review import Review
from causes.models.revision import Citation, Revision
from causes.models.source import Source
from causes.models.taxonomy import Category, Tag, TaggedRevision, Taxon
from causes.models.texts import SortKeyField, TidyField, sort_key_fields, text_fields
from causes.text.body import objections
from causes.text.characters import bad_characters, is_blank
from causes.text.identifiers import TIDY
from causes.text.names import fold
from causes.timeline import Timeline


class Refused(ValueError):
    """A row was not written: it would change what is fixed, or undo later work.

    A ValueError, because that is what `loaddata` adds file and row to.
    """


def connect() -> None:
    """Puts the guards in place; called once, when the app is ready."""
    guards: dict[Any, Any] = {
        Entry: check_entry,
        Redirect: check_redirect,
        Revision: check_revision,
        TaggedRevision: check_tag_link,
        Publication: check_publication,
        Category: check_taxon,
        Tag: check_taxon,
        Source: check_source,
        Review: check_record,
        Event: check_record,
        FixtureFormat: check_format,
    }
    for model, guard in guards.items():
        for sender in (model, *_proxies(model)):
            pre_save.connect(guard, sender=sender, dispatch_uid=f"guard-{sender.__name__}")
    post_save.connect(note_citations, sender=Revision, dispatch_uid="note-citations")
    pre_delete.connect(keep_public_past, sender=Publication, dispatch_uid="keep-public-past")
    pre_delete.connect(keep_records, sender=Event, dispatch_uid="keep-events")
    pre_delete.connect(keep_cited, sender=Source, dispatch_uid="keep-cited")


def _proxies(model: Any) -> list[Any]:
    return [sub for sub in model.__subclasses__() if sub._meta.proxy]


def _stored(instance: Any, using: str | None) -> Any:
    if instance.pk is None:
        return None
    manager = type(instance)._meta.concrete_model._base_manager
    return manager.using(using).filter(pk=instance.pk).first()


def _changed(stored: Any, instance: Any, columns: tuple[str, ...]) -> list[str]:
    return [c for c in columns if getattr(stored, c) != getattr(instance, c)]


def _field(model: Any, name: str) -> Any:
    return model._meta.get_field(name)


def _tidy(what: str, instance: Any, stored: Any) -> None:
    """Tidies what is new in a row, refuses what cannot be kept, and makes its sort keys.

    What differs from the stored row by tidying alone is no change.
    """
    for field in text_fields(type(instance)):
        value, before = getattr(instance, field.attname), getattr(stored, field.attname, None)
        if stored is not None and field.same(before, value):
            setattr(instance, field.attname, before)
            continue
        value = field.tidied(value)
        if sentence := bad_characters(value):
            raise Refused(f"{what}, field {field.name!r}: {sentence}")
        if not field.blank and is_blank(value):
            raise Refused(f"{what}: the {field.verbose_name} is empty. Write one.")
        if field.max_length and len(value) > field.max_length:
            raise Refused(
                f"{what}: the {field.verbose_name} has {len(value):,} characters, and is longer "
                f"than {field.max_length:,}."
            )
        setattr(instance, field.attname, value)
    # Derived, and in no fixture: a raw save would write the default.
    for key in sort_key_fields(type(instance)):
        setattr(instance, key.attname, key.key_of(instance))


def _check_texts(what: str, instance: Any) -> None:
    """Every text of a row fits its column and can be stored on either engine."""
    for field in instance._meta.concrete_fields:
        value = getattr(instance, field.attname)
        # `_tidy` looks at the others, and leaves alone what is stored already.
        written = isinstance(field, models.CharField | models.TextField)
        if not written or isinstance(field, TidyField | SortKeyField) or not isinstance(value, str):
            continue
        sentence = bad_characters(value)
        if isinstance(field, models.CharField) and len(value) > (field.max_length or len(value)):
            sentence = f"It has {len(value)} characters; the most is {field.max_length}."
        if sentence:
            raise Refused(f"{what}, field {field.name!r}: {sentence}")


def _run_validators(what: str, instance: Any, name: str) -> None:
    field = _field(type(instance), name)
    try:
        for validator in field.validators:
            validator(getattr(instance, name))
    except ValidationError as error:
        raise Refused(f"{what}, field {name!r}: {' '.join(error.messages)}") from error


def check_entry(instance: Entry, raw: bool, using: str | None, **_: Any) -> None:
    what = f"{instance.kind} {instance.slug!r}"
    if instance.kind not in Entry.Kind.values:
        raise Refused(f"{what}: the kind must be one of {', '.join(Entry.Kind.values)}.")
    if objection := Entry.slug_objection(instance.slug, instance.kind):
        raise Refused(f"{what}: {objection}")
    stored = _stored(instance, using)
    if stored is None:
        _refuse_taken_slug(instance, raw, using)
        return
    if stored.kind != instance.kind:
        raise Refused(f"{what} is a {stored.kind} here, and an entry never changes its kind.")
    if stored.slug != instance.slug:
        if raw:
            raise Refused(
                f"{what} has the same number here as {stored.slug!r}: load a fixture with "
                "natural keys (dumpdata --natural-primary --natural-foreign)."
            )
        if Redirect.objects.using(using).filter(slug=instance.slug).exclude(entry=stored).exists():
            raise Refused(f"{what}: the slug {instance.slug!r} is an old address of another entry.")
        redirected = Redirect.objects.using(using).filter(slug=stored.slug, entry=stored)
        if stored.ever_public() and not redirected.exists():
            raise Refused(
                f"{stored.kind} {stored.slug!r} was public: its address changes by the verb "
                "rename only, which leaves a redirect."
            )
    if instance.last_number < stored.last_number:
        raise Refused(
            f"{what} has moved on: revision {stored.last_number} is the newest here, and what "
            f"you load knows of {instance.last_number}. Nothing was written."
        )


def _refuse_taken_slug(instance: Entry, raw: bool, using: str | None) -> None:
    renamed = (
        Redirect.objects.using(using).filter(slug=instance.slug).select_related("entry").first()
    )
    if renamed:
        raise Refused(
            f"{instance.kind} {instance.slug!r} was renamed here to {renamed.entry.slug!r}, and "
            "its old address leads there. Choose another slug."
        )


def check_redirect(instance: Redirect, raw: bool, using: str | None, **_: Any) -> None:
    if objection := Entry.slug_objection(instance.slug, Entry.Kind.CAUSE):
        raise Refused(f"redirect {instance.slug!r}: {objection}")
    stored = _stored(instance, using)
    if stored and stored.entry_id != instance.entry_id:
        raise Refused(f"the redirect {stored} leads elsewhere here and stays as it is.")


def check_revision(instance: Revision, raw: bool, using: str | None, **_: Any) -> None:
    what = f"{instance.entry.kind} {instance.entry.slug!r}, revision {instance.number}"
    stored = _stored(instance, using)
    _tidy(what, instance, stored)
    # In no fixture: a raw save would write the defaults.
    instance.derive()
    if stored is not None:
        changed = _changed(stored, instance, Revision.TEXT_COLUMNS)
        if changed and stored.withheld_at:
            raise Refused(f"{what} was withheld here, for good: its text does not come back.")
        if changed and (raw or not instance.is_withheld_from(stored)):
            raise Refused(
                f"{what}: a stored text never changes, and this would change "
                f"{', '.join(name.removesuffix('_id') for name in changed)}. "
                "Save a new revision instead."
            )
        if raw:
            instance.author_id = stored.author_id
        return
    if found := objections(instance.body):
        raise Refused(f"{what}: {' '.join(found)}")
    if instance.category and instance.category.merged_into_id and not raw:
        raise Refused(
            f"{what}: the category {instance.category.name!r} is called "
            f"{instance.category.merged_into} now."
        )
    same = Revision.objects.using(using).filter(entry=instance.entry_id, number=instance.number)
    if same.exists():
        raise Refused(
            f"{what}: there is another text with this number here. The entry has moved on "
            "since; nothing was written."
        )


def note_citations(instance: Revision, created: bool, **_: Any) -> None:
    if created:
        Citation.note([instance])


def check_tag_link(instance: TaggedRevision, raw: bool, using: str | None, **_: Any) -> None:
    revision = instance.content_object
    what = f"{revision.entry.kind} {revision.entry.slug!r}, revision {revision.number}"
    stored = _stored(instance, using)
    if stored is not None:
        if _changed(stored, instance, ("content_object_id", "tag_id")):
            raise Refused(f"{what}: the tags of a stored text never change.")
        return
    linked = TaggedRevision.objects.using(using).filter(content_object=revision).count()
    if linked >= revision.tag_count:
        raise Refused(
            f"{what}: the tags of a stored text never change, so {instance.tag.name!r} cannot "
            "be added. Save a new revision instead."
        )


def check_publication(instance: Publication, raw: bool, using: str | None, **_: Any) -> None:
    entry, revision, at = instance.entry, instance.revision, now()
    what = f"{entry.kind} {entry.slug!r}"
    if revision.entry_id != entry.pk:
        raise Refused(f"{what}: {revision} is a text of another entry.")
    if revision.withheld_at and not instance.span.has_ended(at):
        raise Refused(f"{what}: revision {revision.number} was withheld and cannot be public.")
    stored = _stored(instance, using)
    if stored is not None:
        if _changed(stored, instance, ("uuid", "entry_id", "revision_id", "live_from")):
            raise Refused(f"{what}: which text was public, and since when, never changes.")
        ended = stored.span.has_ended(at)
        if ended and raw and instance.take_down_at is None:
            instance.take_down_at = stored.take_down_at  # in no file of an older format
        if ended and _changed(stored, instance, ("live_until", "take_down_at")):
            raise Refused(
                f"{what}: revision {revision.number} stopped being public on "
                f"{stored.live_until:%d %B %Y at %H:%M:%S} UTC, and a publication that has ended "
                "is not reopened. Publish the text you want to see; nothing was written."
            )
    others = Publication.objects.using(using).filter(entry=entry).exclude(pk=instance.pk)
    timeline = Timeline(row.span for row in others.open_or_upcoming(instance.live_from))
    if objection := timeline.objection(instance.span):
        raise Refused(
            f"{what}, publication {instance.uuid}, field {objection.field!r}: "
            f"{objection.sentence} Nothing was written."
        )


def check_taxon(sender: Any, instance: Taxon, raw: bool, using: str | None, **_: Any) -> None:
    what = f"{sender._meta.verbose_name} {instance.name!r}"
    stored = _stored(instance, using)
    _tidy(what, instance, stored)
    kept = stored is not None and stored.name == instance.name
    if not kept and (objection := sender.name_objection(instance.name)):
        raise Refused(f"{what}: {objection}")
    # Two names from before the rule can be the same, and stay two until they are merged.
    instance.folded = stored.folded if kept else fold(instance.name)
    _refuse_circle(what, instance)
    same = sender.objects.using(using).filter(folded=instance.folded).exclude(pk=instance.pk)
    if raw or kept:
        same = same.filter(merged_into=None)
    if instance.merged_into is None and (other := same.first()):
        raise Refused(f"{what}: there is {other.name!r} already, which is the same name.")
    if stored is None:
        return
    if raw:
        _refuse_older(what, stored, instance)
    in_use = stored.revisions if sender is Category else stored.links
    if stored.slug != instance.slug and in_use.exists():
        raise Refused(f"{what}: the slug {stored.slug!r} is in use: rename it, do not replace it.")


def _refuse_circle(what: str, instance: Taxon) -> None:
    """An old name leads to a name of today, never round to itself."""
    seen, step = {instance.pk}, instance.merged_into
    while step is not None:
        if step.pk in seen:
            raise Refused(f"{what} would become an old name of itself, by way of {step.name!r}.")
        seen.add(step.pk)
        step = step.merged_into


def check_source(instance: Source, raw: bool, using: str | None, **_: Any) -> None:
    what = f"source {instance.key!r}"
    for name, tidied in TIDY.items():
        setattr(instance, name, tidied(getattr(instance, name)))
    stored = _stored(instance, using)
    _tidy(what, instance, stored)
    for name in ("key", "doi", "pmid", "pmcid", "url"):
        value = getattr(instance, name)
        if (value or name == "key") and value != getattr(stored, name, None):
            _run_validators(what, instance, name)
    _check_texts(what, instance)
    for name, sentence in instance.objections().items():
        raise Refused(f"{what}, field {name!r}: {sentence}")
    if stored is None:
        return
    if raw:
        _refuse_older(what, stored, instance)
        if stored.checked_on == instance.checked_on:
            instance.checked_by_id = stored.checked_by_id
    if (
        stored.key != instance.key
        and Citation.objects.using(using).filter(source_key=stored.key).exists()
    ):
        raise Refused(f"source {stored.key!r} is cited: its key never changes.")


def _refuse_older(what: str, stored: Any, instance: Any) -> None:
    """A fixture's row may not replace one that was changed here after it was written.

    At the same instant it may: an alias comes in two steps, with its `merged_into`
    only when the row it names is there.
    """
    skipped = {"id", "folded", "sort_name", "sort_authors", "checked_by_id"}
    columns = tuple(f.attname for f in stored._meta.concrete_fields if f.attname not in skipped)
    if _changed(stored, instance, columns) and stored.updated_at > instance.updated_at:
        raise Refused(
            f"{what} was changed here on {stored.updated_at:%d %B %Y at %H:%M} UTC, after what "
            "you load was written. Nothing was written."
        )


def check_record(sender: Any, instance: Any, raw: bool, using: str | None, **_: Any) -> None:
    _check_texts(f"{sender._meta.verbose_name} {instance.uuid}", instance)
    if sender is Review:
        day = _field(Review, "reviewed_on").to_python(instance.reviewed_on)
        if sentence := future_objection(day):
            raise Refused(f"review by {instance.reviewer!r}, field 'reviewed_on': {sentence}")
    stored = _stored(instance, using)
    _tidy(f"{sender._meta.verbose_name} {instance.pk or ''}".strip(), instance, stored)
    if stored is None:
        return
    people = {"actor_id", "recorded_by_id"}
    columns = tuple(f.attname for f in sender._meta.concrete_fields if f.attname not in people)
    if _changed(stored, instance, columns):
        raise Refused(f"{sender._meta.verbose_name} {stored}: what was recorded never changes.")
    if raw:
        for name in people & {f.attname for f in sender._meta.concrete_fields}:
            setattr(instance, name, getattr(stored, name))


def check_format(instance: FixtureFormat, raw: bool, **_: Any) -> None:
    if raw and instance.version in LOADABLE:
        instance.version = VERSION  # what is written here is tidied
    elif raw:
        older = instance.version < VERSION
        way = "import_fixture brings it up to date" if older else "use a newer version of the site"
        raise Refused(
            f"the fixture is written in format {instance.version}, and loaddata reads formats "
            f"{min(LOADABLE)} to {VERSION}: {way}."
        )


def keep_public_past(instance: Publication, **_: Any) -> None:
    if instance.live_from <= now():
        raise Refused(
            f"{instance.entry.kind} {instance.entry.slug!r}: that a text was public is never "
            "forgotten. Take it down instead."
        )


def keep_records(instance: Event, **_: Any) -> None:
    raise Refused("The event log is only ever added to.")


def keep_cited(instance: Source, using: str | None, **_: Any) -> None:
    if Citation.objects.using(using).filter(source_key=instance.key).exists():
        raise Refused(f"source {instance.key!r} is cited: mark it as withdrawn, do not delete it.")
