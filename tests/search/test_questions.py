"""One table of questions and answers, which both engines must give alike.

The texts say nothing about medicine: they hold words, numbers and signs that were once
found on one engine only, or marked on one only, or found where they do not stand.
"""

import pytest
from django.db import transaction

from causes import publishing, search
from causes.models import Entry
from tests.factories import make_entry, make_source, make_text

TEXTS = {
    "covid": {"title": "COVID-19", "body": "About COVID‑19 and about nothing else."},
    "htlv-1": {"body": "It names HTLV-1."},
    "htlv-2": {"body": "It names HTLV-2 on page 1."},
    "roots": {"body": "Between L4/L5 stands a stroke; L5 alone stands here."},
    "range": {"body": "From L4–S1 downwards. Words are motor/sensory words."},
    "dose": {"body": "Once 2.5mg, and once 2,500 mg."},
    "apart": {"body": "Of 2 words, 5mg is the second."},
    "blank": {"body": "Exactly 2.5 mg of it, or 50% more."},
    "cells": {"body": "| first | second |\n|:-----|-----:|\n| 5 | 10 |\n| foot | drop |"},
    "power": {"body": "Some 10⁶ of them, or 10⁻⁶."},
    "hundred": {"body": "Exactly 106 of them."},
    "water": {"body": "H₂O and Ca²⁺ are written low and high."},
    "bell": {"title": "Bell’s palsy", "body": "Named after somebody."},
    "crow": {"body": "The crow's feet, and the letter S too."},
    "bells": {"body": "Three bells rang."},
    "barre": {"title": "Guillain-Barré syndrome", "body": "Two names, of which one is Barré."},
    "sjogren": {"body": "Sjo&#x308;gren, with an accent of its own."},
    "hidden": {"body": "A neuro&shy;pathy, a plexo&#8203;pathy and the &#xFB01;brillation."},
    "greek": {"body": "A β-blocker, 20 µg of it, and ALPHA in letters: Αλφα."},
    "entity": {"body": "First&nbsp;second, [leaflet][l] and **bo**ld.\n\n[l]: https://x.example/away"},
    "code": {"body": "Type `foo_bar` or `2*500`."},
    "cited": {"body": "It is so [@key-2020]. Not otherwise [@key-2020, p. 77]."},
    "neurology": {"body": "Neurology for beginners, assembled possibly."},
    "neurological": {"body": "A neurological assembly of possible things."},
    "ms": {"body": "After 40 ms it ends.", "tags": ["MS"]},
    "metre": {"body": "It is an m, no more."},
    "tagged": {"body": "Nothing.", "tags": ["Ménière’s words", "nerve palsies"]},
    "tags": {"body": "Nothing.", "tags": ["Łódź", "90 µg", "pathology", "Straße/L5-S1"]},
    "stop": {"body": "The is and the was of it."},
    "lines": {"body": "## Ends in alpha\n\nBeta begins.\n\n- gamma\n- delta"},
    "summed": {"summary": "A summary with Ångström.", "body": "Without it."},
    "struck": {"body": "An old ~~cuirass~~ armour."},
    "german": {"body": "Straße, naïve, fœtus and Łódź."},
    "emphasis": {"body": "An **em**pha*sis* within a word."},
    "foot": {"body": "A foot-drop, and later: drop, foot."},
    "feet": {"body": "The foot must drop."},
    "thousand": {"body": "In 1/200 of them, at 1:10000."},
    "ratio": {"body": "In 1 of 200, or 200/1."},
    "quoted": {"body": "He said 'start' and “finish”, rock-’n’-roll."},
    "trek": {"body": "They trekked, and were revved."},
    "address": {"body": "See https://example.org/some-path for more."},
    "page": {"title": "An imprint", "kind": Entry.Kind.PAGE, "category": None},
}  # fmt: skip

QUESTIONS = [
    # Compounds of letters and figures.
    ("COVID-19", "covid", "COVID-19|COVID‑19"),
    ("covid 19", "covid", "COVID|19"),
    ("covid19", "", ""),
    ("COVID–19", "covid", "COVID-19|COVID‑19"),
    ("HTLV-1", "htlv-1", "HTLV-1"),
    ("HTLV-2", "htlv-2", "HTLV-2"),
    ("htlv", "htlv-1 htlv-2", "HTLV"),
    ("L5", "roots tags", "L5"),
    ("L4/L5", "roots", "L4|L5"),
    ("l4", "roots range", "L4"),
    ("L4-S1", "range", "L4|S1"),
    ("sensory", "range", "sensory"),
    ("motor/sensory", "range", "motor|sensory"),
    ("motor sensory", "range", "motor|sensory"),
    ("1/200", "thousand", "1/200"),
    ("1:10000", "thousand", "1:10000"),
    # Numbers and doses.
    ("2.5mg", "dose blank", "2.5mg|2.5 mg"),
    ("2.5 mg", "dose blank", "2.5mg|2.5 mg"),
    ("2,500", "dose", "2,500"),
    ("2,500 mg", "dose", "2,500 mg"),
    ("500 mg", "", ""),
    ("500", "code", "500"),
    ("5mg", "apart", "5mg"),
    ("5 mg", "apart", "5mg"),
    ("50%", "blank", "50"),
    ("2500", "dose", "2,500"),
    ("2500 mg", "dose", "2,500 mg"),
    ("510", "", ""),
    ("25", "", ""),
    ("2*500", "code", "2*500"),
    ("10⁶", "power", "10⁶|10⁻⁶"),
    ("10^6", "power", "10⁶|10⁻⁶"),
    ("106", "hundred", "106"),
    ("H2O", "water", "H₂O"),
    ("h₂o", "water", "H₂O"),
    ("Ca2+", "water", "Ca²"),
    ("40ms", "ms", "40 ms"),
    # Names with an apostrophe.
    ("Bell's", "bell bells", "Bell’s|bells"),
    ("Bell’s palsy", "bell", "Bell’s|palsy"),
    ("BELL'S PALSY", "bell", "Bell’s|palsy"),
    ("bell palsy", "bell", "Bell’s|palsy"),
    ("\"Bell's palsy\"", "bell", "Bell’s palsy"),
    ("crow's feet", "crow", "crow's|feet"),
    ("crow’s", "crow", "crow's"),
    ("s", "crow", "S"),
    ("'start'", "quoted", "start"),
    ("“finish”", "quoted", "finish"),
    # Accents, ligatures, and what a reader cannot see.
    ("barre", "barre", "Barré"),
    ("BARRÉ", "barre", "Barré"),
    ("Barre\u0301", "barre", "Barré"),
    ("Guillain–Barré", "barre", "Guillain|Barré"),
    ("sjögren", "sjogren", "Sjo\u0308gren"),
    ("angstrom", "summed", "Ångström"),
    ("strasse", "german tags", "Straße"),
    ("STRASSE", "german tags", "Straße"),
    ("Łódź", "german tags", "Łódź"),
    ("lodz", "german tags", "Łódź"),
    ("foetus", "german", "fœtus"),
    ("90 µg", "tags", ""),
    ("pathological", "tags", ""),
    ("L5-S1", "tags", ""),
    ("straße/l5", "tags", ""),
    ("naive", "german", "naïve"),
    ("neuropathy", "hidden", "neuro\u00adpathy"),
    ("plexo\u200bpathy", "hidden", "plexo\u200bpathy"),
    ("fibrillation", "hidden", "ﬁbrillation"),
    ("ﬁbrillation", "hidden", "ﬁbrillation"),
    ("neuro", "", ""),
    ("pathy", "", ""),
    ("β", "greek", "β"),
    ("β-blocker", "greek", "β|blocker"),
    ("Β-BLOCKER", "greek", "β|blocker"),
    ("20 µg", "greek", "20 µg"),
    ("20μg", "greek", "20 µg"),
    ("αλφα", "greek", "Αλφα"),
    # What a reader sees, and nothing of the Markdown.
    ("first second", "entity cells", "First|second|first"),
    ("nbsp", "", ""),
    ("leaflet", "entity", "leaflet"),
    ("away", "", ""),
    ("bold", "entity", "bold"),
    ("emphasis", "emphasis", "emphasis"),
    ("foo_bar", "code", "foo|bar"),
    ("key-2020", "", ""),
    ("77", "", ""),
    ("cuirass", "struck", "cuirass"),
    ("example.org", "address", "example|org"),
    # Stems, of which the engines have two versions by themselves.
    ("neurology", "neurology neurological", "Neurology|neurological"),
    ("neurological", "neurology neurological", "Neurology|neurological"),
    ("assembly", "neurology neurological", "assembled|assembly"),
    ("possible", "neurology neurological", "possibly|possible"),
    ("trek", "trek", "trekked"),
    ("the", "apart crow feet hidden stop", "the|The"),
    ("was", "stop", "was"),
    ("MS", "ms", "ms"),
    ("m", "metre", "m"),
    ("meniere", "tagged", ""),
    ("Ménière's", "tagged", ""),
    ("palsy", "bell tagged", "palsy"),
    # Phrases.
    ("foot-drop", "foot feet cells", "foot|drop"),
    ("foot drop", "foot feet cells", "foot|drop"),
    ('"foot drop"', "foot", "foot-drop"),
    ('"drop foot"', "foot", "drop, foot"),
    ('"alpha beta"', "", ""),
    ('"gamma delta"', "", ""),
    ('"5 10"', "", ""),
    ("alpha beta", "lines", "alpha|Beta"),
    ("imprint", "page", "imprint"),
    ("!?", "", ""),
]  # fmt: skip


@pytest.fixture(scope="module")
def texts(django_db_setup, django_db_blocker):
    """The live entries of the table, made once by the verbs, and rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        make_source("key-2020")
        for slug, fields in TEXTS.items():
            kind = fields.get("kind", Entry.Kind.CAUSE)
            fields = {name: value for name, value in fields.items() if name != "kind"}
            text = make_text(**{"title": "Title", "summary": "Summary.", "body": "Body."} | fields)
            publishing.publish(make_entry(text, slug=slug, kind=kind).newest, by=None)
        yield
        transaction.set_rollback(True)


def answers(question):
    """The slugs found with all words, and what is marked in each."""
    found = {}
    for page in range(1, 10):
        results = search.search(question, page=page)
        for hit in results.hits if results.all_words else ():
            slug = hit.address.strip("/").rpartition("/")[2]
            found[slug] = [part.text for part in (*hit.title, *hit.context) if part.found]
    return found


@pytest.mark.django_db
@pytest.mark.parametrize(("question", "slugs", "marked"), QUESTIONS)
def test_every_question_has_its_answers_on_both_engines(texts, question, slugs, marked):
    found = answers(question)
    assert set(found) == set(slugs.split())
    if marked is not None:
        assert {word for words in found.values() for word in words} == set(marked.split("|")) - {""}
