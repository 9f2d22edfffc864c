from io import StringIO

import pytest

from causes.interchange.plan import Progress
from causes.management.progress import follow


class Terminal(StringIO):
    def isatty(self):
        return True


def work():
    for done in range(101):
        yield Progress("Reading", done, 100)
    yield Progress("Writing", 0, 2)
    yield Progress("Writing", 2, 2)
    return "done"


def test_where_there_is_no_terminal_it_is_a_line_for_each_tenth():
    err = StringIO()
    assert follow(work(), err, 1) == "done"
    lines = err.getvalue().splitlines()
    assert lines == [f"Reading: {n} %" for n in range(10, 101, 10)] + ["Writing: 100 %"]


def test_in_a_terminal_it_is_a_bar_for_each_stage():
    err = Terminal()
    assert follow(work(), err, 1) == "done"
    assert "\rReading: 100%" in err.getvalue()
    assert "\rWriting: 100%" in err.getvalue()


def test_with_verbosity_0_nothing_is_shown():
    err = Terminal()
    assert follow(work(), err, 0) == "done"
    assert err.getvalue() == ""


def test_a_bar_is_closed_when_the_work_fails():
    def failing():
        yield Progress("Reading", 1, 2)
        raise ValueError

    err = Terminal()
    with pytest.raises(ValueError):
        follow(failing(), err, 1)
    assert err.getvalue().endswith("\n")
