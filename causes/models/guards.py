"""Refusals of rows, whoever writes them: a form, a verb, a shell or `loaddata`.

They are receivers of signals, because `loaddata` skips `Model.save()` but sends signals,
with `raw=True`. The triggers in causes/database/ refuse the same of statements that send no
signal. Each refusal names the row and says what to do.
"""

from collections.abc import Collection, Iterable
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
from causes.models.tagged import TaggedRevision
from causes.models.taxonomy import Category, Tag, Taxon
from causes.models.texts import SortKeyField, TidyField, sort_key_fields, text_fields
from causes.text.characters import bad_characters, is_blank
from causes.text.identifiers import TIDY
from causes.text.names import fold
from causes.text.objections import objections
from causes.timeline import Timeline


class Refused(ValueError):
    """A row was not written: it would change fixed columns, or undo later work.

    It is a ValueError because `loaddata` adds the file and the row to such an error.
    """


def connect() -> None:
    """Connects the guards to the signals; called once, when the app is ready."""
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


def _changed(stored: Any, instance: Any, columns: Iterable[str]) -> list[str]:
    return [c for c in columns if getattr(stored, c) != getattr(instance, c)]


def _columns(model: Any, without: Collection[str] = ()) -> list[str]:
    return [f.attname for f in model._meta.concrete_fields if f.attname not in without]


def _tidy(what: str, instance: Any, stored: Any) -> None:
    """Tidies new texts of a row, refuses those that cannot be stored, and makes its sort keys.

    A text that differs from the stored one only by tidying is not a change.
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
                f"{what}: the {field.verbose_name} has {len(value):,} characters, which is longer "
                f"than {field.max_length:,}."
            )
        setattr(instance, field.attname, value)
    # Fixtures lack derived columns: a raw save would write their defaults.
    for key in sort_key_fields(type(instance)):
        setattr(instance, key.attname, key.key_of(instance))


def _check_texts(what: str, instance: Any) -> None:
    """Refuses a text that is too long for its column, or cannot be stored on either engine."""
    for field in instance._meta.concrete_fields:
        value = getattr(instance, field.attname)
        # `_tidy` checks the others, and accepts a text that is stored already.
        written = isinstance(field, models.CharField | models.TextField)
        if not written or isinstance(field, TidyField | SortKeyField) or not isinstance(value, str):
            continue
        sentence = bad_characters(value)
        if isinstance(field, models.CharField) and len(value) > (field.max_length or len(value)):
            sentence = f"It has {len(value):,} characters; the most is {field.max_length:,}."
        if sentence:
            raise Refused(f"{what}, field {field.name!r}: {sentence}")


def _run_validators(what: str, instance: Any, name: str) -> None:
    field: Any = instance._meta.get_field(name)
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
    if (stored is None or stored.slug != instance.slug) and (
        taken := Entry.slug_taken(instance.slug, stored, using)
    ):
        raise Refused(f"{what}: {taken}")
    if stored is None:
        return
    if stored.kind != instance.kind:
        raise Refused(
            f"{what} is a {stored.kind} on this site, and an entry never changes its kind."
        )
    if stored.slug != instance.slug:
        if raw:
            raise Refused(
                f"{what} has the same id as {stored.slug!r} on this site: load a fixture with "
                "natural keys (dumpdata --natural-primary --natural-foreign)."
            )
        redirected = Redirect.objects.using(using).filter(slug=stored.slug, entry=stored)
        if stored.ever_public() and not redirected.exists():
            raise Refused(
                f"{stored.kind} {stored.slug!r} was public: use the verb rename to change its "
                "address, which leaves a redirect."
            )
    if instance.last_number < stored.last_number:
        raise Refused(
            f"{what} has moved on: revision {stored.last_number} is the newest on this site, and "
            f"the file ends with {instance.last_number}. Nothing was written."
        )


def check_redirect(instance: Redirect, raw: bool, using: str | None, **_: Any) -> None:
    if objection := Entry.slug_objection(instance.slug, Entry.Kind.CAUSE):
        raise Refused(f"redirect {instance.slug!r}: {objection}")
    stored = _stored(instance, using)
    if stored and stored.entry_id != instance.entry_id:
        raise Refused(
            f"the redirect {stored} leads to another entry on this site: it was not changed."
        )


def check_revision(instance: Revision, raw: bool, using: str | None, **_: Any) -> None:
    what = f"{instance.entry.kind} {instance.entry.slug!r}, revision {instance.number}"
    stored = _stored(instance, using)
    _tidy(what, instance, stored)
    # Fixtures lack these columns, too.
    instance.derive()
    if stored is not None:
        changed = _changed(stored, instance, Revision.TEXT_COLUMNS)
        if changed and stored.withheld_at:
            raise Refused(f"{what} was withheld for good: its text cannot be restored.")
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
            f"{what}: the category {instance.category.name!r} is now called "
            f"{instance.category.merged_into}."
        )
    same = Revision.objects.using(using).filter(entry=instance.entry_id, number=instance.number)
    if same.exists():
        raise Refused(
            f"{what}: there is another text with this number on this site, because the entry "
            "has moved on. Nothing was written."
        )


def note_citations(instance: Revision, created: bool, **_: Any) -> None:
    """Writes down which sources a new text cites."""
    if created:
        Citation.note([instance])


def check_tag_link(instance: TaggedRevision, raw: bool, using: str | None, **_: Any) -> None:
    revision = instance.content_object
    what = f"{revision.entry.kind} {revision.entry.slug!r}, revision {revision.number}"
    stored = _stored(instance, using)
    if stored is not None:
        if _changed(stored, instance, _columns(TaggedRevision)):
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
        if _changed(stored, instance, Publication.FIXED):
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
    # Two names from before the rule may be the same, until somebody merges them.
    instance.folded = stored.folded if kept else fold(instance.name)
    _refuse_circle(what, sender, instance, using)
    same = sender.objects.using(using).filter(folded=instance.folded).exclude(pk=instance.pk)
    if raw or kept:
        same = same.filter(merged_into=None)
    if instance.merged_into_id is None and (other := same.first()):
        raise Refused(f"{what}: {other.name!r} exists already and is the same name.")
    if stored is None:
        return
    if raw:
        _refuse_older(what, stored, instance)
    in_use = stored.revisions if sender is Category else stored.links
    if stored.slug != instance.slug and in_use.exists():
        raise Refused(f"{what}: the slug {stored.slug!r} is in use: use the verb rename.")


def _refuse_circle(what: str, sender: Any, instance: Taxon, using: str | None) -> None:
    """Refuses a chain of old names that leads back to the name itself.

    In a file, an old name may come before its current name: the last row of a circle is refused.
    """
    seen, wanted = {instance.pk}, instance.merged_into_id
    while wanted is not None:
        step = sender.objects.using(using).filter(pk=wanted).first()
        if wanted in seen:
            raise Refused(f"{what} would become an old name of itself, through {step or instance}.")
        seen.add(wanted)
        wanted = step and step.merged_into_id


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
    """Refuses a row of a fixture that is older than the stored one.

    A row of the same instant is accepted: `loaddata` writes an old name twice, the second
    time with `merged_into`, once that row exists.
    """
    skipped = {"id", "folded", "sort_name", "sort_authors", "checked_by_id"}
    columns = _columns(type(stored), skipped)
    if _changed(stored, instance, columns) and stored.updated_at > instance.updated_at:
        raise Refused(
            f"{what} was changed on this site on {stored.updated_at:%d %B %Y at %H:%M} UTC, after "
            "the file was written. Nothing was written."
        )


def check_record(sender: Any, instance: Any, raw: bool, using: str | None, **_: Any) -> None:
    _check_texts(f"{sender._meta.verbose_name} {instance.uuid}", instance)
    if sender is Review:
        day = Review._meta.get_field("reviewed_on").to_python(instance.reviewed_on)
        if sentence := future_objection(day):
            raise Refused(f"review by {instance.reviewer!r}, field 'reviewed_on': {sentence}")
    stored = _stored(instance, using)
    _tidy(f"{sender._meta.verbose_name} {instance.pk or ''}".strip(), instance, stored)
    if stored is None:
        return
    person = "recorded_by_id" if sender is Review else "actor_id"  # fixtures have no people
    if _changed(stored, instance, _columns(sender, {person})):
        raise Refused(f"{sender._meta.verbose_name} {stored}: a record never changes.")
    if raw:
        setattr(instance, person, getattr(stored, person))


def check_format(instance: FixtureFormat, raw: bool, **_: Any) -> None:
    if raw and instance.version in LOADABLE:
        instance.version = VERSION  # texts are tidied as they are written
    elif raw:
        older = instance.version < VERSION
        way = "import_fixture brings it up to date" if older else "use a newer version of the site"
        raise Refused(
            f"the fixture has format {instance.version}, and loaddata reads formats "
            f"{min(LOADABLE)} to {VERSION}: {way}."
        )


def keep_public_past(instance: Publication, **_: Any) -> None:
    if instance.live_from <= now():
        raise Refused(
            f"{instance.entry.kind} {instance.entry.slug!r}: a publication that has begun is "
            "never deleted. Take it down instead."
        )


def keep_records(instance: Event, **_: Any) -> None:
    raise Refused("Events are only ever added to the log.")


def keep_cited(instance: Source, using: str | None, **_: Any) -> None:
    if Citation.objects.using(using).filter(source_key=instance.key).exists():
        raise Refused(
            f"source {instance.key!r} is cited: mark it as withdrawn instead of deleting it."
        )
