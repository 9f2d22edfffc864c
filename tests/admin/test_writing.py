"""The page beside the form, from whatever the form holds."""

import pytest

from tests.admin.desk import url
from tests.factories import make_category, make_tag

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("odd", ["9" * 5000, "9" * 20, "²", "٣", "-1", "x", "\x00", ""])
def test_a_category_and_tags_that_cannot_be_are_left_out(desk, odd):
    data = {"title": "Nerve", "body": "Words.", "category": odd}
    response = desk.post(url("look"), data | {"tags": [odd, make_tag("myelin").pk]})
    assert response.status_code == 200
    page = response.json()["page"]
    assert "Words." in page
    assert "myelin" in page


def test_the_page_shows_the_category_that_is_chosen(desk):
    data = {"title": "Nerve", "body": "Words.", "category": make_category("Injuries").pk}
    assert "Injuries" in desk.post(url("look"), data).json()["page"]
