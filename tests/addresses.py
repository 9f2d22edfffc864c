"""One site with an object in each state, and every address of it, for tests that walk them all.

What must not leave the desk carries a marker: a word that occurs nowhere else.
"""

from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple

from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse

from causes import publishing
from causes.clock import now
from causes.models import Category, Entry, Source, Tag
from causes.preview_links import preview_links
from tests.crawl import routes
from tests.factories import add_draft, make_entry, make_live, make_person, make_source
from tests.interchange.content import exported

MARKER = "qzx"
"""Begins every word that only people who may see drafts may read."""

ROLES = ("visitor", "no-group", "Writer", "Reviewer", "Publisher", "Superuser")
"""The columns of the table. An inactive account must get what a visitor gets."""

BLIND = ("visitor", "inactive", "no-group")
"""Those who may see no draft."""

MORE = (
    *("/causes", "/admin", "/nope/", "/causes/nope/", "/preview/forged:token/"),
    *("/static/site/site.css", "/static/nope.css"),
)
"""Paths that no pattern has, and rows of the table all the same."""


KINDS = "/causes/{cause,page}/"


class Site(NamedTuple):
    entries: dict
    """{(kind, state): Entry}"""
    values: dict
    """{name of a part of an address: value}"""
    people: dict


def secret_text(what, **fields):
    """A text whose every part has a marker."""
    make_source(f"{MARKER}-source-{what}", title=f"{MARKER}sourcetitle {what}")
    return {
        "title": f"{MARKER}title {what}",
        "summary": f"{MARKER}summary {what}",
        "body": f"The xylophone {MARKER}body {what} [@{MARKER}-source-{what}].",
        "tags": [f"{MARKER}tag {what}"],
        "category": f"{MARKER}category {what}",
    } | fields


def make_site():
    """Rows in each state, made by the desk's own verbs."""
    boss = make_person("Superuser")
    make_source("shown-2020")
    entries = {
        (kind, state): entry
        for kind in ("cause", "page")
        for state, entry in _entries_of(kind, boss).items()
    }
    draft = entries["cause", "draft"]
    publishing.share_preview(draft.newest, by=boss, days=3)
    people = {role: make_person(role) for role in ROLES[2:]}
    people["no-group"] = User.objects.create_user("nobody", is_staff=True)
    people["inactive"] = User.objects.create_superuser("gone", is_active=False)
    people["visitor"] = None
    values = {
        "token": preview_links(draft)[0].path.split("/")[-2],
        "app_label": "causes",
        "content_type_id": str(ContentType.objects.get_for_model(Entry).pk),
        "object_id": str(draft.pk),
        "url": "nowhere",
        "id": str(people["Writer"].pk),
        "name": "add_tag",
    }
    _upload(boss)
    _guess()
    return Site(entries, values, people)


def _entries_of(kind, boss):
    fields = {} if kind == "cause" else {"category": None, "tags": []}
    hidden = {}
    for state in ("draft", "scheduled", "withheld"):
        text = secret_text(f"{state}{kind}", **fields)
        slug = f"{MARKER}-{state}-{kind}"
        entry = make_entry(slug=slug, kind=kind, by=boss, **text)
        if state == "scheduled":
            publishing.schedule(entry.newest, by=boss, publish_at=now() + timedelta(days=3))
        hidden[state] = entry
    publishing.publish(hidden["withheld"].newest, by=boss)
    hidden["withheld"].refresh_from_db()
    publishing.withhold(hidden["withheld"].newest, f"{MARKER}reason", by=boss)
    shown = {"tags": ["shown tag"]} if kind == "cause" else fields
    body = "Public [@shown-2020]."
    live = make_live(slug=f"live-{kind}", kind=kind, title="Public", body=body, **shown)
    second = secret_text(f"second{kind}", **fields)
    if kind == "page":
        del second["category"]
    add_draft(live, by=boss, note=f"{MARKER}note", **second)
    live.refresh_from_db()
    return hidden | {"live": live}


def _upload(boss):
    """An import that waits for a decision."""
    client = Client()
    client.force_login(boss)
    file = SimpleUploadedFile("content.json", exported().encode())
    sent = {"files": file, "on_conflict": "theirs"}
    b"".join(client.post(reverse("admin:causes_import_add"), sent).streaming_content)


def _guess():
    """A failed sign-in, which two lists of the desk show."""
    Client().post(reverse("admin:login"), {"username": "nobody", "password": "a guess"})


def paths(site):
    """{row of the table: its paths}, for every address. A pattern may have a row for each state."""
    found = {path: [path] for path in MORE}
    for route in routes():
        for row, path in _paths(route, site):
            # Both kinds of entries have one row: their pages are the same code.
            row = row.replace("/causes/cause/", KINDS).replace("/causes/page/", KINDS)
            found.setdefault(row, []).append(path)
    return found


def _paths(route, site):
    """(row, path) of each path of a pattern."""
    row = "/" + route.pattern
    if route.parts and route.admin:
        for values in _rows_of(route, site):
            yield row, route.filled(site.values | values)
    elif route.pattern in _PARTS:
        for part, state in _PARTS[route.pattern](site):
            yield f"{row} {state}", route.filled(dict.fromkeys(route.parts, part))
    else:
        yield row, route.filled(site.values)


def _rows_of(route, site):
    """The parts of an address of the desk, for each row that it is tried with."""
    if not issubclass(route.admin.model, Entry):
        pk = str(route.admin.model.objects.order_by("pk").first().pk)
        return [{"pk": pk, "object_id": pk, "id": pk}]
    of = route.pattern.split("/")[2]
    return [_of(entry) for (kind, _), entry in site.entries.items() if kind == of]


def _entries(of):
    return lambda site: [
        (entry.slug, state) for (kind, state), entry in site.entries.items() if kind == of
    ]


def _others(model, name="slug"):
    return lambda site: [
        (value, _seen(value)) for value in model.objects.order_by("pk").values_list(name, flat=True)
    ]


def _seen(slug):
    return "hidden" if slug.startswith(MARKER) else "shown"


_PARTS = {
    "causes/<slug>/": _entries("cause"),
    "<slug>/": _entries("page"),
    "tags/<slug>/": _others(Tag),
    "categories/<slug>/": _others(Category),
    "sources/<key>/": _others(Source, "key"),
}
"""{pattern: function of a site that returns (what stands in the address, state)}"""


def _of(entry):
    revision = entry.revisions.order_by("-number").first()
    return {"pk": str(entry.pk), "object_id": str(entry.pk), "revision": str(revision.uuid)}


def cookie_of(person):
    """The Cookie header of somebody who has signed in; "" for nobody."""
    client = Client()
    if person is not None:
        client.force_login(person)
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


@contextmanager
def undone():
    """Rolls back what a request has written."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def ask(client, method, path, cookie=""):
    """(response, its body), with what it wrote undone. The cookie is sent instead of the client's."""
    with undone():
        response = client.generic(method, path, headers={"cookie": cookie})
        body = b"".join(response.streaming_content) if response.streaming else response.content
    return response, body
