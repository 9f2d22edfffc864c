"""Verbs and imports write the same rows for the same change, and undoing takes them back."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import transaction

from causes import publishing
from causes.clock import now
from causes.interchange.apply import run_through
from causes.interchange.undo import undoing
from causes.models import Event, Publication
from tests.factories import add_draft, make_live
from tests.interchange.content import Planned, bring, exported, exported_after, rows_of, write

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def rows():
    columns = ("uuid", "revision__uuid", "live_from", "live_until", "take_down_at")
    return list(Publication.objects.order_by("live_from").values_list(*columns))


def live_at(*moments):
    found = []
    for moment in moments:
        live = Publication.objects.live(moment).first()
        found.append(live and live.revision.title)
    return found


def live(entry):
    return Publication.objects.live().get(entry=entry).revision


def publish(entry):
    publishing.publish(add_draft(entry, title="Another"), by=None)


def schedule(entry):
    publishing.schedule(add_draft(entry, title="Then"), by=None, publish_at=now() + 2 * HOUR)


def schedule_with_end(entry):
    moments = {"publish_at": now() + 2 * HOUR, "take_down_at": now() + 3 * HOUR}
    publishing.schedule(add_draft(entry, title="Then"), by=None, **moments)


def end(entry):
    publishing.schedule(live(entry), by=None, take_down_at=now() + 5 * HOUR)


def cancel(entry):
    publishing.cancel_schedule(entry, by=None)


def take_down(entry):
    publishing.take_down(entry, by=None, cancel_scheduled=True)


CHANGES = [
    ((), publish),
    ((), schedule),
    ((), schedule_with_end),
    ((), end),
    ((), take_down),
    ((end,), publish),
    ((end,), schedule),
    ((end,), cancel),
    ((end,), take_down),
    ((schedule,), publish),
    ((schedule,), cancel),
    ((schedule,), take_down),
    ((end, schedule), cancel),
    ((take_down,), publish),
    ((take_down,), schedule),
]


@pytest.mark.parametrize(
    ("before", "change"),
    CHANGES,
    ids=["-".join(act.__name__ for act in (*first, then)) for first, then in CHANGES],
)
def test_a_verb_and_a_file_leave_the_same_rows_and_undoing_the_same_texts(before, change, tmp_path):
    moment = now()
    with time_machine.travel(moment, tick=False):
        entry = make_live(title="First")
        for act in before:
            act(entry)
    with time_machine.travel(moment + HOUR, tick=False):
        later = [moment + step * HOUR / 2 for step in range(3, 20)]
        were = live_at(*later)
        with transaction.atomic():
            change(entry)
            by_verb = rows()
            file = exported("history")
            transaction.set_rollback(True)
        assert rows() != by_verb
        run = bring(write(tmp_path, file), on_conflict="theirs")
        assert rows() == by_verb
        run_through(undoing(run, None))
        assert live_at(*later) == were


def test_an_import_from_before_ends_had_a_column_can_be_undone(tmp_path):
    entry = make_live(title="First")
    end(entry)
    schedule(entry)
    file = exported_after(lambda: take_down(entry))
    moments = [now() + step * HOUR for step in (1, 3, 6)]
    run = bring(write(tmp_path, file), on_conflict="theirs")
    assert live_at(*moments) == [None, None, None]
    details = Event.objects.get(by_import=run).details
    for kind in ("before", "after"):
        details[kind]["spans"] = [span[:4] for span in details[kind]["spans"]]
    # The log is only ever added to, so another one takes its place.
    run_2 = type(run).objects.create(name="old", applied_at=run.applied_at)
    Event.objects.create(
        verb="import", subject="cause", entry=entry, details=details, by_import=run_2
    )
    assert run_through(undoing(run_2, None)).left == []
    assert live_at(*moments) == ["First", "Then", "Then"]


def test_the_end_that_a_person_set_comes_in_behind_the_text_that_hides_it(tmp_path):
    entry = make_live(title="First")

    def elsewhere():
        end(entry)
        schedule(entry)

    bring(write(tmp_path, exported_after(elsewhere)))
    ended = publishing.cancel_schedule(entry, by=None)
    assert ended.live_until == ended.take_down_at > now() + 4 * HOUR


def test_a_file_of_an_older_format_says_by_its_neighbours_who_set_an_end(tmp_path):
    entry = make_live(title="First")
    text = exported_after(lambda: schedule(entry))
    other = make_live(title="Other")
    ends = exported_after(lambda: end(other), entries=(other.slug,))
    for number, file in enumerate((text, ends)):
        old = rows_of(file)
        old[0]["fields"]["version"] = 3
        for row in old:
            row["fields"].pop("take_down_at", None)
        bring(write(tmp_path, old, f"{number}.json"))
    assert Publication.objects.live().get(entry=entry).take_down_at is None
    ended = Publication.objects.live().get(entry=other)
    assert ended.take_down_at == ended.live_until is not None


def test_without_what_is_scheduled_a_text_ends_only_where_a_person_set_an_end(tmp_path):
    entry = make_live(title="First")
    end(entry)
    stored = Publication.objects.get()
    schedule(entry)
    [row] = [r["fields"] for r in rows_of(exported("live")) if r["model"] == "causes.publication"]
    moment = stored.take_down_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert row["live_until"].replace(".000Z", "Z") == moment.replace(".000Z", "Z")
    cancel(entry)
    cancel(entry)
    schedule(entry)
    [row] = [r["fields"] for r in rows_of(exported("live")) if r["model"] == "causes.publication"]
    assert (row["live_until"], row["take_down_at"]) == (None, None)


def test_an_end_before_its_own_is_refused_at_its_field(tmp_path):
    entry = make_live(title="First")
    rows = rows_of(exported_after(lambda: end(entry)))
    for row in rows:
        if row["model"] == "causes.publication":
            row["fields"]["take_down_at"] = "2020-01-01T00:00:00Z"
    [problem] = Planned(write(tmp_path, rows)).problems
    assert "field 'take_down_at': It must not be earlier than live_until" in problem


def test_loaddata_reads_a_file_that_does_not_say_who_set_an_end(tmp_path):
    entry = make_live(title="First")
    take_down(entry)
    before = rows()
    path = tmp_path / "dump.json"
    call_command("dumpdata", "causes", natural_primary=True, natural_foreign=True, output=str(path))
    old = rows_of(path.read_text())
    for row in old:
        row["fields"].pop("take_down_at", None)
        if row["model"] == "causes.fixtureformat":
            row["fields"]["version"] = 3
    call_command("loaddata", str(write(tmp_path, old)), verbosity=0)
    assert rows() == before
