import os
import random

import pytest
from django.db import connection

from tests.publishing.storm import STEPS, WORKERS, Storm


@pytest.mark.django_db(transaction=True)
def test_verbs_at_random_from_eight_workers_lose_nothing_overlap_nothing_and_never_deadlock(
    capsys,
):
    seed = os.environ.get("STORM_SEED") or str(random.randrange(10**9))
    storm = Storm(seed)
    storm.run(WORKERS, STEPS)
    with capsys.disabled():
        if "STORM_STEPS" in os.environ:
            print(f"\n{connection.vendor}, {WORKERS} workers, seed {seed}: {storm.figures()}")
    try:
        storm.check()
    except AssertionError as error:
        raise AssertionError(f"{error} (STORM_SEED={seed})") from error
