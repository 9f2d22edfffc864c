import pytest

from causes import publishing
from tests.factories import add_draft, make_live


@pytest.fixture
def polio():
    """Public with its second text."""
    entry = make_live(slug="polio", title="Polio", tags=["virus"])
    publishing.publish(add_draft(entry, title="Polio, again"), by=None)
    entry.refresh_from_db()
    return entry
