"""docs/fixtures.md tells the truth, and fixtures/initial.json is in the form that it tells of."""

import json
import re
from pathlib import Path

import pytest

from causes.interchange.schema import SCHEMAS
from causes.models.format import VERSION
from tests.interchange.content import Planned, bring, exported, write

pytestmark = pytest.mark.django_db

PAPER = Path("docs/fixtures.md")
INITIAL = Path("fixtures/initial.json")


def example():
    return re.search(r"```json\n(.*?)```", PAPER.read_text(encoding="utf-8"), re.DOTALL).group(1)


def test_the_example_comes_in_and_goes_out_as_it_is_written(tmp_path, client):
    path = write(tmp_path, example())
    planned = Planned(path)
    assert planned.problems == []
    planned.apply()
    assert exported() == exported("history") == example()
    assert client.get("/causes/nerve-pressure/", follow=True).status_code == 200


def test_every_field_stands_in_the_table_of_its_row_and_in_the_example():
    table: dict[str, dict[str, bool]] = {}
    model = ""
    for line in PAPER.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|") or len(cells) != 3:
            continue
        if found := re.fullmatch(r"`causes\.(\w+)`", cells[0]):
            model = found.group(1)
        if model and (not cells[0] or found):
            names = re.findall(r"`(\w+)`( \*)?", cells[1])
            table.setdefault(model, {}).update({name: bool(star) for name, star in names})
    rows = {row["model"].removeprefix("causes."): row["fields"] for row in json.loads(example())}
    for name, form in SCHEMAS.items():
        needed = {field.name: not field.needed for field in form.fields}
        assert table[name] == needed, name
        assert list(rows[name]) == [field.name for field in form.fields]


def test_the_initial_fixture_is_as_make_fixture_writes_it(tmp_path):
    bring(INITIAL)
    assert exported() == INITIAL.read_text(encoding="utf-8"), "run  make fixture"
    assert json.loads(INITIAL.read_text())[0]["fields"]["version"] == VERSION
