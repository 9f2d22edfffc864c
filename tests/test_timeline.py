"""The rules of what is public when: examples, and walks at random."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from causes.timeline import MILLISECOND, Change, Clash, Span, Timeline

START = datetime(2031, 5, 6, 7, 8, tzinfo=UTC)


def at(hours):
    return START + timedelta(hours=hours)


def span(name, begin, end=None, decided=None):
    """A publication of the revision `name`, in hours from START."""
    moments = (hours if hours is None else at(hours) for hours in (end, decided))
    return Span(f"{name} from {begin}", name, at(begin), *moments)


def shown(timeline):
    """[(revision, begin, end, end that a person set)], in hours."""

    def hours(moment):
        return moment and round((moment - START) / timedelta(hours=1), 3)

    return [
        (s.revision, hours(s.live_from) or 0, hours(s.live_until), hours(s.take_down_at))
        for s in timeline.spans
    ]


def changed(timeline, change):
    return shown(timeline.after(change))


LIVE = Timeline([span("a", 0)])
ENDS = Timeline([span("a", 0, 5, 5)])
THEN = Timeline([span("a", 0, 3), span("b", 3)])
"""`a` is live, and `b` is scheduled."""


def test_what_is_live_ahead_and_begun_at_a_moment():
    timeline = Timeline([span("b", 3, 5, 5), span("a", 0, 2, 2)])
    names = [(s := timeline.live(at(hour))) and s.revision for hour in (-1, 0, 1.9, 2, 3, 5)]
    assert names == [None, "a", "a", None, "b", None]
    assert [s.revision for s in timeline.ahead(at(1))] == ["b"]
    assert [s.revision for s in timeline.begun(at(3))] == ["a", "b"]


def test_publishing_ends_what_is_live_and_gives_way_to_what_is_scheduled():
    assert changed(LIVE, LIVE.publish("b", at(1))) == [("a", 0, 1, None), ("b", 1, None, None)]
    assert changed(THEN, THEN.publish("c", at(1))) == [
        ("a", 0, 1, None), ("c", 1, 3, None), ("b", 3, None, None),
    ]  # fmt: skip


def test_publishing_what_is_live_changes_nothing():
    assert LIVE.publish("a", at(1)) == Change()


def test_scheduling_ends_what_is_live_then_and_keeps_the_end_that_a_person_set():
    after = [("a", 0, 3, 5), ("b", 3, 9, 9)]
    assert changed(ENDS, ENDS.schedule("b", at(3), at(9))) == after


def test_cancelling_gives_back_the_end_that_a_person_set():
    timeline = ENDS.after(ENDS.schedule("b", at(3), None))
    change = timeline.cancel(at(1))
    assert changed(timeline, change) == [("a", 0, 5, 5)]
    assert [s.revision for s in change.drops] == ["b"]
    assert changed(THEN, THEN.cancel(at(1))) == [("a", 0, None, None)]
    assert changed(ENDS, ENDS.cancel(at(1))) == [("a", 0, None, None)]
    assert LIVE.cancel(at(1)) == Change()


def test_the_end_of_the_live_text_can_be_set():
    assert changed(LIVE, LIVE.end(at(4), at(1))) == [("a", 0, 4, 4)]
    assert Timeline().end(at(4), at(1)) == Change()


def test_taking_down_ends_what_is_live_and_cancels_what_is_scheduled():
    assert changed(THEN, THEN.take_down(at(1))) == [("a", 0, 1, 1)]
    assert Timeline([span("a", 0, 1, 1)]).take_down(at(2)) == Change()


def test_a_revision_can_be_taken_out_alone():
    assert changed(THEN, THEN.without("b", at(1))) == [("a", 0, None, None)]
    assert changed(THEN, THEN.without("a", at(1))) == [("a", 0, 1, 1), ("b", 3, None, None)]
    assert THEN.without("c", at(1)) == Change()


def test_in_one_millisecond_nothing_is_empty_or_in_the_wrong_order():
    timeline = LIVE
    for name in "bcd":
        timeline = timeline.after(timeline.publish(name, at(0)))
    begins = [s.live_from - START for s in timeline.spans]
    assert begins == [MILLISECOND * number for number in range(4)]
    down = timeline.after(timeline.take_down(at(0)))
    assert down.spans[-1].live_until == START + 4 * MILLISECOND
    assert down.next_instant(at(0)) == START + 4 * MILLISECOND
    assert THEN.next_instant(at(1)) == at(1)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (span("c", 1, 1), "live_until"),
        (span("c", 6, None, 7), "take_down_at"),
        (span("c", 6, 8, 7), "take_down_at"),
        (span("c", 4), "live_from"),
        (span("c", 4, 6), "live_from"),
    ],
)
def test_a_publication_that_cannot_be_is_refused_at_its_field(wrong, field):
    timeline = Timeline([span("a", 0, 5, 5), span("b", 9)])
    assert timeline.objection(wrong).field == field
    assert timeline.objection(span("c", 5, 9, 9)) is None
    assert timeline.objection(timeline.spans[0]) is None


def test_an_end_that_the_next_one_does_not_explain_is_a_persons():
    timeline = Timeline([span("a", 0, 2), span("b", 3, 4), span("c", 4, 6)])
    assert [s.ends_by_decision for s in timeline.spans] == [True, False, True]


def test_following_another_timeline_keeps_the_past_and_brings_its_future():
    other = Timeline([span("a", -3, 0), span("b", 0, 4, 6), span("c", 4)])
    assert changed(LIVE, LIVE.towards(other, at(2))) == [
        ("a", 0, 2, None), ("b", 2, 4, 6), ("c", 4, None, None),
    ]  # fmt: skip
    assert LIVE.towards(LIVE, at(2)) == Change()
    assert changed(LIVE, LIVE.towards(ENDS, at(2))) == [("a", 0, 5, 5)]
    assert changed(LIVE, LIVE.towards(Timeline(), at(2))) == [("a", 0, 2, 2)]


def test_a_publication_that_was_here_comes_back_under_another_uuid():
    gone = Timeline([span("a", 0, 1, 1)])
    [back] = gone.towards(LIVE, at(2)).adds
    assert (back.revision, back.live_from) == ("a", at(2))
    assert back.uuid != LIVE.spans[0].uuid


@pytest.mark.parametrize(
    ("here", "other", "clashes"),
    [
        (LIVE, Timeline([span("b", 1)]), [Clash.UNKNOWN_TEXT]),
        (LIVE, Timeline(), [Clash.ONLY_HERE]),
        (LIVE, Timeline([span("a", 0, 1, 1)]), []),
        (ENDS, LIVE, [Clash.OTHER_END]),
        (LIVE, ENDS, []),
        (Timeline([span("a", 0, 1, 1)]), LIVE, [Clash.TAKEN_DOWN]),
        (Timeline([span("a", 0, 1, 1)]), Timeline([span("a", 0, 1, 1), span("b", 2)]), []),
        (THEN, LIVE, [Clash.SCHEDULED]),
        (THEN, THEN, []),
    ],
)
def test_what_the_other_side_did_not_know_of_is_a_clash(here, other, clashes):
    assert [clash for clash, _ in here.clashes(other, at(2), {"x"})] == clashes
    assert here.clashes(here, at(2), set()) == []


def test_a_text_that_the_other_side_knew_is_no_clash():
    assert LIVE.clashes(Timeline([span("b", 1)]), at(2), {"a"}) == []


# At random --------------------------------------------------------------------------

revisions = st.sampled_from("abc")
milliseconds = st.one_of(st.integers(0, 3), st.integers(0, 5_000), st.integers(0, 9_000_000))


class Walk(RuleBasedStateMachine):
    """Changes one timeline after another, and now and then time passes."""

    def __init__(self):
        super().__init__()
        self.timeline, self.at = Timeline(), START
        self.states = [self.timeline]
        self.past = []
        """[(moment, revision that was live)] of moments that have passed."""

    def carry_out(self, change):
        """Takes a change over; returns the moment at which it happened."""
        before, instant = self.timeline, self.timeline.next_instant(self.at)
        after = before.after(change)
        fixed = {(s.uuid, s.revision, s.live_from) for s in before.begun(instant)}
        assert fixed <= {(s.uuid, s.revision, s.live_from) for s in after.spans}
        ended = {s for s in before.spans if s.has_ended(instant)}
        assert ended <= set(after.spans)
        self.goes_back_exactly(after, before)
        self.timeline = after
        self.states = [*self.states[-5:], after]
        return instant

    def goes_back_exactly(self, after, wanted):
        """The same text is live at every later moment."""
        instant = after.next_instant(self.at)
        back = after.after(after.towards(wanted, self.at))
        assert live_from_on(back, instant, wanted) == live_from_on(wanted, instant, back)

    @rule(revision=revisions)
    def publish(self, revision):
        instant = self.carry_out(self.timeline.publish(revision, self.at))
        assert self.timeline.live(instant).revision == revision

    @rule(revision=revisions, ahead=milliseconds, length=st.none() | st.integers(1, 9_000_000))
    def schedule(self, revision, ahead, length):
        begin = self.timeline.next_instant(self.at) + (1_001 + ahead) * MILLISECOND
        end = length and begin + length * MILLISECOND
        if all(s.live_from != begin for s in self.timeline.spans):
            self.carry_out(self.timeline.schedule(revision, begin, end))
            assert self.timeline.live(begin).revision == revision

    @rule(ahead=milliseconds)
    def end(self, ahead):
        moment = self.timeline.next_instant(self.at) + (1_001 + ahead) * MILLISECOND
        self.carry_out(self.timeline.end(moment, self.at))

    @rule()
    def cancel(self):
        self.carry_out(self.timeline.cancel(self.at))

    @rule()
    def take_down(self):
        instant = self.carry_out(self.timeline.take_down(self.at))
        assert self.timeline.live(instant) is None
        assert self.timeline.ahead(instant) == ()

    @rule(revision=revisions)
    def withhold(self, revision):
        instant = self.carry_out(self.timeline.without(revision, self.at))
        spans = (s for s in self.timeline.spans if not s.has_ended(instant))
        assert revision not in {s.revision for s in spans}

    @rule(data=st.data())
    def go_back(self, data):
        """As an import is undone, or a file of that time comes in."""
        wanted = data.draw(st.sampled_from(self.states))
        self.goes_back_exactly(self.timeline, wanted)
        self.carry_out(self.timeline.towards(wanted, self.at))

    @rule(passed=milliseconds)
    def time_passes(self, passed):
        before, live = self.at, self.timeline.live(self.at)
        self.at = self.timeline.next_instant(self.at) + passed * MILLISECOND
        if self.at > before:
            self.past.append((before, live and live.revision))

    @precondition(lambda self: self.timeline.spans)
    @rule(data=st.data())
    def forget_who_set_an_end(self, data):
        """As files of older formats do."""
        told = (replace(s, take_down_at=None) for s in self.timeline.spans)
        again = Timeline(told)
        ends = [s.live_until for s in self.timeline.spans]
        assert [s.live_until for s in again.spans] == ends
        begins = {s.live_from for s in again.spans}
        assert all(s.ends_by_decision == (s.live_until not in begins) for s in again.spans
                   if s.live_until)  # fmt: skip

    @invariant()
    def the_past_stays(self):
        for moment, revision in self.past:
            live = self.timeline.live(moment)
            assert (live and live.revision) == revision

    @invariant()
    def each_ends_where_its_end_or_the_next_begins(self):
        following = None
        for s in reversed(self.timeline.spans):
            ends = [m for m in (s.take_down_at, following) if m]
            assert s.live_until == min(ends, default=None)
            assert s.live_until is None or s.live_until > s.live_from
            assert self.timeline.objection(s) is None
            following = s.live_from


def live_from_on(timeline, instant, other):
    """What is live at each moment from `instant` on at which either of two timelines changes."""
    moments = {instant} | {
        moment
        for s in (*timeline.spans, *other.spans)
        for moment in (s.live_from, s.live_until)
        if moment and moment > instant
    }
    found = []
    for moment in sorted(moments):
        live = timeline.live(moment)
        found.append((moment, live and live.revision))
    return found


TestWalk = Walk.TestCase
TestWalk.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
