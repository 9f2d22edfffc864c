"""From what is public here to what a file says, without rewriting what was public here."""

from datetime import datetime, timedelta
from uuid import uuid4

from causes.interchange.here import Span, Standing
from causes.interchange.schema import Row
from causes.interchange.values import shown_moment
from causes.publishing import shown
from causes.publishing.incoming import Incoming


def laid(span: Span) -> Row:
    """A span as it is to be written."""
    return {
        "uuid": span.uuid,
        "revision": span.revision,
        "live_from": span.live_from,
        "live_until": span.live_until,
    }


def first_spans(spans: list[Span], at: str, *, own_times: bool) -> list[Row]:
    """The spans of an entry that was never public here: as they are, or from now on."""
    if own_times:
        return [laid(span) for span in spans]
    held = [laid(span) for span in spans if not span.ended(at)]
    return [{**row, "live_from": max(row["live_from"], at)} for row in held]


class SpanPlan:
    """From what is public here to what the file says, without rewriting what was public here."""

    def __init__(
        self,
        file: list[Span],
        standing: Standing,
        known: set[str],
        at: str,
        *,
        own_times: bool,
    ) -> None:
        """`known` are the revisions that the file's text knows, by UUID."""
        self.file, self.standing, self.known, self.at = file, standing, known, at
        self.own_times = own_times
        self.lay: list[Row] = []
        self.end: list[tuple[int, str | None]] = []
        self.forget: list[int] = []
        self.conflicts: list[str] = []
        self.said: list[str] = []

    def make(self) -> None:
        here, at = self.standing.spans, self.at
        withheld = self.standing.withheld
        if any(span.revision in withheld and not span.ended(at) for span in self.file):
            self.said.append("Its text was withheld here, for good: it does not come back.")
            return
        if not here:
            spans = [span for span in self.file if span.revision not in withheld]
            self.lay = first_spans(spans, at, own_times=self.own_times)
            if not self.lay:
                return
            live = any(span.live(at) for span in self.file)
            self.said.append("It becomes public." if live else "It is scheduled.")
            return
        self._plan_live()
        self._plan_ahead()

    def _plan_live(self) -> None:
        at = self.at
        have = next((span for span in self.standing.spans if span.live(at)), None)
        want = next((span for span in self.file if span.live(at)), None)
        if have and want and have.revision == want.revision:
            self._plan_end(have, want)
        elif want:
            self._plan_another(have, want)
        elif have:
            if all(span.uuid != have.uuid for span in self.file):
                self.conflicts.append("It is public here, and in the file it is not.")
            self.end.append((have.pk, next_instant(self.standing.spans, self.at)))
            self.said.append("It is taken down.")

    def _plan_end(self, have: Span, want: Span) -> None:
        """The same text is public on both sides; perhaps not for as long."""
        if have.live_until == want.live_until:
            return
        if have.live_until is not None:
            self.conflicts.append(
                f"It is set here to end on {when(have.live_until)}, and in the file "
                f"{'on ' + when(want.live_until) if want.live_until else 'it has no end'}."
            )
        self.end.append((have.pk, want.live_until))
        end = want.live_until and when(want.live_until)
        self.said.append(f"It is set to end on {end}." if end else "It has no end now.")

    def _plan_another(self, have: Span | None, want: Span) -> None:
        """The file has another text public than is public here."""
        if have is not None:
            if have.revision not in self.known:
                sentence = "The text that is public here is not one that the file's text knows."
                self.conflicts.append(sentence)
            self.end.append((have.pk, next_instant(self.standing.spans, self.at)))
        else:
            last = [span for span in self.standing.spans if span.begun(self.at)]
            if last and not self._was_taken_down_there(last[-1]):
                self.conflicts.append("It was taken down here, and is public in the file.")
        begin = next_instant(self.standing.spans, self.at)
        taken = {span.uuid for span in self.standing.spans}
        uuid = str(uuid4()) if want.uuid in taken else want.uuid
        until = want.live_until
        if until is None or until > begin:
            self.lay.append(
                {
                    "uuid": uuid,
                    "revision": want.revision,
                    "live_from": begin,
                    "live_until": until,
                }
            )
            self.said.append("Another text becomes public." if have else "It becomes public.")

    def _was_taken_down_there(self, ended: Span) -> bool:
        """Whether the file knows that this span ended, and not only because another began."""
        same = next((span for span in self.file if span.uuid == ended.uuid), None)
        if same is None or not same.ended(self.at):
            return False
        return all(span.live_from != same.live_until for span in self.file)

    def _plan_ahead(self) -> None:
        at = self.at
        here = [span for span in self.standing.spans if not span.begun(at)]
        file = [span for span in self.file if not span.begun(at)]
        if [(s.uuid, s.live_from, s.live_until) for s in here] == [
            (s.uuid, s.live_from, s.live_until) for s in file
        ]:
            return
        names = {span.uuid for span in self.file}
        for span in here:
            if span.uuid not in names:
                self.conflicts.append(
                    f"A text is scheduled here for {when(span.live_from)}, and the file does not "
                    "know of it."
                )
            self.forget.append(span.pk)
        self.lay += [laid(span) for span in file]
        if file:
            self.said.append(f"A text is scheduled for {when(file[0].live_from)}.")
        elif here:
            self.said.append("The schedule is cancelled.")


def next_instant(spans: list[Span], at: str) -> str:
    """Now, or one millisecond after the last instant that spans here know of."""
    begun = [span.live_from for span in spans if span.begun(at)]
    if not begun or begun[-1] < at:
        return at
    return shown_moment(datetime.fromisoformat(begun[-1]) + timedelta(milliseconds=1))


def before_writing(standing: Standing, at: str) -> Row:
    """What an undoing goes back to."""
    spans = [
        [span.uuid, span.revision, span.live_from, span.live_until]
        for span in standing.spans
        if not span.ended(at)
    ]
    return {"slug": standing.slug, "head": standing.head, "spans": spans}


def after_writing(standing: Standing | None, work: Incoming, at: str) -> Row:
    """How it stands when it is written."""
    ends, gone = dict(work.end), set(work.forget)
    spans = []
    for span in standing.spans if standing else ():
        until = ends.get(span.pk, span.live_until)
        if span.pk not in gone and (until is None or until > at):
            spans.append([span.uuid, span.revision, span.live_from, until])
    spans += [[r["uuid"], r["revision"], r["live_from"], r["live_until"]] for r in work.lay]
    slug = work.rename_to or work.slug
    return {"slug": slug, "head": work.head, "spans": [s for s in spans if not s[3] or s[3] > at]}


def when(moment: str) -> str:
    return shown(datetime.fromisoformat(moment))
