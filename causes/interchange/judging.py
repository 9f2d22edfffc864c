"""What becomes of one entry of a file, given what stands here: the rules of an import.

docs/fixtures.md tells them in prose. In short: what is the same stays as it is; a text
comes in when nothing here is newer than what it takes the place of; otherwise that is a
conflict, and somebody decides. What was public here stays on record as it was.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from causes.interchange.format import Row, shown_moment
from causes.interchange.here import Here, Span, Standing
from causes.models import Entry
from causes.models.revision import WITHHELD_TITLE
from causes.publishing import Text, publishing_problems, shown
from causes.publishing.incoming import Incoming

CREATED, CHANGED, UNCHANGED = "created", "changed", "unchanged"
CONFLICT, REFUSED, KEPT, DRAFT = "conflict", "refused", "kept", "draft"
TAKEN_DOWN = "taken down"

OUTCOMES = {
    CREATED: "Created",
    CHANGED: "Changed",
    DRAFT: "Brought in as a draft",
    TAKEN_DOWN: "Taken down",
    CONFLICT: "In conflict",
    REFUSED: "Refused",
    KEPT: "Kept as it is here",
    UNCHANGED: "Unchanged",
}
"""In the order in which people want to see them."""

WRITTEN = frozenset((CREATED, CHANGED, DRAFT, TAKEN_DOWN))

ON_CONFLICT = ("refuse", "theirs", "ours", "draft")


@dataclass(frozen=True)
class May:
    """What the person who imports may do; the command line may do everything."""

    permissions: frozenset[str] | None = None
    four_eyes: bool = False

    def do(self, permission: str) -> bool:
        return self.permissions is None or permission in self.permissions

    @property
    def publish(self) -> bool:
        return self.do("publish_entry") and (self.permissions is None or not self.four_eyes)

    @property
    def review(self) -> bool:
        """A file's word for a review counts only from the command line."""
        return self.permissions is None


@dataclass
class Known:
    """What texts may name: slugs of categories and tags, keys of sources; here or in the file."""

    categories: set[str]
    tags: set[str]
    sources: set[str] = field(default_factory=set)


@dataclass
class Verdict:
    outcome: str
    sentences: list[str] = field(default_factory=list)
    problems: list[tuple[Any, str, str, str]] = field(default_factory=list)
    """(at, what, field, sentence): why it is refused."""

    work: Incoming | None = None
    mark: str = ""
    entry: int | None = None
    title: str = ""


class Judge:
    """Decides on one entry; made anew for each."""

    def __init__(
        self, entry: Row, here: Here, *, at: str, on_conflict: str, may: May, known: Known
    ) -> None:
        self.file, self.here, self.at, self.may, self.known = entry, here, at, may, known
        self.on_conflict = on_conflict
        self.revisions = sorted(entry["revisions"], key=lambda row: row["number"])
        self.spans = [
            # A Markdown file that only says it is public is so from now on.
            Span(0, row["uuid"], row["revision"], row["live_from"] or at, row["live_until"])
            for row in sorted(entry["publications"], key=lambda row: row["live_from"] or at)
        ]
        self.problems: list[tuple[Any, str, str, str]] = []
        self.conflicts: list[str] = []
        self.said: list[str] = []
        self.left_out: list[str] = []

    def verdict(self) -> Verdict:
        row = self.file["entry"]
        if row is None or self.file["bad"]:
            return self._done(REFUSED, "Something in the file is wrong with it: see the problems.")
        self.kind, self.slug = row["kind"], row["slug"]
        self._check_rows()
        standing = self._find() if not self.problems else None
        if self.problems:
            return self._done(REFUSED)
        self.standing = standing
        if standing is None:
            return self._create()
        return self._change(standing)

    # What can be seen without looking here ------------------------------------------------

    def _wrong(self, row: Row, what: str, field: str, sentence: str) -> None:
        self.problems.append((row["at"], what, field, sentence))

    def _check_rows(self) -> None:
        row = self.file["entry"]
        if objection := Entry.slug_objection(self.slug, self.kind):
            self._wrong(row, f"entry {self.slug}", "slug", objection)
        if not self.revisions:
            self._wrong(row, f"entry {self.slug}", "", "It has no revision, and so no text.")
        numbers: set[int] = set()
        for revision in self.revisions:
            self._check_revision(revision, numbers)
        if numbers and 0 < row["last_number"] < max(numbers):
            sentence = f"It is smaller than the number of a revision, {max(numbers)}."
            self._wrong(row, f"entry {self.slug}", "last_number", sentence)
        self._check_spans({revision["uuid"]: revision for revision in self.revisions})

    def _check_revision(self, row: Row, numbers: set[int]) -> None:
        what = f"revision {row['uuid']}"
        if row["number"] in numbers:
            sentence = f"Another revision of the entry has the number {row['number']} too."
            self._wrong(row, what, "number", sentence)
        numbers.add(row["number"])
        tags = row["tags"]
        if len(set(tags)) < len(tags):
            self._wrong(row, what, "tags", "One of its tags stands twice.")
        if row["tag_count"] is not None and row["tag_count"] != len(tags):
            sentence = f"It says {row['tag_count']}, and {len(tags)} tags are in the file."
            self._wrong(row, what, "tag_count", sentence)
        if row["category"] is not None and row["category"] not in self.known.categories:
            sentence = f"There is no category {row['category']!r}, neither here nor in the file."
            self._wrong(row, what, "category", sentence)
        for tag in tags:
            if tag not in self.known.tags:
                sentence = f"There is no tag {tag!r}, neither here nor in the file."
                self._wrong(row, what, "tags", sentence)
        if row["withheld_at"] is not None:
            held = (row["title"], row["summary"], row["body"], row["note"])
            if held != (WITHHELD_TITLE, "", "", ""):
                sentence = f"A withheld text is called {WITHHELD_TITLE!r}, and the rest is blank."
                self._wrong(row, what, "withheld_at", sentence)

    def _check_spans(self, texts: dict[str, Row]) -> None:
        rows = {row["uuid"]: row for row in self.file["publications"]}
        before: Span | None = None
        for span in self.spans:
            row, what = rows[span.uuid], f"publication {span.uuid}"
            if span.live_until is not None and span.live_until <= span.live_from:
                self._wrong(row, what, "live_until", "It must be after live_from.")
            if before and (before.live_until is None or before.live_until > span.live_from):
                sentence = f"Publication {before.uuid} is public in the same span of time."
                self._wrong(row, what, "live_from", sentence)
            before = span
            text = texts.get(span.revision)
            if text is None:
                self._wrong(row, what, "revision", "It is of no revision of this entry.")
            elif not span.ended(self.at) and text["withheld_at"]:
                self._wrong(row, what, "revision", "A withheld text cannot be public.")
            elif not span.ended(self.at):
                self._check_publishable(text)

    def _check_publishable(self, row: Row) -> None:
        # What matters of the category is whether there is one.
        stand_in: Any = row["category"]
        text = Text(row["title"], row["summary"], row["body"], stand_in)
        for name, sentence in publishing_problems(text, self.kind, self.known.sources):
            self._wrong(
                row, f"revision {row['uuid']}", name, f"It is public in the file. {sentence}"
            )

    # Which entry here it is -----------------------------------------------------------------

    def _find(self) -> Standing | None:
        """By slug, by an old slug here, or by an old slug in the file."""
        old = [row["slug"] for row in self.file["redirects"]]
        here = self.here
        found: dict[int, Standing] = {}
        for slug in (self.slug, *old):
            for one in (here.by_slug.get(slug), here.by_old_slug.get(slug)):
                if one is not None:
                    found[one.pk] = one
        row = self.file["entry"]
        if len(found) > 1:
            names = ", ".join(repr(one.slug) for one in found.values())
            sentence = f"It has addresses of several entries here: {names}. Rename or merge first."
            self._wrong(row, f"entry {self.slug}", "slug", sentence)
            return None
        standing = next(iter(found.values()), None)
        if standing and standing.kind != self.kind:
            sentence = f"It is a {standing.kind} here, and an entry never changes its kind."
            self._wrong(row, f"entry {self.slug}", "kind", sentence)
        pk = standing.pk if standing else None
        for publication in self.file["publications"]:
            if here.span_owners.get(publication["uuid"], pk) != pk:
                what = f"publication {publication['uuid']}"
                self._wrong(publication, what, "uuid", "Another entry here has it.")
        for revision in self.revisions:
            held = here.texts.get(revision["uuid"])
            if held is not None:
                self._check_same(revision, held, pk)
        return standing

    def _check_same(self, row: Row, held: Row, pk: int | None) -> None:
        what = f"revision {row['uuid']}"
        if held["entry"] != pk:
            self._wrong(row, what, "entry", "It is a text of another entry here.")
            return
        if held["withheld_at"] or row["withheld_at"]:
            return
        names = ("title", "summary", "body", "category", "note", "created_at")
        for name in names:
            if row[name] is None and name == "created_at":
                continue
            if row[name] != held[name]:
                sentence = "It is another one here, and a stored text never changes."
                self._wrong(row, what, name, sentence)
        if sorted(row["tags"]) != held["tags"]:
            sentence = "They are others here, and the tags of a stored text never change."
            self._wrong(row, what, "tags", sentence)

    # An entry that is not here ----------------------------------------------------------------

    def _create(self) -> Verdict:
        if not self.may.do(f"add_{self.kind}"):
            self._wrong(
                self.file["entry"], f"entry {self.slug}", "", f"You may not add a {self.kind}."
            )
            return self._done(REFUSED)
        row = self.file["entry"]
        work = Incoming(self.kind, self.slug, row["created_at"] or self.at)
        work.revisions = [self._stored(revision) for revision in self.revisions]
        work.last_number = self.revisions[-1]["number"]
        work.head = self.revisions[-1]["uuid"]
        work.details = {"before": None}
        if self.spans and not self._may_publish():
            return self._done(CREATED, work=work)
        work.lay = [self._laid(span) for span in self.spans]
        work.redirects = [self._redirect(row) for row in self.file["redirects"]]
        self._bring_reviews(work)
        live = next((span for span in self.spans if span.live(self.at)), None)
        ahead = [span for span in self.spans if not span.begun(self.at)]
        self.said.append("Public." if live else "Scheduled." if ahead else "Not public.")
        return self._done(CREATED, work=work)

    def _stored(self, row: Row) -> Row:
        return {**row, "created_at": row["created_at"] or self.at}

    def _redirect(self, row: Row) -> Row:
        return {"slug": row["slug"], "created_at": row["created_at"] or self.at}

    @staticmethod
    def _laid(span: Span) -> Row:
        return {
            "uuid": span.uuid,
            "revision": span.revision,
            "live_from": span.live_from,
            "live_until": span.live_until,
        }

    def _may_publish(self) -> bool:
        if self.may.publish:
            return True
        if self.may.do("publish_entry"):
            why = "FOUR_EYES is on: a text from a file is approved here before it goes out"
        else:
            why = "You may not publish"
        self.said.append(f"{why}, so that what the file says is public comes in as a draft.")
        return False

    def _bring_reviews(self, work: Incoming) -> None:
        rows = [
            row
            for row in self.file["reviews"]
            if row["uuid"] not in self.here.reviews and row["revision"] not in self.left_out
        ]
        for row in self.file["reviews"]:
            held = self.here.reviews.get(row["uuid"])
            if held and any(row[n] is not None and row[n] != held[n] for n in held):
                what = f"review {row['uuid']}"
                self._wrong(row, what, "", "It is another one here: what was recorded stays.")
        if rows and not self.may.review:
            self.said.append("Reviews in a file count only from the command line: left out.")
            return
        work.reviews = rows
        if rows:
            self.said.append(f"{_count(len(rows), 'clinical review')}.")

    # An entry that is here -----------------------------------------------------------------------

    def _change(self, standing: Standing) -> Verdict:
        new = [row for row in self.revisions if row["uuid"] not in self.here.texts]
        target = self.revisions[-1]
        known = {row["uuid"] for row in self.revisions}
        for row in self.revisions:
            known.update(row["predecessors"])
        work = Incoming(self.kind, standing.slug, "", entry=standing.pk)
        work.last_number = standing.last_number
        work.details = {"before": before_writing(standing, self.at)}
        if target.get("from_markdown") and standing.head and UUID(standing.head).version == 8:
            # What is newest here came from such a file too, and nobody has edited it since.
            known.add(standing.head)
        if standing.head in known:
            # Whoever knew the newest text knew all before it.
            known.update(standing.numbers.values())
        text_met = target["uuid"] not in self.here.texts and standing.head not in known
        if text_met:
            self.conflicts.append(self._head_sentence(standing))
        self._plan_spans(standing, known, work)
        self._plan_address(standing, work)
        if self.conflicts and self.on_conflict != "theirs":
            return self._met(standing, work, target if text_met else None)
        self._bring_texts(standing, new, work)
        self._bring_reviews(work)
        if self.problems:
            return self._done(REFUSED)
        return self._settle(standing, work, new)

    def _head_sentence(self, standing: Standing) -> str:
        return (
            f"Revision {standing.last_number} is the newest here, and the file's text was "
            "written without knowing it."
        )

    def _settle(self, standing: Standing, work: Incoming, new: list[Row]) -> Verdict:
        if work.revisions and not self.may.do(f"change_{self.kind}"):
            self._wrong(
                self.file["entry"], f"entry {self.slug}", "", f"You may not change a {self.kind}."
            )
            return self._done(REFUSED)
        if not work.writes:
            return self._done(UNCHANGED, work=work)
        if work.revisions:
            self.said.insert(0, f"{_count(len(work.revisions), 'new revision')}.")
        if self.conflicts:
            self.said.append("What is here gives way, and stays in the history.")
        newest = max(work.revisions, key=lambda row: row["number"], default=None)
        work.head = standing.head
        if newest and newest["number"] > standing.last_number:
            work.head = newest["uuid"]
        return self._done(CHANGED, work=work)

    def _met(self, standing: Standing, work: Incoming, target: Row | None) -> Verdict:
        """A conflict, and what is done about it."""
        self.said = [*self.conflicts]
        if self.on_conflict == "refuse":
            return self._done(CONFLICT)
        if self.on_conflict == "ours" or target is None:
            return self._done(KEPT)
        if not self.may.do(f"change_{self.kind}"):
            self._wrong(
                self.file["entry"], f"entry {self.slug}", "", f"You may not change a {self.kind}."
            )
            return self._done(REFUSED)
        draft = Incoming(self.kind, standing.slug, "", entry=standing.pk)
        number = max(standing.last_number + 1, target["number"])
        draft.revisions = [{**self._stored(target), "number": number}]
        draft.last_number, draft.head = number, target["uuid"]
        draft.details = work.details
        self.said.append(f"The file's text becomes the draft {number}, to be compared.")
        return self._done(DRAFT, work=draft)

    def _bring_texts(self, standing: Standing, new: list[Row], work: Incoming) -> None:
        """New texts keep their numbers where these are free, and never go below the newest."""
        order = [row["uuid"] for row in self.revisions]
        head = order.index(standing.head) if standing.head in order else -1
        last = standing.last_number
        target_is_new = self.revisions[-1]["uuid"] not in self.here.texts
        for row in new:
            older = order.index(row["uuid"]) < head or not target_is_new
            if older:
                # Texts from before the one that is the newest here: history, if there is room.
                if row["number"] < standing.last_number and row["number"] not in standing.numbers:
                    work.revisions.append(self._stored(row))
                else:
                    self.left_out.append(row["uuid"])
                continue
            last = max(last + 1, row["number"])
            work.revisions.append({**self._stored(row), "number": last})
        work.last_number = last
        if self.left_out:
            self.said.append(
                f"{_count(len(self.left_out), 'older text')} left out: other texts have the "
                "numbers here."
            )
        for row in work.lay:
            if row["revision"] in self.left_out:
                sentence = "It would be public, but another text has its number here."
                self._wrong(self.file["entry"], f"revision {row['revision']}", "number", sentence)

    def _plan_address(self, standing: Standing, work: Incoming) -> None:
        """What the entry is called, and what leads to it."""
        old = {row["slug"]: row for row in self.file["redirects"]}
        if standing.slug != self.slug and self.slug not in standing.redirects:
            if not self.may.do("rename_entry"):
                self.said.append(f"It stays at {standing.slug!r}: you may not rename it.")
                return
            if standing.slug not in old:
                self.conflicts.append(f"It was renamed here, to {standing.slug!r}.")
            work.rename_to = self.slug
            if standing.slug not in standing.redirects:
                row = old.get(standing.slug) or {"slug": standing.slug, "created_at": None}
                work.redirects.append(self._redirect(row))
            self.said.append(f"Renamed from {standing.slug!r}; the old address leads there.")
        elif standing.slug != self.slug:
            self.said.append(f"It stays at {standing.slug!r}, as it was renamed here.")
        taken = {standing.slug, self.slug, *standing.redirects}
        taken.update(row["slug"] for row in work.redirects)
        more = [row for slug, row in old.items() if slug not in taken]
        if more and not self.may.do("rename_entry"):
            self.said.append("Old addresses are left out: you may not rename.")
        elif more:
            work.redirects += [self._redirect(row) for row in more]
            self.said.append(f"{_count(len(more), 'old address', 'old addresses')} more.")

    # What is public ----------------------------------------------------------------------------

    def _plan_spans(self, standing: Standing, known: set[str], work: Incoming) -> None:
        if not self.spans:
            return
        plan = _SpanPlan(self, standing, known)
        plan.make()
        if not (plan.lay or plan.end or plan.forget):
            self.said += plan.said
            return
        if not self._may_publish():
            return
        self.conflicts += plan.conflicts
        self.said += plan.said
        work.lay, work.end, work.forget = plan.lay, plan.end, plan.forget

    def _done(self, outcome: str, sentence: str = "", work: Incoming | None = None) -> Verdict:
        standing: Standing | None = getattr(self, "standing", None)
        if self.problems:
            outcome, work = REFUSED, None
        if work is not None:
            work.details["after"] = after_writing(standing, work, self.at)
        sentences = [sentence] if sentence else self.said
        if outcome == REFUSED and self.problems:
            sentences = list(dict.fromkeys(problem[3] for problem in self.problems))
        title = self.revisions[-1]["title"] if self.revisions else ""
        return Verdict(
            outcome,
            sentences,
            self.problems,
            work,
            standing.mark if standing else "",
            standing.pk if standing else None,
            title,
        )


class _SpanPlan:
    """From what is public here to what the file says, without rewriting what was public here."""

    def __init__(self, judge: Judge, standing: Standing, known: set[str]) -> None:
        self.judge, self.standing, self.known = judge, standing, known
        self.at = judge.at
        self.file = judge.spans
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
            self.lay = [Judge._laid(span) for span in self.file if span.revision not in withheld]
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
                f"It is set here to end on {_when(have.live_until)}, and in the file "
                f"{'on ' + _when(want.live_until) if want.live_until else 'it has no end'}."
            )
        self.end.append((have.pk, want.live_until))
        end = want.live_until and _when(want.live_until)
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
            if last:
                same = next((s for s in self.file if s.uuid == last[-1].uuid), None)
                if same is None or not same.ended(self.at):
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
                    f"A text is scheduled here for {_when(span.live_from)}, and the file does not "
                    "know of it."
                )
            self.forget.append(span.pk)
        self.lay += [Judge._laid(span) for span in file]
        if file:
            self.said.append(f"A text is scheduled for {_when(file[0].live_from)}.")
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


def _when(moment: str) -> str:
    return shown(datetime.fromisoformat(moment))


def _count(number: int, what: str, many: str = "") -> str:
    return f"{number} {what if number == 1 else many or what + 's'}"
