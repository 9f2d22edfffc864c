"""Whatever is asked of whatever address: no answer is an error of ours.

tests/test_addresses.py has the answers to each role.
"""

import shutil
from datetime import date
from itertools import product
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import path as address
from django.urls import reverse

from causes import publishing
from causes.admin.actions import ACTIONS
from causes.models import Entry, Import, Page, Source, Tag
from causes.preview_links import preview_links
from tests.crawl import (
    EVERYTHING,
    FEW,
    FEWEST,
    LOOKUPS,
    ODD,
    Crawler,
    encoded,
    forms_of,
    odd_queries,
    odd_values,
    routes,
    share,
)
from tests.factories import add_draft, make_in_state, make_live, make_person, make_source
from tests.interchange.content import exported

pytestmark = pytest.mark.django_db

ROUTES = list(routes())
WHERE = (
    *(("draft", "submitted"), ("scheduled", "draft"), ("live", "out")),
    *(("live-with-draft", "approved"), ("live-with-draft", "out"), ("taken-down", "sent-back")),
)
MIDDLEWARE = [*settings.MIDDLEWARE, "tests.crawl.Listening"]


@pytest.fixture(scope="module")
def content(django_db_setup, django_db_blocker, tmp_path_factory):
    """Rows in each state, made once and committed; every request is undone.

    In one transaction with the tests, an import that was applied would never end for
    PostgreSQL, and the desk would refuse all forms.
    """
    folder = tmp_path_factory.mktemp("data")
    with django_db_blocker.unblock():
        try:
            with override_settings(DATA_DIR=folder, MIDDLEWARE=MIDDLEWARE):
                yield _content(folder)
        finally:
            call_command("flush", interactive=False, verbosity=0)


@pytest.fixture
def site(content, tmp_path, settings):
    """The rows, with the uploaded files as they were: no transaction brings files back."""
    settings.DATA_DIR = tmp_path
    shutil.copytree(content.folder, tmp_path, dirs_exist_ok=True)
    return content


def _content(folder):
    boss = make_person("Superuser")
    make_source("maas-2015")
    make_source("gone-1999", withdrawn_on=date(2026, 1, 1), withdrawn_reason="Retracted")
    entries = [make_in_state(*where) for where in WHERE]
    live = make_live(slug="live", tags=["shared"], body="## One\n\nSo [@maas-2015; @gone-1999].")
    page = make_live(slug="a-page", kind=Entry.Kind.PAGE, category=None)
    old = make_live(slug="old-slug")
    publishing.rename(old, "new-slug", by=None)
    withheld = make_live(slug="withheld")
    publishing.withhold(withheld.newest, "Names a patient", by=boss)
    partly = make_live(slug="partly-withheld")
    publishing.publish(add_draft(partly, body="Better."), by=None)
    publishing.withhold(partly.revisions.get(number=1), "Names a patient", by=boss)
    empty = Entry.objects.create(kind="cause", slug="no-text")
    empty_page = Entry.objects.create(kind="page", slug="no-text-either")
    publishing.share_preview(live.newest, by=boss, days=3)
    publishing.rename_taxon(Tag.objects.get(name="shared"), "renamed", by=boss)
    _imports(boss)
    return SimpleNamespace(
        folder=folder,
        boss=boss,
        causes=[*entries, live, old, withheld, partly, empty],
        pages=[page, empty_page],
        token=preview_links(live)[0].path.split("/")[-2],
    )


def _imports(boss):
    """One that was applied, and one that waits."""
    client = Client()
    client.force_login(boss)
    for text in (exported(), exported().replace("All about", "More about")):
        file = SimpleUploadedFile("content.json", text.encode())
        sent = {"files": file, "on_conflict": "theirs"}
        b"".join(client.post(reverse("admin:causes_import_add"), sent).streaming_content)
        run = Import.objects.latest("pk")
        if Import.objects.count() == 1:
            applied = client.post(reverse("admin:causes_import_apply", args=[run.pk]))
            b"".join(applied.streaming_content)


def good_values(route, site):
    """What stands in an address when all is well: {part: value}, for each row worth a look."""
    if not route.parts:
        return [{}]
    model = route.admin.model if route.admin else None
    if model and issubclass(model, Entry):
        entries = site.pages if model is Page else site.causes
        return [{part: _of_entry(part, entry) for part in route.parts} for entry in entries]
    rows = [str(row.pk) for row in model.objects.order_by("-pk")[:2]] if model else []
    known = {
        "token": [site.token],
        "key": ["maas-2015", "gone-1999"],
        "slug": "live a-page old-slug withheld no-text diseases renamed shared".split(),
        "app_label": ["causes", "auth"],
        "content_type_id": [str(ContentType.objects.get_for_model(Source).pk)],
        "object_id": [str(Source.objects.first().pk)],
        "url": ["nowhere"],
    }
    choices = [rows or known.get(part, ["1"]) for part in route.parts]
    return [dict(zip(route.parts, chosen, strict=True)) for chosen in product(*choices)]


def _of_entry(part, entry):
    if part == "revision":
        first = entry.revisions.order_by("number").first()
        return str(first.uuid) if first else "0d9c8b7a-1f2e-4d3c-8b5a-6e7f8a9b0c33"
    return {"name": "add_tag"}.get(part, str(entry.pk))


def good_query(route):
    if route.pattern == "admin/autocomplete/":
        return "app_label=causes&model_name=taggedrevision&field_name=tag&term=a"
    if route.pattern.endswith("import/export/"):
        return "file_format=json&mode=public"
    return ""


def parameters(route, crawler, path):
    """(name, which values are worth a try) of all that a view may read.

    What it was seen to read; of a list also its filters, of an empty form its fields.
    """
    names = crawler.read_by(path, good_query(route))
    yield from ((name, FEW if route.parts else ODD) for name in sorted(names - {"*"}))
    if "*" in names and route.admin:
        _, body = crawler.ask(path)
        fields = {field for form in forms_of(body) for field in form.fields}
        yield from ((name, FEW) for name in sorted((fields | lookups(route.admin)) - names))


def lookups(model_admin):
    """The names of the filters of a list, with lookups; and of its dates."""
    fields = [name if isinstance(name, str) else name.parameter_name
              for name in model_admin.list_filter]  # fmt: skip
    fields += [model_admin.date_hierarchy] if model_admin.date_hierarchy else []
    return {f"{name}{lookup}" for name in [*fields, "pk"] for lookup in ("", *LOOKUPS)}


def told(crawler):
    assert not crawler.faults, f"{len(crawler.faults)} of {crawler.tried}:\n" + "\n".join(
        crawler.faults[:40]
    )


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.pattern)
def test_no_odd_part_or_parameter_of_an_address_is_an_error(site, route):
    crawler = Crawler(site.boss)
    goods = good_values(route, site)
    for values in goods:
        crawler.ask(route.filled(values))
        for part in values:
            for odd in odd_values(ODD if values is goods[0] else FEW):
                crawler.ask(route.filled({**values, part: encoded(odd)}))
    path = route.filled(goods[0])
    good = good_query(route)
    for name, values in list(parameters(route, crawler, path)):
        for query in odd_queries(name, share(values, path + name)):
            crawler.ask(path, f"{good}&{query}")
    told(crawler)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.pattern)
def test_no_odd_field_of_a_form_is_an_error(site, route):
    crawler = Crawler(site.boss)
    slow = route.pattern.startswith("admin/auth/")  # long lists of permissions
    # The state of an entry matters little for the fields of a form.
    goods = good_values(route, site)
    for place, values in enumerate(goods if EVERYTHING else goods[:3]):
        path = route.filled(values)
        # A view without a page of its own, which scripts or another page send to.
        for name in crawler.read_by(path, data={"x": "1"}) - {"*"}:
            for odd in odd_values(FEWEST if place else FEW if slow else ODD):
                crawler.ask(path, data={name: odd})
        crawler.submit(path, FEWEST if place else FEW if slow else ODD)
    told(crawler)


@pytest.mark.parametrize("kind", ["cause", "page"])
@pytest.mark.parametrize("action", ACTIONS)
def test_no_odd_field_of_an_action_on_many_is_an_error(site, kind, action):
    crawler = Crawler(site.boss)
    ticked = {
        "action": action,
        "_selected_action": [entry.pk for entry in site.causes + site.pages],
    }
    crawler.submit(reverse(f"admin:causes_{kind}_changelist"), ODD, ticked)
    for odd in odd_values():
        crawler.ask(
            reverse(f"admin:causes_{kind}_changelist"), data=ticked | {"_selected_action": odd}
        )
    told(crawler)


def _careless(request, number="1"):
    """A view as somebody might add one: it reads a number wherever it is told one."""
    if request.method == "POST":
        int(request.POST.get("amount") or 1)
    form = '<form method="post"><input name="amount"></form>'
    return HttpResponse(f"{int(number)} {int(request.GET.get('page') or 1)} {form}")


urlpatterns = [address("careless/", _careless), address("careless/<str:number>/", _careless)]


def test_what_a_new_view_does_wrong_is_found(settings):
    settings.ROOT_URLCONF, settings.MIDDLEWARE = __name__, ["tests.crawl.Listening"]
    plain, with_part = routes()
    crawler = Crawler()
    (page,) = parameters(plain, crawler, "/careless/")
    assert page == ("page", ODD)
    for query in odd_queries(*page):
        crawler.ask("/careless/", query)
    in_queries = len(crawler.faults)
    for odd in odd_values():
        crawler.ask(with_part.filled({"number": encoded(odd)}))
    in_parts = len(crawler.faults) - in_queries
    crawler.submit("/careless/", [*ODD])  # every one of them
    in_fields = len(crawler.faults) - in_parts - in_queries
    assert min(in_queries, in_parts, in_fields) > 10
    assert "ValueError" in crawler.faults[0]
