"""Undoes an import: new drafts and publications bring back the earlier state; nothing is erased."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from uuid import uuid4

from causes.clock import now
from causes.interchange.apply import ITEMS_AT_ONCE, NotApplied, after_values, alone
from causes.interchange.here import Here, Standing
from causes.interchange.plan import Progress, may_of
from causes.interchange.records import KEY, MODELS, stored
from causes.interchange.schema import Row
from causes.interchange.spans import noted, recalled
from causes.interchange.values import shown_moment
from causes.models import Category, Entry, Event, Import, Tag
from causes.publishing.entries import predecessors
from causes.publishing.incoming import Incoming, Names, note_changes, write
from causes.publishing.verb import User
from causes.text.names import fold, sort_key
from causes.timeline import Change, Timeline


@dataclass
class Undone:
    entries: int = 0
    records: int = 0
    left: list[tuple[str, str]] = field(default_factory=list)
    """Everything that stays as it is: (what it is, why)."""


class _Rehearsed(Exception):
    """Rolls back a rehearsal."""


def last_import() -> Import | None:
    """The newest import that was applied and not undone."""
    found: Import | None = (
        Import.objects.exclude(applied_at=None)
        .filter(undone_at=None)
        .order_by("-applied_at", "-pk")
        .first()
    )
    return found


def undoing(run: Import, by: User, *, rehearse: bool = False) -> Generator[Progress, None, Undone]:
    """Undoes an import, step by step; closing the generator before its end changes nothing.

    Whatever somebody edited since stays as it is, and is listed. With `rehearse`, everything
    is rolled back at the end. Raises NotApplied, ImportRunning.
    """
    undone = Undone()
    try:
        with alone():
            yield from _Undo(run, by, undone).steps()
            if rehearse:
                raise _Rehearsed
    except _Rehearsed:
        run.refresh_from_db()
    return undone


class _Undo:
    def __init__(self, run: Import, by: User, undone: Undone) -> None:
        self.run, self.by, self.undone = run, by, undone
        self.may = may_of(by)
        self.moment = now()
        self.at = shown_moment(self.moment)
        self.done = 0

    def steps(self) -> Iterator[Progress]:
        run = Import.objects.select_for_update().get(pk=self.run.pk)
        if run.applied_at is None or run.undone_at is not None:
            raise NotApplied(f"This import is {run.state.label.lower()}: there is nothing to undo.")
        self.total = Event.objects.filter(by_import=run).count()
        yield self._progress()
        for chunk in self._events(Event.Verb.IMPORT):
            self._entries(chunk)
            yield self._progress()
        for chunk in self._events(Event.Verb.CHANGE):
            self._records(chunk)
            yield self._progress()
        run.undone_at = self.moment
        lines = [["left", what, sentence] for what, sentence in self.undone.left]
        run.report = [*run.report, *lines]
        run.save(update_fields=["undone_at", "report"])
        self.run.undone_at, self.run.report = run.undone_at, run.report

    def _progress(self) -> Progress:
        return Progress("Undoing", self.done, self.total)

    def _events(self, verb: Event.Verb) -> Iterator[list[Event]]:
        last = 0
        while True:
            rows = Event.objects.filter(by_import=self.run, verb=verb, pk__gt=last)
            chunk = list(rows.order_by("pk")[:ITEMS_AT_ONCE])
            if not chunk:
                return
            last = chunk[-1].pk
            self.done += len(chunk)
            yield chunk

    def _leave(self, what: str, sentence: str) -> None:
        self.undone.left.append((what, sentence))

    # Entries ---------------------------------------------------------------------------------

    def _entries(self, events: list[Event]) -> None:
        pks = [event.entry_id for event in events if event.entry_id]
        slugs = Entry.objects.filter(pk__in=pks).values_list("slug", flat=True)
        heads = [event.details["before"]["head"] for event in events if event.details["before"]]
        here = Here(list(slugs), [head for head in heads if head])
        coming = []
        for event in events:
            standing = here.all.get(event.entry_id)
            if standing is None:
                self._leave(event.subject, "It was deleted since.")
                continue
            work = self._back(event, standing, here)
            if work is not None and work.writes:
                coming.append(work)
        names = Names(
            dict(Category.objects.values_list("slug", "pk")),
            dict(Tag.objects.values_list("slug", "pk")),
        )
        if coming:
            write(
                coming,
                names,
                at=self.at,
                by=self.by,
                run=self.run,
                verb=Event.Verb.UNDO_IMPORT,
            )
        self.undone.entries += len(coming)

    def _back(self, event: Event, standing: Standing, here: Here) -> Incoming | None:
        made = self._noted(standing.slug, standing.head, Timeline())
        before, after = event.details["before"] or made, event.details["after"]
        wanted = recalled(before)
        change = standing.timeline.towards(wanted, self.moment)
        texts = {before["head"], *(span.revision for span in wanted.spans)}
        if not self._is_as_left(standing, after):
            objection = "It was edited since, and stays as it is."
        elif texts & standing.withheld:
            objection = "The earlier text was withheld since."
        else:
            objection = self._forbidden(standing, before, change)
        if objection:
            self._leave(f"{standing.kind} {standing.slug}", objection)
            return None
        work = Incoming(standing.kind, standing.slug, "", entry=standing.pk, head=standing.head)
        work.last_number, work.change = standing.last_number, change
        work.details = {"import": str(self.run.uuid)}
        if before["head"] not in (None, standing.head):
            self._back_to_text(standing, here.texts[before["head"]], work)
        if before["slug"] != standing.slug:
            work.rename_to = before["slug"]
            work.unredirect = [before["slug"]]
            work.redirects = [{"slug": standing.slug, "created_at": self.at}]
        return work

    def _noted(self, slug: str, head: str | None, timeline: Timeline) -> Row:
        """An entry as events have it, without the ends that people set: old events lack them."""
        details = noted(slug, head, timeline, self.moment)
        return details | {"spans": [span[:4] for span in details["spans"]]}

    def _is_as_left(self, standing: Standing, after: Row) -> bool:
        """Whether nobody edited an entry since; an end that time has brought is no edit."""
        left = self._noted(after["slug"], after["head"], recalled(after))
        return self._noted(standing.slug, standing.head, standing.timeline) == left

    def _forbidden(self, standing: Standing, before: Row, change: Change) -> str:
        """Why this person may not bring the earlier state back, as a sentence; or nothing."""
        if change and not self.may.publish:
            return "Readers would see a difference, and you may not publish."
        if before["head"] != standing.head and not self.may.do(f"change_{standing.kind}"):
            return f"You may not change a {standing.kind}."
        if before["slug"] != standing.slug and not self.may.do("rename_entry"):
            return "You may not rename it."
        return ""

    def _back_to_text(self, standing: Standing, text: Row, work: Incoming) -> None:
        entry = Entry.objects.get(pk=standing.pk)
        number = standing.last_number + 1
        made = {
            **text,
            "uuid": str(uuid4()),
            "number": number,
            "based_on": text["uuid"],
            "predecessors": predecessors(entry),
            "note": f"The import of {self.run.name} was undone."[:300],
            "created_at": self.at,
        }
        work.revisions, work.last_number, work.head = [made], number, made["uuid"]

    # Categories, tags, sources ------------------------------------------------------------------

    def _records(self, events: list[Event]) -> None:
        undone = []
        for event in events:
            kind, key = event.details["kind"], event.details["key"]
            held = stored(kind, [key]).get(key)
            changes = event.details["changes"]
            if held is None:
                self._leave(event.subject, "It was deleted since.")
                continue
            pk, row = held
            if after_values(row, changes) != {name: pair[1] for name, pair in changes.items()}:
                self._leave(event.subject, "It was changed since, and stays as it is.")
                continue
            permission = f"merge_{kind}" if "merged_into" in changes else f"change_{kind}"
            if not self.may.do(permission):
                self._leave(event.subject, f"You may not change a {kind} in this way.")
                continue
            self._set_back(kind, pk, event.details["was"])
            back = {name: [pair[1], pair[0]] for name, pair in changes.items()}
            undone.append((event.subject, {"changes": back, "kind": kind, "key": key}))
        note_changes(undone, at=self.moment, by=self.by, run=self.run, verb=Event.Verb.UNDO_IMPORT)
        self.undone.records += len(undone)

    def _set_back(self, kind: str, pk: int, was: Row) -> None:
        model = MODELS[kind]
        columns: Row = {"updated_at": self.moment}
        for name, value in was.items():
            if name == "merged_into":
                aim = model.objects.filter(**{KEY[kind]: value}).first() if value else None
                columns["merged_into"] = aim
            else:
                columns[name] = value
        if "name" in was:
            columns |= {"folded": fold(was["name"]), "sort_name": sort_key(was["name"])}
        if "authors" in was:
            columns["sort_authors"] = sort_key(was["authors"])
        model.objects.filter(pk=pk).update(**columns)
