"""Nothing that anybody can feed to the site takes more than nearly linear time.

This is the one test that measures time: CPU time, in a process of its own. GROWTH=all measures
every function on every input, and the longest texts (`make deep`).
"""

import os
import subprocess
import sys

import pytest


@pytest.mark.skipif("COVERAGE_RUN" in os.environ, reason="Coverage makes every line slower.")
def test_ten_times_the_input_takes_at_most_twenty_times_as_long():
    run = subprocess.run(
        [sys.executable, "-m", "tests.growth"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr[-2000:]
    if "GROWTH" in os.environ:
        print(run.stdout)
