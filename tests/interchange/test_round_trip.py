"""Out, in and out again gives the same bytes, whatever the content.

ROUND_TRIPS examples, a few unless it is set (`make deep`).
"""

import os

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from causes.models import Entry, Publication
from tests.interchange.at_random import Maker
from tests.interchange.content import Planned, exported, write

EXAMPLES = int(os.environ.get("ROUND_TRIPS", "15"))
at_random = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow,
                           HealthCheck.data_too_large, HealthCheck.large_base_example],
)  # fmt: skip

ALL_WAYS = [("public", "json"), ("live", "json"), ("history", "json"), ("history", "jsonl")]


@pytest.mark.django_db
@at_random
@given(data=st.data())
def test_out_in_and_out_again_is_byte_identical(tmp_path, data):
    texts = {}
    with transaction.atomic():
        Maker(data.draw).make(data.draw(st.integers(1, 25)))
        for way in ALL_WAYS:
            texts[way] = exported(*way)
        transaction.set_rollback(True)
    assert not Entry.objects.exists()
    for way, text in texts.items():
        with transaction.atomic():
            planned = Planned(write(tmp_path, text, f"content.{way[1]}"))
            assert planned.problems == [], text
            planned.apply()
            assert exported(*way) == text
            if way[0] == "history":
                # And so for readers, who see no more and no less.
                assert exported("public") == texts["public", "json"]
            assert set(Planned(tmp_path / f"content.{way[1]}").outcomes.values()) <= {"unchanged"}
            assert Publication.objects.live().count() <= Entry.objects.count()
            transaction.set_rollback(True)
