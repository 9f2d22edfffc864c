"""Queries compiled once answer as the ORM does."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from causes.clock import now
from causes.models import Listing, Publication, Revision
from causes.queries.prepared import Prepared
from causes.text.names import sort_key
from tests.factories import make_live

pytestmark = pytest.mark.django_db


@Prepared
def live_from(at: datetime, slug: str) -> Any:
    rows = Publication.objects.live(at).filter(entry__slug=slug)
    return rows.values_list("uuid", "live_from", "revision__title")


@Prepared
def by_title(at: datetime, kind: str) -> Any:
    rows = Listing.objects.live(at).filter(kind=kind).order_by("sort_title")
    return rows.values_list("publication_id", "sort_title")


def test_rows_are_those_of_the_queryset_whatever_the_values():
    one, two = make_live(title="One % of 100"), make_live(title="Two ? and %s")
    for entry in (one, two):
        span = Publication.objects.select_related("revision").get(entry=entry)
        expected = [(span.uuid, span.live_from, span.revision.title)]
        for _ in range(2):
            assert live_from(at=now(), slug=entry.slug) == expected
    assert live_from(at=now() - timedelta(days=1), slug=one.slug) == []
    assert live_from(at=now(), slug="' OR 1=1 --") == []


def test_tools_that_count_queries_see_it():
    make_live(title="One")
    with CaptureQueriesContext(connection) as captured:
        heard = by_title(at=now(), kind="cause")
    assert len(captured) == 1
    assert by_title(at=now(), kind="cause") == heard


def test_several_in_one_query_each_cut_by_itself():
    for title in ("b", "a", "c"):
        make_live(title=title)
    make_live(title="page", kind="page", slug="a-page")
    many = [{"at": now(), "kind": kind} for kind in ("cause", "page")]
    with CaptureQueriesContext(connection) as captured:
        rows = by_title.within("SELECT place, sort_title FROM ({query}) q", many, limit=2)
    assert sorted(rows) == [(0, sort_key("a")), (0, sort_key("b")), (1, sort_key("page"))]
    assert len(captured) == 1


def test_a_parameter_that_the_query_does_not_use_is_a_mistake():
    @Prepared
    def forgetful(number: int) -> Any:
        return Revision.objects.values_list("pk")

    with pytest.raises(TypeError, match="forgetful does not use number in its query"):
        forgetful(number=1)
