"""The publications of a file, compared with those of this site.

causes/timeline.py has the rules. This module translates: the moments of files and of the event
log are text, and people read changes and clashes as sentences.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from causes.interchange.here import Standing
from causes.interchange.schema import Row
from causes.interchange.values import shown_moment
from causes.publishing import shown
from causes.timeline import Change, Clash, Span, Timeline

_CLASHES = {
    Clash.UNKNOWN_TEXT: "This site shows a text that the text in the file does not build on.",
    Clash.TAKEN_DOWN: "It was taken down on this site, but is public in the file.",
    Clash.ONLY_HERE: "It is public on this site, but not in the file.",
    Clash.OTHER_END: "On this site it is set to end on {end}, but not in the file.",
    Clash.SCHEDULED: "A text is scheduled on this site for {begin}, but not in the file.",
}


class Following(NamedTuple):
    """The changes to an entry that follows a file."""

    change: Change = Change()
    conflicts: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    """Sentences about the change, for the plan."""


def timeline_of(rows: Iterable[Row], at: datetime) -> Timeline:
    """The publications in a file. One without a beginning, from a Markdown file, begins now."""
    return Timeline(
        Span(
            row["uuid"],
            row["revision"],
            _read(row["live_from"]) or at,
            _read(row["live_until"]),
            _read(row["take_down_at"]),
        )
        for row in rows
    )


def first(file: Timeline, at: datetime, *, own_times: bool) -> Change:
    """The publications of an entry that was never public on this site.

    They have the times of the file, or begin now.
    """
    return Change(adds=file.spans) if own_times else Timeline().towards(file, at)


def following(
    file: Timeline, standing: Standing, known: set[str], at: datetime, *, own_times: bool
) -> Following:
    """Makes the same texts public on this site as in the file. The past stays as it was.

    `known` are the UUIDs of the revisions that the text in the file builds on.
    """
    here, withheld = standing.timeline, standing.withheld
    if any(span.revision in withheld and not span.has_ended(at) for span in file.spans):
        sentence = "Its text was withheld on this site, for good: it does not come back."
        return Following(said=(sentence,))
    if here.spans:
        change = here.towards(file, at)
    else:
        past = Timeline(span for span in file.spans if span.revision not in withheld)
        change = first(past, at, own_times=own_times)
    conflicts = tuple(
        _CLASHES[clash].format(
            begin=shown(span.live_from), end=shown(span.take_down_at or span.live_from)
        )
        for clash, span in here.clashes(file, at, known)
    )
    return Following(change, conflicts, tuple(_sentences(here, change, at)))


def _sentences(here: Timeline, change: Change, at: datetime) -> Iterator[str]:
    at, after = here.next_instant(at), here.after(change)
    old, new = here.live(at), after.live(at)
    if new and (old is None or old.revision != new.revision):
        yield "Another text becomes public." if old else "It becomes public."
    elif old and new is None:
        yield "It is taken down."
    elif old and new and old.take_down_at != new.take_down_at:
        end = new.take_down_at
        yield f"It is set to end on {shown(end)}." if end else "It is no longer set to end."
    scheduled = after.ahead(at)
    if scheduled and scheduled != here.ahead(at):
        yield f"A text is scheduled for {shown(scheduled[0].live_from)}."
    elif here.ahead(at) and not scheduled:
        yield "The schedule is cancelled."
    if any(span.has_ended(at) for span in change.adds):
        yield "Its past publications are added."


def noted(slug: str, head: str | None, timeline: Timeline, at: datetime) -> Row:
    """The state of an entry that the event log keeps before and after an import, for `undo`."""
    spans = []
    for span in timeline.spans:
        if not span.has_ended(at):
            moments = (span.live_from, span.live_until, span.take_down_at)
            texts = (shown_moment(moment) if moment else None for moment in moments)
            spans.append([str(span.uuid), span.revision, *texts])
    return {"slug": slug, "head": head, "spans": spans}


def recalled(details: Row | None) -> Timeline:
    """The publications that `noted` kept. Old events do not say which ends a person set."""
    rows = details["spans"] if details else ()
    return Timeline(
        Span(uuid, revision, datetime.fromisoformat(begin), *map(_read, ends))
        for uuid, revision, begin, *ends in rows
    )


def _read(moment: str | None) -> datetime | None:
    return datetime.fromisoformat(moment) if moment else None
