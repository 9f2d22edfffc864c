"""The verbs of entries and their drafts. Readers notice only `rename`."""

from typing import Any
from uuid import UUID

from causes.clock import now
from causes.models import Entry, Event, Redirect, Review, Revision, TaggedRevision
from causes.publishing.situations import EverPublic, SlugTaken, StaleDraft, UnsoundText, Withheld
from causes.publishing.text import Text, unsound
from causes.publishing.verb import User, locked, need, record, standing, verb
from causes.text.characters import tidy_line

MOST_PREDECESSORS = 50


@verb
def create_entry(kind: str, slug: str, text: Text, *, by: User, note: str = "") -> Entry:
    """Creates an entry with its first draft.

    Raises SlugTaken for a slug that is malformed, reserved or in use, UnsoundText
    for a text that cannot be stored.
    """
    need(by, f"add_{kind}")
    return _create(kind, slug, text.tidied(), by, note)


def _create(kind: str, slug: str, text: Text, by: User, note: str) -> Entry:
    _check_slug(slug, kind)
    entry: Entry = Entry.objects.create(kind=kind, slug=slug, created_at=now())
    _add_revision(entry, text, by=by, base=None, note=note)
    return entry


@verb
def copy_entry(
    revision: Revision, slug: str, *, by: User, title: str = "", reason: str = ""
) -> Entry:
    """Makes a new entry whose first draft has the text of this revision.

    `title` replaces the old one, if given. Raises SlugTaken, Withheld.
    """
    kind = revision.entry.kind
    need(by, f"add_{kind}")
    if revision.withheld_at:
        raise Withheld(revision)
    text = Text.of(revision)
    text = Text(title or text.title, text.summary, text.body, text.category, text.tags)
    note = f"Copied from {revision.entry.slug}, revision {revision.number}."
    entry = _create(kind, slug, text.tidied(), by, note)
    source = {"copied": str(revision.uuid), "from": revision.entry.slug}
    record(Event.Verb.COPY, entry, by, revision=entry.newest, reason=reason, **source)
    return entry


@verb
def save_draft(
    entry: Entry, text: Text, *, by: User, base: UUID | None, note: str = ""
) -> Revision:
    """Adds a revision after the entry's newest one; readers see no difference.

    `base` is the UUID of the revision that this text started from. Returns the newest
    revision, unchanged, if the text does not differ from it. Raises StaleDraft if the
    newest revision is not the base, UnsoundText if the text cannot be stored.
    """
    need(by, f"change_{entry.kind}")
    entry = locked(entry.pk)
    text = text.tidied()
    newest: Revision | None = entry.newest
    if newest is not None:
        if Text.of(newest) == text:
            return newest
        if newest.uuid != base:
            started = Revision.objects.filter(entry=entry, uuid=base).first() if base else None
            raise StaleDraft(newest, started)
    return _add_revision(entry, text, by=by, base=base, note=note)


@verb
def restore(revision: Revision, *, by: User, reason: str = "") -> Revision:
    """Makes an old text the newest draft. Nothing is erased, and readers see no difference.

    Raises Withheld.
    """
    entry = locked(revision.entry_id)
    need(by, f"change_{entry.kind}")
    revision.refresh_from_db()
    if revision.withheld_at:
        raise Withheld(revision)
    newest: Revision = entry.newest
    text = Text.of(revision)
    if Text.of(newest) == text:
        return newest
    state = standing(entry)
    note = f"Restored revision {revision.number}." + (f" {reason}" if reason else "")
    made = _add_revision(entry, text, by=by, base=revision.uuid, note=note[:300])
    record(
        Event.Verb.RESTORE,
        entry,
        by,
        revision=made,
        from_state=state,
        reason=reason,
        restored=str(revision.uuid),
    )
    return made


@verb
def rename(entry: Entry, slug: str, *, by: User, reason: str = "") -> Entry:
    """Gives an entry another address, at once; its old one redirects if it was ever public.

    Raises SlugTaken. The slug of a redirect that leads to this very entry is free for it.
    """
    entry = locked(entry.pk)
    # Before anything was public the slug is part of the draft.
    draft = () if entry.ever_public() else (f"change_{entry.kind}",)
    need(by, "rename_entry", *draft)
    if slug == entry.slug:
        return entry
    _check_slug(slug, entry.kind, entry)
    old, state = entry.slug, standing(entry)
    Redirect.objects.filter(slug=slug, entry=entry).delete()
    if entry.ever_public():
        Redirect.objects.create(slug=old, entry=entry)
    entry.slug = slug
    entry.save(update_fields=["slug"])
    record(Event.Verb.RENAME, entry, by, from_state=state, reason=reason, before=old, after=slug)
    return entry


@verb
def delete_entry(entry: Entry, *, by: User, reason: str = "") -> None:
    """Deletes an entry that was never public, with its drafts. Its events stay.

    Raises EverPublic.
    """
    entry = locked(entry.pk)
    need(by, f"delete_{entry.kind}")
    if entry.ever_public() or entry.redirects.exists():
        raise EverPublic(entry)
    newest, state = entry.newest, standing(entry)
    record(
        Event.Verb.DELETE,
        entry,
        by,
        from_state=state,
        reason=reason,
        title=newest.title if newest else "",
        revisions=entry.revisions.count(),
    )
    Review.objects.filter(revision__entry=entry).delete()
    entry.delete()


def _check_slug(slug: str, kind: str, entry: Entry | None = None) -> None:
    if objection := Entry.slug_objection(slug, kind):
        raise SlugTaken(objection)
    if taken := Entry.objects.filter(slug=slug).first():
        raise SlugTaken(f"The slug {slug!r} is taken by another {taken.kind}: choose another one.")
    old = Redirect.objects.filter(slug=slug).exclude(entry=entry).select_related("entry").first()
    if old:
        raise SlugTaken(
            f"The slug {slug!r} is an old address of {old.entry.slug!r} and leads there: "
            "choose another one."
        )


def predecessors(entry: Entry) -> list[str]:
    """The UUIDs of the texts that the next one replaces, newest first."""
    newest = entry.revisions.order_by("-number").values_list("uuid", "predecessors")
    rows = list(newest[:MOST_PREDECESSORS])
    here = [str(uuid) for uuid, _ in rows]
    # An imported text may have replaced others that never came to this site.
    elsewhere = [uuid for uuid in (rows[0][1] if rows else []) if uuid not in here]
    return [*here, *elsewhere][:MOST_PREDECESSORS]


def _add_revision(entry: Any, text: Text, *, by: User, base: UUID | None, note: str) -> Revision:
    note = tidy_line(note)
    if problems := unsound(text, note):
        raise UnsoundText(problems)
    before = predecessors(entry)
    entry.last_number += 1
    entry.save(update_fields=["last_number"])
    revision: Revision = Revision.objects.create(
        entry=entry,
        number=entry.last_number,
        based_on=base,
        predecessors=before,
        title=text.title,
        summary=text.summary,
        body=text.body,
        category=text.category,
        tag_count=len(text.tags),
        note=note,
        author=by,
        created_at=now(),
    )
    TaggedRevision.objects.bulk_create(
        TaggedRevision(content_object=revision, tag=tag)
        for tag in sorted(text.tags, key=lambda tag: tag.slug)
    )
    return revision
