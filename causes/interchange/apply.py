"""Carries out a plan in one transaction: all of it or nothing."""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import DataError, IntegrityError

from causes import database
from causes.clock import now
from causes.database import bulk
from causes.interchange.checks import Known
from causes.interchange.here import Here, source_keys
from causes.interchange.judging import Verdict
from causes.interchange.outcomes import (
    CONFLICT,
    CREATED,
    KEPT,
    REFUSED,
    TAKEN_DOWN,
    UNCHANGED,
    WRITTEN,
)
from causes.interchange.plan import Plan, Progress, judged, may_of, options_as_dict, repr_of
from causes.interchange.records import MODELS, differences, mark, stored
from causes.interchange.schema import Row
from causes.interchange.spans import noted
from causes.interchange.values import shown_moment
from causes.models import Category, Entry, Import, Source
from causes.publishing import Refusal, refusal_of
from causes.publishing.incoming import Incoming, Names, derived_of, note_changes, write
from causes.publishing.verb import User
from causes.states import state_of, with_facts
from causes.text.names import fold, sort_key

ITEMS_AT_ONCE = 200
MANY = 1_000
"""From this number of rows on, the statistics of the database are computed again."""

REPORTED = 500
"""The most lines that the row of an import keeps; the event log has every entry."""


class NotApplied(Refusal):
    """The plan cannot be carried out; nothing was written."""


class MovedOn(NotApplied):
    """Something on this site changed since the plan was made: a new plan is needed."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} changed since the plan was made, so nothing was written. This is the new plan."
        )


def applying(
    plan: Plan, name: str, *, run: Import | None = None
) -> Generator[Progress, None, Import | None]:
    """Carries out a plan, step by step; closing the generator before its end undoes all of it.

    `run` is the row of an import that was planned before; otherwise one is made, unless
    there is nothing to write. Returns that row. Raises NotApplied, MovedOn, ImportRunning,
    SomebodySaving.
    """
    if sentence := plan.objection:
        raise NotApplied(sentence)
    if not plan.writes:
        return None
    with alone():
        applied = run or Import(name=_shown_name(name), by=plan.by)
        yield from _Apply(plan, applied).steps()
    return applied


def _shown_name(name: str) -> str:
    """The name of the files as text that can be stored: file names may hold any bytes."""
    return name.encode("utf-8", "replace").decode()[:300]


@contextmanager
def alone() -> Iterator[None]:
    """The transaction in which an import is applied or undone.

    Raises NotApplied, ImportRunning, SomebodySaving.
    """
    try:
        with database.importing(), bulk.room():
            yield
    except database.Busy as busy:
        raise refusal_of(busy) from busy
    except (IntegrityError, DataError) as error:
        reason = " ".join(str(error).split())
        raise NotApplied(f"The database refused it, and nothing was written: {reason}") from error


class _Apply:
    def __init__(self, plan: Plan, run: Import) -> None:
        self.plan, self.run, self.store = plan, run, plan.store
        self.by: User = plan.by
        self.may = may_of(plan.by)
        self.moment = now()
        self.at = shown_moment(self.moment)
        self.done, self.total = 0, plan.writes
        self.ids: dict[str, dict[str, int]] = {}

    def steps(self) -> Iterator[Progress]:
        plan, run = self.plan, self.run
        if self.store.fact("may") != repr_of(self.may):
            raise MovedOn("Your permissions")
        run.applied_at, run.options = self.moment, options_as_dict(plan.options)
        run.counts, run.report = plan.counts, self._report()
        run.save()
        yield self._progress()
        for kind in ("category", "tag"):
            self._write_names(kind)
        yield from self._write_sources()
        yield from self._write_entries()
        if self.done >= MANY:
            bulk.analyze()

    def _progress(self) -> Progress:
        return Progress("Writing", self.done, self.total)

    def _report(self) -> list[list[str]]:
        lines = [[i.outcome, f"{i.kind} {i.key}", " ".join(i.sentences)] for i in self._notable()]
        for problem in self.store.problems(most=REPORTED):
            lines.append([REFUSED, "", str(problem)])
        more = self.plan.number(CONFLICT, REFUSED, KEPT) + self.store.problem_count() - REPORTED
        if more > 0:
            lines = [*lines[:REPORTED], ["", "", f"And {more:,} more."]]
        return lines

    def _notable(self) -> Iterator[Any]:
        question = "outcome IN (?, ?, ?) OR (outcome = ? AND sentences <> '')"
        return self.store.items(question, CONFLICT, REFUSED, KEPT, UNCHANGED, most=REPORTED)

    def _chunks(self, where: str, *values: Any) -> Iterator[list[tuple[Any, Row]]]:
        """The items to be written, with their content, in chunks."""
        last = 0
        marks = ", ".join("?" * len(WRITTEN))
        while True:
            found = list(
                self.store.items(
                    f"{where} AND outcome IN ({marks}) AND id > ?",
                    *values,
                    *sorted(WRITTEN),
                    last,
                    most=ITEMS_AT_ONCE,
                )
            )
            if not found:
                return
            last = found[-1].id
            yield [(item, self.store.content(item.id)) for item in found]

    # Categories and tags -------------------------------------------------------------------------

    def _write_names(self, kind: str) -> None:
        model = MODELS[kind]
        rows = [pair for chunk in self._chunks("kind = ?", kind) for pair in chunk]
        here = stored(kind)
        for item, _ in rows:
            held = here[item.key][1] if item.key in here else None
            if mark(held) != item.seen:
                raise MovedOn(f"The {kind} {item.key!r}")
        aliases = dict(
            model.objects.exclude(merged_into=None).values_list("slug", "merged_into__slug")
        )
        aliases |= {row["slug"]: row["merged_into"] for _, row in rows}
        aims = {
            item.key: self._called_today(item, row["merged_into"], aliases) for item, row in rows
        }
        taken = set(model.objects.filter(merged_into=None).values_list("folded", flat=True))
        # Old names last: each leads to the row of a present name.
        for old in (False, True):
            ids = dict(model.objects.values_list("slug", "pk"))
            made = (row for item, row in rows if item.outcome == CREATED)
            model.objects.bulk_create(
                self._named(model, row, ids.get(aims[row["slug"]] or ""), taken)
                for row in made
                if bool(aims[row["slug"]]) == old
            )
        ids = dict(model.objects.values_list("slug", "pk"))
        changes = []
        for item, row in rows:
            if item.outcome == CREATED:
                continue
            aim = aims[item.key]
            new = self._columns(kind, row) | {"merged_into": ids[aim] if aim else None}
            pk, held = here[item.key]
            if row["name"] != held["name"]:
                new |= {"folded": fold(row["name"]), "sort_name": sort_key(row["name"])}
            model.objects.filter(pk=pk).update(updated_at=self._updated(row, held), **new)
            what = f"{model._meta.verbose_name} “{held['name']}”"
            changes.append((what, _changes(kind, item.key, {**row, "merged_into": aim}, held)))
        note_changes(changes, at=self.moment, by=self.by, run=self.run)
        self.done += len(rows)
        self.ids[kind] = ids

    @staticmethod
    def _called_today(item: Any, aim: str | None, aliases: dict[str, str | None]) -> str | None:
        """The present name to which an old name leads, perhaps by way of other old names."""
        seen = {item.key}
        while aim is not None and aim not in seen:
            seen.add(aim)
            if aliases.get(aim) is None:
                return aim
            aim = aliases[aim]
        if aim is not None:
            raise MovedOn(f"The {item.kind} {item.key!r}")
        return None

    def _named(self, model: Any, row: Row, merged_into: int | None, taken: set[str]) -> Any:
        folded = fold(row["name"])
        if merged_into is None and folded in taken:
            folded = f"\t{row['slug']}"  # as no name is folded: see Taxonomy.problem
        taken.add(folded)
        columns = self._columns("category" if model is Category else "tag", row)
        moment = datetime.fromisoformat(row["updated_at"]) if row["updated_at"] else self.moment
        return model(**columns, folded=folded, updated_at=moment, merged_into_id=merged_into)

    @staticmethod
    def _columns(kind: str, row: Row) -> Row:
        names = ["name", "slug"]
        if kind == "category":
            names += ["description", "position", "review_months"]
        return {name: row[name] for name in names}

    def _updated(self, row: Row, held: Row) -> datetime:
        """The time in the file if that is later than the stored one; otherwise now."""
        if row["updated_at"] and row["updated_at"] > held["updated_at"]:
            return datetime.fromisoformat(row["updated_at"])
        return self.moment

    # Sources ------------------------------------------------------------------------------------

    def _write_sources(self) -> Iterator[Progress]:
        names = [
            *("key kind authors title published_in year doi pmid pmcid url checked_on").split(),
            *("withdrawn_on", "withdrawn_reason"),
        ]
        checker = self.by.pk if self.by else None
        for chunk in self._chunks("kind = 'source'"):
            here = stored("source", [item.key for item, _ in chunk])
            new, changes = [], []
            for item, row in chunk:
                held = here[item.key][1] if item.key in here else None
                if mark(held) != item.seen:
                    raise MovedOn(f"The source {item.key!r}")
                if held is None:
                    checked = checker if row["checked_on"] else None
                    moment = bulk.moment(row["updated_at"] or self.at)
                    key = sort_key(row["authors"])
                    new.append((*(row[name] for name in names), moment, checked, key))
                    continue
                columns = {name: row[name] for name in names}
                if row["checked_on"] != held["checked_on"]:
                    columns["checked_by"] = checker if row["checked_on"] else None
                columns["updated_at"] = self._updated(row, held)
                columns["sort_authors"] = sort_key(row["authors"])
                Source.objects.filter(key=item.key).update(**columns)
                changes.append((f"source [@{item.key}]", _changes("source", item.key, row, held)))
            columns_of_new = " ".join([*names, "updated_at checked_by_id sort_authors"])
            bulk.insert("causes_source", columns_of_new, new)
            note_changes(changes, at=self.moment, by=self.by, run=self.run)
            self.done += len(chunk)
            yield self._progress()

    # Entries ------------------------------------------------------------------------------------

    def _write_entries(self) -> Iterator[Progress]:
        names = Names(**self.ids)
        for chunk in self._chunks("kind NOT IN ('category', 'tag', 'source')"):
            coming: list[Incoming] = []
            rows = [row for item, row in chunk if item.outcome != TAKEN_DOWN]
            verdicts = judged(
                rows,
                self._known(names, rows),
                at=self.at,
                may=self.may,
                on_conflict=self.plan.options.on_conflict,
            )
            by_slug = {row["entry"]["slug"]: verdict for row, verdict in verdicts}
            gone = Here([item.key for item, _ in chunk if item.outcome == TAKEN_DOWN])
            for item, _ in chunk:
                if item.outcome == TAKEN_DOWN:
                    coming.append(self._taken_down(item, gone))
                    continue
                verdict = by_slug[item.key]
                self._check(item, verdict)
                if verdict.work is not None:
                    coming.append(verdict.work)
            states = _states([one.entry for one in coming if one.entry is not None])
            write(coming, names, at=self.at, by=self.by, run=self.run, states=states)
            self.done += len(chunk)
            yield self._progress()

    def _known(self, names: Names, rows: list[Row]) -> Known:
        """The names that texts may use, now that those of the file are stored."""
        keys = {key for row in rows for text in row["revisions"] for key in derived_of(text)[0]}
        return Known(set(names.category), set(names.tag), source_keys(keys))

    @staticmethod
    def _check(item: Any, verdict: Verdict) -> None:
        # A publication that began or ended by the clock alone does not change the mark.
        if verdict.mark != item.seen or verdict.outcome not in WRITTEN:
            raise MovedOn(f"The {item.kind} {item.key!r}")

    def _taken_down(self, item: Any, here: Here) -> Incoming:
        standing = here.by_slug.get(item.key)
        if standing is None or standing.mark != item.seen:
            raise MovedOn(f"The {item.kind} {item.key!r}")
        work = Incoming(standing.kind, standing.slug, "", entry=standing.pk, head=standing.head)
        work.change = standing.timeline.take_down(self.moment)
        after = standing.timeline.after(work.change)
        kinds = {"before": standing.timeline, "after": after}
        work.details = {
            kind: noted(standing.slug, standing.head, timeline, self.moment)
            for kind, timeline in kinds.items()
        }
        work.details["pruned"] = True
        return work


def _states(entries: list[int]) -> dict[int, str]:
    """The states of entries, for the event log."""
    rows = with_facts(Entry.objects.filter(pk__in=entries)) if entries else ()
    return {row.pk: state_of(row).value for row in rows}


def _changes(kind: str, key: str, row: Row, held: Row) -> Row:
    """The details of a changed record for the event log, with the values that `undo` restores."""
    names = differences(row, held)
    return {
        "changes": {name: [_text(held[name]), _text(row[name])] for name in names},
        "was": {name: held[name] for name in names},
        "kind": kind,
        "key": key,
    }


def after_values(row: Row, names: Iterable[str]) -> dict[str, str]:
    """Some fields of a stored record, as the event log has them."""
    return {name: _text(row[name]) for name in names}


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def run_through(
    steps: Generator[Progress, None, Any], tell: Callable[[Progress], None] = lambda step: None
) -> Any:
    """Runs a generator of steps to its end, and returns its value."""
    while True:
        try:
            tell(next(steps))
        except StopIteration as end:
            return end.value
