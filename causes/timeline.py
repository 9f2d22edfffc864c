"""When each text of an entry is public: the rules, without Django and without a database.

A publication makes one revision public from `live_from` until `live_until`. It ends for one
of two reasons: a person set an end (`take_down_at`), or the next publication begins. So

    live_until = the earlier of its take_down_at and the next publication's live_from

A change therefore only says which publications there should be, and when a person wants each
of them to end. `_settled` computes the rest, and `Change` is the difference to what there was.

Moments are aware datetimes in whole milliseconds. UUIDs and revisions are whatever the caller
uses for them (ids of rows, texts of a file): this module only compares them.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from itertools import zip_longest
from typing import Any, NamedTuple
from uuid import uuid4

MILLISECOND = timedelta(milliseconds=1)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Span:
    """One publication: from `live_from` on, and until just before `live_until`."""

    uuid: Any
    revision: Any
    live_from: datetime
    live_until: datetime | None = None
    """When it ends; None while no end is known."""

    take_down_at: datetime | None = None
    """The end that a person set, which is never earlier than `live_until`."""

    def has_begun(self, at: datetime) -> bool:
        return self.live_from <= at

    def has_ended(self, at: datetime) -> bool:
        return self.live_until is not None and self.live_until <= at

    def is_live(self, at: datetime) -> bool:
        return self.has_begun(at) and not self.has_ended(at)

    @property
    def ends_by_decision(self) -> bool:
        """Whether it ends because a person set that end, and not because the next one begins."""
        return self.take_down_at is not None and self.take_down_at == self.live_until


@dataclass(frozen=True)
class Change:
    """The rows to write for a change; false if there are none.

    Write them in this order: otherwise two publications would overlap for a moment.
    """

    drops: tuple[Span, ...] = ()
    """Publications that have not begun, to be deleted."""

    ends: tuple[Span, ...] = ()
    """Stored publications with a new `live_until` or `take_down_at`."""

    adds: tuple[Span, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.drops or self.ends or self.adds)


class Objection(NamedTuple):
    """Why a publication cannot be stored: one of its fields, and a sentence about it."""

    field: str
    sentence: str


class Clash(Enum):
    """A decision made on this side that the other side did not know of."""

    UNKNOWN_TEXT = "another text is live"
    TAKEN_DOWN = "it was taken down"
    ONLY_HERE = "it is live, and the other side has no such publication"
    OTHER_END = "a person set another end"
    SCHEDULED = "a text is scheduled"


class Timeline:
    """The publications of one entry, in order; all of them, or those that have not ended."""

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        ordered = sorted(spans, key=lambda span: span.live_from)
        self.spans = tuple(
            _with_decision(span, following) for span, following in zip_longest(ordered, ordered[1:])
        )

    def live(self, at: datetime) -> Span | None:
        """The publication that is live at a moment, if there is one."""
        return next((span for span in self.spans if span.is_live(at)), None)

    def begun(self, at: datetime) -> tuple[Span, ...]:
        """The publications that began earlier or begin now, the first one first."""
        return tuple(span for span in self.spans if span.has_begun(at))

    def ahead(self, at: datetime) -> tuple[Span, ...]:
        """The publications that begin later, the next one first."""
        return tuple(span for span in self.spans if not span.has_begun(at))

    def next_instant(self, at: datetime) -> datetime:
        """The first moment from `at` on at which something can begin or end.

        That is `at`, unless a publication began in the same millisecond, or the clock was
        set back by up to a second: no publication may be empty or in the wrong order.
        """
        for span in self.spans:
            if span.live_from > at + SECOND:
                break
            at = max(at, span.live_from + MILLISECOND)
            if span.live_until is not None and span.live_until <= at + SECOND:
                at = max(at, span.live_until)
        return at

    def objection(self, span: Span) -> Objection | None:
        """Why this publication cannot be stored beside the others, if it cannot."""
        if span.live_until is not None and span.live_until <= span.live_from:
            return Objection("live_until", "It must be after live_from.")
        if span.take_down_at is not None and (
            span.live_until is None or span.live_until > span.take_down_at
        ):
            return Objection("take_down_at", "It must not be earlier than live_until.")
        for other in self.spans:
            begins_later = span.live_until is not None and other.live_from >= span.live_until
            if other.uuid != span.uuid and not begins_later and not other.has_ended(span.live_from):
                sentence = (
                    f"Publication {other.uuid} is public in the same span of time, "
                    f"from {other.live_from:%d %B %Y at %H:%M} UTC."
                )
                return Objection("live_from", sentence)
        return None

    # Changes. Each happens at the next instant from `at` on, and leaves the past as it was.

    def publish(self, revision: Any, at: datetime) -> Change:
        """Makes a revision live; nothing to do if it is live already."""
        at = self.next_instant(at)
        live = self.live(at)
        if live is not None and live.revision == revision:
            return Change()
        return self._to([*self.spans, Span(uuid4(), revision, at)])

    def schedule(self, revision: Any, begin: datetime, end: datetime | None) -> Change:
        """Makes a revision live from a future moment at which no other begins."""
        return self._to([*self.spans, Span(uuid4(), revision, begin, take_down_at=end)])

    def end(self, end: datetime | None, at: datetime) -> Change:
        """Sets when the live publication is taken down; None: no longer."""
        spans = {span.uuid: span for span in self.spans}
        if live := self.live(self.next_instant(at)):
            spans[live.uuid] = replace(live, take_down_at=end)
        return self._to(spans.values())

    def cancel(self, at: datetime) -> Change:
        """Cancels the last publication that is scheduled, or else the end of the live one."""
        if ahead := self.ahead(self.next_instant(at)):
            return self._to(span for span in self.spans if span is not ahead[-1])
        return self.end(None, at)

    def take_down(self, at: datetime) -> Change:
        """Ends the live publication and cancels those that are scheduled."""
        return self.towards(Timeline(), at)

    def without(self, revision: Any, at: datetime) -> Change:
        """Does what `take_down` does, to the publications of one revision only."""
        at = self.next_instant(at)
        spans = {s.uuid: s for s in self.spans if s.has_begun(at) or s.revision != revision}
        live = self.live(at)
        if live and live.revision == revision:
            spans[live.uuid] = replace(live, take_down_at=at)
        return self._to(spans.values())

    def towards(self, wanted: "Timeline", at: datetime) -> Change:
        """Makes the same texts live as in `wanted`, from now on."""
        at = self.next_instant(at)
        spans = {span.uuid: span for span in self.begun(at)}
        live, other = self.live(at), wanted.live(at)
        coming = list(wanted.ahead(at))
        if live and other and live.revision == other.revision:
            spans[live.uuid] = replace(live, take_down_at=other.take_down_at)
        elif other:
            coming.append(replace(other, live_from=at))
        elif live:
            spans[live.uuid] = replace(live, take_down_at=at)
        for span in coming:
            uuid = uuid4() if span.uuid in spans else span.uuid
            spans[uuid] = replace(span, uuid=uuid)
        return self._to(spans.values())

    def after(self, change: Change) -> "Timeline":
        """The publications once a change is written."""
        replaced = {span.uuid for span in (*change.drops, *change.ends)}
        kept = (span for span in self.spans if span.uuid not in replaced)
        return Timeline([*kept, *change.ends, *change.adds])

    def clashes(
        self, wanted: "Timeline", at: datetime, known: Collection[Any]
    ) -> list[tuple[Clash, Span]]:
        """The decisions that `towards` would overrule and the other side did not know.

        `known` are the revisions that the other side knew. A change that only time has made
        is no clash.
        """
        at = self.next_instant(at)
        live, other = self.live(at), wanted.live(at)
        elsewhere = {span.uuid: span for span in wanted.spans}
        found = []
        if live and other and live.revision == other.revision:
            if live.take_down_at not in (None, other.take_down_at):
                found.append((Clash.OTHER_END, live))
        elif live and other:
            if live.revision not in known:
                found.append((Clash.UNKNOWN_TEXT, live))
        elif live:
            if live.uuid not in elsewhere:
                found.append((Clash.ONLY_HERE, live))
        elif other and (begun := self.begun(at)):
            same = elsewhere.get(begun[-1].uuid)
            if same is None or not (same.has_ended(at) and same.ends_by_decision):
                found.append((Clash.TAKEN_DOWN, begun[-1]))
        ahead = (span for span in self.ahead(at) if span.uuid not in elsewhere)
        return found + [(Clash.SCHEDULED, span) for span in ahead]

    def _to(self, spans: Iterable[Span]) -> Change:
        """The difference between this and what these publications come to."""
        new = {span.uuid: span for span in _settled(spans)}
        drops, ends = [], []
        for span in self.spans:
            same = new.get(span.uuid)
            if same is None or (same.revision, same.live_from) != (span.revision, span.live_from):
                drops.append(span)
                continue
            del new[span.uuid]
            if same != span:
                ends.append(same)
        return Change(tuple(drops), tuple(ends), tuple(new.values()))


def _settled(spans: Iterable[Span]) -> Iterable[Span]:
    """These publications in order, each with the end that follows from the next one."""
    following: datetime | None = None
    settled = []
    for span in sorted(spans, key=lambda span: span.live_from, reverse=True):
        ends = [moment for moment in (span.take_down_at, following) if moment is not None]
        settled.append(replace(span, live_until=min(ends, default=None)))
        following = span.live_from
    return reversed(settled)


def _with_decision(span: Span, following: Span | None) -> Span:
    """An end that the next publication does not explain is a person's.

    Files of older formats, and rows that were loaded from them, do not say who set an end.
    """
    end, decided = span.live_until, span.take_down_at
    if end is None or (following and following.live_from == end) or (decided and decided <= end):
        return span
    return replace(span, take_down_at=end)
