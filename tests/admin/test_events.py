"""The event log as CSV, whatever its address says."""

import pytest
from django.conf import settings
from django.core.management import call_command

from causes import publishing
from causes.models import Entry
from tests.admin.desk import messages_of, url
from tests.factories import make_live, make_tag

pytestmark = pytest.mark.django_db

EXPORT, LOG = url("export", kind="event"), url("changelist", kind="event")


def lines(response):
    return b"".join(response.streaming_content).decode().splitlines()


@pytest.fixture
def log(desk):
    for number in range(3):
        make_live(title=f"Cause {number}")
    publishing.rename_taxon(make_tag("palsy"), "paralysis", by=None)


@pytest.mark.parametrize("query", ["", "p=99", "p=x", "all=", "e=1", "p=1&p=2", "p=9999999999999"])
def test_the_export_has_every_page_whatever_page_was_shown(desk, log, query):
    assert len(lines(desk.get(f"{EXPORT}?{query}"))) == 1 + 4


def test_the_export_is_filtered_and_searched_as_the_list_is(desk, log):
    assert len(lines(desk.get(f"{EXPORT}?verb__exact=rename&p=7"))) == 1 + 1
    assert len(lines(desk.get(f"{EXPORT}?q=palsy"))) == 1 + 1


def test_what_an_import_keeps_for_its_undoing_is_not_shown_as_a_change(desk):
    call_command("import_fixture", settings.BASE_DIR / "fixtures" / "initial.json", verbosity=0)
    polio = Entry.objects.get(slug="polio")
    pages = [
        "\n".join(lines(desk.get(EXPORT))),
        desk.get(LOG).content.decode(),
        desk.get(url("history", polio.pk)).content.decode(),
    ]
    for page in pages:
        assert "mported" in page
        assert "&#x27;spans" not in page
        assert "'spans" not in page


@pytest.mark.parametrize(
    "query", ["at__gte=x", "at__year=x", "at__gte=9999-99-99", "actor__id__exact=%C2%B2", "nope=1"]
)
def test_a_filter_that_cannot_be_read_leads_to_the_list_with_a_sentence(desk, log, query):
    response = desk.get(f"{EXPORT}?{query}", follow=True)
    assert response.redirect_chain == [(LOG, 302)]
    assert "nothing was exported" in messages_of(response)[0]


@pytest.mark.parametrize("address", [EXPORT, LOG, url("changelist")])
@pytest.mark.parametrize("query", ["q=%00", "at__gte=%00", "_to_field="])
def test_a_value_that_no_database_takes_is_named(desk, log, address, query):
    response = desk.get(f"{address}?{query}")
    assert response.status_code == 400
    assert f"the value of “{query.partition('=')[0]}”" in response.content.decode()
