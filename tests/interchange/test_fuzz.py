"""Valid fixtures, spoiled in every way: a sentence each time, never a traceback or half a write.

FUZZ_EXAMPLES examples in the two tests together, a few unless it is set (`make deep`).
"""

import copy
import gzip
import json
import os
import random
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from causes import publishing
from causes.clock import now
from causes.interchange.apply import NotApplied
from causes.models import Entry, Publication, Tag
from tests.factories import add_draft, make_entry, make_live, make_source
from tests.interchange.content import Planned, everything, exported

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "60")) // 2
at_random = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

ODD = [
    None, True, False, 0, -1, 1, 3.5, 10**30, "", " ", "x", "polio", "other", "\x00", "\ud800", "é" * 300,
    [], [None], ["x"], ["polio"], [["x"]], [1], {}, {"a": 1}, "2026-01-01T00:00:00Z", "2026-01-01",
    "9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00Z", "2026-13-45T00:00:00Z", "2026-01-01T00:00:00+23:59",
    "0001-01-01T00:00:00+14:00", "11111111-1111-4111-8111-111111111111", "{11111111111141118111111111111111}",
    "nan", "../../etc/passwd", "<script>", "[@nobody-1]", "![x](y)", "x" * 70_000, 2**31, 2**63, -(2**63),
]  # fmt: skip


def content():
    make_source("maas-2015")
    entry = make_live(slug="polio", tags=["virus", "nerve"], body="Known [@maas-2015].")
    publishing.publish(add_draft(entry, title="Second", tags=["root"]), by=None)
    publishing.record_review(
        entry.newest, by=None, reviewer="B", qualification="MD", reviewed_on=now().date()
    )
    publishing.rename(entry, "poliomyelitis", by=None)
    publishing.rename_taxon(Tag.objects.get(slug="virus"), "viruses", by=None)
    other = make_live(slug="other", category="Injuries")
    publishing.take_down(other, by=None)
    ahead = make_entry(slug="ahead", kind="page", category=None)
    publishing.schedule(ahead.newest, by=None, publish_at=now() + timedelta(days=30))


COUNTS = Counter()


@pytest.fixture(autouse=True)
def figures(capsys):
    yield
    if "FUZZ_EXAMPLES" in os.environ:
        with capsys.disabled():
            print(f"\n{connection.vendor}: {sum(COUNTS.values()):,} spoiled files: {dict(COUNTS)}")


class Spoiler:
    """Changes rows, the text they are written as, or the bytes of that."""

    def __init__(self, dice, rows):
        self.dice, self.rows = dice, rows

    def spoil(self):
        for _ in range(self.dice.choice([1, 1, 1, 2, 3, 6])):
            getattr(self, self.dice.choice(ROW_WAYS))()
        lines = self.dice.random() < 0.2
        text = "\n".join(map(json.dumps, self.rows)) if lines else json.dumps(self.rows)
        held = text.encode()
        if self.dice.random() < 0.25:
            held = self.spoil_bytes(held)
        if self.dice.random() < 0.1:
            held = gzip.compress(held)
            if self.dice.random() < 0.5:
                held = self.spoil_bytes(held)
        return held

    def row(self):
        return self.dice.choice(self.rows) if self.rows else {"fields": {}}

    def fields(self):
        row = self.row()
        fields = row.get("fields") if isinstance(row, dict) else None
        return fields if isinstance(fields, dict) else {}

    def value(self):
        row, fields = self.row(), self.fields()
        if fields and self.dice.random() < 0.9:
            fields[self.dice.choice(list(fields))] = copy.deepcopy(self.dice.choice(ODD))
        elif isinstance(row, dict) and row:
            row[self.dice.choice(list(row))] = copy.deepcopy(self.dice.choice(ODD))

    def from_elsewhere(self):
        """A value that is fine somewhere else."""
        mine, theirs = self.fields(), self.fields()
        if mine and theirs:
            value = copy.deepcopy(self.dice.choice(list(theirs.values())))
            mine[self.dice.choice(list(mine))] = value

    def same_field(self):
        """A value that is fine in another row of the kind."""
        row = self.row()
        if not isinstance(row, dict):
            return
        twins = [o for o in self.rows if isinstance(o, dict) and o.get("model") == row.get("model")]
        other = self.dice.choice(twins or [row])
        if isinstance(row.get("fields"), dict) and isinstance(other.get("fields"), dict):
            shared = sorted(row["fields"].keys() & other["fields"].keys())
            if shared:
                name = self.dice.choice(shared)
                row["fields"][name] = copy.deepcopy(other["fields"][name])

    def drop_field(self):
        fields = self.fields()
        if fields:
            del fields[self.dice.choice(list(fields))]

    def add_field(self):
        self.fields()[self.dice.choice(["x", "pk", "id", "author", "folded", ""])] = (
            self.dice.choice(ODD)
        )

    def drop_row(self):
        if self.rows:
            self.rows.remove(self.row())

    def double_row(self):
        if self.rows:
            place = self.dice.randrange(len(self.rows) + 1)
            self.rows.insert(place, copy.deepcopy(self.row()))

    def move_row(self):
        if self.rows:
            row = self.rows.pop(self.dice.randrange(len(self.rows)))
            self.rows.insert(self.dice.randrange(len(self.rows) + 1), row)

    def shuffle(self):
        self.dice.shuffle(self.rows)

    def odd_row(self):
        self.rows.insert(
            self.dice.randrange(len(self.rows) + 1), copy.deepcopy(self.dice.choice(ODD))
        )

    def primary_keys(self):
        for row in self.rows:
            if isinstance(row, dict):
                row["pk"] = self.dice.choice([1, 2, 3, "x", None, 2**70, self.dice.randrange(9)])

    def model(self):
        row = self.row()
        if isinstance(row, dict):
            row["model"] = self.dice.choice(
                ["causes.tag", "causes.entry", "causes.event", "causes.import", "CAUSES.TAG",
                 "auth.user", "causes", "causes.", ".", "causes.revision", "causes.fixtureformat"]
            )  # fmt: skip

    def version(self):
        self.rows[:0] = [{"model": "causes.fixtureformat",
                          "fields": {"version": self.dice.choice([0, 1, 2, 3, "1", None])}}]  # fmt: skip

    def spoil_bytes(self, held):
        held = bytearray(held)
        way = self.dice.randrange(5)
        at = self.dice.randrange(len(held) + 1)
        if way == 0:
            return bytes(held[:at])
        if way == 1 and at < len(held):
            held[at] = self.dice.randrange(256)
        elif way == 2:
            held[at:at] = bytes(self.dice.randrange(256) for _ in range(self.dice.randrange(9)))
        elif way == 3:
            del held[at : at + self.dice.randrange(1, 99)]
        else:
            return self.dice.choice([b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"", b" "]) + bytes(
                held
            )
        return bytes(held)


ROW_WAYS = [
    *["value"] * 6, *["same_field"] * 3, "from_elsewhere", "drop_field", "add_field", "drop_row",
    "double_row", "move_row", "shuffle", "odd_row", "primary_keys", "model", "version",
]  # fmt: skip


def check():
    """What holds whatever came in."""
    for entry in Entry.objects.all():
        spans = list(Publication.objects.filter(entry=entry).order_by("live_from"))
        for before, after in pairwise(spans):
            assert before.live_until is not None
            assert before.live_until <= after.live_from
        assert entry.newest is not None
        for revision in entry.revisions.all():
            assert revision.tag_links.count() == revision.tag_count
    exported("history")
    exported("public")


@pytest.fixture
def texts(db):
    """What another site exports, which has nothing to do with what stands here."""
    with transaction.atomic():
        content()
        made = [exported("history"), exported("public")]
        transaction.set_rollback(True)
    return made


@pytest.fixture
def texts_of_here(db):
    """What this site exported, before somebody edited on top."""
    content()
    made = [exported("history"), exported("public")]
    newer = Entry.objects.get(slug="poliomyelitis")
    with transaction.atomic():
        publishing.publish(add_draft(newer, title="Newer there"), by=None)
        made += [exported("history"), exported("public")]
        transaction.set_rollback(True)
    return made


def spoiled_file(folder, texts, dice):
    path = folder / f"content{dice.choice(['.json', '.jsonl', '.json.gz', '.txt'])}"
    path.write_bytes(Spoiler(dice, json.loads(dice.choice(texts))).spoil())
    return path


@at_random
@given(seed=st.integers(0, 2**32))
def test_a_spoiled_file_comes_into_an_empty_site_whole_or_not_at_all(tmp_path, texts, seed):
    dice = random.Random(seed)
    with transaction.atomic():
        come_in(spoiled_file(tmp_path, texts, dice), dice)
        transaction.set_rollback(True)


@at_random
@given(seed=st.integers(0, 2**32))
def test_a_spoiled_file_comes_in_over_what_is_there_whole_or_not_at_all(
    tmp_path, texts_of_here, seed
):
    dice = random.Random(seed)
    with transaction.atomic():
        if dice.random() < 0.5:
            add_draft(Entry.objects.get(slug="poliomyelitis"), title="Here since")
        come_in(spoiled_file(tmp_path, texts_of_here, dice), dice)
        transaction.set_rollback(True)


def come_in(path, dice):
    options = {
        "on_conflict": dice.choice(["refuse", "theirs", "ours", "draft"]),
        "skip_invalid": dice.random() < 0.6,
        "prune": dice.random() < 0.2,
    }
    before = everything()
    planned = Planned(path, **options)
    assert everything() == before
    assert all(isinstance(sentence, str) and sentence for sentence in planned.problems)
    if planned.plan.objection:
        with pytest.raises(NotApplied):
            planned.apply()
        assert everything() == before
        COUNTS["refused" if not planned.plan.unreadable else "unreadable"] += 1
        return
    planned.apply()  # the database has no word in it any more
    COUNTS["applied" if planned.plan.writes else "nothing to write"] += 1
    check()
    again = Planned(path, **options)
    assert again.plan.writes == 0 or options["on_conflict"] in ("theirs", "draft"), again.outcomes
