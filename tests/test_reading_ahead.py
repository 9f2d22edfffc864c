"""Others can write while a long text is read, compared or derived: that happens before the lock."""

from threading import Thread

import pytest
from django.db import connection

from causes import publishing
from causes.publishing import Text
from causes.text import body as reader
from causes.text import merge
from causes.text.derived import Derived
from tests.admin.desk import ask, form_of, save, url
from tests.factories import add_draft, make_entry, make_live, make_text

pytestmark = pytest.mark.django_db(transaction=True)


def forget():
    """Empties the caches, as a new process has them, by reading two million characters."""
    for number in range(11):
        Derived.of("T", "S", f"{number} " + "word " * 40_000)


LONG = "Slowly read.\n\n" * 50
"""Long enough to be recognised; it need not be slow."""


class Meanwhile:
    """Writes over a second connection whenever this thread reads a long text."""

    def __init__(self):
        self.written = 0

    def write(self):
        other = Thread(target=self._write, daemon=True)
        other.start()
        other.join(20)
        assert not other.is_alive(), "A text was read under the write lock, so nobody could write."

    def _write(self):
        try:
            publishing.create_entry("page", f"meanwhile-{self.written}", Text("Short"), by=None)
            self.written += 1
        finally:
            connection.close()


@pytest.fixture
def meanwhile(monkeypatch):
    """The real parser and the real alignment, with a writer at their side."""
    others = Meanwhile()

    def beside(function):
        def run(text, *more):
            if "Slowly read" in str(text):
                before = others.written
                others.write()
                assert others.written == before + 1
            return function(text, *more)

        return run

    monkeypatch.setattr(reader, "parse", beside(reader.parse))
    monkeypatch.setattr(merge, "matching_blocks", beside(merge.matching_blocks))
    return others


def test_a_verb_reads_its_text_before_it_takes_the_lock(meanwhile):
    entry = make_entry(make_text(body=f"Create. {LONG}"), slug="polio")
    add_draft(entry, body=f"Draft. {LONG}")
    assert meanwhile.written == 2


def test_the_desk_reads_what_was_typed_before_it_takes_the_lock(desk, meanwhile):
    entry = make_entry(slug="polio")
    answer = save(desk, entry, body=f"Typed. {LONG}")
    assert "saved as revision 2" in answer.content.decode()
    assert meanwhile.written == 1
    refused = save(desk, entry, body=f"Refused ![x](y). {LONG}")
    assert "Images cannot be part of a text" in refused.content.decode()
    assert meanwhile.written == 2


def test_two_texts_that_meet_are_compared_before_the_lock_is_taken(desk, meanwhile):
    entry = make_live(body=f"Base. {LONG}")
    data = form_of(entry, body=f"Mine. {LONG}") | {"_save": "1"}
    add_draft(entry, body=f"Theirs. {LONG}")
    before = meanwhile.written
    answer = desk.post(url("change", entry.pk), data)
    assert answer.context["conflict"].questions
    assert meanwhile.written > before + 1


def test_publishing_and_restoring_read_before_the_lock_too(desk, editor, meanwhile):
    first = make_entry(make_text(body=f"Restored. {LONG}"), slug="polio").newest
    add_draft(first.entry, body="Short.")
    forget()
    assert publishing.restore(first, by=None).number == 3
    forget()
    publishing.publish(first.entry.newest, by=None)
    forget()
    before = meanwhile.written
    ask(desk, first.entry, "take_down", reason="x")
    add_draft(first.entry, body=f"Asked. {LONG}")
    forget()
    ask(desk, first.entry, "publish")
    assert meanwhile.written > before
    assert first.entry.ever_public()
