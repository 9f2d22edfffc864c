"""What both engines make of the words they are given: the same tokens and the same stems."""

import pytest
from django.db import connection

from causes.text.stems import evened, stem
from causes.text.words import LINE, POINT, sought

pytestmark = pytest.mark.django_db

ENDINGS = (
    "s es ed ing ly y ies bly bli logy logi logies ational ization iveness ability ation ator "
    "alism ousness ality ivity icate ative alize icity ical ful ness ance ence er able ible ant "
    "ement ment ent ion sion tion ism ate ous ive ize e ll ee eed sses cked kking vved"
).split()
BEGINNINGS = (
    "nerv palsi muscl neuro patho bio physi assem poss dou sens motor relat hop siz happ tr tre "
    "ax myo oto conduct inflamm therap sy by fl ski"
).split()
SHORT = [a + b for a in ("", *"abiomsuvxy25") for b in "abdeiklmnosvy19"]
OTHERS = (
    f"μg β2 интерферон 漢字 l5 5mg 2{POINT}5 2{POINT}5mg 1e5 10e3 007 0x1f c6orf72 {LINE}".split()
)


def tokens(words):
    """What the engine has of each word, when it stands alone in a text."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            asked = "SELECT w, tsvector_to_array(causes_words(w)) FROM unnest(%s::text[]) w"
            cursor.execute(asked, [words])
            return dict(cursor.fetchall())
        cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'causes_search'")
        made = cursor.fetchone()[0].replace("TABLE causes_search", "TABLE temp.alone", 1)
        cursor.execute(made)
        cursor.execute("CREATE VIRTUAL TABLE temp.held USING fts5vocab(temp, alone, 'instance')")
        rows = list(enumerate(words))
        cursor.executemany("INSERT INTO temp.alone (rowid, body) VALUES (%s, %s)", rows)
        cursor.execute("SELECT doc, term FROM temp.held ORDER BY doc, offset")
        found = {word: [] for word in words}
        for place, term in cursor.fetchall():
            found[words[place]].append(term)
        cursor.execute("DROP TABLE temp.held")
        cursor.execute("DROP TABLE temp.alone")
        return found


def test_the_engine_finds_the_stems_that_the_marks_are_set_by():
    words = sorted({a + b for a in BEGINNINGS for b in ("", *ENDINGS)} | set(SHORT) | set(OTHERS))
    asked = {word: evened(word) for word in words}
    found = tokens(sorted(set(asked.values())))
    odd = {
        word: found[even]
        for word, even in asked.items()
        if [_bare(t) for t in found[even]] != [stem(word)]
    }
    assert odd == {}


def _bare(token):
    """Without the sign that keeps a short word from its ending on PostgreSQL."""
    return token.removesuffix(LINE) or token


def test_letters_of_any_script_stay_one_word():
    letters = [
        chr(code) for code in (*range(0xC0, 0x530), *range(0x5D0, 0x5EB), *range(0x4E00, 0x4E80))
    ]
    words = sorted({word for letter in letters for word in sought(f"a{letter}b").split()})
    found = tokens(words)
    assert {word: found[word] for word in words if found[word] != [stem(word)]} == {}
