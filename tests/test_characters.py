"""One rule for characters on every road in, and pages that are well-formed whatever is stored."""

import json
import re
import xml.etree.ElementTree as ElementTree
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import Error, connection, transaction
from django.urls import reverse

from causes import database, publishing
from causes.models import Category, Entry, Review, Revision, Source, Tag
from causes.models.guards import Refused
from causes.publishing import Text, UnsoundText
from causes.text.characters import UNSTORABLE, legal_in_xml, tidy, tidy_line
from tests.admin.desk import change as change_at_the_desk
from tests.admin.desk import save, url
from tests.factories import make_category, make_entry, make_live, make_source
from tests.interchange.content import Planned, empty, everything, exported, rows_of, write

pytestmark = pytest.mark.django_db

CODES = [
    *range(0x01, 0x20), *range(0x7F, 0xA1), 0xAD, 0x0301, 0x034F, 0x0378, 0x061C, 0x180E,
    *range(0x2000, 0x2010), *range(0x2028, 0x2030), *range(0x205F, 0x2070), 0x2126, 0x3000, 0x3164,
    0xE000, 0xFB01, 0xFB06, 0xFE0F, 0xFEFF, 0xFFA0, *range(0xFFF9, 0xFFFE), 0x1D173, 0x1F9E0,
    0xE0001, 0xE0041, 0xE0100, 0xF0000, 0x10FFFD,
]  # fmt: skip
"""Some of every class of characters that is kept, removed or replaced."""

SAMPLES = [
    "".join(f"x{chr(code)}y " for code in CODES[start : start + 30])
    for start in range(0, len(CODES), 30)
]
REFUSED = ["\x00", "\ufffe", "\uffff", "\ufdd0", "\U0001fffe", "\U0010ffff"]


def names_it(said, bad):
    return f"U+{ord(bad):04X}" in said or (bad == "\x00" and "Null characters" in said)


class Refusal(Exception):
    """What a road said when it took nothing."""


# Roads: each brings a text in, and returns the fields that are stored ---------------------------


def by_form(desk, text):
    data = {"title": text, "slug": "road", "summary": text, "body": text, "note": text, "tags": []}
    data["category"] = make_category().pk
    answer = desk.post(url("add"), data | {"_save": "1"})
    if answer.status_code != 302:
        raise Refusal(str(answer.context["adminform"].form.errors))
    return stored_text()


def by_verb(desk, text):
    try:
        publishing.create_entry(
            "cause", "road", Text(text, text, text, make_category()), by=None, note=text
        )
    except UnsoundText as refusal:
        raise Refusal(str(refusal)) from refusal
    return stored_text()


def by_model(desk, text):
    entry = Entry.objects.create(slug="road", last_number=1)
    fields = {"title": text, "summary": text, "body": text, "note": text}
    try:
        Revision.objects.create(entry=entry, number=1, **fields)
    except Refused as refusal:
        raise Refusal(str(refusal)) from refusal
    return stored_text()


def a_fixture(text, folder):
    """What a site exports, with this text in the place of its own."""
    with transaction.atomic():
        make_entry(slug="road")
        rows = rows_of(exported("history"))
        transaction.set_rollback(True)
    for row in rows:
        if row["model"] == "causes.revision":
            row["fields"] |= {"title": text, "summary": text, "body": text, "note": text}
    return write(folder, rows)


def by_import(desk, text, folder):
    planned = Planned(a_fixture(text, folder))
    if planned.problems:
        raise Refusal(" ".join(planned.problems))
    planned.apply()
    return stored_text()


def by_loaddata(desk, text, folder):
    try:
        call_command("loaddata", a_fixture(text, folder), verbosity=0)
    except CommandError as refusal:
        raise Refusal(str(refusal)) from refusal
    return stored_text()


def by_markdown(desk, text, folder):
    keys = {"title": text, "summary": text, "note": text, "slug": "road"}
    front = json.dumps(keys, ensure_ascii=False)
    path = folder / "road.md"
    path.write_text(f"---\n{front}\n---\n{text}\n", encoding="utf-8", newline="")
    planned = Planned(path, markdown=True)
    if planned.problems:
        raise Refusal(" ".join(planned.problems))
    planned.apply()
    return stored_text()


def stored_text():
    made = Revision.objects.get(entry__slug="road")
    return [(made.title, 1), (made.summary, 1), (made.body, 2), (made.note, 1)]


def by_source_form(desk, text):
    data = {"key": "road-1", "kind": "review", "authors": text, "title": text, "published_in": text}
    answer = desk.post(reverse("admin:causes_source_add"), data)
    if answer.status_code != 302:
        raise Refusal(str(answer.context["adminform"].form.errors))
    return stored_source()


def by_record(desk, text):
    fields = {"authors": text, "title": text, "published_in": text}
    try:
        publishing.save_record(Source(key="road-1", kind="review", **fields), by=None)
    except Refused as refusal:
        raise Refusal(str(refusal)) from refusal
    return stored_source()


def stored_source():
    made = Source.objects.get(key="road-1")
    return [(made.authors, 1), (made.title, 1), (made.published_in, 1)]


def by_review_form(desk, text):
    entry = make_live(slug="road")
    data = {"reviewer": text, "qualification": text, "notes": text, "reviewed_on": "2026-01-02"}
    answer = desk.post(url("review", entry.pk), data | {"revision": str(entry.newest.uuid)})
    if answer.status_code != 302:
        raise Refusal(str(answer.context["form"].errors))
    return stored_review()


def by_review(desk, text):
    entry = make_live(slug="road")
    words = {"reviewer": text, "qualification": text, "notes": text}
    try:
        publishing.record_review(entry.newest, by=None, reviewed_on=date(2026, 1, 2), **words)
    except Refused as refusal:
        raise Refusal(str(refusal)) from refusal
    return stored_review()


def stored_review():
    made = Review.objects.get()
    return [(made.reviewer, 1), (made.qualification, 1), (made.notes, 2)]


def by_category_form(desk, text):
    data = {"name": text[:100], "description": text, "position": 1, "review_months": 12}
    answer = desk.post(reverse("admin:causes_category_add"), data)
    if answer.status_code != 302:
        raise Refusal(str(answer.context["adminform"].form.errors))
    made = Category.objects.get()
    return [(made.description, 1)]


def by_tag(desk, text):
    try:
        publishing.save_record(Tag(name=text[:90]), by=None)
    except Refused as refusal:
        raise Refusal(str(refusal)) from refusal
    assert Tag.objects.get().name == tidy_line(text[:90])
    return []


ROADS = [by_form, by_verb, by_model, by_import, by_loaddata, by_markdown, by_source_form, by_record,
         by_review_form, by_review, by_category_form, by_tag]  # fmt: skip
IN_FILES = {by_import, by_loaddata, by_markdown}


def bring(road, desk, text, folder):
    return road(desk, text, folder) if road in IN_FILES else road(desk, text)


@pytest.mark.parametrize("sample", range(len(SAMPLES)))
@pytest.mark.parametrize("road", ROADS, ids=lambda road: road.__name__)
def test_every_road_in_leaves_the_same_text(desk, tmp_path, road, sample):
    text = SAMPLES[sample]
    for value, lines in bring(road, desk, text, tmp_path):
        assert value == (tidy_line if lines == 1 else tidy)(text)


@pytest.mark.parametrize("bad", REFUSED, ids=lambda bad: f"{ord(bad):X}")
@pytest.mark.parametrize("road", ROADS, ids=lambda road: road.__name__)
def test_every_road_in_refuses_the_same_characters_by_name(desk, tmp_path, road, bad):
    with pytest.raises(Refusal) as caught, transaction.atomic():
        bring(road, desk, f"Some words {bad} and more", tmp_path)
    assert names_it(str(caught.value), bad)
    assert not Revision.objects.filter(title__startswith="Some").exists()
    assert not Source.objects.exists()


@pytest.mark.parametrize("road", [by_import, by_loaddata], ids=lambda road: road.__name__)
def test_half_of_a_character_is_refused_by_name(desk, tmp_path, road):
    with pytest.raises(Refusal, match="lone surrogate"):
        bring(road, desk, "Some \ud800 words", tmp_path)


# Statements -------------------------------------------------------------------------------


COLUMNS = [
    ("causes_revision", "title"), ("causes_revision", "summary"), ("causes_revision", "body"),
    ("causes_revision", "note"), ("causes_category", "name"), ("causes_category", "description"),
    ("causes_tag", "name"), ("causes_source", "authors"), ("causes_source", "title"),
    ("causes_source", "published_in"), ("causes_source", "doi"), ("causes_source", "pmid"),
    ("causes_source", "pmcid"), ("causes_source", "url"), ("causes_source", "withdrawn_reason"),
    ("causes_review", "reviewer"), ("causes_review", "qualification"), ("causes_review", "notes"),
]  # fmt: skip


@pytest.fixture
def rows():
    """A row in each table."""
    make_source()
    entry = make_live(slug="polio", tags=["virus"])
    publishing.record_review(
        entry.newest, by=None, reviewer="A", qualification="B", reviewed_on=date(2026, 1, 2)
    )
    return entry


def change(table, column, value):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = %s", [value])


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_no_statement_stores_what_breaks_a_page(rows, table, column):
    for first, last in UNSTORABLE:
        for code in {first, last}:
            with pytest.raises((Error, ValueError)):
                change(table, column, f"a{chr(code)}")
    with pytest.raises((Error, ValueError)):
        change(table, column, "a\x00")
    if table != "causes_revision":
        change(table, column, "\ufffd\ue000")  # which is nobody's business here
        with pytest.raises(Error):
            change(table, column, "x" * 2001)


@pytest.mark.parametrize("column", ["title", "summary", "body", "note"])
def test_no_text_is_inserted_that_breaks_a_page_or_is_too_long(column):
    entry = make_entry()
    limit = Revision.limit(column)
    for text in ("a\x02", "a\ufffe", "x" * (limit + 1)):
        with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO causes_revision (uuid, entry_id, number, predecessors, title, summary,"
                f" body, note, tag_count, uncited, created_at) SELECT %s, entry_id, 2, predecessors,"
                f" {', '.join('%s' if c == column else c for c in ('title', 'summary', 'body', 'note'))},"
                " 0, 0, created_at FROM causes_revision WHERE entry_id = %s",
                ["5f0a6a3e5a5a4a5a8a5a5a5a5a5a5a5a", text, entry.pk],
            )


# Rows from before the rule ------------------------------------------------------------------


def make_older(table, pk, **columns):
    """Changes a row as if it had been stored before there was a rule."""
    names = ["texts", "texts_changed", "fixed"] if table == "causes_revision" else ["texts_changed"]
    with connection.cursor() as cursor:
        for name in names:
            on = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER {table}_{name}{on}")
        for column, value in columns.items():
            cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", [value, pk])
    database.install()
    assert database.missing() == []


OLD = "O\x02ld\x0e\ufffe\x1b w\xadord\u200bs"


@pytest.fixture
def old_site():
    """A site whose every text was stored before the rule."""
    source = make_source()
    entry = make_entry(
        slug="polio", title="Old", tags=["virus"], body="Some words of it [@maas-2015]."
    )
    body = f"One {OLD}\r\n\r\n## Two\x08 [@maas-2015]\r\n"
    make_older(
        "causes_revision", entry.newest.pk, title=f" {OLD}", summary=f"{OLD}\r", body=body, note=OLD
    )
    make_older("causes_tag", Tag.objects.get().pk, name=f"vi\x02rus {OLD}")
    make_older("causes_category", Category.objects.get().pk, name=OLD, description=OLD)
    make_older("causes_source", source.pk, authors=OLD, title=OLD, published_in=OLD)
    publishing.publish(entry.newest, by=None)
    publishing.record_review(
        entry.newest, by=None, reviewer="A", qualification="B", reviewed_on=date(2026, 1, 2)
    )
    make_older("causes_review", Review.objects.get().pk, reviewer=OLD, qualification=OLD, notes=OLD)
    return entry


PAGES = """/ /article/ /causes/ /causes/polio/ /categories/ /categories/diseases/ /tags/ /tags/virus/
    /sources/ /sources/maas-2015/ /search/?q=words /feed/ /sitemap.xml /no-such-page/""".split()


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_well_formed_whatever_is_stored(client, old_site, page):
    answer = client.get(page)
    assert answer.status_code == (404 if "no-such" in page else 200)
    text = answer.content.decode()
    assert legal_in_xml(text) == text
    if "xml" in answer["Content-Type"]:
        ElementTree.fromstring(text)  # noqa: S314 (the text is ours)
    for data in re.findall(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', text, re.S):
        assert json.loads(data)["@context"] == "https://schema.org"


@pytest.mark.django_db(transaction=True)
def test_an_older_site_comes_in_elsewhere_and_goes_out_the_same(old_site, tmp_path):
    text = exported("history")
    path = write(tmp_path, text)
    assert set(Planned(path).outcomes.values()) == {"unchanged"}
    empty()
    planned = Planned(path)
    assert planned.problems == []
    planned.apply()
    assert exported("history") == text
    made = Revision.objects.get()
    assert made.title == "Old\ufffd words"
    assert made.body == "One Old\ufffd words\n\n## Two [@maas-2015]"
    assert made.uncited == 0


def test_an_older_text_that_is_saved_unchanged_makes_no_revision(desk, old_site):
    make_older("causes_revision", old_site.newest.pk, title=" O\x02ld", body="One\r\n\r\ntwo ")
    answer = save(desk, old_site)
    assert "Nothing was changed" in answer.content.decode()
    assert old_site.revisions.count() == 1
    saved = publishing.save_draft(
        old_site, Text.of(old_site.newest), by=None, base=old_site.newest.uuid
    )
    assert saved.number == 1
    old_site.newest.save()  # nor does it become another one
    assert old_site.newest.title == " O\x02ld"


def test_an_older_record_that_is_saved_unchanged_stays_as_it_is(desk, old_site):
    before = everything()
    source, tag = Source.objects.get(), Tag.objects.get()
    publishing.save_record(source, by=None)
    publishing.save_record(tag, by=None)
    address = reverse("admin:causes_tag_change", args=[tag.pk])
    name = tidy_line(tag.name, stored=True)
    assert change_at_the_desk(desk, address, follow=False, name=name).status_code == 302
    assert everything() == before
    source.withdrawn_on = date(2026, 3, 4)
    publishing.save_record(source, by=None)
    assert Source.objects.get().authors == OLD


@pytest.mark.django_db(transaction=True)
def test_a_fixture_of_an_older_format_is_tidied_on_the_way_in(old_site, tmp_path):
    rows = rows_of(exported("history"))
    rows[0]["fields"]["version"] = 2
    for row in rows:
        if row["model"] == "causes.revision":
            row["fields"] |= {"title": " O\x02ld\ufffe", "body": "One\r\n\r\ntwo\xad\x85"}
    empty()
    planned = Planned(write(tmp_path, rows))
    assert planned.problems == []
    planned.apply()
    assert Revision.objects.get().title == "Old\ufffd"
    assert Revision.objects.get().body == "One\n\ntwo"


def test_the_same_uuid_is_the_same_text_when_only_tidying_parts_them(rows, tmp_path):
    file = rows_of(exported("history"))
    for row in file:
        if row["model"] == "causes.revision":
            row["fields"]["title"] = f"\ufeff {row['fields']['title']}\u200b"
            row["fields"]["body"] += "\r\n"
    path = write(tmp_path, file)
    assert set(Planned(path).outcomes.values()) == {"unchanged"}
    before = everything()
    call_command("loaddata", path, verbosity=0)
    assert everything() == before


# Names that look the same -------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["ner\u00adve", "nerve\u200b", "ne\u200drve", "\ufeffnerve", "Nerve", "nerve\u00a0"]
)
def test_a_name_that_looks_like_another_is_that_name(desk, name):
    Tag.objects.create(name="nerve")
    with pytest.raises(Refused, match="same name"):
        publishing.save_record(Tag(name=name), by=None)
    with pytest.raises(ValidationError, match="There is already a tag 'nerve'"):
        Tag(name=name).full_clean(exclude=["slug"])


@pytest.mark.django_db(transaction=True)
def test_two_older_names_that_look_the_same_can_be_merged_and_still_come_in(tmp_path):
    one, two = Tag.objects.create(name="nerve"), Tag.objects.create(name="nerves")
    make_live(slug="polio", tags=["nerve", "nerves"])
    make_older("causes_tag", two.pk, name="ner\u00adve", slug="ner-ve", folded="ner\u00adve")
    two.refresh_from_db()
    publishing.merge(two, one, by=None)
    publishing.rename_taxon(Category.objects.get(), "Illnesses", by=None)
    path = write(tmp_path, exported("history"))
    empty()
    planned = Planned(path)
    assert planned.problems == []
    planned.apply()
    assert Tag.objects.get(slug="ner-ve").merged_into.slug == "nerve"
    assert exported("history") == path.read_text(encoding="utf-8")


@pytest.mark.django_db(transaction=True)
def test_two_older_names_that_look_the_same_come_in_as_two(tmp_path):
    Tag.objects.create(name="nerve")
    two = Tag.objects.create(name="nerves")
    make_live(slug="polio", tags=["nerve", "nerves"])
    make_older("causes_tag", two.pk, name="ner\u00adve", slug="ner-ve", folded="ner\u00adve")
    path = write(tmp_path, exported("history"))
    assert set(Planned(path).outcomes.values()) == {"unchanged"}
    empty()
    planned = Planned(path)
    assert planned.problems == []
    planned.apply()
    assert exported("history") == path.read_text(encoding="utf-8")
    one, two = Tag.objects.order_by("slug")
    publishing.merge(one, two, by=None)
    assert Tag.objects.current().get() == two
