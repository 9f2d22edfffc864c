"""The rules of an import: the outcome for one entry of a file, compared with this site.

docs/fixtures.md explains the rules. In short: content that is the same is left alone; a new text
is imported if it builds on the newest revision of this site; otherwise there is a conflict, which
a person resolves. Past publications of this site never change.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from causes.interchange.checks import Checks, Flaw, Known, flaws_of_span, flaws_of_stored
from causes.interchange.here import Here, Standing
from causes.interchange.outcomes import (
    CHANGED,
    CONFLICT,
    CREATED,
    DRAFT,
    KEPT,
    REFUSED,
    UNCHANGED,
    May,
)
from causes.interchange.schema import Row
from causes.interchange.spans import first, following, noted, timeline_of
from causes.publishing.incoming import Incoming
from causes.timeline import Timeline


@dataclass
class Verdict:
    outcome: str
    sentences: list[str] = field(default_factory=list)
    problems: list[Flaw] = field(default_factory=list)
    """Why it is refused."""

    work: Incoming | None = None
    mark: str = ""
    entry: int | None = None
    title: str = ""


class Judge:
    """Decides on one entry."""

    def __init__(
        self, entry: Row, here: Here, *, at: str, on_conflict: str, may: May, known: Known
    ) -> None:
        self.file, self.here, self.at, self.may, self.known = entry, here, at, may, known
        self.on_conflict = on_conflict
        self.revisions = sorted(entry["revisions"], key=lambda row: row["number"])
        self.moment = datetime.fromisoformat(at)
        self.timeline = timeline_of(entry["publications"], self.moment)
        self.standing: Standing | None = None
        self.problems: list[Flaw] = []
        self.conflicts: list[str] = []
        self.said: list[str] = []
        self.left_out: list[str] = []

    def verdict(self) -> Verdict:
        row = self.file["entry"]
        if row is None or self.file["bad"]:
            return self._done(REFUSED, "This entry has problems, which are listed separately.")
        self.kind, self.slug = row["kind"], row["slug"]
        checks = Checks(self.file, self.revisions, self.timeline, self.known, self.moment)
        self.problems += checks.problems
        standing = self._find() if not self.problems else None
        if self.problems:
            return self._done(REFUSED)
        self.standing = standing
        if standing is None:
            return self._create()
        return self._change(standing)

    def _wrong(self, row: Row, subject: str, field: str, sentence: str) -> None:
        self.problems.append((row["at"], subject, field, sentence))

    # The entry of this site ----------------------------------------------------------------

    def _find(self) -> Standing | None:
        """Finds it by slug, by an old slug of this site, or by an old slug in the file."""
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
            sentence = (
                f"Several entries on this site have its addresses: {names}. Rename them first."
            )
            self._wrong(row, f"entry {self.slug}", "slug", sentence)
            return None
        standing = next(iter(found.values()), None)
        if standing and standing.kind != self.kind:
            sentence = (
                f"This is a {standing.kind} on this site, and an entry never changes its kind."
            )
            self._wrong(row, f"entry {self.slug}", "kind", sentence)
        pk = standing.pk if standing else None
        stored = {span.uuid: span for span in standing.spans} if standing else {}
        in_file = {span.uuid: span for span in self.timeline.spans}
        for publication in self.file["publications"]:
            uuid = publication["uuid"]
            self.problems += flaws_of_span(
                publication,
                in_file[uuid],
                stored.get(uuid),
                elsewhere=here.span_owners.get(uuid, pk) != pk,
                at=self.moment,
            )
        for revision in self.revisions:
            held = here.texts.get(revision["uuid"])
            if held is not None:
                self.problems += flaws_of_stored(revision, held, pk)
        return standing

    # An entry that is new -------------------------------------------------------------------

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
        if self.timeline.spans and not self._may_publish():
            return self._done(CREATED, work=work)
        work.change = first(self.timeline, self.moment, own_times=self.may.own_times)
        work.redirects = [self._redirect(row) for row in self.file["redirects"]]
        self._bring_reviews(work)
        ahead = self.timeline.ahead(self.moment)
        live = self.timeline.live(self.moment)
        self.said.append("Public." if live else "Scheduled." if ahead else "Not public.")
        return self._done(CREATED, work=work)

    def _stored(self, row: Row) -> Row:
        return {**row, "created_at": row["created_at"] or self.at}

    def _redirect(self, row: Row) -> Row:
        return {"slug": row["slug"], "created_at": row["created_at"] or self.at}

    def _may_publish(self) -> bool:
        if self.may.publish:
            return True
        if self.may.do("publish_entry"):
            why = "With FOUR_EYES, texts from files must be approved on this site"
        else:
            why = "You may not publish"
        self.said.append(f"{why}, so texts that are public in the file become drafts.")
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
                subject = f"review {row['uuid']}"
                self._wrong(
                    row, subject, "", "This differs from the stored review, which never changes."
                )
        if rows and not self.may.review:
            self.said.append("Reviews are left out: only the command line can import them.")
            return
        work.reviews = rows
        if rows:
            self.said.append(f"{_count(len(rows), 'clinical review')}.")

    # An entry that exists -------------------------------------------------------------------

    def _change(self, standing: Standing) -> Verdict:
        new = [row for row in self.revisions if row["uuid"] not in self.here.texts]
        target = self.revisions[-1]
        known = {row["uuid"] for row in self.revisions}
        for row in self.revisions:
            known.update(row["predecessors"])
        work = Incoming(self.kind, standing.slug, "", entry=standing.pk)
        work.last_number = standing.last_number
        before = noted(standing.slug, standing.head, standing.timeline, self.moment)
        work.details = {"before": before}
        if target.get("from_markdown") and standing.head and UUID(standing.head).version == 8:
            # The newest revision of this site also came from a Markdown file.
            known.add(standing.head)
        if standing.head in known:
            # An author who knew the newest text knew all earlier ones.
            known.update(standing.numbers.values())
        target_is_new = target["uuid"] not in self.here.texts
        if target_is_new and standing.head not in known:
            self.conflicts.append(self._head_sentence(standing))
        self._plan_spans(standing, known, work)
        self._plan_address(standing, work)
        if self.conflicts and self.on_conflict != "theirs":
            return self._met(standing, work, target if target_is_new else None)
        self._bring_texts(standing, new, work)
        self._bring_reviews(work)
        if self.problems:
            return self._done(REFUSED)
        return self._settle(standing, work)

    def _head_sentence(self, standing: Standing) -> str:
        return (
            f"The text in the file does not build on revision {standing.last_number}, the newest "
            "on this site."
        )

    def _settle(self, standing: Standing, work: Incoming) -> Verdict:
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
            self.said.append("The file replaces newer content, which stays in the history.")
        newest = max(work.revisions, key=lambda row: row["number"], default=None)
        work.head = standing.head
        if newest and newest["number"] > standing.last_number:
            work.head = newest["uuid"]
        return self._done(CHANGED, work=work)

    def _met(self, standing: Standing, work: Incoming, target: Row | None) -> Verdict:
        """Resolves a conflict as the options say."""
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
        self.said.append(f"The text in the file becomes draft {number}, for you to compare.")
        return self._done(DRAFT, work=draft)

    def _bring_texts(self, standing: Standing, new: list[Row], work: Incoming) -> None:
        """Adds new texts. They keep their numbers if these are free and higher than the newest."""
        order = [row["uuid"] for row in self.revisions]
        head = order.index(standing.head) if standing.head in order else -1
        last = standing.last_number
        target_is_new = self.revisions[-1]["uuid"] not in self.here.texts
        for row in new:
            older = order.index(row["uuid"]) < head or not target_is_new
            if older:
                # Older texts than the newest of this site become history if their numbers are free.
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
                f"{_count(len(self.left_out), 'older text')} left out: other revisions on this "
                "site have their numbers."
            )
        for span in work.change.adds:
            if span.revision in self.left_out:
                sentence = "It is public in the file, but another text on this site has its number."
                self._wrong(self.file["entry"], f"revision {span.revision}", "number", sentence)

    def _plan_address(self, standing: Standing, work: Incoming) -> None:
        """Plans the address of the entry and its redirects."""
        old = {row["slug"]: row for row in self.file["redirects"]}
        if standing.slug != self.slug and self.slug not in standing.redirects:
            if not self.may.do("rename_entry"):
                self.said.append(
                    f"The address stays {standing.slug!r}: you may not rename entries."
                )
                return
            if standing.slug not in old:
                self.conflicts.append(f"The entry was renamed to {standing.slug!r} on this site.")
            work.rename_to = self.slug
            if standing.slug not in standing.redirects:
                row = old.get(standing.slug) or {"slug": standing.slug, "created_at": None}
                work.redirects.append(self._redirect(row))
            self.said.append(
                f"Renamed from {standing.slug!r}; the old address redirects to the new one."
            )
        elif standing.slug != self.slug:
            self.said.append(
                f"The address stays {standing.slug!r}, because the entry was renamed on this site."
            )
        taken = {standing.slug, self.slug, *standing.redirects}
        taken.update(row["slug"] for row in work.redirects)
        more = [row for slug, row in old.items() if slug not in taken]
        if more and not self.may.do("rename_entry"):
            self.said.append("Old addresses are left out: you may not rename entries.")
        elif more:
            work.redirects += [self._redirect(row) for row in more]
            self.said.append(f"{_count(len(more), 'more old address', 'more old addresses')}.")

    # Publications ----------------------------------------------------------------------------

    def _plan_spans(self, standing: Standing, known: set[str], work: Incoming) -> None:
        if not self.timeline.spans:
            return
        own_times = self.may.own_times
        plan = following(self.timeline, standing, known, self.moment, own_times=own_times)
        if plan.change and not self._may_publish():
            return
        self.said += plan.said
        if plan.change:
            self.conflicts += plan.conflicts
            work.change = plan.change

    def _done(self, outcome: str, sentence: str = "", work: Incoming | None = None) -> Verdict:
        standing = self.standing
        if self.problems:
            outcome, work = REFUSED, None
        if work is not None:
            here = standing.timeline if standing else Timeline()
            slug, after = work.rename_to or work.slug, here.after(work.change)
            work.details["after"] = noted(slug, work.head, after, self.moment)
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


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
