"""Does to a served site what happens in the night, and counts what was lost.

    .venv/bin/python benchmarks/faults.py sqlite postgresql --kills 200

Each fault happens while an editor saves and publishes, and while readers read. An answer is *half*
if a page shows two states at once. It is *old* if it shows an older state than the last publication
that was acknowledged before the request. It is *wordless* if it is an error without a sentence. A
health answer is *untrue* if it is 200 while the database does not answer. *Missing* are texts whose
saving was acknowledged. A site that needs more than a minute to recover is *lost for good*.
"""

import argparse
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from editor import NUMBER, Editor
from ground import FAKETIME, LOGIN, Ground

PAGE = "/causes/state/"
PATIENCE = 60.0
"""Seconds after which a site has not recovered by itself."""


@dataclass
class Count:
    """What was seen of one fault."""

    fault: str
    rounds: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    recovered_in: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)

    @property
    def bad(self) -> int:
        """How many things happened that must not."""
        return self.seen.total() - self.seen["saved"] - self.seen["pages"]

    def line(self) -> str:
        names = ("saved", "missing", "pages", "half", "old", "untrue", "wordless", "lost for good")
        told = ", ".join(f"{self.seen[name]} {name}" for name in names)
        longest = f"{max(self.recovered_in):.1f} s" if self.recovered_in else "–"
        return f"{self.fault}: {self.rounds} times; {told}; recovered within {longest}"


class Watchers:
    """The editor and the readers, each in a thread of its own."""

    def __init__(self, site: Ground, count: Count) -> None:
        self.site, self.count = site, count
        self.editor = Editor(site.port, site.cause, *LOGIN)
        self.broken = False
        """Whether the database does not answer just now, so that health must say so."""
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._loop, args=[work], daemon=True)
            for work in (self.edit, self.read, self.read, self.ask_health)
        ]

    def __enter__(self) -> "Watchers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(90)
        stored = self.site.titles()
        saved = self.editor.saved
        self.count.seen["saved"] += len(saved)
        self.count.seen["missing"] += sum(f"State {number}" not in stored for number in saved)
        self.count.answers.update(self.editor.told)
        self.count.seen["wordless"] += sum(
            times for told, times in self.editor.told.items() if told.split()[0] == "500"
        )

    def _loop(self, work: Callable[[], bool]) -> None:
        while not self._over.is_set():
            if not work():
                time.sleep(0.1)

    def edit(self) -> bool:
        done = self.editor.once()
        time.sleep(0.02)
        return done

    def read(self) -> bool:
        """One look at the page."""
        known = self.editor.published
        status, page, took = self.site.get(PAGE)
        if status == 200:
            self.judge(page, known)
        elif status:
            sentence = "<h1" in page and "Traceback" not in page
            self.count.seen["wordless"] += not sentence or status == 500
            self.count.answers[f"page {status}"] += 1
        if status:
            self.count.slowest = max(self.count.slowest, took)
        return status == 200

    def judge(self, page: str, known: int) -> None:
        numbers = {int(found) for found in NUMBER.findall(page)}
        self.count.seen["pages"] += 1
        self.count.seen["half"] += len(numbers) != 1
        self.count.seen["old"] += bool(numbers) and min(numbers) < known

    def ask_health(self) -> bool:
        before = self.broken
        status, _, _ = self.site.get("/healthz/")
        if before and self.broken and status == 200:
            self.count.seen["untrue"] += 1
        return False

    def recover(self) -> None:
        """Waits until pages, health and the desk are well again."""
        began, saved = time.monotonic(), len(self.editor.saved)
        while time.monotonic() - began < PATIENCE:
            self.site.restart_if_ended()
            well = self.site.get(PAGE)[0] == self.site.get("/healthz/")[0] == 200
            if well and len(self.editor.saved) > saved:
                self.count.recovered_in.append(time.monotonic() - began)
                return
            time.sleep(0.05)
        self.count.seen["lost for good"] += 1


def killed(site: Ground, times: int) -> Count:
    """`serve`, its server or a worker is killed at a random moment."""
    count = Count("killed server or worker")
    with Watchers(site, count) as watchers:
        watchers.recover()
        for _ in range(times):
            time.sleep(random.uniform(0.0, 1.0))
            count.answers[f"killed {site.kill_one()}"] += 1
            count.rounds += 1
            watchers.recover()
    return count


PUBLISHING = """
from dataclasses import replace
from causes import publishing
from causes.models import Entry
from causes.publishing import Text
entry = Entry.objects.get(slug="state")
number = {first}
while True:
    entry.refresh_from_db()
    words = f"State {{number}}"
    text = replace(Text.of(entry.newest), title=words, summary=words, body=words)
    publishing.publish(publishing.save_draft(entry, text, by=None, base=entry.newest.uuid), by=None)
    print(number, flush=True)
    number += 1
"""


def killed_publishing(site: Ground, times: int) -> Count:
    """A process that publishes is killed at a random moment."""
    count = Count("killed publish")
    for _ in range(times):
        first = int(time.time() * 1000)
        process = site.begin("shell", "-v0", "-c", PUBLISHING.format(first=first))
        assert process.stdout
        process.stdout.readline()  # it has begun
        time.sleep(random.uniform(0.0, 0.3))
        process.kill()
        told = [first, *(int(line) for line in process.stdout.read().split())]
        process.wait()
        watchers = Watchers(site, count)
        watchers.judge(site.get(PAGE)[1], told[-1])
        stored = site.titles()
        count.seen["saved"] += len(told)
        count.seen["missing"] += sum(f"State {number}" not in stored for number in told)
        count.rounds += 1
    return count


def killed_import(site: Ground, times: int) -> Count:
    """An import is killed at a random moment: all of it is there, or nothing."""
    count, entries = Count("killed import"), 40
    for number in range(times):
        folder = site.folder / "files"
        folder.mkdir(exist_ok=True)
        for entry in range(entries):
            words = f"Import {number} entry {entry}"
            text = f"---\ntitle: {words}\nsummary: {words}\ncategory: Faults\n---\n{words}\n"
            (folder / f"import-{number}-{entry}.md").write_text(text)
        process = site.begin("import_fixture", str(folder))
        time.sleep(random.uniform(0.5, 2.0))
        process.kill()
        process.communicate()
        found = sum(title.startswith(f"Import {number} ") for title in site.titles())
        count.seen["half"] += found not in (0, entries)
        count.answers["whole" if found else "nothing"] += 1
        count.rounds += 1
        for file in folder.iterdir():
            file.unlink()
    return count


class State(NamedTuple):
    """A fault that begins, lasts for some seconds, and ends."""

    fault: str
    begin: Callable[[], object]
    end: Callable[[], object]
    seconds: float
    breaks_database: bool = False


def during(site: Ground, state: State, times: int) -> Count:
    """Lets a fault begin and end."""
    count = Count(state.fault)
    with Watchers(site, count) as watchers:
        watchers.recover()
        for _ in range(times):
            state.begin()
            time.sleep(2)  # health may take so long
            watchers.broken = state.breaks_database
            time.sleep(state.seconds)
            watchers.broken = False
            state.end()
            count.rounds += 1
            watchers.recover()
    return count


def states(site: Ground) -> list[State]:
    """The faults that can be made here."""
    if site.cluster:
        stop = partial(site.cluster.freeze, signal.SIGSTOP)
        go_on = partial(site.cluster.freeze, signal.SIGCONT)
        found = [
            State("database away", site.cluster.stop, site.cluster.start, 10, True),
            State("database frozen", stop, go_on, 10, True),
        ]
    else:
        file, away = site.data / "site.sqlite3", site.data / "away"
        leave, return_ = partial(file.rename, away), partial(away.rename, file)
        found = [State("database away", leave, return_, 10, True)]
    if site.disk:
        found.append(State("full disk", site.fill, site.empty, 3))
        found.append(State("read-only disk", site.break_disk, site.mend_disk, 3))
    else:
        print("Full and read-only disks were left out: only root can make a small disk.")
    return found


def clock_set_back(site: Ground, times: int) -> Count:
    """The clock goes back by half a minute, and forward again."""
    site.stop()
    site.start(faked_clock=True)
    set_clock = site.clock.write_text
    state = State("clock set back", partial(set_clock, "-30"), partial(set_clock, "+0"), 4)
    count = during(site, state, times)
    site.stop()
    site.start()
    return count


def restored(site: Ground, times: int, swap: bool = False) -> Count:
    """An older backup is restored, or moved into place, while the site runs."""
    count = Count("swapped file" if swap else "older backup restored")
    watchers = Watchers(site, count)
    editor = watchers.editor
    for number in range(times):
        while not editor.once():
            time.sleep(0.1)
        backup, then = site.folder / f"backup-{number}.tar", editor.published
        site.manage("backup", str(backup))
        for _ in range(3):
            editor.once()
        if swap:
            site.swap(backup)
        else:
            site.manage("restore_backup", str(backup), "--yes")
            backup.unlink()
        editor.saved, editor.published = [], then
        for _ in range(20):
            status, page, _ = site.get(PAGE)
            numbers = {int(found) for found in NUMBER.findall(page)}
            count.seen["pages"] += status == 200
            count.seen["half"] += status == 200 and len(numbers) != 1
            count.seen["old"] += status == 200 and numbers != {then}
            count.seen["wordless"] += status == 500
        count.rounds += 1
        began = time.monotonic()
        while not editor.once() and time.monotonic() - began < PATIENCE:
            time.sleep(0.1)
        count.recovered_in.append(time.monotonic() - began)
    count.seen["saved"] = len(editor.saved)
    return count


def all_of_it(engine: str, server: str, kills: int, times: int) -> list[Count]:
    site = Ground(engine, server)
    counts: list[Count] = []

    def do(fault: Callable[[], Count]) -> None:
        counts.append(fault())
        print(f"{engine}, {server}: {counts[-1].line()}", flush=True)
        print(f"    {dict(counts[-1].answers.most_common())}", flush=True)

    try:
        site.start()
        do(partial(killed, site, kills))
        do(partial(killed_publishing, site, kills // 4))
        do(partial(killed_import, site, kills // 4))
        for state in states(site):
            do(partial(during, site, state, times))
        if FAKETIME.exists():
            do(partial(clock_set_back, site, times))
        else:
            print("The clock was left out: install libfaketime.")
        do(partial(restored, site, times))
        if engine == "sqlite":
            do(partial(restored, site, times, swap=True))
        site.manage("migrate", "-v0")  # as after any restore
        print(site.manage("check_content").strip())
    finally:
        site.close()
    return counts


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("engines", nargs="+", choices=["sqlite", "postgresql"])
    parser.add_argument("--server", default="granian", choices=["granian", "gunicorn"])
    parser.add_argument("--kills", type=int, default=200, help="of the server; a quarter of others")
    parser.add_argument("--times", type=int, default=5, help="of each other fault")
    given = parser.parse_args()
    bad = sum(
        count.bad
        for engine in given.engines
        for count in all_of_it(engine, given.server, given.kills, given.times)
    )
    sys.exit(bad > 0)
