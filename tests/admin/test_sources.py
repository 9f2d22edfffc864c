"""Sources at the desk: pasted identifiers, papers that are in twice, days to come, finders."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.urls import reverse

from causes.clock import now, today
from causes.models import Review, Source
from causes.models.guards import Refused
from tests.admin.desk import ask, change, fields_of, messages_of, url
from tests.admin.test_imports import apply, plan, upload
from tests.factories import make_category, make_entry, make_live, make_source, make_tag

pytestmark = pytest.mark.django_db

NEW = {"key": "new-2020", "kind": "review", "authors": "A", "title": "T"}
OLD_DOI = "10.1002/(SICI)1097-4598(199910)22:10<1330::AID-MUS2>3.0.CO;2-#"


def add(desk, **fields):
    return desk.post(url("add", kind="source"), NEW | fields)


@pytest.mark.parametrize(
    ("field", "pasted", "kept"),
    [
        ("doi", "https://doi.org/10.1000/xyz123", "10.1000/xyz123"),
        ("doi", f"https://doi.org/{OLD_DOI}", OLD_DOI),
        ("pmid", "https://pubmed.ncbi.nlm.nih.gov/25738518/", "25738518"),
        ("pmcid", "pmcid: pmc5541325", "PMC5541325"),
    ],
)
def test_an_identifier_is_taken_in_the_form_in_which_it_is_pasted(desk, field, pasted, kept):
    assert add(desk, **{field: pasted}).status_code == 302
    assert getattr(Source.objects.get(), field) == kept
    made = Source.objects.create(key="by-shell", kind="review", authors="A", title="T",
                                 **{field: pasted})  # fmt: skip
    assert getattr(made, field) == kept


def test_no_field_cuts_off_what_is_pasted_into_it(desk):
    page = desk.get(url("add", kind="source")).content.decode()
    for name in ("doi", "pmid", "pmcid"):
        tag = next(tag for tag in page.split("<input") if f'name="{name}"' in tag)
        assert "maxlength" not in tag.partition(">")[0]


@pytest.mark.parametrize(
    ("doi", "address"),
    [
        ("10.1000/xyz-1_(a);b:c", "https://doi.org/10.1000/xyz-1_(a);b:c"),
        ("10.1000/a;2-#", "https://doi.org/10.1000/a;2-%23"),
        ("10.1000/50%25off?x", "https://doi.org/10.1000/50%2525off%3Fx"),
        ("10.1000/a<1::b>2", "https://doi.org/10.1000/a%3C1::b%3E2"),
    ],
)
def test_the_address_of_a_doi_leads_to_the_whole_of_it(desk, doi, address):
    make_source("one", doi=doi)
    make_live(body="See [@one].")
    page = desk.get("/sources/one/").content.decode()
    assert f'href="{address.replace("&", "&amp;")}"' in page


@pytest.mark.parametrize(
    ("here", "typed", "label"),
    [
        ({"doi": "10.1000/XYZ"}, {"doi": "https://doi.org/10.1000/xyz"}, "DOI"),
        ({"pmid": "7"}, {"pmid": "PMID: 7"}, "PMID"),
        ({"pmcid": "PMC7"}, {"pmcid": "pmc7"}, "PMCID"),
        ({"url": "https://www.who.int/a"}, {"url": "http://WHO.int/a/"}, "address"),
        ({"doi": "10.1000/xyz"}, {"url": "https://dx.doi.org/10.1000/XYZ"}, "DOI"),
    ],
)
def test_a_paper_that_is_here_already_is_pointed_out_before_it_is_saved(desk, here, typed, label):
    other = make_source("maas-2015", **here)
    response = add(desk, **typed)
    page = response.content.decode()
    assert Source.objects.count() == 1
    assert f"[@maas-2015] has the same {label}." in page
    assert f'href="{url("change", other.pk, kind="source")}"' in page
    assert add(desk, **typed, twice="somebody-else").status_code == 200
    assert add(desk, **typed, twice="maas-2015").status_code == 302
    made = Source.objects.get(key="new-2020")
    address = url("change", made.pk, kind="source")
    assert change(desk, address, follow=False, title="Other").status_code == 302  # asked once


def test_a_box_that_was_ticked_stays_ticked_while_something_else_is_wrong(desk):
    make_source("maas-2015", doi="10.1000/xyz")
    response = add(desk, doi="10.1000/xyz", twice="maas-2015", title="")
    assert fields_of(response)["twice"] == "maas-2015"
    assert "has the same" not in response.content.decode()


def test_a_paper_that_is_withdrawn_in_one_place_is_pointed_out_in_the_other(desk):
    one = make_source("one", doi="10.1000/xyz")
    make_source("two", url="https://doi.org/10.1000/xyz")
    response = change(desk, url("change", one.pk, kind="source"), withdrawn_on="2026-01-31")
    assert any("[@two]" in message and "not marked as withdrawn" in message
               for message in messages_of(response))  # fmt: skip


def test_the_plan_points_out_a_paper_that_is_here_or_twice_in_the_file(desk, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    make_source("maas-2015", doi="10.1000/xyz")
    rows = [{"model": "causes.fixtureformat", "fields": {"version": 2}}]
    for key, doi in (("a-1", "https://doi.org/10.1000/XYZ"), ("b-1", "10.1001/b"),
                     ("c-1", "doi:10.1001/B")):  # fmt: skip
        fields = {"key": key, "kind": "review", "authors": "A", "title": "T", "doi": doi}
        rows.append({"model": "causes.source", "fields": fields})
    upload(desk, json.dumps(rows))
    page = plan(desk)
    assert "[@maas-2015] has the same DOI" in page
    assert "[@b-1] has the same DOI" in page
    assert page.count("has the same") == 2
    apply(desk)
    dois = dict(Source.objects.values_list("key", "doi"))
    assert (dois["a-1"], dois["c-1"]) == ("10.1000/XYZ", "10.1001/B")
    upload(desk, json.dumps(rows))
    assert "has the same" not in plan(desk)


# Days ------------------------------------------------------------------------------------


def tomorrow():
    return today() + timedelta(days=1)


@pytest.mark.parametrize("name", ["checked_on", "withdrawn_on"])
def test_nothing_was_checked_or_withdrawn_on_a_day_to_come(desk, name):
    response = add(desk, **{name: tomorrow().isoformat()})
    assert "is in the future" in str(response.context["adminform"].form.errors[name])
    with pytest.raises(Refused, match="is in the future"):
        make_source("guarded", **{name: tomorrow()})
    assert add(desk, **{name: today().isoformat()}).status_code == 302


def test_a_reason_without_the_day_of_the_withdrawal_is_refused_by_form_and_guard(desk):
    assert add(desk, withdrawn_reason="Made up.").status_code == 200
    with pytest.raises(Refused, match="Say when"):
        make_source("guarded", withdrawn_reason="Made up.")


def test_no_review_happened_on_a_day_to_come():
    revision = make_entry().newest
    with pytest.raises(Refused, match="is in the future"), transaction.atomic():
        Review.objects.create(revision=revision, reviewer="R", qualification="MD",
                              reviewed_on=tomorrow())  # fmt: skip
    Review.objects.create(revision=revision, reviewer="R", qualification="MD", reviewed_on=today())


def test_a_file_brings_in_nothing_of_a_day_to_come():
    from causes.interchange.schema import BadRow, read_row

    source = {"key": "a-1", "kind": "review", "authors": "A", "title": "T"}
    review = {"uuid": "11111111-1111-4111-8111-111111111111", "reviewer": "R",
              "revision": ["11111111-1111-4111-8111-111111111111"], "qualification": "MD",
              "created_at": now().isoformat()}  # fmt: skip
    for model, fields, name in (("source", source, "checked_on"), ("source", source, "withdrawn_on"),
                                ("review", review, "reviewed_on")):  # fmt: skip
        with pytest.raises(BadRow) as wrong:
            read_row(model, fields | {name: tomorrow().isoformat()})
        assert [problem[0] for problem in wrong.value.problems] == [name]
        assert read_row(model, fields | {name: today().isoformat()})[name] == today().isoformat()


def test_the_day_is_that_of_the_site_and_not_of_utc(settings, desk):
    settings.TIME_ZONE = "Pacific/Auckland"
    with time_machine.travel("2026-06-30T13:00:00Z", tick=False):  # 1 July there
        make_source("one", checked_on="2026-07-01")
        with pytest.raises(Refused, match="02 July 2026 is in the future"):
            make_source("two", checked_on="2026-07-02")
    settings.TIME_ZONE = "America/Los_Angeles"
    with (
        time_machine.travel("2026-07-01T05:00:00Z", tick=False),  # 30 June there
        pytest.raises(Refused, match="01 July 2026 is in the future"),
    ):
        make_source("three", checked_on="2026-07-01")


# Finders -----------------------------------------------------------------------------------

NAMES = ["Østergaard Straße", "östrogen", "Épilepsie", "Łódź", "so\u200cft"]
TYPED = ["ØSTERGAARD", "ostergaard strasse", "ÖSTROGEN", "ostrogen", "épilepsie", "EPILEPSIE",
         "e\u0301pilepsie", "łódź", "LODZ", "soft"]  # fmt: skip


def listed(desk, kind, typed):
    found = desk.get(url("changelist", kind=kind), {"q": typed}).context["cl"]
    return list(found.result_list)


@pytest.mark.parametrize("typed", TYPED)
def test_every_finder_of_the_desk_looks_past_case_and_accents(desk, typed):
    for number, name in enumerate(NAMES):
        make_source(f"s-{number}", authors=name)
        make_category(name)
        make_entry(title=name, tags=[name], category=name)
    first = typed.split()[0]
    picked = desk.get(url("pick", kind="source"), {"q": typed}).json()["sources"]
    query = {"term": typed, "app_label": "causes", "model_name": "taggedrevision",
             "field_name": "tag"}  # fmt: skip
    completed = desk.get(reverse("admin:autocomplete"), query).json()["results"]
    assert len(picked) == len(completed) == 1
    name = picked[0]["authors"]
    assert completed[0]["text"] == name
    assert [row.authors for row in listed(desk, "source", typed)] == [name]
    assert [row.name for row in listed(desk, "category", typed)] == [name]
    assert [row.name for row in listed(desk, "tag", typed)] == [name]
    assert [row.newest.title for row in listed(desk, "cause", typed)] == [name]
    source = Source.objects.get(authors=name)
    change(desk, url("delete", source.pk, kind="source"))
    assert [row.verb for row in listed(desk, "event", first)] == []
    entry = make_entry(title="Other", slug="other")
    ask(desk, entry, "submit", reason=f"About {name}")
    assert [row.verb for row in listed(desk, "event", typed)] == ["submit"]


@pytest.mark.parametrize("kind", ["cause", "page", "source", "category", "tag", "event"])
def test_every_list_says_what_its_search_looks_at(desk, kind):
    assert b"Searches " in desk.get(url("changelist", kind=kind)).content


@pytest.mark.parametrize("typed", ["%", "_", "'", "\\", "🧠" * 3000, "٣"])
def test_no_sign_that_is_typed_into_a_finder_means_anything_but_itself(desk, typed):
    make_source(authors="Plain A")
    make_tag("plain")
    make_entry(title="Plain")
    for kind in ("source", "tag", "cause", "event"):
        assert desk.get(url("changelist", kind=kind), {"q": typed}).status_code == 200
    found = desk.get(url("pick", kind="source"), {"q": typed}).json()["sources"]
    assert found == []
