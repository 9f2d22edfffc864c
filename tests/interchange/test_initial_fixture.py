"""The article: all of it, on the right pages, in a fixture that does no harm."""

import json
import re

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from causes import database, publishing, search
from causes.models import Citation, Entry, Publication, Revision, Source, Tag
from causes.models.format import VERSION
from causes.states import state_of
from causes.text.advice import measure
from tests.factories import add_draft

PATH = settings.BASE_DIR / "fixtures" / "initial.json"
OLD = settings.BASE_DIR / "tests" / "interchange" / "old" / "format-1.json"
"""The fixture as the site began: its first texts."""
pytestmark = pytest.mark.django_db

ALS, POLIO = "/causes/amyotrophic-lateral-sclerosis/", "/causes/polio/"
INJURY, DISC = "/causes/peripheral-nerve-injury/", "/causes/disc-denervation/"
BOTOX, HOME = "/causes/botulinum-toxin/", "/"

STATEMENTS = {
    1: (HOME, "has lost its nerve supply"),
    2: (HOME, "Others are beyond anyone's control"),
    3: (HOME, "make daily life much harder"),
    4: (HOME, "because they like the way they look afterwards"),
    5: (HOME, "The proof that this works is mixed"),
    6: (ALS, "Two kinds are lost: the upper motor neurons and the lower"),
    7: (ALS, "ALS does not always lead to dementia. About half of the people with ALS have some"),
    8: (ALS, "In a quarter to a third of people"),
    9: (ALS, "run from the brainstem and the spinal cord to the muscles"),
    10: (
        POLIO,
        "Most infections cause no symptoms. About 1 infection in 200 leads to paralysis that lasts",
    ),
    11: (POLIO, "motor neurons that serve several groups of muscles"),
    12: (POLIO, "fewer nerves reach the muscles"),
    13: (POLIO, "Some people become weak again after many stable years"),
    14: (INJURY, "its muscles can become weak or paralysed"),
    15: (INJURY, "the muscle is not truly denervated, and it recovers"),
    16: (INJURY, "the muscle is partly denervated"),
    17: (INJURY, "recovers poorly without surgery"),
    18: (INJURY, "only if the fibre inside is lost as well"),
    19: (INJURY, "Physical therapy can strengthen the muscles"),
    20: (DISC, "Some doctors carry out disc denervation"),
    21: (DISC, "They call such pain discogenic"),
    22: (DISC, "heats and destroys the nerves that cause the pain"),
    23: (DISC, "stops recognising the pain. But trials found little or no clear benefit for disc"),
    24: (BOTOX, "mostly after 3 to 4 months"),
    25: (BOTOX, "worry lines, laugh lines and crow's feet"),
    26: (BOTOX, "fine muscles under the skin contract"),
    27: (BOTOX, "weakens those muscles, and that eases the problem"),
    28: (BOTOX, "a drooping eyelid is one of them"),
    29: (BOTOX, "called static wrinkles, respond less"),
}
UNCITED = {2, 3, 4, 19, 20, 22, 26, 29}


def rows():
    return json.loads(PATH.read_text(encoding="utf-8"))


def of(model):
    return [row["fields"] for row in rows() if row["model"] == f"causes.{model}"]


def words(html):
    text = re.sub(r"<[^>]+>", " ", html.replace("&#x27;", "'"))
    return re.sub(r"\s+([.,])", r"\1", " ".join(text.split()))


def contents():
    """All that the tables hold, but for primary keys: to see whether anything changed."""
    models = (Entry, Revision, Publication, Source, Tag, Citation)
    return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.mark.parametrize("number", STATEMENTS)
def test_each_statement_of_the_article_is_on_its_page(client, article, number):
    path, phrase = STATEMENTS[number]
    assert phrase in words(client.get(path).content.decode())
    assert phrase in words(client.get("/article/").content.decode())


@pytest.mark.parametrize("number", STATEMENTS)
def test_a_statement_is_cited_where_it_has_a_source_and_only_there(article, number):
    _, phrase = STATEMENTS[number]
    paragraphs = [
        re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", paragraph)
        for revision in of("revision")
        for paragraph in revision["body"].split("\n\n")
    ]
    (paragraph,) = [p for p in paragraphs if phrase in p]
    assert ("[@" in paragraph) == (number not in UNCITED)


# What the evidence adds to a statement, or what it takes away.
BESIDE = {
    5: "relieve pain that has lasted a long time",
    6: "The disease is fatal",
    7: "About 1 in 7 (15%) have dementia, and sometimes it comes before the weakness",
    8: "Swallowing may become hard, for example. Weak arms and legs follow later",
    9: "Doctors call this denervation atrophy",
    10: "the virus kills motor neurons",
    12: "they grow new branches to the muscle fibres that lost their own nerve",
    13: "The likely reason, which nobody has proven, is that the overgrown branches die back",
    15: "This is not the same as the nerve block that a doctor gives with an anaesthetic",
    16: "The fibres that survive can sprout new branches and take over",
    17: "Nerves grow back by about 1 mm a day",
    18: "Damage to this layer slows or blocks the messages",
    19: "part of a plan that you make with a clinician",
    23: "in the NHS only under special arrangements",
    24: "The nerve is not cut, and the effect wears off",
    28: "becomes smoother and looks younger",
    29: "It works best on lines that movement makes",
}
SAID_OTHERWISE = (
    "notice",  # people have the changes of ALS, whether they notice or not
    "then become weak again",  # not everybody does
    "found little clear benefit",  # it is little or no
    "each page says so",
    "names a source for each medical fact",
)


@pytest.mark.parametrize("number", BESIDE)
def test_what_the_evidence_says_stands_beside_the_statement(client, article, number):
    path, _ = STATEMENTS[number]
    assert BESIDE[number] in words(client.get(path).content.decode())


def medical():
    """The texts that say something about health: the causes and the introduction."""
    return [r for r in of("revision") if r["category"] or r["entry"] == ["introduction"]]


def test_only_the_eight_statements_without_a_source_stand_uncited():
    paragraphs = [
        re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", paragraph)
        for revision in medical()
        for paragraph in revision["body"].split("\n\n")
        if not paragraph.startswith("#")
    ]
    without = [paragraph for paragraph in paragraphs if "[@" not in paragraph]
    assert len(without) == len(UNCITED)
    for number in UNCITED:
        assert any(STATEMENTS[number][1] in paragraph for paragraph in without), number


def test_what_was_corrected_is_nowhere_said_as_before():
    texts = [" ".join((r["title"], r["summary"], r["body"])) for r in of("revision")]
    for phrase in SAID_OTHERWISE:
        assert not any(phrase in text for text in texts), phrase


def test_each_text_about_denervation_says_that_no_clinician_reviewed_it(client, article):
    """The page on reviews says that they do."""
    assert "each of them says so" in words(client.get("/how-we-review/").content.decode())
    for path in (ALS, POLIO, INJURY, DISC, BOTOX, HOME):
        page = words(client.get(path).content.decode())
        assert page.count("Not yet reviewed by a clinician") == 1, path
        assert page.count("Updated") == 1, path
    whole = words(client.get("/article/").content.decode())
    assert whole.count("Not yet reviewed by a clinician") == 6
    assert whole.count("Updated") == 6
    introduction = whole[: whole.index("On this page")]
    assert "Not yet reviewed by a clinician" in introduction


@pytest.mark.parametrize("path", [ALS, POLIO, INJURY, DISC, BOTOX, HOME, "/article/"])
def test_a_page_says_once_when_to_get_help_at_once(client, article, path):
    page = words(client.get(path).content.decode())
    assert page.count("When to get help at once") == 1
    assert page.count("Sudden weakness of an arm, a leg or the face is an emergency") == 1


def test_the_texts_are_for_readers_of_eleven_to_fourteen():
    for revision in of("revision"):
        measured = measure(revision["body"])
        assert measured.reading_age <= 14, (revision["title"], measured)


def test_a_site_with_the_first_texts_takes_the_corrected_ones_without_a_conflict(db):
    """Each corrected text names the one that it takes the place of."""
    call_command("import_fixture", OLD, verbosity=0)
    old = set(Publication.objects.live().values_list("revision__uuid", flat=True))
    call_command("import_fixture", PATH, verbosity=0)
    wanted = {(r["entry"][0], r["uuid"]) for r in of("revision")}
    live = Publication.objects.live().select_related("revision", "entry")
    assert {(span.entry.slug, str(span.revision.uuid)) for span in live} == wanted
    # The first texts are in the history still, and nothing is a draft.
    assert set(Revision.objects.filter(uuid__in=old).values_list("uuid", flat=True)) == old
    assert {state_of(entry) for entry in Entry.objects.all()} == {"live"}
    before = contents()
    call_command("import_fixture", PATH, verbosity=0)
    assert contents() == before


def test_a_corrected_text_is_another_text_than_the_first():
    first = {r["fields"]["uuid"]: r["fields"] for r in json.loads(OLD.read_text(encoding="utf-8"))
             if r["model"] == "causes.revision"}  # fmt: skip
    names = ("title", "summary", "body")
    for revision in of("revision"):
        if revision["uuid"] in first:
            same = first[revision["uuid"]]
            assert [revision[name] for name in names] == [same[name] for name in names]
        else:
            assert revision["predecessors"][0] == revision["based_on"]
            assert first[revision["predecessors"][-1]]["entry"] == revision["entry"]


def test_what_the_clinic_says_is_attributed_to_it():
    (disc,) = [r for r in of("revision") if r["entry"] == ["disc-denervation"]]
    assert "According to Arizona Pain Specialists" in disc["body"]
    assert "Arizona Pain Specialists also says" in disc["body"]


def test_the_fixture_holds_the_whole_article():
    assert len(of("source")) == 12
    assert len(of("category")) == 4
    kinds = [entry["kind"] for entry in of("entry")]
    assert (kinds.count("cause"), kinds.count("page")) == (5, 4)
    assert of("fixtureformat") == [{"name": "denervation-site", "version": VERSION}]
    assert not of("review")


def test_every_citation_resolves_and_every_source_is_cited(article):
    cited = set(Citation.objects.values_list("source_key", flat=True))
    assert cited == set(Source.objects.values_list("key", flat=True))


def test_every_cause_has_three_to_six_tags_with_exactly_one_effect():
    tags = {}
    for link in of("taggedrevision"):
        tags.setdefault(link["content_object"][0], []).append(link["tag"][0])
    causes = [r for r in of("revision") if r["category"]]
    assert len(causes) == 5
    for revision in causes:
        names = tags[revision["uuid"]]
        assert 3 <= len(names) <= 6
        assert len({"intended-effect", "unwanted-effect"} & set(names)) == 1


def test_the_fixture_is_in_canonical_form():
    text = PATH.read_text(encoding="utf-8")
    held = json.loads(text)
    assert text == json.dumps(held, indent=2, ensure_ascii=False) + "\n"
    assert not any("pk" in row for row in held)
    assert held[0]["model"] == "causes.fixtureformat"
    for model, key in (("category", "slug"), ("tag", "slug"), ("source", "key")):
        keys = [fields[key] for fields in of(model)]
        assert keys == sorted(keys), model
    entries = [e["slug"] for e in of("entry")]
    assert entries == sorted(entries)
    # Entry by entry, with all that belongs to it.
    order = [
        row["fields"].get("slug") or (row["fields"].get("entry") or [""])[0]
        for row in held
        if row["model"] in ("causes.entry", "causes.revision", "causes.publication")
    ]
    assert order == sorted(order)


def test_no_page_needs_a_further_step(client, article):
    for path in ("/", "/article/", "/causes/", "/sources/", "/tags/", "/categories/", "/about/"):
        assert client.get(path).status_code == 200
    assert search.search("eyelid").total == 1
    assert search.search("motor neurons").total >= 2


def test_loading_it_twice_changes_nothing(article):
    before, generation = contents(), database.generation()
    call_command("loaddata", "initial", verbosity=0)
    assert contents() == before
    assert database.generation() == generation


def polio():
    return Entry.objects.get(slug="polio")


def newer_live_text():
    publishing.publish(add_draft(polio(), title="Newer"), by=None)


def taken_down():
    publishing.take_down(polio(), by=None)


def changed_draft():
    add_draft(polio(), title="Only a draft")


def renamed():
    publishing.rename(polio(), "poliomyelitis", by=None)


def another_text_republished():
    first = polio().newest
    publishing.publish(add_draft(polio(), title="B"), by=None)
    publishing.publish(first, by=None)


@pytest.mark.parametrize(
    "later_work", [newer_live_text, taken_down, changed_draft, renamed, another_text_republished]
)
def test_loading_it_over_later_work_is_refused_and_names_the_entry(article, later_work):
    later_work()
    before = contents()
    with pytest.raises(CommandError, match="polio") as caught:
        call_command("loaddata", "initial", verbosity=0)
    assert "nothing was written" in str(caught.value)
    assert contents() == before


@pytest.mark.parametrize(
    ("model", "key", "change"),
    [
        (Source, {"key": "who-polio"}, {"title": "11 facts"}),
        (Tag, {"slug": "virus"}, {"name": "Virus"}),
    ],
)
def test_loading_it_over_a_changed_source_or_tag_is_refused(article, model, key, change):
    row = model.objects.get(**key)
    for name, value in change.items():
        setattr(row, name, value)
    row.save()
    with pytest.raises(CommandError, match=r"was changed on this site on"):
        call_command("loaddata", "initial", verbosity=0)
    row.refresh_from_db()
    assert getattr(row, next(iter(change))) in change.values()


@pytest.mark.django_db(transaction=True)
def test_dumped_and_loaded_again_it_is_the_same_site(tmp_path, client, settings):
    call_command("loaddata", "initial", verbosity=0)
    publishing.publish(
        add_draft(polio(), tags=["virus", "new tag"], body="New [@who-polio]."), by=None
    )
    publishing.rename(polio(), "poliomyelitis", by=None)
    publishing.rename_taxon(Tag.objects.get(slug="new-tag"), "newer tag", by=None)
    paths = [
        "/",
        "/article/",
        "/causes/poliomyelitis/",
        "/causes/polio/",
        "/tags/newer-tag/",
        "/tags/new-tag/",
        "/sources/who-polio/",
        "/feed/",
        "/sitemap.xml",
        "/search/?q=newer",
    ]
    before = [(r.status_code, r.content) for r in map(client.get, paths)]
    out = tmp_path / "out.json"
    dump = {"natural_primary": True, "natural_foreign": True, "indent": 1}
    call_command("dumpdata", "causes", output=str(out), **dump)
    call_command("flush", interactive=False, verbosity=0)
    assert client.get("/causes/poliomyelitis/").status_code == 404
    call_command("loaddata", str(out), verbosity=0)
    assert [(r.status_code, r.content) for r in map(client.get, paths)] == before
    again = tmp_path / "again.json"
    call_command("dumpdata", "causes", output=str(again), **dump)
    assert json.loads(again.read_text()) == json.loads(out.read_text())
