"""The plan of an import: the outcome of each thing in the files. Planning changes nothing.

The same rules decide again when the plan is applied (apply.py), under the lock.
"""

from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from causes.clock import now
from causes.interchange import files, markdown, pruning, staging
from causes.interchange.checks import Known
from causes.interchange.here import Here, source_keys
from causes.interchange.judging import Judge, Verdict
from causes.interchange.outcomes import (
    CHANGED,
    CONFLICT,
    CREATED,
    KEPT,
    REFUSED,
    WRITTEN,
    May,
    may_of,
    repr_of,
)
from causes.interchange.problems import Problem, Unreadable
from causes.interchange.records import Decision, Papers, Taxonomy, decide, mark, stored
from causes.interchange.schema import Row
from causes.interchange.store import Store
from causes.interchange.things import TICK, Progress, Thing
from causes.interchange.values import shown_moment
from causes.publishing.incoming import derived_of
from causes.publishing.verb import User
from causes.text.body import cited_keys
from causes.text.comments import comments_removed

SHOWN = WRITTEN | {CONFLICT, KEPT}
"""Outcomes for which the plan stores the content of the file, to write or to compare it."""

ENTRIES_AT_ONCE, SOURCES_AT_ONCE = 200, 500
LETTERS_AT_ONCE = 1_500_000
"""Characters of bodies after which a chunk of entries is full, however few entries it has.

Fewer than `text.body` remembers, so that each body is read once for all that a plan needs of it.
"""


@dataclass(frozen=True)
class Options:
    on_conflict: str = "refuse"
    """One of `outcomes.ON_CONFLICT`."""

    prune: bool = False
    """Whether entries that are public on this site and not in the files are taken down."""

    skip_invalid: bool = False
    """Whether the rest is imported if something is refused or in conflict."""

    markdown: bool = False
    """Whether the paths are folders of Markdown files and not fixtures."""

    limit: int = files.UNPACKED
    """Bytes of a file at most, unpacked."""


class Plan:
    """The content of a store when the files have been read."""

    def __init__(self, store: Store, options: Options, by: User) -> None:
        self.store, self.options, self.by = store, options, by

    @property
    def unreadable(self) -> bool:
        return bool(self.store.fact("unreadable", False))

    @cached_property
    def counts(self) -> dict[str, dict[str, int]]:
        """{kind: {outcome: how many}}"""
        return self.store.counts()

    def number(self, *outcomes: str) -> int:
        return sum(of.get(outcome, 0) for of in self.counts.values() for outcome in outcomes)

    @property
    def writes(self) -> int:
        """How many things would be written."""
        return self.number(*WRITTEN)

    @property
    def objection(self) -> str:
        """Why the plan cannot be applied as it is, as a sentence; or nothing."""
        if self.unreadable:
            return "A file cannot be read to its end, so nothing can be imported."
        if self.options.skip_invalid:
            return ""
        problems, conflicts = self.store.problem_count(), self.number(CONFLICT)
        refused = self.number(REFUSED)
        if not (problems or conflicts or refused):
            return ""
        parts = []
        if wrong := max(problems, refused):
            parts.append(f"{wrong:,} problem{'s' if wrong != 1 else ''}")
        if conflicts:
            parts.append(f"{conflicts:,} conflict{'s' if conflicts != 1 else ''}")
        return f"{' and '.join(parts)} must be resolved first."


def planning(
    paths: list[Path], store: Store, options: Options, by: User
) -> Generator[Progress, None, Plan]:
    """Reads the files and decides on everything in them, step by step. Returns the plan.

    Problems of the files are part of the plan and are not raised.
    """
    store.clear()
    try:
        yield from _Planner(paths, store, options, by).steps()
    except Unreadable as error:
        store.report(error.problem)
        store.set_fact("unreadable", True)
    return Plan(store, options, by)


class _Planner:
    def __init__(self, paths: list[Path], store: Store, options: Options, by: User) -> None:
        self.paths, self.store, self.options = paths, store, options
        self.may = may_of(by)
        self.at = shown_moment(now())
        self.taxonomies = {kind: Taxonomy(kind) for kind in ("category", "tag")}
        self.names_decided = False
        self.sources: list[Row] = []
        self.papers: Papers | None = None
        self.entries: list[Row] = []
        self.letters = self.seen = 0

    def steps(self) -> Iterator[Progress]:
        """Decides on all content of the files. Raises Unreadable."""
        self.store.set_fact("may", repr_of(self.may))
        yield Progress("Reading", 0, 0)
        for kind, thing in self._things():
            if kind == TICK:
                yield thing
            elif kind in self.taxonomies:
                self.taxonomies[kind].file[thing["slug"]] = thing
            elif kind == "source":
                self._add_source(thing)
            else:
                self._add_entry(thing)
        self._decide_entries()
        if self.options.prune:
            yield from self._prune()

    def _things(self) -> Iterator[Thing]:
        if self.options.markdown:
            return markdown.things(self.paths, self.store)
        return staging.things(self.paths, self.store, limit=self.options.limit)

    def _add_source(self, row: Row) -> None:
        self.sources.append(row)
        if len(self.sources) >= SOURCES_AT_ONCE:
            self._decide_sources()

    def _add_entry(self, entry: Row) -> None:
        self.entries.append(entry)
        self.letters += sum(len(revision["body"]) for revision in entry["revisions"])
        if len(self.entries) >= ENTRIES_AT_ONCE or self.letters > LETTERS_AT_ONCE:
            self._decide_entries()

    def _report(self, at: Any, subject: str, field: str, sentence: str) -> None:
        self.store.report(Problem(at[0], at[1], subject, field, sentence))

    # Categories, tags, sources --------------------------------------------------------------

    def _decide_names(self) -> None:
        if self.names_decided:
            return
        self.names_decided = True
        for kind, taxonomy in self.taxonomies.items():
            decided = self._decide_kind(kind, taxonomy)
            for slug, (row, decision) in sorted(decided.items()):
                if decision.problem:
                    self._report(row["at"], f"{kind} {slug}", *decision.problem)
                here = taxonomy.here[slug][1] if slug in taxonomy.here else None
                self._item(kind, slug, row["name"], *decision[:2], here, row)

    def _decide_kind(self, kind: str, taxonomy: Taxonomy) -> dict[str, tuple[Row, Decision]]:
        """The outcome of each row, which may depend on those of the rows that it refers to.

        If a row is not imported, the others are compared with the row of this site instead.
        """
        decided: dict[str, tuple[Row, Decision]] = {}
        while True:
            out = []
            for slug, row in taxonomy.file.items():
                here = taxonomy.here[slug][1] if slug in taxonomy.here else None
                if problem := taxonomy.problem(row):
                    decision = Decision(REFUSED, [problem[1]], problem)
                else:
                    decision = decide(kind, row, here, self.may, self.options.on_conflict)
                decided[slug] = (row, decision)
                if decision.outcome in (REFUSED, CONFLICT, KEPT):
                    out.append(slug)
            if not out:
                return decided
            taxonomy.leave_out(out)

    def _decide_sources(self) -> None:
        self._decide_names()
        here = stored("source", [row["key"] for row in self.sources])
        self.papers = self.papers or Papers()
        fine = []
        for row in self.sources:
            key = row["key"]
            held = here[key][1] if key in here else None
            decision = decide("source", row, held, self.may, self.options.on_conflict)
            if decision.problem:
                self._report(row["at"], f"source {key}", *decision.problem)
            else:
                fine.append((key, ""))
            sentences = decision.sentences
            if decision.outcome in (CREATED, CHANGED):
                sentences = [*sentences, *self.papers.twins(row)]
            self._item("source", key, row["title"], decision.outcome, sentences, held, row)
        self.store.take("source", fine)
        self.sources = []

    def _item(
        self,
        kind: str,
        key: str,
        title: str,
        outcome: str,
        sentences: list[str],
        here: Row | None,
        row: Row,
    ) -> None:
        content = row if outcome in SHOWN else None
        self.store.add_items([(kind, key, title, outcome, sentences, mark(here), content)])

    # Entries --------------------------------------------------------------------------------

    def _decide_entries(self) -> None:
        if self.sources or not self.names_decided:
            self._decide_sources()
        if not self.entries:
            return
        for entry in self.entries:
            self._take_slugs(entry)
        known = self._known(self.entries)
        items = []
        for entry, verdict in judged(
            self.entries,
            known,
            at=self.at,
            may=self.may,
            on_conflict=self.options.on_conflict,
        ):
            for problem in verdict.problems:
                self._report(*problem)
            if verdict.entry is not None:
                self.store.db.execute("INSERT OR IGNORE INTO met VALUES (?)", (verdict.entry,))
            row = entry["entry"]
            kind = row["kind"] if row else "entry"
            key = row["slug"] if row else f"{entry['at'][0]} object {entry['at'][1]}"
            content = entry if verdict.outcome in SHOWN else None
            if verdict.outcome in WRITTEN:
                # So that applying the plan need not read the body again.
                for revision in entry["revisions"]:
                    revision["keys"], revision["derived"] = derived_of(revision)
            title, sentences = verdict.title, verdict.sentences
            if content and (comments := sum(r.get("comments", 0) for r in entry["revisions"])):
                sentences = [*sentences, comments_removed(comments)]
            items.append((kind, key, title, verdict.outcome, sentences, verdict.mark, content))
        self.store.add_items(items)
        self.seen += len(self.entries)
        self.entries, self.letters = [], 0

    def _known(self, entries: list[Row]) -> Known:
        keys = {
            key
            for entry in entries
            if entry["publications"]
            for revision in entry["revisions"]
            for key in cited_keys(revision["body"])
        }
        file = self.store.taken("source", sorted(keys))
        return Known(
            self.taxonomies["category"].slugs(),
            self.taxonomies["tag"].slugs(),
            file | source_keys(keys - file),
        )

    def _take_slugs(self, entry: Row) -> None:
        """Reports addresses that the entry shares with another one of the files."""
        row = entry["entry"]
        if row is None:
            return
        rows = {held["slug"]: held for held in (*entry["redirects"], row)}
        if len(rows) <= len(entry["redirects"]):
            self._refuse(entry, row, f"entry {row['slug']}", "This slug is also an old slug of it.")
        file, number = entry["at"]
        name = row["slug"] if number else f"{row['slug']} of {file}"
        for slug, other in self.store.take("slug", [(slug, name) for slug in rows]):
            sentence = f"The entry {other!r} in the file has this slug, too."
            self._refuse(entry, rows[slug], f"slug {slug}", sentence)

    def _refuse(self, entry: Row, row: Row, named: str, sentence: str) -> None:
        self._report(row["at"], named, "slug", sentence)
        entry["bad"] = True

    def _prune(self) -> Iterator[Progress]:
        if sentence := pruning.objection(self.store, self.may, entries=self.seen):
            self.store.report(Problem("", 0, "", "", sentence))
            return
        for _ in pruning.prune(self.store):
            yield Progress("Looking for missing entries", 0, 0)


def judged(
    entries: list[Row], known: Known, *, at: str, may: May, on_conflict: str
) -> Iterator[tuple[Row, Verdict]]:
    """The verdict on each of these entries, in a fixed number of queries."""
    whole = [entry for entry in entries if entry["entry"] is not None]
    slugs = [entry["entry"]["slug"] for entry in whole]
    slugs += [row["slug"] for entry in whole for row in entry["redirects"]]
    here = Here(
        slugs,
        [row["uuid"] for entry in whole for row in entry["revisions"]],
        [row["uuid"] for entry in whole for row in entry["publications"]],
        [row["uuid"] for entry in whole for row in entry["reviews"]],
    )
    for entry in entries:
        judge = Judge(entry, here, at=at, may=may, on_conflict=on_conflict, known=known)
        yield entry, judge.verdict()


def options_as_dict(options: Options) -> dict[str, Any]:
    return {name: value for name, value in asdict(options).items() if name != "limit"}
