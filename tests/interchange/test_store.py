"""A plan is never much longer than the files from which it was made."""

import gzip

import pytest

from causes.interchange.store import MOST_PROBLEMS
from tests.interchange.content import Planned

pytestmark = pytest.mark.django_db


def test_a_file_of_nothing_but_problems_makes_a_short_plan(tmp_path):
    path = tmp_path / "content.json.gz"
    path.write_bytes(gzip.compress(b"[" + b"1," * 30_000 + b"1]"))
    plan = Planned(path)
    assert plan.store.problem_count() == MOST_PROBLEMS + 1
    last = list(plan.store.problems(MOST_PROBLEMS))
    assert [one.sentence for one in last] == [
        "There are more problems. Correct these 10,000 first."
    ]
    pages = plan.store.one("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
    assert pages < 2 << 20


def test_front_matter_of_any_length_is_refused_by_name(tmp_path):
    path = tmp_path / "polio.md"
    path.write_text("---\n" + "a: b\n" * 30_000 + "---\n")
    said = [one.sentence for one in Planned(path, markdown=True).store.problems()]
    assert said[0].startswith("The front matter has 150,000 characters; the most is 100,000.")
