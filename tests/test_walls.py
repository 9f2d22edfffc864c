"""Two walls, one rule: guard, SQLite and PostgreSQL take and refuse the same.

Each value of the first table is offered to the guard (`save`) and to the database alone
(`bulk_create`). The table has the verdict, and the suite runs on each engine, so the two are
compared. The second table has a statement for each refusal of the database.
"""

from datetime import date, timedelta

import pytest
from django.db import Error, connection, models, transaction

from causes import database, publishing
from causes.clock import now
from causes.database import postgresql, sqlite
from causes.models import (
    Category,
    Entry,
    Event,
    FixtureFormat,
    Import,
    Publication,
    Redirect,
    Review,
    Revision,
    Source,
    Tag,
    TaggedRevision,
)
from causes.models.guards import Refused
from causes.models.texts import SortKeyField
from causes.text.names import fold
from causes.text.slugs import name_slug
from tests.factories import add_draft, make_category, make_entry, make_live, make_tag

pytestmark = pytest.mark.django_db

NUL, LONE = "a\x00b", "a\ud800b"

SLUGS = {
    "a": True, "a-b": True, "a1-2-b": True, "1": True, "a" * 100: True,
    "": False, "-a": False, "a-": False, "-a--b-": False, "a--b": False, "-": False, "A": False,
    "a_b": False, "a b": False, "a\n": False, "\na": False, "ä": False, "а": False, "a.b": False,
    "a" * 101: False, NUL: False, LONE: False,
}  # fmt: skip
"""Of entries, old addresses and keys of sources."""

TITLES = {
    "T": True, "  T  ": True, "T" * 200: True, "𝒯" * 200: True,
    "": False, "  ": False, " \t\r\n": False, "T" * 201: False, "𝒯" * 201: False, NUL: False,
    LONE: False,
}  # fmt: skip

NAMES = {
    "N": True, "N" * 100: True, "𝒯" * 100: True, "C++": True,
    "": False, " ": False, "N" * 101: False, "𝒯" * 101: False, NUL: False, LONE: False,
    "&&&": False,
}  # fmt: skip


def up_to(limit, empty=True):
    """What a text of at most so many characters may be."""
    return {"": empty, "x": True, "x" * limit: True, "𝒯" * limit: True, "x" * (limit + 1): False,
            NUL: False, LONE: False}  # fmt: skip


def an_entry(**fields):
    return Entry(**{"kind": "cause", "slug": "a-slug"} | fields)


def a_redirect(**fields):
    return Redirect(**{"slug": "old-slug", "entry": make_entry()} | fields)


def a_revision(**fields):
    return Revision(**{"entry": make_entry(), "number": 7, "title": "T", "body": "B"} | fields)


def a_source(**fields):
    return Source(**{"key": "a-key", "kind": "review", "authors": "A", "title": "T"} | fields)


def a_taxon(model):
    def make(name):
        return model(name=name, slug=name_slug(name), folded=fold(name))

    return make


def a_category(**fields):
    return Category(**{"name": "N", "slug": "n"} | fields)


def a_review(**fields):
    asked = {"reviewer": "R", "qualification": "MD", "reviewed_on": date(2026, 1, 1)}
    return Review(**{"revision": make_entry().newest} | asked | fields)


def an_event(**fields):
    return Event(**{"verb": "add", "subject": "source [@a]"} | fields)


# {refusal: [(how a row is made, {value: whether it is taken})]}
VALUES = {
    "entry_slug": [(lambda value: an_entry(slug=value), SLUGS)],
    "redirect_slug": [(lambda value: a_redirect(slug=value), SLUGS)],
    "source_key": [(lambda value: a_source(key=value), SLUGS)],
    "entry_kind": [
        (lambda value: an_entry(kind=value),
         {"cause": True, "page": True, "": False, "Cause": False, "tag": False}),
    ],
    "revision_sound": [
        (lambda value: a_revision(title=value), TITLES),
        (lambda value: a_revision(summary=value), up_to(500)),
        (lambda value: a_revision(note=value), up_to(300)),
        (lambda value: a_revision(body=value),
         {"x" * 200_000: True, "x" * 200_001: False, NUL: False}),
    ],
    "category_sound": [(a_taxon(Category), NAMES)],
    "tag_sound": [(a_taxon(Tag), NAMES)],
    "source_texts": [
        *((lambda value, name=name: a_source(**{name: value}), up_to(limit, empty))
          for name, limit, empty in
          (("authors", 500, False), ("title", 500, False), ("published_in", 300, True))),
        (lambda value: a_source(withdrawn_on=date(2026, 1, 1), withdrawn_reason=value), up_to(300)),
        (lambda value: a_source(pmid=value), {"": True, "1" * 10: True, "1" * 11: False}),
        (lambda value: a_source(pmcid=value), {"PMC" + "1" * 9: True, "PMC" + "1" * 10: False}),
        (lambda value: a_source(doi=value),
         {"10.1000/" + "a" * 192: True, "10.1000/" + "a" * 193: False}),
        (lambda value: a_source(url=value),
         {"https://a.example/" + "a" * 482: True, "https://a.example/" + "a" * 483: False}),
    ],
    "category_texts": [(lambda value: a_category(description=value), up_to(500))],
    "review_texts": [
        *((lambda value, name=name: a_review(**{name: value}), up_to(200, False))
          for name in ("reviewer", "qualification")),
        (lambda value: a_review(notes=value), {"": True, "x" * 2000: True, NUL: False}),
    ],
    "event_texts": [
        (lambda value: an_event(reason=value), up_to(500)),
        (lambda value: an_event(subject=value), up_to(300, False)),
        (lambda value: an_event(from_state=value), up_to(40)),
    ],
}  # fmt: skip


# Each refusal with a statement that only it refuses. Past Django: no guard and no field tidies.
def change(row, /, **values):
    columns = ", ".join(f'"{name}" = %s' for name in values)
    _run(f"UPDATE {row._meta.db_table} SET {columns} WHERE id = %s", *values.values(), row.pk)


def copy(row, /, **values):
    """Inserts the row again with these values."""
    names = [field.column for field in row._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(f'"{name}"' for name in names)
    copied = ", ".join("%s" if name in values else f'"{name}"' for name in names)
    table, given = row._meta.db_table, [values[name] for name in names if name in values]
    _run(f"INSERT INTO {table} ({columns}) SELECT {copied} FROM {table} WHERE id = %s",
         *given, row.pk)  # fmt: skip


def _run(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def publish(entry, revision, **moments):
    row = Publication(entry=entry, revision=revision, **{"live_from": now()} | moments)
    Publication.objects.bulk_create([row])


def publication_that_ended():
    entry = make_live()
    publishing.take_down(entry, by=None)
    return entry.publications.get()


def withheld():
    return publishing.withhold(make_entry().newest, "Because.", by=None)


def a_link():
    return make_entry(tags=["virus"]).newest.tag_links.get()


def of_texts(kind, make, /, **value):
    """The same value in a row that is added, and in one that is changed to it."""
    return {
        f"{kind}_texts": lambda: copy(make(), **value),
        f"{kind}_texts_changed": lambda: change(make(), **value),
    }


def saved(row):
    row.save()
    return row


BELL = "a\x07b"
FED = {
    "revision_fixed": lambda: change(make_entry().newest, title="Other"),
    "revision_withheld": lambda: change(withheld(), plain="Words."),
    "revision_sound": lambda: copy(make_entry().newest, number=9, title="  "),
    "tag_link_fixed": lambda: change(a_link(), tag_id=make_tag("other").pk),
    "tag_link_added": lambda: copy(a_link(), tag_id=make_tag("other").pk),
    "publication_own_text": lambda: publish(make_entry(), make_entry().newest),
    "publication_withheld": lambda: publish((text := withheld()).entry, text),
    "publication_fixed": lambda: change(
        make_live().publications.get(), live_from=now() - timedelta(days=1)
    ),
    "publication_ended": lambda: change(publication_that_ended(), live_until=None),
    "publication_apart": lambda: publish(
        (entry := make_live()), entry.newest, live_until=now() + timedelta(days=1)
    ),
    "entry_slug": lambda: copy(make_entry(), slug="A"),
    "entry_kind": lambda: copy(make_entry(), slug="a", kind="blog"),
    "entry_number": lambda: change(make_entry(), last_number=0),
    "entry_address": lambda: change(make_live(), slug="a"),
    "redirect_slug": lambda: copy(saved(a_redirect()), slug="A"),
    "source_key": lambda: copy(saved(a_source()), key="A"),
    "category_sound": lambda: copy(make_category(), slug=""),
    "tag_sound": lambda: copy(make_tag("virus"), slug=""),
    "event_fixed": lambda: change(saved(an_event()), verb="rename"),
    **of_texts("entry", make_entry, slug="a" * 101),
    **of_texts("redirect", lambda: saved(a_redirect()), slug="a" * 101),
    **of_texts("revision", lambda: make_entry().newest, note=BELL),
    **of_texts("source", lambda: saved(a_source()), title=BELL),
    **of_texts("category", make_category, name=BELL),
    **of_texts("tag", lambda: make_tag("virus"), name=BELL),
    **of_texts("review", lambda: saved(a_review()), notes=BELL),
    **of_texts("event", lambda: saved(an_event()), subject=BELL),
    **of_texts("import", lambda: Import.objects.create(name="n"), name="x" * 1000),
    **of_texts("fixtureformat", FixtureFormat.objects.get, name="x" * 1000),
}
BEFORE = {"revision_texts_changed": "revision_fixed", "event_texts_changed": "event_fixed"}
"""Refusals behind another one, which refuses every change of the same columns."""


def test_every_refusal_of_either_engine_is_fed():
    assert set(FED) == {name for engine in (sqlite, postgresql) for name, *_ in engine.REFUSALS}


@pytest.mark.parametrize("name", FED)
def test_each_refusal_refuses_by_its_own_sentence(name):
    sentences = {row.name: row.sentence for row in database.ENGINES[connection.vendor].REFUSALS}
    # What is no trigger on this engine is a constraint, or the type of a column.
    expected = {sentences.get(name, ""), sentences.get(BEFORE.get(name), "another")}
    with pytest.raises(Error) as caught, transaction.atomic():
        FED[name]()
    assert any(sentence in str(caught.value) for sentence in expected)


CASES = [
    pytest.param(make, value, taken, id=f"{name}-{number}-{value[:12]!a}-{len(value)}")
    for name, tables in VALUES.items()
    for number, (make, values) in enumerate(tables)
    for value, taken in values.items()
]


def taken_by(write):
    """Whether a row is written; nothing stays."""
    try:
        with transaction.atomic():
            write()
            transaction.set_rollback(True)
    except (Error, Refused, UnicodeEncodeError):  # the driver writes no half of a character
        return False
    return True


@pytest.mark.parametrize(("make", "value", "taken"), CASES)
def test_guard_and_database_take_and_refuse_the_same_values(make, value, taken):
    row = make(value)
    model = type(row)
    assert taken_by(lambda: model.objects.bulk_create([row])) is taken, connection.vendor
    row = make(value)
    # Past Django's own checks, as `loaddata` writes it.
    assert taken_by(lambda: row.save_base(raw=True)) is taken, "guard"


def test_the_guard_refuses_by_a_sentence_before_the_database_does():
    for make, value, taken in (case.values for case in CASES):
        if not taken:
            with pytest.raises(Refused, match=r"\w"), transaction.atomic():
                make(value).save_base(raw=True)


def test_every_text_column_has_the_limit_of_its_model_on_this_engine():
    entry = make_live(tags=["a tag"])
    rows = {
        Entry: an_entry, Redirect: a_redirect, Revision: a_revision, Source: a_source,
        Category: a_category, Tag: lambda **fields: Tag(**{"name": "N", "slug": "n"} | fields),
        Review: a_review, Event: an_event,
        Import: lambda **fields: Import(**{"name": "n"} | fields),
    }  # fmt: skip
    assert add_draft(entry, title="Other").pk
    assert make_tag("more").pk
    assert Publication.objects.filter(live_from__lte=now()).exists()
    assert TaggedRevision.objects.exists()
    for model, make in rows.items():
        for field in model._meta.concrete_fields:
            derived = isinstance(field, SortKeyField) or field.name == "folded"
            if isinstance(field, models.CharField) and not derived:
                long = "9" * (field.max_length + 1)
                row = make(**{field.name: long})
                assert not taken_by(lambda m=model, r=row: m.objects.bulk_create([r])), field
