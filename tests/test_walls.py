"""Two walls, one rule: guard, SQLite and PostgreSQL take and refuse the same values.

Each value of the table goes past the guard (`save`) and past Django altogether
(`bulk_create`), on the engine that the tests run on. The verdict stands in the table, so
that a run on each engine compares the two.
"""

from datetime import date

import pytest
from django.db import Error, connection, models, transaction

from causes.clock import now
from causes.database import postgresql, sqlite
from causes.models import (
    Category,
    Entry,
    Event,
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
from tests.factories import add_draft, make_entry, make_live, make_tag

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


# {refusal, by its name in causes/database: [(how a row is made, {value: is it taken?})]}
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
    "source_fits": [
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
    "category_fits": [(lambda value: a_category(description=value), up_to(500))],
    "review_texts": [
        *((lambda value, name=name: a_review(**{name: value}), up_to(200, False))
          for name in ("reviewer", "qualification")),
        (lambda value: a_review(notes=value), {"": True, "x" * 2000: True, NUL: False}),
    ],
    "event_fits": [
        (lambda value: an_event(reason=value), up_to(500)),
        (lambda value: an_event(subject=value), up_to(300, False)),
        (lambda value: an_event(from_state=value), up_to(40)),
    ],
}  # fmt: skip

# Refusals of what a row becomes, and not of what it holds: tests/test_database.py and
# tests/models/test_guards.py have them, on both engines.
OF_CHANGES = {
    "revision_fixed", "tag_link_fixed", "tag_link_added", "publication_own_text",
    "publication_fixed", "publication_apart", "publication_ended", "publication_withheld",
    "entry_address", "entry_number", "event_fixed", "revision_withheld",
    *(f"{name}_texts_changed" for name in "category event review revision source tag".split()),
}  # fmt: skip
# The same columns again, or rows that no form and no file brings in.
ELSEWHERE = {
    "entry_fits": "entry_slug", "redirect_fits": "redirect_slug", "revision_fits": "revision_sound",
    "tag_fits": "tag_sound", "category_texts": "category_fits", "event_texts": "event_fits",
    "revision_texts": "revision_sound", "source_texts": "source_fits", "tag_texts": "tag_sound",
}  # fmt: skip
OURS = {"import_fits", "fixtureformat_fits"}


def test_every_refusal_of_either_engine_is_in_a_table():
    names = {name for engine in (sqlite, postgresql) for name in refusals_of(engine)}
    assert set(ELSEWHERE.values()) <= set(VALUES)
    assert names - OF_CHANGES - set(ELSEWHERE) - OURS == set(VALUES)


def refusals_of(engine):
    """The names of an engine's refusals, once each."""
    return {row.name for row in engine.all_refusals()}


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
